"""How long everything takes on this machine: ``python -m mmdemo bench``."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import resource
import time
import warnings
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache, partial
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from mmdemo.config import MODALITIES, SAMPLE_RATE
from mmdemo.inference.figure import drawing
from mmdemo.inference.predictor import Predictor
from mmdemo.inference.verbalize import verbalize
from mmdemo.lstm.counterfactual import GateIntervention, changed, rerun
from mmdemo.lstm.explanation import Step, explain
from mmdemo.lstm.faithfulness import integrated_gradients
from mmdemo.lstm.ledger import contrast, ledger
from mmdemo.lstm.trace import full_precision, trace

Name = TypeVar("Name", bound=Hashable)


def main(checkpoint: Path, device: str | None = None, out: Path | None = None) -> None:
    """Print all measurements and the machine's description as JSON; write them to a file too, if one is named."""
    torch.manual_seed(0)
    predictor = Predictor.load(checkpoint, device)
    report = {
        "machine": {"cores": os.cpu_count(), "threads": torch.get_num_threads(), "torch": torch.__version__},
        "device": str(predictor.device),
        "milliseconds": bench_stages(predictor),
        "explanation": bench_explanation(predictor),
        "costs": bench_costs(predictor),
        "peak_mebibytes": bench_memory(checkpoint, device),
        "trace": bench_trace(),
    }
    if torch.cuda.is_available():
        report["machine"]["gpu"] = torch.cuda.get_device_name()
        report["cuda"] = bench_devices(checkpoint)
    else:
        report["cuda"] = "skipped: there is no CUDA device"
    text = json.dumps(report, indent=2)
    print(text)
    if out:
        out.write_text(text + "\n", encoding="utf-8")


def sample_inputs() -> dict[str, Any]:
    """A sentence, a 640 x 480 photo of a seven on paper, and 2 s of sound with 1 s of something like speech in it."""
    rng = np.random.default_rng(0)
    photo = np.full((480, 640, 3), 225, np.uint8) - np.linspace(0, 60, 640).astype(np.uint8)[None, :, None]
    cv2.polylines(photo, [np.array([[260, 140], [370, 140], [300, 340]])], False, (40, 50, 110), 12, cv2.LINE_AA)
    seconds = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    voice = sum(np.sin(2 * np.pi * 140 * k * seconds) / k for k in range(1, 20))
    syllables = np.clip(np.sin(2 * np.pi * 2 * seconds), 0, 1) * ((seconds > 0.5) & (seconds < 1.5))
    sound = 0.1 * voice * syllables + 0.001 * rng.standard_normal(len(seconds))
    return {"text": "three, no wait, seven", "image": photo, "audio": (SAMPLE_RATE, sound.astype(np.float32))}


def bench_stages(predictor: Predictor) -> dict[str, dict[str, float]]:
    """Median milliseconds of every stage in 20 runs, for each modality and for all three: reading, the model, figures.

    ``first`` is the first run after the page has started; compare it with ``total``, a later one.
    """
    inputs = sample_inputs()
    predictor.warm_up()
    seven = predictor.predict("seven")
    drawing(seven, predictor.explain(seven))
    report: dict[str, dict[str, float]] = {}
    for name, given in {"all": inputs, **{m: {m: inputs[m]} for m in MODALITIES}}.items():
        runs: list[dict[str, float]] = []
        for _ in range(20):
            start = time.perf_counter()
            result = predictor.predict(**given)
            decided = time.perf_counter()
            explanation = predictor.explain(result)
            explained = time.perf_counter()
            json.dumps(drawing(result, explanation))
            end = time.perf_counter()
            own = {"explanation": (explained - decided) * 1e3, "figures": (end - explained) * 1e3}
            runs.append({**result.milliseconds, **own, "total": (end - start) * 1e3})
        report[name] = {stage: round(median(run[stage] for run in runs), 2) for stage in runs[0]}
        report[name]["first"] = round(runs[0]["total"], 2)
    return report


