"""Trainings that are killed at any moment go on, and end as if nothing had happened."""

import random
import signal
import time

import pytest
import torch
from trainings import MOMENTS, result, start, train_until
from trainings import train as train_tiny


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    begun = time.monotonic()
    process = start(train_tiny, folder)
    process.join(240)
    return result(folder), time.monotonic() - begun


def ends_the_same(folder, unbroken):
    """The training goes on to the end, which is that of the unbroken one, and nothing half-written is left."""
    process = start(train_tiny, folder)
    process.join(240)
    assert process.exitcode == 0
    loss, weights = result(folder)
    assert loss == pytest.approx(unbroken[0], abs=1e-6)
    for name, weight in unbroken[1].items():
        assert torch.allclose(weight, weights[name], atol=1e-6), name
    assert not list(folder.rglob("*.part"))


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_training_killed_while_it_writes_goes_on_and_ends_the_same(unbroken, tmp_path, moment):
    process = start(train_until, tmp_path, moment)
    process.join(240)
    assert process.exitcode == -signal.SIGKILL
    ends_the_same(tmp_path, unbroken[0])


def test_a_training_killed_again_and_again_ends_the_same(unbroken, tmp_path):
    rng, kills = random.Random(0), 0
    for _ in range(4):
        process = start(train_tiny, tmp_path)
        process.join(rng.uniform(0.2, 0.8) * unbroken[1])
        kills += process.is_alive()
        process.kill()
        process.join()
    assert kills >= 2
    ends_the_same(tmp_path, unbroken[0])
