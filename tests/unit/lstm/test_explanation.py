"""The whole explanation of one answer: its parts agree with each other and with the LSTM itself."""

from types import SimpleNamespace

import pytest
import torch
from explained import LABELS, explained, made_steps
from torch import nn

from mmdemo.lstm.counterfactual import GateIntervention, rerun
from mmdemo.lstm.explanation import SAYS, explain
from mmdemo.lstm.ledger import contrast, ledger
from mmdemo.lstm.trace import trace


@pytest.mark.parametrize("seed", range(3))
def test_the_parts_agree(seed):
    e, lstm, dense, embeddings = explained(seed, temperature=1.4)
    with torch.no_grad():
        logits = dense(lstm(torch.cat(list(embeddings.values())))[0]) / 1.4
    assert torch.allclose(e.step_probabilities, logits.softmax(-1), atol=1e-6)
    assert e.answer == e.about == int(logits[-1].argmax())
    other = logits[-1].mean() if e.against is None else logits[-1, e.against]
    assert float(e.ledger.total) == pytest.approx(float(logits[-1, e.about] - other), abs=1e-4)
    for parts in (e.carried, e.evidence, e.changed):  # of every class's logit, by unit and by step
        assert torch.allclose(parts.sum(1) + e.bias, logits[-1], atol=1e-4)
    assert torch.allclose(contrast(4, e.about, e.against) @ e.evidence, e.ledger.steps, atol=1e-4)
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


def test_it_works_on_anyones_classifier():
    torch.manual_seed(0)
    lstm, dense, x = nn.LSTM(3, 8), nn.Linear(8, 2, bias=False), torch.randn(7, 3)
    inside = rerun(lstm, x, [GateIntervention("f", 1.0, 0, 7)])
    book = ledger(lstm, dense, x, contrast(2, 1), inside=inside)
    expected = dense(inside.h[-1])
    assert book.total.item() == pytest.approx((expected[1] - expected.mean()).item(), abs=1e-5)
    steps = [SimpleNamespace(modality="text", text="a", span=(0, 1))] * 7
    single = explain(lstm, dense, {"text": x}, steps, "ab")
    assert single.shares.keys() == {"text"}
    assert torch.allclose(single.prior, torch.full((2,), 0.5))  # there is no bias


def test_a_trace_that_is_there_already_is_used():
    e, lstm, dense, embeddings = explained(1)
    with torch.no_grad():
        inside = trace(lstm, torch.cat(list(embeddings.values())))
    again = explain(lstm, dense, embeddings, e.steps, LABELS, inside=inside)
    assert again.trace is inside
    assert torch.equal(again.evidence, e.evidence) and torch.equal(again.forgotten_class, e.forgotten_class)


def test_where_an_input_says_something_else_the_answer_is_weighed_against_that():
    seen = set()
    for seed in range(12):
        e, *_ = explained(seed, size=2.0)
        says = {name: int(p.argmax()) for name, p in e.unimodal_probabilities.items() if p.max() >= SAYS}
        others = {name: k for name, k in says.items() if k != e.answer}
        firmest = max(others, key=lambda name: float(e.unimodal_probabilities[name].max()), default=None)
        assert e.against == (others[firmest] if others else None)
        weights = contrast(len(LABELS), e.answer, e.against)
        assert torch.allclose(weights @ e.evidence, e.ledger.steps, atol=1e-4)
        seen.add(bool(others))
    assert seen == {True, False}
    asked, *_ = explained(0, size=2.0, about=1)
    assert asked.about == 1 and asked.against is None


def test_one_input_alone_is_weighed_against_all():
    assert {explained(seed, names=("image",), size=4.0)[0].against for seed in range(4)} == {None}


def test_steps_and_embeddings_must_fit():
    with pytest.raises(ValueError, match="at least one"):
        explain(nn.LSTM(3, 8), nn.Linear(8, 2), {}, [], "ab")
    with pytest.raises(ValueError, match="2 steps, but 3"):
        explain(nn.LSTM(3, 8), nn.Linear(8, 2), {"text": torch.zeros(2, 3)}, made_steps({"text": 3}), "ab")
