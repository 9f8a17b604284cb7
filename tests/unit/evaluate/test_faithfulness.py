import numpy as np
import pytest
import torch
from tiny import CONFIG, features

from mmdemo.evaluate.faithfulness import METHODS, study_faithfulness, summarise
from mmdemo.evaluate.metrics import paired_samples, unimodal_samples
from mmdemo.lstm.faithfulness import Deletion
from mmdemo.train.loop import new_model


def deletions(**areas):
    point = torch.tensor([0])
    return {name: Deletion(point, point, area, beaten=0.5) for name, area in areas.items()}


def test_means_and_paired_differences_by_hand():
    found = [
        deletions(telescoped=0.3, proportional=0.1, gradients=0.2, random=0.5),
        deletions(telescoped=0.5, proportional=0.3, gradients=0.2, random=0.5),
        deletions(telescoped=0.5, proportional=float("nan"), gradients=0.2, random=0.5),  # no fall to measure
    ]
    summary = summarise(found)
    assert summary["measured"] == 2
    assert summary["area"]["proportional"] == [0.2, pytest.approx(1.96 * 0.1, abs=1e-4)]
    assert summary["less"]["random"]["proportional"][0] == pytest.approx(-0.3)
    assert summary["less"]["gradients"] == {"telescoped": [0.2, pytest.approx(0.196)], "proportional": [0.0, 0.196]}
    assert summary["beaten"]["telescoped"] == 0.5


def test_every_kind_is_measured_and_a_seed_gives_the_same():
    torch.manual_seed(0)
    model, data = new_model(CONFIG), features()
    for weight in model.dense.parameters():
        torch.nn.init.normal_(weight)  # else it would believe in nothing firmly enough to fall
    joined = paired_samples(data, CONFIG, pair=True, seed=0)
    kinds = {"image": (unimodal_samples(data, "image"), ["image"]), "all": (joined, ["text", "image", "audio"])}
    report = study_faithfulness(model, data, kinds, seed=1, count=6)
    assert report == study_faithfulness(model, data, kinds, seed=1, count=6)
    assert set(report["kinds"]) == {"image", "all"}
    for found in report["kinds"].values():
        assert found["n"] == 6 and 0 < found["measured"] <= 6
        assert set(found["area"]) == set(METHODS)
        assert all(np.isfinite(mean) for mean, _ in found["area"].values())
