import numpy as np
import pytest
import torch
from torch import nn

from mmdemo.lstm.trace import trace
from mmdemo.lstm.trajectory import carried, leading, most, saturation, settled, step_probabilities


def test_beliefs_by_hand():
    weight, bias = torch.tensor([[2.0], [0.0]]), torch.tensor([0.0, 1.0])
    expected = [[1 / (1 + np.e), np.e / (1 + np.e)], [0.5, 0.5]]
    found = step_probabilities(torch.tensor([[0.0], [0.5]]), weight, bias)
    assert found.numpy() == pytest.approx(np.array(expected))
    assert step_probabilities(torch.tensor([4.0]), weight, None, temperature=8.0)[0] == pytest.approx(np.e / (1 + np.e))


def test_settled_by_hand():
    a, b, c = [0.6, 0.3, 0.1], [0.3, 0.6, 0.1], [0.1, 0.3, 0.6]
    assert settled(np.array([a, b, c])) == 2
    assert settled(np.array([c, b, c, c])) == 2
    assert settled(np.array([a, a, a])) == 0
    assert settled(np.array([b])) == 0


def test_settled_is_what_a_search_finds():
    for seed in range(20):
        step_probabilities = np.random.default_rng(seed).random((9, 3))
        best = step_probabilities.argmax(1).tolist()
        assert settled(step_probabilities) == next(t for t in range(9) if set(best[t:]) == {best[-1]})


def test_the_leading_class_is_that_of_the_step_before():
    classes, weights = leading(torch.tensor([[0.6, 0.4], [0.3, 0.7], [0.9, 0.1]]))
    assert classes.tolist() == [0, 0, 1]
    assert weights.tolist() == [[0.5, -0.5], [0.5, -0.5], [-0.5, 0.5]]


def test_most_leaves_out_what_is_not_said():
    assert most(torch.tensor([torch.nan, -2.0, -1.0, torch.nan])) == 2
    assert most(torch.tensor([torch.nan, torch.nan])) is None


def test_saturation_by_hand():
    gate = torch.tensor([[0.05, 0.5, 0.95, 0.99], [0.05, 0.1, 0.9, 0.0]])
    closed, opened = saturation(gate)
    assert closed.tolist() == [0.25, 0.5] and opened.tolist() == [0.5, 0]
    closed, opened = saturation(gate, over="steps")
    assert closed.tolist() == [1, 0, 0, 0.5] and opened.tolist() == [0, 0, 0.5, 0.5]
    with pytest.raises(ValueError, match="units or steps"):
        saturation(gate, over="gates")


def test_what_the_units_carry_adds_up_to_the_logits():
    torch.manual_seed(0)
    lstm, dense = nn.LSTM(3, 8), nn.Linear(8, 4)
    with torch.no_grad():
        inside, weights = trace(lstm, torch.randn(6, 3)), torch.randn(4)
        for t in (2, -1):
            held = carried(inside, dense.weight, weights, seen_from=t, temperature=1.6)
            logits = (dense(inside.h[t]) - dense.bias) / 1.6
            assert held.shape == (8,) and float(held.sum()) == pytest.approx(float(logits @ weights), abs=1e-5)
