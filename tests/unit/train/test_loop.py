"""The loss of a sequence, by hand. Whole trainings are in tests/training/test_loop.py."""

import math

import pytest
import torch

from mmdemo.model.sequence import Steps
from mmdemo.train.loop import sequence_loss


def steps_of(*lengths, padded=3):
    starts = torch.zeros(len(lengths), 3, dtype=torch.long)
    return Steps(torch.zeros(len(lengths), padded, 1), torch.tensor(lengths), starts)


def test_padding_costs_nothing():
    logits = torch.zeros(1, 3, 2)  # two equal classes: log 2 at every step, padding included
    taught = torch.tensor([[[1.0, 0], [0.5, 0.5], [9, 9]]])
    assert float(sequence_loss(logits, steps_of(2), taught)) == pytest.approx(math.log(2))


def test_half_of_the_loss_is_the_last_step_s():
    """Probabilities of the right class, as powers of e: -1, -2, -3 for one sample, and -4 for one of a single step."""
    right = torch.tensor([[-1.0, -2, -3], [-4, -9, -9]])
    logits = torch.stack([right, torch.log1p(-right.exp())], -1)  # (2, 3, 2), already the logarithms of probabilities
    taught = torch.tensor([1.0, 0]).expand(2, 3, 2)
    first, second = 0.5 * 3 + 0.5 * (1 + 2 + 3) / 3, 0.5 * 4 + 0.5 * 4
    assert float(sequence_loss(logits, steps_of(3, 1), taught)) == pytest.approx((first + second) / 2, rel=1e-5)
