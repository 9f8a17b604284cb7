"""Two processes with half of each batch learn what one learns with all of it."""

import csv
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from trainings import normalise, record_losses, result, start, together, train
from PIL import Image

from mmdemo.model import MultimodalLSTM


def alone(job, *arguments):
    process = start(job, *arguments)
    process.join(240)
    assert process.exitcode == 0


def losses(file, count):
    return np.mean([json.loads(file.with_name(f"{file.name}.{rank}").read_text()) for rank in range(count)], axis=0)


def test_two_processes_learn_what_one_learns(tmp_path):
    """In double precision, where nothing but a difference in what is computed can be seen."""
    alone(record_losses, tmp_path / "one")
    together(record_losses, tmp_path / "two")
    one, two = losses(tmp_path / "one", 1), losses(tmp_path / "two", 2)
    assert len(one) == 20 and one[-1] < 0.8 * one[0]
    assert np.abs(one - two).max() < 1e-6


@pytest.mark.parametrize("shares", [(5, 3), (8, 0), (0, 8)])
def test_the_norm_spans_all_processes(tmp_path, shares):
    alone(normalise, tmp_path / "one", (8,))
    together(normalise, tmp_path / "two", shares)
    whole = torch.load(tmp_path / "one.0")
    parts = [torch.load(tmp_path / f"two.{rank}") for rank in range(2)]
    for name, value in whole.items():
        if name in "xy":
            assert torch.allclose(torch.cat([part[name] for part in parts]), value), name
        else:
            assert all(torch.allclose(part[name], value) for part in parts), name
