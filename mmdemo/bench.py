"""What everything costs, measured here and now: ``python -m mmdemo bench``."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from statistics import median
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmdemo.gates import trace

Name = TypeVar("Name", bound=Hashable)


def bench_trace(
    steps: tuple[int, ...] = (100, 300, 1000), long: tuple[int, int] = (10_000, 100_000), repeats: int = 30
) -> dict[str, dict[int, float] | float]:
    """What it costs to see the gates, as ratios: batch of 1, 100 inputs, 128 units, one thread, medians, taking turns.

    Args:
        steps: lengths of the short sequences.
        long: two lengths, shorter first, to see whether time is linear in them.
        repeats: turns of each contestant; the long sequences, about a second each, get a third of them.

    Returns:
        ``trace_to_lstm``: by steps, the time of ``trace`` over that of a bare ``nn.LSTM`` call.
        ``loop_to_trace``: by steps, the time of an ``nn.LSTMCell`` loop that computes gates over that of ``trace``.
        ``long_to_short``: the time of ``trace`` on the longer of the long sequences over that on the shorter.
    """
    lstm, cell = nn.LSTM(100, 128), nn.LSTMCell(100, 128)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            short = {}
            for count in steps:
                x = torch.randn(count, 1, 100)
                calls = {
                    "lstm": partial(lstm, x),
                    "trace": partial(trace, lstm, x),
                    "loop": partial(_cell_loop, cell, x),
                }
                short[count] = medians(calls, repeats)
            ends = medians(
                {count: partial(trace, lstm, torch.randn(count, 1, 100)) for count in long}, -(-repeats // 3)
            )
    finally:
        torch.set_num_threads(threads)
    return {
        "trace_to_lstm": {count: times["trace"] / times["lstm"] for count, times in short.items()},
        "loop_to_trace": {count: times["loop"] / times["trace"] for count, times in short.items()},
        "long_to_short": ends[long[1]] / ends[long[0]],
    }


def medians(calls: Mapping[Name, Callable[[], object]], repeats: int) -> dict[Name, float]:
    """Median seconds of each call. They take turns, so that a busy moment of the machine is shared by all."""
    seconds: dict[Name, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()  # the first call pays for what later ones find ready
    for _ in range(repeats):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - start)
    return {name: median(times) for name, times in seconds.items()}


def _cell_loop(cell: nn.LSTMCell, x: Tensor) -> list[Tensor]:
    """How gates are usually had: x (T, B, I) through an ``nn.LSTMCell`` step by step, its gates computed beside it."""
    h = c = x.new_zeros(x.shape[1], cell.hidden_size)
    rows = []
    for x_t in x:
        z = F.linear(x_t, cell.weight_ih, cell.bias_ih) + F.linear(h, cell.weight_hh, cell.bias_hh)  # (B, 4H)
        i, f, g, o = z.chunk(4, 1)
        h, c = cell(x_t, (h, c))
        rows.append((i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid(), c, h))
    return [torch.stack(column) for column in zip(*rows, strict=True)]  # six of (T, B, H)
