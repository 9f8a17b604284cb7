import numpy as np
import pytest
import torch

from mmdemo.modality import StepTarget, ramp
from mmdemo.text.modality import Text
from mmdemo.train.targets import joined, targets


def taught(evidence, order=(0, 1)):
    lengths = torch.tensor([[0 if e is None else len(e.label) for e in evidence]])
    return targets([[e] for e in evidence], lengths, torch.tensor([order]), classes=4)[0]


def test_ramp_grows_evenly_to_certainty():
    assert ramp(2, 4).weight.tolist() == [0.25, 0.5, 0.75, 1]
    assert ramp(-1, 3).weight.tolist() == [0, 0, 0]  # of no class: nothing is ever known


def test_marks_hold_from_the_token_that_ends_there():
    text = "three, no wait, five"  # six tokens
    evidence = Text().marked_target(text, ("three", ",", "no", "wait", ",", "five"), [(5, 3), (9, None), (20, 1)])
    assert evidence.weight.tolist() == [1, 1, 0, 0, 0, 1]
    assert evidence.label[[0, 1, 5]].tolist() == [3, 3, 1]


def test_before_any_evidence_it_is_uniform():
    rows = taught([StepTarget(np.array([0, 1]), np.array([0, 1], np.float32)), None])
    assert rows.tolist() == [[0.25] * 4, [0, 1, 0, 0]]


def test_a_picture_ramps_up_from_uniform():
    rows = taught([None, ramp(1, 2)])
    assert rows[0].tolist() == pytest.approx([0.125, 0.625, 0.125, 0.125])
    assert rows[1].tolist() == [0, 1, 0, 0]


def test_agreement_stays_certain():
    rows = taught([ramp(3, 1), ramp(3, 5)])
    assert torch.allclose(rows, torch.tensor([0.0, 0, 0, 1]).expand(6, 4))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_contradiction_ends_shared_in_either_order(order):
    rows = taught([ramp(0, 3), ramp(2, 3)], order)
    assert rows[-1].tolist() == [0.5, 0, 0.5, 0]
    assert rows[2].tolist() == ([1, 0, 0, 0] if order == (0, 1) else [0, 0, 1, 0])


def test_every_row_is_a_distribution():
    rng = np.random.default_rng(0)
    for _ in range(100):
        steps = rng.integers(1, 6, 2)
        parts = [StepTarget(rng.integers(0, 4, n), rng.random(n).astype(np.float32)) for n in steps]
        rows = taught(parts, tuple(rng.permutation(2)))
        assert torch.allclose(rows.sum(-1), torch.ones(len(rows)), atol=1e-6)
        assert (rows >= 0).all()


def test_evidence_within_a_sound_and_beside_another():
    assert ramp(1, 4, (0.5, 1.0)).weight.tolist() == [0, 0, 0.5, 1]
    before = joined(ramp(-1, 2), ramp(1, 2), 10)
    assert before.weight.tolist() == [0, 0, 0.5, 1] and before.label.tolist()[2:] == [1, 1]
    after = joined(ramp(2, 2), ramp(-1, 2), 3)
    assert after.weight.tolist() == [0.5, 1, 1] and after.label.tolist() == [2, 2, 2]
