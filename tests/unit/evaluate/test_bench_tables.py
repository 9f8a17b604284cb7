"""The tables of speed hold what was measured."""

import json

from mmdemo.evaluate.bench_tables import cuda_table, speed_tables
from mmdemo.resources import CHECKPOINTS, ROOT


def test_every_row_that_was_measured_is_told_as_it_was():
    bench = json.loads((CHECKPOINTS / "digits" / "bench.json").read_text())
    text = speed_tables(bench)
    for row in bench["trace"]["rows"]:
        assert f"| {row['steps']} | {row['batch']} | {row['trace']} |" in text
    assert f"{bench['trace']['long_to_short']:.1f} times as long as 10,000" in text
    assert all(f" | {costs['parameters']:,} | " in text for costs in bench["costs"].values())


def test_a_gpu_is_told_by_its_name():
    bench = json.loads((ROOT / "measurements" / "bench_cuda.json").read_text())
    text = cuda_table(bench)
    assert bench["machine"].get("gpu", bench["device"]) in text and "over cuDNN's own call" in text
