"""A shard that is killed in the middle of its work."""

import os
import signal
import subprocess
import sys
import time

import pandas as pd
import torch

from mmdemo.config import ModelConfig
from mmdemo.inference.shards import TABLES
from mmdemo.model.multimodal_lstm import MultimodalLSTM

WORDS = [f"word {k}, no wait, {['one', 'two', 'three'][k % 3]}" for k in range(11)]


def read(out):
    return {name: pd.read_parquet(out / name).sort_values(list(TABLES[name].names[:2])) for name in TABLES}


def files(out):
    return {path.relative_to(out): path.stat().st_mtime_ns for path in out.rglob("*.parquet")}


def test_a_killed_shard_leaves_whole_files_and_goes_on(tmp_path):
    torch.manual_seed(0)
    checkpoint, long = tmp_path / "checkpoint", tmp_path / "long.csv"
    MultimodalLSTM(ModelConfig("numbers", ["one", "two", "three"])).save_pretrained(checkpoint)
    pd.DataFrame({"text": WORDS * 60}).to_csv(long, index=False)
    out = tmp_path / "out"
    code = "from mmdemo import cli; from mmdemo.inference import shards; shards.PART = 20; cli.main()"
    said = ["explain-all", long, "--out", out, "--checkpoint", checkpoint, "--shards", "3", "--shard", "1"]
    command = [sys.executable, "-c", code, *map(str, said)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 180
    while len(list(out.glob("shares/*.parquet"))) < 2 and running.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    done = files(out)
    assert 6 <= len(done) < 33
    for path in done:
        pd.read_parquet(out / path)
    again = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert again.returncode == 0, again.stderr
    assert {path: time for path, time in files(out).items() if path in done and "00000.parquet" in path.name} == {
        path: time for path, time in done.items() if "00000.parquet" in path.name
    }
    assert read(out)["predictions"]["row"].tolist() == list(range(220, 440))
