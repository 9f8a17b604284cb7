"""What the levels are worth, on a small model."""

from dataclasses import replace

import pytest
import torch
from tiny import CONFIG, features

from mmdemo.config import Calibration
from mmdemo.evaluate.levels import study_levels
from mmdemo.evaluate.tables import tables
from mmdemo.model.multimodal_lstm import MultimodalLSTM


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = MultimodalLSTM(replace(CONFIG)).eval()
    torch.nn.init.zeros_(model.dense.bias)  # so that it does not say the same of everything
    return model


def study(model):
    return study_levels(model, {"validation": features(), "test": features(seed=1)}, pair=True, seed=0, count=50)


def test_limits_that_nothing_reaches_make_nothing_clear(model):
    model.config.calibration = {"text+image+audio": Calibration(1.5, 1.01, 1.01)}
    for found in study(model)["given"].values():
        assert (found["temperature"], found["clear"], found["likely"]) == (1.5, 1.01, 1.01)
        assert found["test"]["clear"] == found["test"]["likely"] == 0
        assert found["test"]["clear_right"] is None


def test_where_everything_is_clear_only_agreement_counts(model):
    model.config.calibration = {"text+image+audio": Calibration(1.0, 0.0, 0.0)}
    given = study(model)["given"]
    assert given["text"]["test"]["clear"] == 1
    both = given["text+image"]["test"]
    assert 0 < both["clear"] < 1
    assert both["clear"] + both["likely"] == pytest.approx(1)


def test_the_table_names_every_combination(model):
    text = tables({"command": "c", "seed": 0, "split": "s", "alone": {}, "together": {}, "levels": study(model)})
    assert "| text + picture + sound | 1.00 | 0.9900 |" in text
