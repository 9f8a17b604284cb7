"""The methods that the ledger is measured against: by Captum where it has them, else by what their papers promise."""

import pytest
import torch
from captum.attr import FeatureAblation, InputXGradient, ShapleyValues
from torch import nn

from mmdemo.evaluate.attributions import (
    contextual_decomposition,
    deeplift,
    gradient_times_input,
    leave_one_out,
    lrp_all,
    step_shapley,
)
from mmdemo.lstm.ledger import contrast, ledger
from mmdemo.lstm.readout import Readout

WEIGHTS = contrast(4, 2)


@pytest.fixture
def classifier():
    torch.manual_seed(0)
    lstm, dense = nn.LSTM(6, 16, batch_first=True, dtype=torch.float64).eval(), nn.Linear(16, 4, dtype=torch.float64)
    for parameter in [*lstm.parameters(), *dense.parameters()]:
        parameter.requires_grad_(False).mul_(2)
    return lstm, Readout.of(dense, 1.5)


def read(lstm, readout, x):
    """The contrast of the logits; of no steps, that of the bias."""
    state = lstm(x[None])[0][0, -1] if len(x) else torch.zeros(16, dtype=x.dtype)
    return readout.logits(state) @ WEIGHTS.to(x)


def by_mask(lstm, readout, x):
    """The same as a function of which steps are there, for Captum: (N, T) -> (N,)."""
    return lambda masks: torch.stack([read(lstm, readout, x[mask > 0.5]) for mask in masks])


def a_sequence(steps):
    return torch.randn(steps, 6, dtype=torch.float64)


def test_gradient_times_input_is_captums(classifier):
    lstm, readout = classifier
    x = a_sequence(9)
    theirs = InputXGradient(lambda batch: readout.logits(lstm(batch)[0][:, -1]) @ WEIGHTS.to(batch))
    expected = theirs.attribute(x[None].clone().requires_grad_())[0].sum(-1)
    assert torch.allclose(gradient_times_input(lstm, readout, x, WEIGHTS), expected.detach(), atol=1e-12)


def test_leave_one_out_is_captums(classifier):
    x = a_sequence(7)
    there = torch.ones(1, 7, dtype=x.dtype)
    expected = FeatureAblation(by_mask(*classifier, x)).attribute(there)[0]
    assert torch.allclose(leave_one_out(*classifier, x, WEIGHTS), expected.to(x), atol=1e-6)


def test_step_shapley_comes_to_captums(classifier):
    x = a_sequence(4)
    expected = ShapleyValues(by_mask(*classifier, x)).attribute(torch.ones(1, 4, dtype=x.dtype))[0]
    few, many = (step_shapley(*classifier, x, WEIGHTS, permutations=n) for n in (20, 3000))
    assert torch.allclose(many, expected.to(x), atol=0.02)
    nothing = read(*classifier, x[:0])
    for found in (few, many):
        assert float(found.sum()) == pytest.approx(float(read(*classifier, x) - nothing), abs=1e-9)


def test_lrp_without_epsilon_and_biases_is_the_ledger(classifier):
    lstm, readout = classifier
    lstm.bias_ih_l0[32:48] = lstm.bias_hh_l0[32:48] = 0
    x = a_sequence(9)
    expected = ledger(lstm, readout, x, WEIGHTS).steps
    assert torch.allclose(lrp_all(lstm, readout, x, WEIGHTS, epsilon=1e-12), expected, atol=1e-6)
    assert not torch.allclose(lrp_all(lstm, readout, x, WEIGHTS, epsilon=0.1), expected, atol=1e-2)


def test_deeplift_adds_up_to_the_change_from_zeros(classifier):
    lstm, readout = classifier
    x = a_sequence(9)
    change = read(lstm, readout, x) - read(lstm, readout, torch.zeros_like(x))
    assert float(deeplift(lstm, readout, x, WEIGHTS).sum()) == pytest.approx(float(change), abs=1e-9)


def test_deeplift_of_a_small_input_is_gradient_times_input(classifier):
    x = 1e-5 * a_sequence(5)
    expected = gradient_times_input(*classifier, x, WEIGHTS)
    assert torch.allclose(deeplift(*classifier, x, WEIGHTS), expected, rtol=1e-3, atol=1e-12)


def test_contextual_decomposition_by_its_equations(classifier):
    """The paper's equations for one phrase, gate by gate and step by step, as its authors wrote them down."""
    lstm, readout = classifier
    x = a_sequence(4)
    w_x, w_h, b_x, b_h = lstm.all_weights[0]
    w_x, w_h, b = w_x.unflatten(0, (4, 16)), w_h.unflatten(0, (4, 16)), (b_x + b_h).unflatten(0, (4, 16))

    def three(a, rest, bias, curve):
        part = (curve(a + bias) - curve(bias) + curve(a + rest + bias) - curve(rest + bias)) / 2
        other = (curve(rest + bias) - curve(bias) + curve(a + rest + bias) - curve(a + bias)) / 2
        return part, other, curve(bias)

    expected = []
    for phrase in range(4):
        rel_h = irrel_h = rel_c = irrel_c = torch.zeros(16, dtype=x.dtype)
        for t in range(4):
            rel, irrel = [w @ rel_h for w in w_h], [w @ irrel_h for w in w_h]
            side = rel if t == phrase else irrel
            for k in range(4):
                side[k] = side[k] + w_x[k] @ x[t]
            i, i_r, i_b = three(rel[0], irrel[0], b[0], torch.sigmoid)
            f, f_r, f_b = three(rel[1], irrel[1], b[1], torch.sigmoid)
            g, g_r, g_b = three(rel[2], irrel[2], b[2], torch.tanh)
            new, new_r = i * (g + g_b) + i_b * g, i_r * (g + g_r + g_b) + (i + i_b) * g_r
            if t == phrase:
                new = new + i_b * g_b
            else:
                new_r = new_r + i_b * g_b
            rel_c, irrel_c = new + (f + f_b) * rel_c, new_r + (f + f_r + f_b) * irrel_c + f_r * rel_c
            o = torch.sigmoid(rel[3] + irrel[3] + b[3])
            rel_h = o * (rel_c.tanh() + (rel_c + irrel_c).tanh() - irrel_c.tanh()) / 2
            irrel_h = o * (irrel_c.tanh() + (rel_c + irrel_c).tanh() - rel_c.tanh()) / 2
        assert torch.allclose(rel_h + irrel_h, lstm(x[None])[0][0, -1], atol=1e-9)
        expected.append(float(readout.direction(WEIGHTS) @ rel_h))
    assert contextual_decomposition(lstm, readout, x, WEIGHTS).tolist() == pytest.approx(expected, abs=1e-9)


def test_a_single_step_is_all_there_is(classifier):
    x = a_sequence(1)
    whole = float(read(*classifier, x) - read(*classifier, x[:0]))
    for method in (contextual_decomposition, leave_one_out, step_shapley):
        assert float(method(*classifier, x, WEIGHTS)) == pytest.approx(whole, abs=1e-9)