def bench_explanation(predictor: Predictor, steps: int = 150, repeats: int = 11) -> dict[str, float]:
    """Median milliseconds at 150 steps.

    Of the explanation without faithfulness, one what-if, faithfulness; and of what credits the steps alone: the ledger,
    what each step changed, and integrated gradients with 32 points, with the trace at hand.
    """
    generator = torch.Generator().manual_seed(0)
    size, labels = predictor.config.embedding_dim, predictor.config.labels
    shown = predictor.config.image.slices
    lengths = {"text": 60, "image": shown, "audio": steps - 60 - shown}
    embeddings = {m: torch.randn(n, size, generator=generator).to(predictor.device) for m, n in lengths.items()}
    named = [Step(m, "", (0.0, 0.0)) for m, n in lengths.items() for _ in range(n)]
    lstm, dense = predictor.model.lstm, predictor.model.dense
    x, weights = torch.cat(list(embeddings.values())), contrast(len(labels), 0)
    inside = trace(lstm, x)
    held = [GateIntervention("f", 1.0, 0, steps // 2)]
    calls: dict[str, Callable[[], object]] = {
        "explanation": lambda: verbalize(explain(lstm, dense, embeddings, named, labels)),
        "what_if": lambda: rerun(lstm, x, held),
        "faithfulness": lambda: explain(lstm, dense, embeddings, named, labels, faithful=True),
        "ledger": lambda: ledger(lstm, dense, x, weights, inside=inside),
        "changed": lambda: changed(lstm, dense, x, weights, inside=inside),
        "gradients": lambda: integrated_gradients(lstm, dense, x, weights, points=32),
    }
    times = medians(calls, repeats)
    return {"steps": steps, **{name: round(seconds * 1e3, 2) for name, seconds in times.items()}}


def bench_costs(predictor: Predictor) -> dict[str, dict[str, int]]:
    """Parameters, and multiply-adds of reading ``sample_inputs``, by part of the model."""
    model = predictor.model
    read = {modality: predictor.preprocess(modality, source) for modality, source in sample_inputs().items()}
    batch = predictor.batch([read], [model.config.modalities])
    report = {}
    with torch.inference_mode():
        for name, lengths in zip(model.config.modalities, batch.lengths.T, strict=True):
            stem = model.stem(name)
            with FlopCounterMode(display=False) as counter:
                stem(batch.inputs[name], lengths)
            report[name] = {"parameters": _parameters(stem), "multiply_adds": counter.get_total_flops() // 2}
    steps = int(batch.lengths.sum())
    weights = sum(p.numel() for name, p in model.lstm.named_parameters() if name.startswith("weight"))
    report["lstm"] = {"parameters": _parameters(model.lstm), "multiply_adds": weights * steps, "steps": steps}
    report["dense"] = {"parameters": _parameters(model.dense), "multiply_adds": model.dense.weight.numel() * steps}
    return report


def bench_memory(checkpoint: Path, device: str | None = None) -> dict[str, float]:
    """Most memory that a fresh process ever held, in MiB: the checkpoint loaded, and after reading each modality."""
    fresh = multiprocessing.get_context("spawn")
    report = {}
    for name in ("loaded", *MODALITIES):
        with fresh.Pool(1) as pool:
            report[name] = round(pool.apply(_peak, (checkpoint, device, name)), 1)
    return report


def bench_devices(checkpoint: Path) -> dict[str, Any]:
    """How much faster CUDA runs the model than the CPU (stems, LSTM and trace), how far the answers differ, and what
    seeing the gates costs there.
    """
    inputs = sample_inputs()
    on = {name: Predictor.load(checkpoint, name) for name in ("cpu", "cuda")}
    times = medians({name: partial(predictor.predict, **inputs) for name, predictor in on.items()}, 20)
    cpu, cuda = (on[name].predict(**inputs).probabilities for name in ("cpu", "cuda"))
    largest = float(np.abs(cpu - cuda).max())
    return {"cpu_to_cuda": times["cpu"] / times["cuda"], "largest_difference": largest, "trace": bench_cuda_trace()}


def bench_cuda_trace(
    shapes: Sequence[tuple[int, int]] = ((100, 1), (1000, 1), (150, 32), (150, 256)),
    device: str = "cuda",
    repeats: int = 20,
) -> list[dict[str, Any]]:
    """As ``bench_trace``, on CUDA, wall time until the device has done all; (steps, batch) of each shape.

    Returns:
        For each shape its ``steps`` and ``batch``, and the time of ``trace`` and of the best loop (``hoisted_loop``)
        over that of cuDNN's own call, all in full float32.
    """
    lstm = nn.LSTM(100, 128).eval().to(device)
    ways: dict[str, Callable[[nn.LSTM, Tensor], object]] = {"trace": trace, "hoisted_loop": hoisted_loop}
    rows = []
    with torch.inference_mode(), full_precision(torch.device(device)):
        for steps, batch in shapes:
            x = torch.randn(steps, batch, 100, device=device)
            calls = {"lstm": partial(lstm, x), **{name: partial(way, lstm, x) for name, way in ways.items()}}
            times = low_quantiles({name: partial(_until_done, call) for name, call in calls.items()}, repeats)
            ratios = {name: round(times[name] / times["lstm"], 2) for name in ways}
            rows.append({"steps": steps, "batch": batch, **ratios})
    return rows


def _until_done(call: Callable[[], object]) -> None:
    call()
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def bench_trace(
    steps: Sequence[int] = (10, 100, 1000),
    batches: Sequence[int] = (1, 16, 64),
    long: tuple[int, int] = (10_000, 100_000),
    repeats: int = 30,
) -> dict[str, Any]:
    """What seeing the gates costs, as ratios: 100 inputs, 128 units, float32, one thread, all ways taking turns.

    Processor time is measured, which with one thread equals wall time on an idle machine, even if this one is busy.

    Args:
        steps, batches: the shapes, every length with every batch.
        long: two lengths, shorter first, to see whether time is linear in them.
        repeats: turns of each contestant for the smallest shapes; the largest, a second each, get a fifth of them.

    Returns:
        ``rows``: for each shape its ``steps`` and ``batch``, by way the time over that of a plain ``nn.LSTM`` call
        (``trace`` and those of ``RIVALS``), and ``to_fastest``: that of ``trace`` over that of the fastest rival.
        ``long_to_short``: the time of ``trace`` on the longer of the long sequences over that on the shorter.
    """
    lstm = nn.LSTM(100, 128).eval()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    ways: dict[str, Callable[[nn.LSTM, Tensor], object]] = {"trace": trace, **RIVALS}
    rows = []
    try:
        with torch.inference_mode():
            for count, batch in product(steps, batches):
                x = torch.randn(count, batch, 100)
                calls = {"lstm": partial(lstm, x), **{name: partial(way, lstm, x) for name, way in ways.items()}}
                turns = max(-(-repeats // 5), repeats * min(1, 2000 // (count * batch)))
                times = low_quantiles(calls, turns, time.process_time)
                ratios = {name: round(times[name] / times["lstm"], 2) for name in ways}
                fastest = min(times[name] for name in RIVALS)
                rows.append({
                    "steps": count,
                    "batch": batch,
                    **ratios,
                    "to_fastest": round(times["trace"] / fastest, 2),
                })  # fmt: skip
            calls = {count: partial(trace, lstm, torch.randn(count, 1, 100)) for count in long}
            ends = low_quantiles(calls, -(-repeats // 3), time.process_time)
    finally:
        torch.set_num_threads(threads)
    return {"rows": rows, "long_to_short": round(ends[long[1]] / ends[long[0]], 2)}


def medians(calls: Mapping[Name, Callable[[], object]], repeats: int) -> dict[Name, float]:
    """Median seconds of each call. They take turns, so that a busy moment of the machine is shared by all."""
    return {name: median(seconds) for name, seconds in _turns(calls, repeats, time.perf_counter).items()}


def low_quantiles(
    calls: Mapping[Name, Callable[[], object]], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> dict[Name, float]:
    """Seconds that a fifth of the turns of each call stay below: what it takes while nothing else wants the machine."""
    return {name: sorted(seconds)[repeats // 5] for name, seconds in _turns(calls, repeats, clock).items()}


def _turns(
    calls: Mapping[Name, Callable[[], object]], repeats: int, clock: Callable[[], float]
) -> dict[Name, list[float]]:
    """Seconds of each turn of each call. What runs after another finds the processor's caches as that has left them,
    so the order changes at random.
    """
    seconds: dict[Name, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()  # the first call pays for what later ones find ready
    names, chance = list(calls), random.Random(0)
    for _ in range(repeats):
        for name in names:
            start = clock()
            calls[name]()
            seconds[name].append(clock() - start)
        chance.shuffle(names)
    return seconds


def hoisted_loop(lstm: nn.LSTM, x: Tensor) -> list[Tensor]:
    """A loop in Python that multiplies all inputs before it: x (T, B, I) -> i, f, g, o, c, h, each (T, B, H)."""
    w_ih, w_hh, *biases = lstm.all_weights[0]
    h = c = x.new_zeros(x.shape[1], lstm.hidden_size)
    rows = []
    for z in F.linear(x, w_ih, sum(biases)):
        i, f, g, o = torch.addmm(z, h, w_hh.T).chunk(4, 1)  # each (B, H)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        c = f * c + i * g
        h = o * c.tanh()
        rows.append((i, f, g, o, c, h))
    return [torch.stack(column) for column in zip(*rows, strict=True)]


def scripted_cell(lstm: nn.LSTM, x: Tensor) -> tuple[Tensor, ...]:
    """The usual custom cell in TorchScript, without Python between the steps; the same arguments and returns."""
    w_ih, w_hh, b_ih, b_hh = lstm.all_weights[0]
    zeros = x.new_zeros(x.shape[1], lstm.hidden_size)
    return _scripted()(x, zeros, zeros, w_ih, w_hh, b_ih + b_hh)


@lru_cache
def _scripted() -> Callable[..., tuple[Tensor, ...]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # PyTorch keeps TorchScript, but advises against it
        return torch.jit.script(_scripted_loop)


def _scripted_loop(
    x: Tensor, h: Tensor, c: Tensor, w_ih: Tensor, w_hh: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    all_i, all_f, all_g, all_o, all_c, all_h = [x[:0]], [x[:0]], [x[:0]], [x[:0]], [x[:0]], [x[:0]]
    for t in range(x.size(0)):
        z = torch.mm(x[t], w_ih.t()) + torch.mm(h, w_hh.t()) + bias
        i, f, g, o = z.chunk(4, 1)
        i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
        c = f * c + i * g
        h = o * torch.tanh(c)
        all_i.append(i)
        all_f.append(f)
        all_g.append(g)
        all_o.append(o)
        all_c.append(c)
        all_h.append(h)
    return (
        torch.stack(all_i[1:]),
        torch.stack(all_f[1:]),
        torch.stack(all_g[1:]),
        torch.stack(all_o[1:]),
        torch.stack(all_c[1:]),
        torch.stack(all_h[1:]),
    )


def joined_loop(lstm: nn.LSTM, x: Tensor) -> list[Tensor]:
    """As diagNNose goes about it (Jumelet 2020): (h, x) side by side times all weights in one, each signal kept.

    The same arguments and returns.
    """
    w_ih, w_hh, *biases = lstm.all_weights[0]
    weight, bias = torch.cat([w_hh, w_ih], 1).T, sum(biases)  # (H + I, 4H)
    h = c = x.new_zeros(x.shape[1], lstm.hidden_size)
    kept = [x.new_empty(*x.shape[:2], lstm.hidden_size) for _ in range(6)]
    for t in range(len(x)):
        i, f, g, o = (torch.cat([h, x[t]], 1) @ weight + bias).split(lstm.hidden_size, 1)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        c = f * c + i * g
        h = o * c.tanh()
        for signal, now in zip(kept, (i, f, g, o, c, h), strict=True):
            signal[t] = now
    return kept


RIVALS: dict[str, Callable[[nn.LSTM, Tensor], Sequence[Tensor]]] = {
    "hoisted_loop": hoisted_loop,
    "scripted_cell": scripted_cell,
    "joined_loop": joined_loop,
}


def _parameters(*modules: nn.Module) -> int:
    """Number of trained parameters of the modules."""
    return sum(p.numel() for module in modules for p in module.parameters())


def _peak(checkpoint: Path, device: str | None, name: str) -> float:
    """In a fresh process: load, read one modality, and return the peak memory in MiB."""
    predictor = Predictor.load(checkpoint, device)
    if name in MODALITIES:
        predictor.predict(**{name: sample_inputs()[name]})
    status = Path("/proc/self/status")
    if status.is_file():  # on Linux getrusage would tell of the parent's memory too
        kibibytes = next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(kibibytes) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # bytes on macOS
