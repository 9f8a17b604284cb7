"""What it does not know: the measures, by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from tiny import CONFIG, features

from mmdemo.config import Calibration
from mmdemo.evaluate.ood import _doubted, _held, coverage, study_contradiction
from mmdemo.evaluate.tables import tables
from mmdemo.model.multimodal_lstm import MultimodalLSTM


def test_coverage_by_hand():
    found = coverage(np.array([0.9, 0.8, 0.6, 0.5]), np.array([True, True, False, True]))
    assert found["1"] == 0.75 and found["0.5"] == 1 and found["0.8"] == pytest.approx(2 / 3, abs=1e-5)


def test_what_is_withdrawn_is_let_go_by_hand():
    beliefs = ['[[5,"three"],[9,null]]', '[[3,"one"],[6,null]]', ""]
    probabilities = np.array([[0.2, 0.8], [0.7, 0.3], [0.5, 0.5]])
    found = _held(pd.DataFrame({"belief": beliefs}), np.arange(3), probabilities, ["three", "one"])
    assert found == {"mean": 0.25, "let_go": 1.0}
    found = _held(pd.DataFrame({"belief": beliefs}), np.arange(3), probabilities, ["one", "three"])
    assert found == {"mean": 0.75, "let_go": 0.0}
    assert _held(pd.DataFrame({"belief": [""]}), np.arange(1), probabilities, ["three", "one"]) == {}


def test_texts_with_a_doubt_are_known_beforehand():
    config = replace(CONFIG, text=replace(CONFIG.text, numbers=True))
    texts = pd.Series(["seven eleven", "seven", ""])
    assert list(_doubted(texts, "text", config)) == [True, False, False]
    assert not _doubted(texts, "text", CONFIG).any() and not _doubted(texts, "image", config).any()


def test_a_contradiction_is_never_a_pair_of_one_class():
    torch.manual_seed(0)
    model = MultimodalLSTM(CONFIG).eval()
    found = study_contradiction(model, features(), seed=0, count=40)
    assert set(found) == {"text+image", "text+audio", "image+audio"}
    for shares in found.values():
        assert shares["n"] == 40 and 0 <= shares["called_clear"] <= 1 and 1 / 3 <= shares["highest"] <= 1
        assert 0 <= shares["both_named"] <= 1
    model.config = replace(model.config, calibration={"image+audio": Calibration(clear=0.0)})
    shares = study_contradiction(model, features(), seed=0, count=40)
    assert shares["text+audio"]["called_clear"] == 0
    assert 0 < shares["image+audio"]["called_clear"] < 1  # never where the two alone disagree
    text = tables({"command": "c", "seed": 0, "split": "s", "alone": {}, "together": {}, "contradiction": found})
    assert "| picture against sound | 40 |" in text
