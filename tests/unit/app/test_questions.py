"""What the drawing is told when it asks: checked against the equations, the logits, and reading again."""

import base64
import copy

import numpy as np
import pytest
import torch
from made_up import MadePredictor, made_reading

from mmdemo.app.questions import reply
from mmdemo.app.reading import Reading
from mmdemo.messages import InputError

STEPS = 12


@pytest.fixture(scope="module")
def made():
    """A predictor and what it read: words, a picture's slices and a sound's moments."""
    result, explanation, lstm, dense = made_reading("three, no wait", slices=5, moments=3, units=16)
    assert len(result.steps) == STEPS
    return MadePredictor(lstm, dense), Reading(result, explanation, {}, {})


def numbers(packed):
    shape = tuple(int(size) for size in packed["shape"].split(","))
    return np.frombuffer(base64.b64decode(packed["bdata"]), "f4").reshape(shape)


def squashed(z):
    return 1 / (1 + np.exp(-z))


@pytest.mark.parametrize("step", [0, 1, 4, STEPS - 1])
def test_the_six_equations_hold(made, step):
    told = reply(*made, {"ask": "step", "step": step})
    zi, zf, zg, zo, i, f, g, o, before, c, h = numbers(told["inside"]).astype(np.float64)
    for gate, z in ((i, zi), (f, zf), (o, zo)):
        assert gate == pytest.approx(squashed(z), abs=1e-6)
    assert g == pytest.approx(np.tanh(zg), abs=1e-6)
    assert c == pytest.approx(f * before + i * g, abs=1e-6)
    assert h == pytest.approx(o * np.tanh(c), abs=1e-6)
    inside = made[1].result.trace
    assert c == pytest.approx(inside.c[step].numpy())
    assert before == pytest.approx(inside.c[step - 1].numpy() if step else np.zeros(16))


@pytest.mark.parametrize("step", [0, 5, STEPS - 1])
def test_the_evidence_seen_from_a_step_adds_up_to_its_logits(made, step):
    predictor, reading = made
    told = reply(predictor, reading, {"ask": "step", "step": step})
    evidence = numbers(told["evidence"])  # (C, T)
    assert evidence.shape == (10, STEPS)
    with torch.no_grad():
        logits = predictor.model.decide(reading.result.trace.h[step]).numpy()
    assert evidence.sum(1) + told["bias"] == pytest.approx(logits, abs=1e-5)
    assert not evidence[:, step + 1 :].any()


def test_the_triangles_rows_are_the_ledgers_of_its_steps(made):
    steps = numbers(reply(*made, {"ask": "triangle", "about": 3, "against": 8})["steps"])
    for step in (0, 6, STEPS - 1):
        evidence = numbers(reply(*made, {"ask": "step", "step": step})["evidence"])
        assert steps[step] == pytest.approx(evidence[3] - evidence[8], abs=1e-5)
    of_mean = numbers(reply(*made, {"ask": "triangle", "about": 3, "against": None})["steps"])
    assert of_mean[-1] == pytest.approx(evidence[3] - evidence.mean(0), abs=1e-5)


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (3, 4), (2, 7), (STEPS - 1, STEPS)])
def test_steps_left_out_are_as_if_they_had_never_been_given(made, start, stop):
    predictor, reading = made
    told = reply(predictor, reading, {"ask": "what_if", "start": start, "stop": stop})
    kept = [t for t in range(STEPS) if not start <= t < stop]
    beliefs = predictor.again(reading.result.embeddings, kept)
    assert told["kept"] == kept
    assert numbers(told["beliefs"]) == pytest.approx(beliefs.T, abs=1e-5)
    assert told["probabilities"] == pytest.approx(beliefs[-1], abs=1e-4)
    assert told["label"] == reading.result.labels[beliefs[-1].argmax()]


def test_without_any_step_there_is_what_is_answered_to_nothing(made):
    told = reply(*made, {"ask": "what_if", "start": 0, "stop": STEPS})
    assert told["kept"] == []
    assert told["probabilities"] == pytest.approx(made[1].explanation.prior.numpy(), abs=1e-4)


def test_a_gate_that_is_held_where_it_is_changes_nothing(made):
    """Of one unit, a gate has one value; held at that, all is as it was."""
    result, explanation, lstm, dense = made_reading("three, no wait", slices=0, moments=0, units=1)
    predictor, reading = MadePredictor(lstm, dense, 1.0), Reading(result, explanation, {}, {})
    for gate in "ifgo":
        value = float(getattr(result.trace, gate)[2, 0])
        told = reply(predictor, reading, {"ask": "what_if", "start": 2, "stop": 3, "gate": gate, "value": value})
        assert numbers(told["beliefs"]) == pytest.approx(result.step_probabilities.T, abs=1e-5)
        assert told["kept"] == list(range(len(result.steps)))


