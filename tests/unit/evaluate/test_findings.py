"""What single units do: found where it was planted, with honest figures, and nothing where there is nothing."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from mmdemo.config import ModelConfig
from mmdemo.data.sentences.grammar import sentences
from mmdemo.data.sentences.vocabulary import DIGITS
from mmdemo.evaluate import findings
from mmdemo.evaluate.cards import write_figures
from mmdemo.evaluate.findings import ReadText, find
from mmdemo.evaluate.results import FINDINGS, read_findings
from mmdemo.inference.predictor import Predictor
from mmdemo.lstm.trace import trace
from mmdemo.model.multimodal_lstm import MultimodalLSTM

UNITS, DETECTOR, RESET = 6, 3, 4


@pytest.fixture(scope="module")
def predictor():
    torch.manual_seed(0)
    return Predictor(MultimodalLSTM(ModelConfig(task="made", labels=list(DIGITS))), "cpu")


def texts(count=40, seed=0):
    """Sentences of an LSTM in which one unit's input gate opens, and another's forget gate closes, at named words."""
    generator = torch.Generator().manual_seed(seed)
    lstm = torch.nn.LSTM(5, UNITS)
    made = []
    for _ in range(count):
        kinds = np.array([0, 2, 1, 2, 0, 2])
        x = torch.randn(len(kinds), 5, generator=generator)
        with torch.no_grad():
            inside = trace(lstm, x)
        named = torch.from_numpy(kinds == 0)
        noise = 0.05 * torch.rand(2, len(kinds), generator=generator)
        inside.i[:, DETECTOR] = torch.where(named, 0.9, 0.1) + noise[0]
        inside.f[:, RESET] = torch.where(named, 0.2, 0.9) + noise[1]
        made.append(ReadText(x, inside, kinds, 1, 0, 1, np.ones(len(kinds))))
    return made


def test_planted_units_are_found_and_measured(predictor, monkeypatch):
    both = iter([texts(seed=1), texts(seed=2)])
    monkeypatch.setattr(findings, "_read_all", lambda *_: next(both))
    monkeypatch.setattr(findings, "_hold", lambda *_: None)
    found = find(predictor, pd.DataFrame(), pd.DataFrame())
    (detector,) = found["detectors"]
    assert (detector["unit"], detector["gate"], detector["n"]) == (DETECTOR, "i", 80)
    assert detector["auroc"] == [1, 1, 1]
    for name, mean in (("there", 0.925), ("elsewhere", 0.125)):
        figure, low, high = detector[name]
        assert low < figure < high and figure == pytest.approx(mean, abs=0.01)
    assert (found["reset"]["unit"], found["reset"]["gate"], found["reset"]["auroc"][0]) == (RESET, "f", 1)
    assert found["reset"]["there"][0] < 0.3 < found["reset"]["elsewhere"][0]
    assert {kind: means["n"] for kind, means in found["gates"].items()} == {"named": 80, "withdrawn": 40, "other": 120}
    assert "held" not in found


def test_nothing_is_said_of_an_untrained_checkpoint(predictor):
    rows = {split: pd.DataFrame([one.as_row() for one in sentences(split, 30, 0)]) for split in ("validation", "test")}
    found = find(predictor, rows["validation"], rows["test"])
    assert found["sentences"] == 30 and found["words"] > 60
    assert not {"detectors", "reset", "held"} & set(found)
    assert set(found["gates"]) >= {"named", "other"}


def test_data_that_does_not_say_what_to_believe_has_no_findings(predictor):
    rows = pd.DataFrame({"text": ["seven", "eight"], "label": ["seven", "eight"]})
    assert find(predictor, rows, rows) == {"sentences": 0, "words": 0}


def test_words_have_their_kinds(predictor):
    """Also a number that changes no belief; the cue begins right after what it withdraws."""
    belief = [[5, "three"], [9, None], [20, "five"]]
    one = findings._read(predictor, "three, no wait, five, not six", belief, "five")
    words = ["three", ",", "no", "wait", ",", "five", ",", "not", "six"]
    kinds = [findings.KINDS[kind] for kind in one.kinds]
    if len(kinds) == len(words) - 3:  # commas are no words
        words = [word for word in words if word != ","]
    told = dict(zip(words, kinds, strict=True))
    assert [told[word] for word in ("three", "no", "wait", "five", "not", "six")] == [
        "named", "withdrawn", "other", "named", "other", "named"
    ]  # fmt: skip
    assert (one.first, one.last, one.cue) == (3, 5, 1)


def test_the_held_share_counts_corrections_that_were_right(predictor, monkeypatch):
    monkeypatch.setattr(findings, "LEAST", 2)
    made = texts(4)
    lstm = predictor.model.lstm
    x = torch.randn(6, lstm.input_size)
    with torch.no_grad():
        inside = trace(lstm, x)
    held = findings.rerun(lstm, x, [findings.GateIntervention("f", 1.0, 1, 6)])
    stays = int(predictor.readout(["text"]).logits(held.h[-1]).argmax())
    other = (stays + 1) % 10

    def one(first, last, ahead):
        return ReadText(x, inside, made[0].kinds, 1, first, last, np.array([first, first, last, last, last, ahead]))

    found = findings._hold(predictor, [one(stays, other, other)] * 3 + [one(other, stays, stays), one(stays, other, 9)])
    assert (found["n"], found["kept"]) in ((4, 3), (5, 4)) and found["share"][0] == pytest.approx(
        found["kept"] / found["n"], abs=1e-3
    )
    assert findings._hold(predictor, [one(stays, other, other)]) is None


def test_findings_are_read_back_and_missing_ones_are_none(tmp_path):
    assert read_findings(tmp_path) == {}
    write_figures(tmp_path / FINDINGS, {"sentences": 3})
    assert read_findings(tmp_path) == {"sentences": 3}
    (tmp_path / "findings.json").write_text("{", encoding="utf-8")
    assert read_findings(tmp_path) == {}
    (tmp_path / "findings.json").write_text(json.dumps([1]), encoding="utf-8")
    assert read_findings(tmp_path) == {}
