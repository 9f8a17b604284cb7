import numpy as np
import pytest
import torch
from torch import nn

from mmdemo.lstm.ledger import contrast
from mmdemo.lstm.readout import Readout, as_readout


def test_probabilities_by_hand():
    readout = Readout(torch.tensor([[2.0], [0.0]]), torch.tensor([0.0, 1.0]))
    expected = [[1 / (1 + np.e), np.e / (1 + np.e)], [0.5, 0.5]]
    assert readout.probabilities(torch.tensor([[0.0], [0.5]])).numpy() == pytest.approx(np.array(expected))
    hot = Readout(readout.weight, temperature=8.0)
    assert hot.probabilities(torch.tensor([4.0]))[0] == pytest.approx(np.e / (1 + np.e))


@pytest.mark.parametrize("bias", [True, False])
def test_it_is_the_dense_layer_and_its_softmax(bias):
    torch.manual_seed(0)
    dense, states = nn.Linear(8, 5, bias=bias), torch.randn(3, 7, 8)
    readout = Readout.of(dense, 1.6)
    assert not readout.weight.requires_grad
    expected = dense(states) / 1.6
    assert torch.allclose(readout.logits(states), expected, atol=1e-6)
    for weights in (contrast(5, 2), torch.randn(5)):
        parts = states @ readout.direction(weights) + readout.offset(weights)
        assert torch.allclose(parts, expected @ weights, atol=1e-5)
    every = torch.eye(5)
    assert readout.direction(every).shape == (5, 8) and readout.offset(every).shape == (5,)


def test_a_dense_layer_will_do():
    dense = nn.Linear(8, 5)
    readout = as_readout(dense)
    assert readout.temperature == 1 and torch.equal(readout.weight, dense.weight)
    assert as_readout(readout) is readout


def test_what_is_no_readout_is_explained():
    with pytest.raises(ValueError, match=r"\(5, 8\) and \(4,\)"):
        Readout(torch.zeros(5, 8), torch.zeros(4))
    with pytest.raises(ValueError, match="units"):
        Readout(torch.zeros(8))
    with pytest.raises(ValueError, match="positive, got 0"):
        Readout(torch.zeros(5, 8), temperature=0)
    with pytest.raises(TypeError, match="got Tensor"):
        as_readout(torch.zeros(5, 8))
