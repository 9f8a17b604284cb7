"""A small task trained to its end, and trainings that are killed at any moment and go on."""

import random
import signal
import time
from dataclasses import replace

import pytest
import torch
from tiny import CONFIG, features
from trainings import MOMENTS, result, start, train_until
from trainings import train as train_tiny

from mmdemo.evaluate.metrics import answer, evaluate, unimodal_samples
from mmdemo.train.loop import train
from mmdemo.train.recipes import Recipe
from mmdemo.train.samples import PLAIN

QUICK = Recipe(
    epochs=3,
    samples=600,
    validation=90,
    batch_size=32,
    sampling=replace(PLAIN, modality_counts=(0.5, 0.2, 0.3), reorder=0.5),
)


def run(folder, recipe=QUICK, seed=0):
    splits = {"train": features(), "validation": features(seed=1)}
    return train(CONFIG, splits, folder / "out", folder / "run", recipe=recipe, pair=True, seed=seed, quiet=True)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    return run(folder), folder


def test_it_learns_every_modality(trained):
    model, _ = trained
    test = features(seed=2)
    for modality in ("text", "image", "audio"):
        assert answer(model, test, unimodal_samples(test, modality), [modality]).right.mean() > 0.9


def test_evaluation_covers_the_seven_subsets(trained):
    model, _ = trained
    report = evaluate(model, features(seed=2), pair=True, seed=0)
    assert set(report["alone"]) == {"text", "image", "audio"}
    assert len(report["together"]) == 7
    everything = report["together"]["text+image+audio"]
    assert sum(map(sum, everything["confusion"])) == everything["n"]
    assert everything["interval"][0] <= everything["accuracy"] <= everything["interval"][1]


def test_a_checkpoint_is_safetensors_and_config(trained):
    _, folder = trained
    names = {path.name for path in (folder / "out").iterdir()}
    assert {"model.safetensors", "config.json"} <= names
    assert not any(name.endswith((".bin", ".pt", ".pkl")) for name in names)


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
