import pytest
import torch
from tiny import CONFIG
from torch import nn

from mmdemo.evaluate import bench
from mmdemo.inference.predictor import Predictor
from mmdemo.lstm.trace import SIGNALS, trace
from mmdemo.train.loop import new_model


def test_the_loop_to_beat_gives_the_same_numbers():
    lstm, cell = nn.LSTM(3, 4), nn.LSTMCell(3, 4)
    cell.load_state_dict({name: getattr(lstm, name + "_l0") for name in cell.state_dict()})
    x = torch.randn(20, 2, 3)
    t = trace(lstm, x)
    for name, signal in zip(SIGNALS, bench._cell_loop(cell, x), strict=True):
        torch.testing.assert_close(signal, getattr(t, name), atol=1e-6, rtol=0)


def test_bench_trace_gives_ratios_and_leaves_the_threads_alone():
    threads = torch.get_num_threads()
    ratios = bench.bench_trace(steps=(10, 20), long=(30, 300), repeats=2)
    assert list(ratios["trace_to_lstm"]) == list(ratios["loop_to_trace"]) == [10, 20]
    assert all(ratio > 0 for part in ("trace_to_lstm", "loop_to_trace") for ratio in ratios[part].values())
    assert ratios["long_to_short"] > 0
    assert torch.get_num_threads() == threads


def test_bench_explanation_times_all_that_is_explained():
    times = bench.bench_explanation(Predictor(new_model(CONFIG), "cpu"), steps=80, repeats=1)
    assert times.pop("steps") == 80
    assert set(times) == {"explanation", "what_if", "faithfulness", "ledger", "changed", "gradients"}
    assert min(times.values()) > 0


def test_medians_take_turns():
    turns = []
    times = bench.medians({name: lambda name=name: turns.append(name) for name in "ab"}, repeats=3)
    assert "".join(turns) == "abababab"  # the first of each is not counted
    assert times.keys() == {"a", "b"}
    assert all(seconds == pytest.approx(0, abs=1) for seconds in times.values())
