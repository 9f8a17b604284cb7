"""The sentences about an explanation are true whatever its numbers are."""

import re
from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import pytest
import torch
from explained import LABELS, explained
from torch import nn

from mmdemo.inference.verbalize import verbalize
from mmdemo.lstm.explanation import explain
from mmdemo.lstm.faithfulness import Deletion
from mmdemo.lstm.ledger import Ledger
from mmdemo.messages import LANGUAGES, strings

ANY = list(product(range(4), [("text",), ("image",), ("audio", "text"), ("text", "image", "audio")], [0.5, 1.5, 4.0]))


@pytest.mark.parametrize("seed, names, size", ANY)
def test_sentences_are_true_whatever_the_input(seed, names, size):
    """Read back from the words' own numbers, and checked against another run of the LSTM."""
    e, lstm, dense, embeddings = explained(seed, names, size)
    for note in verbalize(e):
        values, kind = note.values, note.key.removeprefix("explain.")
        for language in LANGUAGES:
            assert not re.search(r"[{}]|nan|x{30}", note.say(language))
        label = LABELS.index(values["label"]) if "label" in values else None
        if kind.startswith("settled"):
            assert label == e.answer and (kind == "settled_first") == (e.settled == 0)
            assert e.step_probabilities[-1, label] >= 0.5
        elif kind.startswith("let_go"):
            t = place(e, values, kind)
            assert (
                t >= 1
                and int(e.step_probabilities[t - 1].argmax()) == label
                and e.step_probabilities[t - 1, label] >= 0.5
                and e.step_probabilities[t, label] <= e.step_probabilities[t - 1, label] - 0.0099
            )
            before, after = (
                (dense.weight[label] - dense.weight.mean(0)) @ (e.trace.o[t - 1] * cell.tanh())
                for cell in (e.trace.c[t - 1], e.trace.f[t] * e.trace.c[t - 1])
            )
            gone = 100 * (1 - after / before).item()
            assert values["percent"] == pytest.approx(min(gone, 100), abs=1) and gone >= 29
        elif kind.startswith("written"):
            positive = e.ledger.steps.clamp(min=0)
            t = place(e, values, kind)
            assert positive[t] == positive.max() >= positive.sum() / 3 and e.against is None
            assert values["percent"] == pytest.approx(100 * float(positive[t] / positive.sum()), abs=1)
        elif kind in ("raised", "lowered"):
            share = 100 * float(e.shares[values["modality"]][label])
            assert abs(share) == pytest.approx(values["points"], abs=0.51) and (share > 0) == (kind == "raised")
        elif kind == "order_same":
            assert {int(p.argmax()) for p in e.orders.values()} == {e.answer}
        else:
            order = [values[gap] for gap in ("first", "second", "third") if gap in values]
            with torch.no_grad():
                logits = dense(lstm(torch.cat([embeddings[name] for name in order]))[0][-1])
            assert int(logits.argmax()) == label != e.answer


def place(e, values, kind):
    """The step that a sentence points at."""
    modality = kind.rsplit("_", 1)[1]
    of_kind = [t for t, step in enumerate(e.steps) if step.modality == modality]
    if modality == "image":
        assert values["slices"] == len(of_kind)
        return of_kind[values["slice"] - 1]
    if modality == "audio":
        return next(t for t in of_kind if e.steps[t].span[1] + 0.34 == pytest.approx(float(values["end"]), abs=0.005))
    return next(t for t in of_kind if e.steps[t].text[:20] == values["word"][1:21].rstrip("”"))


def test_of_two_classes_nothing_is_said_about_the_largest_part():
    e, *_ = explained(about=2, against=0)
    assert not any(note.key.startswith("explain.written") for note in verbalize(e))


def test_nothing_is_said_to_be_ahead_where_all_is_improbable():
    e, *_ = explained(names=("text",))
    chances = torch.full((5, 4), 0.2)
    chances[:, 1] = 0.4
    low = replace(e, answer=1, about=1, step_probabilities=chances, settled=0)
    assert not any(note.key.startswith("explain.settled") for note in verbalize(low))
    chances[:, 1] = 0.5
    assert any(note.key == "explain.settled_first" for note in verbalize(low))


def test_a_small_part_is_not_called_the_largest():
    e, *_ = explained(names=("text",))

    def written(steps):
        book = Ledger(torch.tensor(steps), torch.tensor(0.0), torch.tensor(0.0))
        return [note.key for note in verbalize(replace(e, ledger=book)) if "written" in note.key]

    assert written([0.3, 0.3, 0.4, -2.0, 0.0]) == ["explain.written_text"]
    assert written([0.3, 0.3, 0.32, 0.08, 0.0]) == []


def test_there_are_sentences_about_anyones_classifier():
    torch.manual_seed(0)
    steps = [SimpleNamespace(modality="text", text="a", span=(0, 1))] * 7
    assert verbalize(explain(nn.LSTM(3, 8), nn.Linear(8, 2, bias=False), {"text": torch.randn(7, 3)}, steps, "ab"))


def test_sentences_by_hand():
    """ "three, no wait": three is believed, then forgotten for one."""
    e, *_ = explained(names=("text",))
    chances = torch.tensor([[0.1, 0.1, 0.1, 0.7]] * 3 + [[0.1, 0.7, 0.1, 0.1]] * 2)
    nan = torch.nan
    e = replace(
        e,
        answer=1,
        about=1,
        step_probabilities=chances,
        settled=3,
        ledger=Ledger(torch.tensor([-3.0, 0.0, 0.1, 0.75, 0.15]), torch.tensor(0.0), torch.tensor(0.0)),
        forgotten_share=torch.tensor([nan, 0.1, 0.0, 0.71, nan]),
        forgotten_class=torch.tensor([0, 0, 0, 3, 0]),
    )
    said = [str(note) for note in verbalize(e)]
    assert said == [
        "From “wait” on, one stayed ahead.",
        "At “wait” the forget gates let go of 71 % of what spoke for three.",
        "The largest part of what speaks for one comes from “wait”: 75 %.",
    ]


def test_what_the_test_of_the_ledger_says():
    e, *_ = explained(names=("image",))
    points = torch.tensor([0, 1])

    def said(area, beaten, theirs=0.3):
        found = {"ledger": Deletion(points, points, area, beaten), "gradients": Deletion(points, points, theirs)}
        return [note.key.removeprefix("explain.") for note in verbalize(replace(e, deletion=found))]

    assert said(0.1, 0.95)[-2:] == ["faithful", "sooner"]
    assert said(0.31, 0.95)[-2:] == ["faithful", "as_gradients"]
    assert said(0.4, 0.5)[-2:] == ["unfaithful", "later"]
    assert said(float("nan"), 0.0)[-1] == "untested"
    (told, _) = verbalize(
        replace(e, deletion=dict.fromkeys(("ledger", "gradients"), Deletion(points, points, 0.1, 0.95)))
    )[-2:]
    assert "95 %" in str(told) and str(told).startswith("Deletion test")
    measured, *_ = explained(names=("text",), faithful=True)
    assert verbalize(measured)[-1].key == "explain.short"
    measured, *_ = explained(names=("text", "audio"), faithful=True)
    assert verbalize(measured)[-1].key in {
        "explain.sooner",
        "explain.as_gradients",
        "explain.later",
        "explain.untested",
    }


def test_every_sentence_has_words():
    assert (
        len([key for key in strings() if key.startswith("explain.")]) == 28
    )  # four kinds of place each, and any other
