"""The checkpoints as they are shipped, measured anew on the real data."""

import json
from pathlib import Path

import pytest

from mmdemo.config import MODALITIES
from mmdemo.data.manifest.manifest import OUTLIER, read_manifest
from mmdemo.data.tasks.digits import SENTENCES, digits_manifest
from mmdemo.data.tasks.registry import TASKS
from mmdemo.evaluate.apart import is_apart
from mmdemo.evaluate.metrics import answer, paired_samples, unimodal_samples
from mmdemo.inference.predictor import Predictor
from mmdemo.train.features import read_features

ROOT = Path(__file__).resolve().parents[2]
DIGITS = ROOT / "checkpoints" / "digits"
TOLERANCE = 0.001  # 0.1 points


@pytest.fixture(scope="module")
def digits():
    return Predictor.load(DIGITS, "cpu")


@pytest.mark.data
def test_the_shipped_checkpoint_gives_the_figures_of_metrics_json(digits, data_dir, tmp_path):
    metrics = json.loads((DIGITS / "metrics.json").read_text())
    manifest = digits_manifest(data_dir, tmp_path / "digits.csv", metrics["seed"], {"test": SENTENCES["test"]})
    rows, _ = read_manifest(manifest, labels=digits.config.labels)
    asked = rows[(rows["split"] == "test") & (rows["label"] != OUTLIER) & ~is_apart(rows)].reset_index(drop=True)
    features = read_features(asked, digits.config, tmp_path)
    for modality in MODALITIES:
        found = answer(digits.model, features, unimodal_samples(features, modality), [modality]).right.mean()
        assert found == pytest.approx(metrics["alone"][modality]["accuracy"], abs=TOLERANCE), modality
    samples = paired_samples(features, digits.config, pair=True, seed=metrics["seed"])
    found = answer(digits.model, features, samples).right.mean()
    assert found == pytest.approx(metrics["together"]["text+image+audio"]["accuracy"], abs=TOLERANCE)


@pytest.mark.data
def test_the_feelings_are_as_well_read_as_metrics_json_says(data_dir, tmp_path):
    folder = ROOT / "checkpoints" / "emotion"
    metrics, predictor = json.loads((folder / "metrics.json").read_text()), Predictor.load(folder, "cpu")
    manifest = TASKS["emotion"].make_manifest(data_dir, tmp_path / "emotion.csv", metrics["seed"])
    rows, _ = read_manifest(manifest, labels=predictor.config.labels)
    features = read_features(rows[rows["split"] == "test"].reset_index(drop=True), predictor.config, tmp_path)
    for modality in MODALITIES:
        found = answer(predictor.model, features, unimodal_samples(features, modality), [modality]).right.mean()
        assert found == pytest.approx(metrics["alone"][modality]["accuracy"], abs=TOLERANCE), modality
