import numpy as np
import pytest
import torch
from torch import nn

from mmdemo.lstm.readout import Readout
from mmdemo.lstm.trace import trace
from mmdemo.lstm.trajectory import carried, leading, let_go, nanargmax, pre_activations, settled


def test_settled_by_hand():
    a, b, c = [0.6, 0.3, 0.1], [0.3, 0.6, 0.1], [0.1, 0.3, 0.6]
    assert settled(np.array([a, b, c])) == 2
    assert settled(np.array([c, b, c, c])) == 2
    assert settled(np.array([a, a, a])) == 0
    assert settled(np.array([b])) == 0
    assert settled(torch.tensor([c, b, c, c])) == 2


def test_settled_is_what_a_search_finds():
    for seed in range(20):
        step_probabilities = np.random.default_rng(seed).random((9, 3))
        best = step_probabilities.argmax(1).tolist()
        assert settled(step_probabilities) == next(t for t in range(9) if set(best[t:]) == {best[-1]})


def test_the_leading_class_is_that_of_the_step_before():
    classes, weights = leading(torch.tensor([[0.6, 0.4], [0.3, 0.7], [0.9, 0.1]]))
    assert classes.tolist() == [0, 0, 1]
    assert weights.tolist() == [[0.5, -0.5], [0.5, -0.5], [-0.5, 0.5]]


def test_what_is_let_go_is_told_only_where_belief_fell():
    torch.manual_seed(0)
    lstm, dense = nn.LSTM(3, 8), nn.Linear(8, 2)
    with torch.no_grad():
        inside = trace(lstm, torch.randn(5, 3))
        readout = Readout.of(dense, 0.01)  # so that there is evidence enough everywhere
    falls = torch.tensor([[0.9, 0.1], [0.895, 0.105], [0.7, 0.3], [0.2, 0.8], [0.1, 0.9]])  # at 2 and 3
    erased = torch.tensor([torch.nan, 0.5, 0.4, -0.2, 0.3])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mmdemo.lstm.trajectory.forgotten_share", lambda *_: erased)
        share, classes = let_go(inside, readout, falls)
    assert classes.tolist() == [0, 0, 0, 0, 1]
    assert share.isnan().tolist() == [True, True, False, True, True] and float(share[2]) == pytest.approx(0.4)
    share, _ = let_go(inside, readout, torch.tensor([[0.9, 0.1], [0.5, 0.5], [0.3, 0.7], [0.6, 0.4], [0.6, 0.4]]))
    assert share[[0, 4]].isnan().all()


def test_nanargmax_passes_over_what_is_not_a_number():
    assert nanargmax(torch.tensor([torch.nan, -2.0, -1.0, torch.nan])) == 2
    assert nanargmax(torch.tensor([torch.nan, torch.nan])) is None


def test_what_the_units_carry_adds_up_to_the_logits():
    torch.manual_seed(0)
    lstm, dense = nn.LSTM(3, 8), nn.Linear(8, 4)
    with torch.no_grad():
        inside, weights = trace(lstm, torch.randn(6, 3)), torch.randn(4)
        for t in (2, -1):
            held = carried(inside, Readout.of(dense, 1.6), weights, seen_from=t)
            logits = (dense(inside.h[t]) - dense.bias) / 1.6
            assert held.shape == (8,) and float(held.sum()) == pytest.approx(float(logits @ weights), abs=1e-5)


@pytest.mark.parametrize(("bias", "layers"), [(True, 1), (False, 1), (True, 3)])
def test_the_gates_are_the_squashed_pre_activations(bias, layers):
    torch.manual_seed(0)
    lstm, x = nn.LSTM(3, 8, num_layers=layers, bias=bias), torch.randn(6, 3)
    with torch.no_grad():
        inside = trace(lstm, x)
        for t in (0, 4):
            i, f, g, o = pre_activations(lstm, x, inside, t)
            gates = {"i": i.sigmoid(), "f": f.sigmoid(), "g": g.tanh(), "o": o.sigmoid()}
            for name, gate in gates.items():
                assert torch.allclose(getattr(inside, name)[t], gate, atol=1e-6), name