def test_the_forget_gates_held_shut_erase_what_came_before(made):
    """Nothing is kept at step 4, so what was written before it reaches what follows only through h."""
    predictor, reading = made
    told = reply(predictor, reading, {"ask": "what_if", "start": 4, "stop": 5, "gate": "f", "value": 0})
    beliefs = numbers(told["beliefs"]).T  # (T, C)
    inside = reading.result.trace
    with torch.no_grad():
        h = inside.o[4] * torch.tanh(inside.i[4] * inside.g[4])
        expected = predictor.model.decide(h).softmax(-1).numpy()
    assert beliefs[4] == pytest.approx(expected, abs=1e-5)
    assert beliefs[:4] == pytest.approx(predictor.again(reading.result.embeddings)[:4], abs=1e-5)


def test_the_deletion_curves_begin_with_everything_and_end_with_nothing(made):
    predictor, reading = made
    told = reply(predictor, reading, {"ask": "faithful", "about": 2, "against": None})
    assert set(told["curves"]) == {"ledger", "changed", "gradients", "random"}
    whole, nothing = predictor.again(reading.result.embeddings)[-1][2], float(explanation_prior(predictor)[2])
    for curve in told["curves"].values():
        assert curve["removed"] == list(range(STEPS + 1))
        assert (curve["curve"][0], curve["curve"][-1]) == pytest.approx((whole, nothing), abs=1e-4)
        assert curve["area"] is None or 0 <= curve["beaten"] <= 1


def explanation_prior(predictor):
    with torch.no_grad():
        return predictor.model.decide(torch.zeros(16)).softmax(-1)


def test_the_recording_can_be_heard(made):
    predictor, reading = made
    heard = Reading(reading.result, reading.explanation, {}, {}, np.zeros(1600, np.float32))
    assert reply(predictor, heard, {"ask": "sound"})["url"].startswith("data:audio/wav;base64,UklGR")
    with pytest.raises(InputError):
        reply(predictor, reading, {"ask": "sound"})


STEP, WHAT_IF, TRIANGLE = {"ask": "step"}, {"ask": "what_if"}, {"ask": "triangle"}
WRONG = [
    {},
    {"ask": None},
    {"ask": "everything"},
    {"ask": ["step"], "step": 0},
    {"ask": {"step": 0}},
    STEP,
    *({**STEP, "step": wrong} for wrong in (True, "0", None, float("nan"), float("inf"), 0.5, -1, STEPS, 10**400, [0])),
    {**WHAT_IF, "start": 0},
    *({**WHAT_IF, "start": a, "stop": b} for a, b in ((0, 0), (3, 2), (0, STEPS + 1), (-1, 2), (False, 1), ("0", "1"))),
    *({**WHAT_IF, "start": 0, "stop": 1, "gate": gate, "value": 0.5} for gate in ("c", "", "if", [], {}, 1, True)),
    *({**WHAT_IF, "start": 0, "stop": 1, "gate": "f", "value": v} for v in (None, True, "1", -0.1, 1.1, float("nan"))),
    {**WHAT_IF, "start": 0, "stop": 1, "gate": "g", "value": -1.5},
    *({**TRIANGLE, "about": about} for about in (None, -1, 10, "three", True)),
    *({**TRIANGLE, "about": 0, "against": against} for against in (-1, 10, "three", True, float("nan"))),
]


@pytest.mark.parametrize("question", WRONG, ids=lambda question: str(question)[:60])
def test_what_does_not_fit_is_refused(made, question):
    with pytest.raises(InputError):
        reply(*made, copy.deepcopy(question))


def test_without_a_reading_there_is_nothing_to_ask(made):
    predictor, reading = made
    for nothing in (None, Reading(reading.result, None, {}, {})):
        with pytest.raises(InputError) as refused:
            reply(predictor, nothing, {"ask": "step", "step": 0})
        assert refused.value.note.key == "ask.nothing"


def test_a_stranger_does_not_get_back_what_they_sent(made):
    told = reply(*made, {"ask": "what_if", "start": 0, "stop": 1, "value": {"any": "thing"}, "more": 1})
    assert told["gate"] is None and told["value"] is None and "more" not in told
