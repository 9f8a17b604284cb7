"""The reading with which the page opens is the one that the shipped weights make, and no other weights show it."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from mmdemo.app import opening
from mmdemo.app.handlers import Handlers
from mmdemo.app.opening import Opening
from mmdemo.app.tasks import Tasks
from mmdemo.model.weights import weights_hash

ROOT = Path(__file__).parents[3]
AGAIN = "it is made anew by: python tools/make_opening.py"


@pytest.fixture(scope="module")
def kept():
    return json.loads(opening.FILE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def fresh(trained):
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import make_opening
    finally:
        sys.path.remove(str(ROOT / "tools"))
    return make_opening.made(trained.parent)


def test_it_is_of_the_shipped_weights(kept, trained):
    assert kept["sha256"] == weights_hash(trained), AGAIN


def test_it_says_and_draws_what_the_model_does(kept, fresh):
    for part in ("said", "figure"):
        assert set(kept[part]) == set(fresh[part]), AGAIN
    for key in ("label", "level", "used", "saw", "notes"):
        assert kept["said"][key] == fresh["said"][key], AGAIN
    assert np.allclose(kept["said"]["probabilities"], fresh["said"]["probabilities"], atol=1e-3), AGAIN
    assert kept["said"]["why"]["sentences"] == fresh["said"]["why"]["sentences"], AGAIN
    for key in ("steps", "settled", "answer"):
        assert kept["figure"][key] == fresh["figure"][key], AGAIN
    assert np.allclose(kept["figure"]["ledger"]["logits"], fresh["figure"]["ledger"]["logits"], atol=1e-2), AGAIN
    changes = [[{**one, "probability": 0} for one in each["figure"]["what_ifs"]] for each in (kept, fresh)]
    assert changes[0] == changes[1] and changes[0], AGAIN


def test_it_is_shown_where_its_weights_are_served(trained):
    shown = Opening.of(Tasks(trained.parent))
    assert shown.text == "three, no wait, five"
    assert shown.figure["opening"] == opening.EXAMPLE and shown.said["used"] == ["text"]


def test_other_weights_do_not_show_it(trained, tmp_path):
    shutil.copytree(trained, tmp_path / "digits")
    with (tmp_path / "digits" / "model.safetensors").open("ab") as file:
        file.write(b" ")
    assert Opening.of(Tasks(tmp_path)) is None


def test_what_the_drawing_asks_about_it_is_answered_by_the_model(trained, monkeypatch):
    do = Handlers(Tasks(trained.parent))
    monkeypatch.setattr("mmdemo.app.handlers.event_data", lambda event: event)
    question = {"ask": "step", "step": 3, "number": 1}
    assert "refused" in json.loads(do.answer_drawing(None, "digits", question))
    told = json.loads(do.answer_drawing(None, "digits", {**question, "opening": opening.EXAMPLE}))
    assert told["step"] == 3 and told["number"] == 1
    assert "refused" in json.loads(do.answer_drawing(None, "digits", {**question, "opening": "seven"}))
