"""Two processes with half of each batch learn what one learns with all of it."""

import csv
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from trainings import MOMENTS, normalise, record_losses, result, start, together, train, train_until

from mmdemo.model.multimodal_lstm import MultimodalLSTM


def alone(job, *arguments):
    process = start(job, *arguments)
    process.join(240)
    assert process.exitcode == 0


def losses(file, count):
    return np.mean([json.loads(file.with_suffix(f".{rank}").read_text()) for rank in range(count)], axis=0)


def test_two_processes_learn_what_one_learns(tmp_path):
    """In double precision: single precision's rounding grows with every step, even if one process reverses a batch."""
    alone(record_losses, tmp_path / "one")
    assert together(record_losses, tmp_path / "two") == [0, 0]
    one, two = losses(tmp_path / "one", 1), losses(tmp_path / "two", 2)
    assert len(one) == 20 and one[-1] < 0.9 * one[0]
    assert np.abs(one - two).max() < 1e-6


def test_the_norm_spans_all_processes(tmp_path):
    splits = [(5, 3), (8, 0), (0, 8)]
    alone(normalise, tmp_path / "one", [(8,)])
    assert together(normalise, tmp_path / "two", splits) == [0, 0]
    whole = torch.load(tmp_path / "one.0.0")
    for number in range(len(splits)):
        parts = [torch.load(tmp_path / f"two.{number}.{rank}") for rank in range(2)]
        for name, value in whole.items():
            if name in "xy":
                assert torch.allclose(torch.cat([part[name] for part in parts]), value), name
            else:
                assert all(torch.allclose(part[name], value) for part in parts), name


def test_the_command_runs_in_two_processes(tmp_path):
    """On texts alone, so that the picture's norms wait for nobody and learn of nothing; and without streams, which one
    process teaches alone."""
    with (tmp_path / "pets.csv").open("w", newline="") as file:
        rows = [[f"{word} {k}", word] for k in range(20) for word in ("cat", "dog")]
        csv.writer(file).writerows([["text", "label"], *rows])
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "mmdemo", "train"]
    own = ["--task=pets", f"--manifest={tmp_path / 'pets.csv'}", "--epochs=1", "--samples=200", "--streams=0"]
    places = [f"--{name}={tmp_path / name}" for name in ("out", "cache", "runs")]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    command = [sys.executable, *launch, *own, *places]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("The checkpoint is in") == 1  # they know of each other
    model = MultimodalLSTM.from_pretrained(str(tmp_path / "out"), local_files_only=True)
    assert model.config.labels == ["cat", "dog"]
    assert torch.equal(model.image.features[1].running_var, torch.ones(16))


def test_two_processes_that_are_killed_go_on_and_end_the_same(tmp_path):
    assert together(train, tmp_path / "whole") == [0, 0]
    one, other = together(train_until, tmp_path / "killed", MOMENTS[1])
    assert one == -signal.SIGKILL and other != 0  # the other one, left alone, gives up
    assert together(train, tmp_path / "killed") == [0, 0]
    (expected, _), (loss, _) = result(tmp_path / "whole"), result(tmp_path / "killed")
    assert loss == pytest.approx(expected, abs=1e-6)
