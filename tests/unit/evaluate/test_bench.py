import pytest
import torch
from tiny import CONFIG
from torch import nn

from mmdemo.evaluate import bench
from mmdemo.inference.predictor import Predictor
from mmdemo.lstm.trace import SIGNALS, trace
from mmdemo.train.loop import new_model


@pytest.mark.parametrize("rival", bench.RIVALS)
def test_the_ways_to_beat_give_the_same_numbers(rival):
    lstm = nn.LSTM(3, 4).eval()
    x = torch.randn(20, 2, 3)
    with torch.no_grad():
        t = trace(lstm, x)
        for name, signal in zip(SIGNALS, bench.RIVALS[rival](lstm, x), strict=True):
            torch.testing.assert_close(signal, getattr(t, name), atol=1e-6, rtol=0)


def test_bench_trace_gives_ratios_and_leaves_the_threads_alone():
    threads = torch.get_num_threads()
    found = bench.bench_trace(steps=(10, 20), batches=(1, 3), long=(30, 300), repeats=5)
    assert [(row["steps"], row["batch"]) for row in found["rows"]] == [(10, 1), (10, 3), (20, 1), (20, 3)]
    for row in found["rows"]:
        assert all(row[name] > 0 for name in ("trace", *bench.RIVALS))
        assert row["to_fastest"] == pytest.approx(row["trace"] / min(row[name] for name in bench.RIVALS), rel=0.05)
    assert found["long_to_short"] > 0
    assert torch.get_num_threads() == threads


def test_what_is_timed_on_cuda_can_be_timed():
    rows = bench.bench_cuda_trace(((10, 1), (20, 3)), "cpu", repeats=2)
    assert [(row["steps"], row["batch"]) for row in rows] == [(10, 1), (20, 3)]
    assert all(row["trace"] > 0 and row["hoisted_loop"] > 0 for row in rows)


def test_bench_explanation_times_all_that_is_explained():
    times = bench.bench_explanation(Predictor(new_model(CONFIG), "cpu"), steps=80, repeats=1)
    assert times.pop("steps") == 80
    assert set(times) == {"explanation", "what_if", "faithfulness", "ledger", "changed", "gradients"}
    assert min(times.values()) > 0


@pytest.mark.parametrize("measure", [bench.medians, bench.low_quantiles])
def test_all_take_turns(measure):
    turns = []
    times = measure({name: lambda name=name: turns.append(name) for name in "ab"}, repeats=30)
    assert turns[:2] == ["a", "b"]  # the first of each is not counted
    pairs = {"".join(turns[k : k + 2]) for k in range(2, len(turns), 2)}
    assert len(turns) == 62 and pairs == {"ab", "ba"}  # in turn, neither always after the other
    assert times.keys() == {"a", "b"}
    assert all(seconds == pytest.approx(0, abs=1) for seconds in times.values())
