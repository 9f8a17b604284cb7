"""A small task trained to its end."""

from dataclasses import replace

import pytest
from tiny import CONFIG, features

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
