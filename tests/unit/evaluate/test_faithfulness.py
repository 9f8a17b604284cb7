import json

import numpy as np
import pytest
import torch
from tiny import CONFIG, features

from mmdemo.evaluate.faithfulness import METHODS, OWN, choose, study_cues, study_faithfulness, summarise
from mmdemo.evaluate.metrics import paired_samples, unimodal_samples
from mmdemo.inference.predictor import Predictor
from mmdemo.train.loop import new_model


def one(off=0.0, **areas):
    """A test of an input, by hand."""
    rest = {name: area for name, area in areas.items() if name != "random"}
    same = {"insertion": rest, "infidelity": rest, "beaten": dict.fromkeys(rest, 0.5)}
    return {"area": areas, **same, "off": {"gradients": off}}


def test_means_and_paired_differences_by_hand():
    found = summarise([
        one(ledger=0.1, changed=0.3, gradients=0.2, random=0.5, lrp=0.4, off=0.1),
        one(ledger=0.3, changed=0.5, gradients=0.2, random=0.5, off=0.3),
        one(ledger=float("nan"), changed=0.5, gradients=0.2, random=0.5),  # no fall to measure
    ])  # fmt: skip
    half = pytest.approx(1.96 * 0.1, abs=1e-4)
    assert found["measured"] == 2
    assert found["area"]["ledger"] == [0.2, half]
    assert found["less"]["gradients"] == {"ledger": [0.0, half], "changed": [0.2, half]}
    assert found["less"]["random"]["ledger"] == [-0.3, half]
    assert found["ledger_less"]["lrp"][0] == pytest.approx(-0.3)  # of the one input that has it
    assert found["ledger_less"]["changed"] == [-0.2, 0.0]
    assert set(found["insertion"]) == set(found["infidelity"]) == {"ledger", "changed", "gradients", "lrp"}
    assert found["beaten"]["ledger"] == 0.5 and found["off"] == [0.2, 0.3]


@pytest.fixture(scope="module")
def believing():
    torch.manual_seed(0)
    model = new_model(CONFIG)
    for weight in model.dense.parameters():
        torch.nn.init.normal_(weight)  # else it would believe in nothing firmly enough to fall
    return model


def test_every_kind_is_measured_and_a_seed_gives_the_same(believing):
    data = features()
    joined = paired_samples(data, CONFIG, pair=True, seed=0)
    kinds = {"image": (unimodal_samples(data, "image"), ["image"]), "all": (joined, ["text", "image", "audio"])}
    report = study_faithfulness(believing, data, kinds, seed=1, count=5, field=2)
    assert report == study_faithfulness(believing, data, kinds, seed=1, count=5, field=2)
    assert set(report["kinds"]) == {"image", "all"} and report["field"] == 2
    for found in report["kinds"].values():
        assert found["n"] == 5 and 0 < found["measured"] <= 5
        assert set(found["area"]) == set(METHODS)
        assert set(found["insertion"]) == set(found["infidelity"]) == set(METHODS) - {"random"}
        assert all(np.isfinite(mean) for mean, _ in found["area"].values())
        assert all(mean >= 0 for mean, _ in found["infidelity"].values())
        assert found["off"][0] <= found["off"][1] < 1
    chosen = choose(believing, data, kinds, seed=1, count=5)
    assert set(chosen["kinds"]["all"]["area"]) == set(OWN) and chosen["least"] in OWN
    least = {name: np.mean([found["area"][name][0] for found in chosen["kinds"].values()]) for name in OWN}
    assert least[chosen["least"]] == min(least.values())
    json.dumps([report, chosen], allow_nan=False)


def test_a_model_that_was_taught_nothing_decides_by_no_cue_or_is_asked_about_it(believing):
    found = study_cues(Predictor(believing, "cpu"), count=3)
    assert 0 <= found["n"] <= 3 and set(found["credited"]) <= {*OWN, "gradients"}
