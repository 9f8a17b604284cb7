"""The whole explanation of one reading: its parts agree with each other, and its sentences are true."""

import re
from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mmdemo.inference.verbalize import verbalize
from mmdemo.lstm.counterfactual import GateIntervention, rerun
from mmdemo.lstm.explanation import explain
from mmdemo.lstm.faithfulness import Deletion
from mmdemo.lstm.ledger import Ledger, contrast, ledger
from mmdemo.messages import LANGUAGES, strings

LABELS = ["zero", "one", "two", "three"]
SIZES = {"text": 5, "image": 14, "audio": 9}
WORDS = ["three", ",", "no", "wait", "x" * 500]


def steps(sizes):
    """Where each step came from."""
    place = {
        "text": lambda n: (WORDS[n], (n, n + 1)),
        "image": lambda n: ("", (10.0 * n, 0.0, 10.0 * n + 10, 28.0)),
        "audio": lambda n: ("", (0.08 * n, 0.08 * n + 0.08)),
    }
    places = ((m, *place[m](n)) for m, size in sizes.items() for n in range(size))
    return [SimpleNamespace(modality=m, text=text, span=span) for m, text, span in places]


def explained(seed=0, names=("text", "image", "audio"), size=1.5, sizes=SIZES, **options):
    torch.manual_seed(seed)
    lstm, dense = nn.LSTM(6, 24, batch_first=True).eval(), nn.Linear(24, 4)
    with torch.no_grad():
        for parameter in [*lstm.parameters(), *dense.parameters()]:
            parameter.mul_(size)
    sizes = {name: sizes[name] for name in names}
    embeddings = {name: torch.randn(n, 6) for name, n in sizes.items()}
    return explain(lstm, dense, embeddings, steps(sizes), LABELS, **options), lstm, dense, embeddings


@pytest.mark.parametrize("seed", range(3))
def test_the_parts_agree(seed):
    e, lstm, dense, embeddings = explained(seed, temperature=1.4)
    with torch.no_grad():
        logits = dense(lstm(torch.cat(list(embeddings.values())))[0]) / 1.4
    assert torch.allclose(e.step_probabilities, logits.softmax(-1), atol=1e-6)
    assert e.answer == e.about == int(logits[-1].argmax())
    against_mean = logits[:, e.about] - logits.mean(1)
    assert float(e.ledger.total) == pytest.approx(float(against_mean[-1]), abs=1e-4)
    assert torch.allclose(e.triangle.total, against_mean, atol=1e-4)
    assert torch.allclose(e.triangle.steps[-1], e.ledger.steps, atol=1e-5)
    for parts in (e.carried, e.evidence):  # of every class's logit, by unit and by step
        assert torch.allclose(parts.sum(1) + e.bias, logits[-1], atol=1e-4)
    assert torch.allclose(e.evidence[e.about] - e.evidence.mean(0), e.ledger.steps, atol=1e-4)
    assert torch.allclose(e.logits, logits[-1], atol=1e-4)
    assert torch.allclose(e.prior, (dense.bias / 1.4).softmax(0), atol=1e-6)
    assert torch.allclose(e.prior + sum(e.shares.values()), e.step_probabilities[-1], atol=1e-5)
    assert torch.allclose(e.orders["text", "image", "audio"], e.step_probabilities[-1], atol=1e-6)
    assert (e.step_probabilities[e.settled :].argmax(1) == e.answer).all()
    assert e.settled == 0 or int(e.step_probabilities[e.settled - 1].argmax()) != e.answer


def test_any_class_against_any_other():
    e, *_ = explained(about=2, against=0)
    assert float(e.ledger.total) == pytest.approx(
        float(e.step_probabilities[-1, 2].log() - e.step_probabilities[-1, 0].log()), abs=1e-4
    )
    assert not any(note.key.startswith("explain.written") for note in verbalize(e))


def test_it_works_on_anyones_classifier():
    torch.manual_seed(0)
    lstm, dense, x = nn.LSTM(3, 8), nn.Linear(8, 2, bias=False), torch.randn(7, 3)
    inside = rerun(lstm, x, [GateIntervention("f", 1.0, 0, 7)])
    book = ledger(inside, dense.weight, dense.bias, contrast(2, 1))
    expected = dense(inside.h[-1])
    assert book.total.item() == pytest.approx((expected[1] - expected.mean()).item(), abs=1e-5)
    single = explain(
        lstm, dense, {"text": x}, steps({"text": 0}) + [SimpleNamespace(modality="text", text="a")] * 7, "ab"
    )
    assert single.shares.keys() == {"text"} and verbalize(single)


def test_steps_and_bands_must_fit():
    with pytest.raises(ValueError, match="at least one"):
        explain(nn.LSTM(3, 8), nn.Linear(8, 2), {}, [], "ab")
    with pytest.raises(ValueError, match="2 steps, but 3"):
        explain(nn.LSTM(3, 8), nn.Linear(8, 2), {"text": torch.zeros(2, 3)}, steps({"text": 3}), "ab")


ANY = list(product(range(4), [("text",), ("image",), ("audio", "text"), ("text", "image", "audio")], [0.5, 1.5, 4.0]))


@pytest.mark.parametrize("seed, names, size", ANY)
def test_sentences_are_true_whatever_the_input(seed, names, size):
    """Read back from the words' own numbers, and checked against what reading again says."""
    e, lstm, dense, embeddings = explained(seed, names, size)
    for note in verbalize(e):
        values, kind = note.values, note.key.removeprefix("explain.")
        for language in LANGUAGES:
            assert not re.search(r"[{}]|nan|x{30}", note.say(language))
        label = LABELS.index(values["label"]) if "label" in values else None
        if kind.startswith("settled"):
            assert label == e.answer and (kind == "settled_first") == (e.settled == 0)
        elif kind.startswith("let_go"):
            t = place(e, values, kind)
            assert (
                t >= 1
                and int(e.step_probabilities[t - 1].argmax()) == label
                and e.step_probabilities[t - 1, label] >= 0.5
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
            assert positive[t] == positive.max()
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
        return next(t for t in of_kind if e.steps[t].span[0] == pytest.approx(values["seconds"], abs=0.005))
    return next(t for t in of_kind if e.steps[t].text[:20] == values["word"][1:21].rstrip("”"))


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
        "At “wait” the forget gates, which decide what stays in memory, let go of 71 % of what spoke for three.",
        "The largest part of what the memory holds for one was written at “wait”: 75 %.",
    ]


def test_what_the_test_of_the_ledger_says():
    e, *_ = explained(names=("image",))
    points = torch.tensor([0, 1])

    def last(area, beaten):
        return verbalize(replace(e, deletion={e.form: Deletion(points, points, area, beaten)}))[-1]

    assert last(0.1, 0.95).key == "explain.faithful" and "95 %" in str(last(0.1, 0.95))
    assert last(0.4, 0.5).key == "explain.unfaithful"
    assert last(float("nan"), 0.0).key == "explain.untested"
    measured, *_ = explained(names=("text",), faithful=True)
    assert verbalize(measured)[-1].key == "explain.short"
    measured, *_ = explained(names=("text", "audio"), faithful=True)
    assert verbalize(measured)[-1].key in {"explain.faithful", "explain.unfaithful", "explain.untested"}


def test_every_sentence_has_words():
    assert len([key for key in strings() if key.startswith("explain.")]) == 19
