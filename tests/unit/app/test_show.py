"""An LSTM of one's own, in the page's drawing: what the file holds, what it refuses, and the notebook's cells."""

import contextlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from packed import unpack
from torch import nn

import mmdemo
from mmdemo.app import questions, show
from mmdemo.inference.figure import gates_figure
from mmdemo.lstm.trace import trace

ROOT = Path(__file__).parents[3]
NOTEBOOK = ROOT / "docs" / "notebooks" / "character-lstm.ipynb"
WORDS = ["not", "<b>bad</b>", "at", "all"]


@pytest.fixture(scope="module")
def own():
    torch.manual_seed(0)
    return nn.LSTM(5, 8, num_layers=2).eval(), nn.Linear(8, 3), torch.randn(4, 5)


def reading(shown):
    """What the file's own modules draw."""
    found = re.search(r'<script type="application/json" id="mm-reading">(.*?)</script>', shown.to_html(), re.S)
    return json.loads(found[1])


def test_the_file_draws_what_the_lstm_did(own, tmp_path):
    lstm, dense, x = own
    shown = mmdemo.show(lstm, dense, x, steps=WORDS, labels=["no", "so so", "yes"])
    told = reading(shown)
    figure, inside = told["figure"], trace(lstm, x)
    probabilities = dense(inside.h[-1]).softmax(-1).tolist()
    assert [step["text"] for step in figure["steps"]] == WORDS
    assert told["said"]["probabilities"] == pytest.approx(probabilities, abs=1e-4)
    assert figure["labels"][figure["answer"]] == told["said"]["label"]
    evidence = unpack(figure["ledger"]["evidence"]).sum(1) + np.array(figure["ledger"]["bias"])
    assert evidence == pytest.approx(figure["ledger"]["logits"], abs=1e-4)
    assert "<b>bad" not in shown.to_html()  # text is text
    file = shown.save(tmp_path / "own.html")
    assert file.read_text(encoding="utf-8") == shown.to_html()
    assert not re.search(r'(?:src|href)="(?:https?:)?//', shown.to_html())  # it needs nothing else
    assert shown._repr_html_().startswith("<iframe srcdoc=") and "&lt;!doctype html&gt;" in shown._repr_html_()


def test_batches_of_one_plain_names_and_readouts(own):
    lstm, dense, x = own
    told = reading(mmdemo.show(lstm, dense, x[:, None]))
    assert [step["text"] for step in told["figure"]["steps"]] == ["1", "2", "3", "4"]
    assert told["said"]["labels"] == ["0", "1", "2"]


def test_without_a_readout_the_gates_alone():
    both = nn.LSTM(5, 4, bidirectional=True).eval()
    shown = mmdemo.show(both, None, torch.randn(4, 5), steps=WORDS)
    assert shown.trace.f.shape == (4, 8)
    assert "forget gate f" in shown.to_html() and "mm-reading" not in shown.to_html()
    with pytest.raises(ValueError, match="needs a readout"):
        shown.what_if(0)


def test_what_if():
    torch.manual_seed(1)
    lstm, dense, x = nn.LSTM(5, 8), nn.Linear(8, 3), torch.randn(4, 5)
    shown = mmdemo.show(lstm, dense, x, steps=WORDS)
    without = shown.what_if(1)
    assert [step["text"] for step in reading(without)["figure"]["steps"]] == ["not", "at", "all"]
    assert torch.equal(without.trace.h, trace(lstm, x[[0, 2, 3]]).h)
    held = shown.what_if(1, 4, gate="f", value=1.0)
    assert held.trace.f[1:].eq(1).all() and not held.trace.f[0].eq(1).any()
    expected = dense(held.trace.h[-1]).softmax(-1).tolist()
    assert reading(held)["said"]["probabilities"] == pytest.approx(expected, abs=1e-4)
    for start, stop, gate in ((4, 5, None), (2, 2, None), (0, 4, None), (0, 1, "q")):
        with pytest.raises(ValueError):
            shown.what_if(start, stop, gate=gate)


@pytest.mark.parametrize("layers", [1, 2])
def test_the_file_keeps_what_each_steps_inside_was_and_what_if(layers):
    torch.manual_seed(2)
    lstm, dense, x = nn.LSTM(5, 8, num_layers=layers), nn.Linear(8, 3), torch.randn(4, 5)
    shown = mmdemo.show(lstm, dense, x, steps=WORDS)
    replies = reading(shown)["replies"]
    z_i, z_f, z_g, z_o, i, f, g, o, before, c, h = unpack(next(r for r in replies if r.get("step") == 2)["inside"])
    assert c == pytest.approx(f * before + i * g, abs=1e-6) and h == pytest.approx(o * np.tanh(c), abs=1e-6)
    gates = 1 / (1 + np.exp(-np.stack([z_i, z_f, z_o])))
    assert gates == pytest.approx(np.stack([i, f, o]), abs=1e-6)
    assert np.tanh(z_g) == pytest.approx(g, abs=1e-6) and c == pytest.approx(shown.trace.c[2].numpy(), abs=1e-6)
    without = next(r for r in replies if r["ask"] == "what_if" and (r["start"], r["gate"]) == (1, None))
    expected = dense(lstm(x[[0, 2, 3]])[0][-1]).softmax(-1).tolist()
    assert without["kept"] == [0, 2, 3] and without["probabilities"] == pytest.approx(expected, abs=1e-4)
    held = [r for r in replies if r["ask"] == "what_if" and r["gate"] == "f"]
    assert len(held) == (4 if layers == 1 else 0)  # in a stack no gate can be held
    if held:
        expected = reading(shown.what_if(1, gate="f"))["said"]["probabilities"]
        assert held[1]["probabilities"] == pytest.approx(expected, abs=1e-4)


