"""Fusion: what is degraded, by how much, and that it can be repeated."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from tiny import CONFIG, features

from mmdemo.evaluate import fusion
from mmdemo.model.multimodal_lstm import MultimodalLSTM


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return MultimodalLSTM(CONFIG).eval()


def test_degrading_is_repeatable_by_row_and_leaves_alone_what_it_should(model):
    split = features()
    rows = pd.DataFrame({"text": [""] * 90, "image": "", "audio": ""})
    change = fusion.Degrade(rows, {"text": 0.5, "image": 0.5}, model, seed=0)
    square = split.item("image", 30)
    assert np.array_equal(change("image", square, 30), change("image", square, 30))
    assert not np.array_equal(change("image", square, 30), change("image", square, 31))
    assert np.abs(change("image", square, 30) - square).mean() > 0.05
    assert change("text", ("something", "rather", "long"), 0) != ("something", "rather", "long")
    sound = split.item("audio", 60)
    assert change("audio", sound, 60) is sound  # no level, no change


@pytest.mark.parametrize("expected", [0.1, 0.25, 0.5, 0.75, 0.9])
@pytest.mark.parametrize("off", [-0.02, 0, 0.02])
def test_the_level_is_the_one_where_a_modality_is_right_four_times_out_of_five(model, monkeypatch, expected, off):
    """Accuracy falls evenly with the level, to 80 % at or a little beside one that can be chosen."""
    asked = []

    def falling(model, features, rows, modalities, change):
        level = change.levels[modalities[0]]
        asked.append(level)
        return SimpleNamespace(right=np.array([1 - 0.2 * level / (expected + off)]))

    monkeypatch.setattr(fusion, "answer", falling)
    assert fusion._level(model, features(), [""] * 90, "image", seed=0) == pytest.approx(expected)
    assert len(asked) <= 7  # the range is halved, not walked through
