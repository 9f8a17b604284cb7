"""The whole explanation of one answer: its parts agree with each other and with the LSTM itself."""

from types import SimpleNamespace

import pytest
import torch
from explained import LABELS, explained, made_steps
from torch import nn

from mmdemo.lstm.counterfactual import GateIntervention, rerun
from mmdemo.lstm.explanation import explain
from mmdemo.lstm.ledger import contrast, ledger
from mmdemo.lstm.trace import trace


@pytest.mark.parametrize("seed", range(3))
def test_the_parts_agree(seed):
    e, lstm, dense, embeddings = explained(seed, temperature=1.4)
    with torch.no_grad():
        logits = dense(lstm(torch.cat(list(embeddings.values())))[0]) / 1.4
    assert torch.allclose(e.step_probabilities, logits.softmax(-1), atol=1e-6)
    assert e.answer == e.about == int(logits[-1].argmax())
    assert float(e.ledger.total) == pytest.approx(float(logits[-1, e.about] - logits[-1].mean()), abs=1e-4)
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


def test_it_works_on_anyones_classifier():
    torch.manual_seed(0)
    lstm, dense, x = nn.LSTM(3, 8), nn.Linear(8, 2, bias=False), torch.randn(7, 3)
    inside = rerun(lstm, x, [GateIntervention("f", 1.0, 0, 7)])
    book = ledger(inside, dense, contrast(2, 1))
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


@pytest.mark.parametrize("seed", range(3))
def test_of_one_modality_the_ledger_is_telescoped(seed):
    """As Murdoch & Szlam have it: what a step adds to the tanh of what was written before it."""
    e, _, dense, _ = explained(seed, names=("image",), size=4.0)
    o, c = e.trace.o[-1], e.trace.c[-1]
    kept = torch.stack([e.trace.f[s + 1 :].prod(0) * cell for s, cell in enumerate(e.trace.c)])  # (T, H), what is left
    assert torch.allclose(kept[-1], c)
    added = (o * kept.tanh()).diff(dim=0, prepend=torch.zeros(1, 24)) @ dense.weight.T  # (T, C)
    assert e.form == "telescoped"
    assert torch.allclose(e.evidence, added.T, atol=1e-4)
    assert torch.allclose(e.ledger.steps, added[:, e.answer] - added.mean(1), atol=1e-4)


@pytest.mark.parametrize("names", [("text", "audio"), ("text", "image", "audio")])
def test_of_several_modalities_the_ledger_is_proportional(names):
    """Each step has the share of the shown memory that it has of the memory."""
    e, _, dense, _ = explained(0, names=names, size=4.0)
    i, f, g, o, c = (getattr(e.trace, name) for name in "ifgoc")
    left = torch.stack([f[s + 1 :].prod(0) * i[s] * g[s] for s in range(len(c))])  # (T, H)
    shares = (o[-1] * c[-1].tanh() * left / c[-1]) @ dense.weight.T  # (T, C)
    assert e.form == "proportional"
    assert torch.allclose(e.evidence, shares.T, atol=1e-4)
    assert torch.allclose(e.ledger.steps, shares[:, e.answer] - shares.mean(1), atol=1e-4)


def test_the_other_form_is_there_for_whoever_asks():
    forms = {form: explained(names=("image",), size=4.0, form=form)[0] for form in ("telescoped", "proportional")}
    assert all(e.form == form for form, e in forms.items())
    one, other = (e.evidence for e in forms.values())
    assert (one - other).abs().max() > 0.1  # so that the two tests above can tell them apart


def test_steps_and_embeddings_must_fit():
    with pytest.raises(ValueError, match="at least one"):
        explain(nn.LSTM(3, 8), nn.Linear(8, 2), {}, [], "ab")
    with pytest.raises(ValueError, match="2 steps, but 3"):
        explain(nn.LSTM(3, 8), nn.Linear(8, 2), {"text": torch.zeros(2, 3)}, made_steps({"text": 3}), "ab")