def test_a_long_reading_keeps_none(own, monkeypatch):
    monkeypatch.setattr(questions, "KEPT_STEPS", 3)
    assert reading(mmdemo.show(*own))["replies"] == []


@pytest.mark.parametrize("layers", [1, 2])
def test_both_directions_with_a_readout(layers, monkeypatch):
    """Ledger and what each step changed add up to the logits; without a step it says what it would say."""
    torch.manual_seed(3)
    lstm = nn.LSTM(5, 4, num_layers=layers, bidirectional=True, batch_first=True).eval()
    dense, x = nn.Linear(8, 3), torch.randn(4, 5)
    drawn = []
    monkeypatch.setattr(show, "gates_figure", lambda *given: drawn.append(gates_figure(*given)) or drawn[-1])
    shown = mmdemo.show(lstm, dense, x, steps=WORDS, labels=["no", "<i>so</i>", "yes"])
    (picture,) = drawn
    assert "no belief after a step" in picture.layout.title.text and "no belief after a step" in shown.to_html()
    assert list(picture.layout.xaxis7.ticktext) == ["not", "&lt;b&gt;bad&lt;/b&gt;", "at", "all"]
    h_n = lstm(x)[1][0][-2:].flatten()
    logits, nothing = dense(h_n).tolist(), dense.bias.tolist()
    answer = int(np.argmax(logits))
    bars = [trace for trace in picture.data if trace.type == "bar"]
    assert [bar.visible for bar in bars] == [k == answer for _ in range(2) for k in range(3)]
    for n, bar in enumerate(bars):
        k = n % 3
        expected = logits[k] - np.mean(logits) - (nothing[k] - np.mean(nothing))
        assert sum(bar.y) == pytest.approx(expected, abs=1e-5)
    said = [bar.customdata[1] for bar in bars]
    p = dense(lstm(x[[0, 2, 3]])[1][0][-2:].flatten()).softmax(-1).detach()
    label = ["no", "&lt;i&gt;so&lt;/i&gt;", "yes"][int(p.argmax())]
    assert said == [f"<br>without it: {label} ({float(p.max()):.0%})"] * 6
    for menu, k in zip(picture.layout.updatemenus[0].buttons, range(3), strict=True):
        visible = menu.args[0]["visible"]
        assert len(visible) == len(picture.data) and [n % 3 for n in range(6) if visible[n - 6]] == [k, k]
    without = shown.what_if(1)
    assert without.trace.h[:, 4:].equal(trace(lstm, x[[0, 2, 3]]).h[:, 4:])
    assert list(drawn[1].layout.xaxis7.ticktext) == ["not", "at", "all"]
    with pytest.raises(ValueError, match="reads forward"):
        shown.what_if(1, gate="f")


def test_one_step_in_both_directions(own):
    lstm = nn.LSTM(5, 4, bidirectional=True)
    assert "without it" not in mmdemo.show(lstm, nn.Linear(8, 3), torch.randn(1, 5)).to_html()


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"steps": WORDS[:3]}, ValueError, "x has 4 steps, but 3 are named"),
        ({"labels": ["a", "b"]}, ValueError, "3 classes"),
        ({"labels": ["a", "a", "b"]}, ValueError, "a name of its own"),
        ({"x": torch.zeros(4, 2, 5)}, ValueError, "a batch of one"),
        ({"readout": nn.ReLU()}, TypeError, "torch.nn.Linear, got ReLU"),
        ({"lstm": nn.LSTM(5, 8, bidirectional=True)}, ValueError, "puts out 16 numbers a step"),
        ({"lstm": nn.GRU(5, 8)}, TypeError, "torch.nn.LSTM, got GRU"),
        ({"readout": nn.Linear(7, 3)}, ValueError, "puts out 8 numbers a step, but the readout reads 7"),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_told_why(own, change, error, said):
    lstm, readout, x = own
    given = {"lstm": lstm, "readout": readout, "x": x} | change
    with pytest.raises(error, match=said):
        mmdemo.show(given.pop("lstm"), given.pop("readout"), given.pop("x"), **given)


def test_the_notebook_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    names = {}
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None
            with contextlib.redirect_stdout(None):
                exec(compile("".join(cell["source"]), NOTEBOOK.name, "exec"), names)
    assert float(names["loss"].detach()) < 0.3, "it has not learned"
    assert (tmp_path / "character-lstm.html").stat().st_size > 10_000
    assert names["held"].trace.f[1:].eq(1).all()
    assert "forget gate" in names["gates"].to_html()


def test_only_show_is_fetched_late():
    with pytest.raises(AttributeError, match="has no attribute 'shew'"):
        mmdemo.shew  # noqa: B018
