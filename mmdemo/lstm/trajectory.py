"""How the decision grew: which class led at each step, where the answer settled, and what each unit carries of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmdemo.lstm.readout import Readout, as_readout
from mmdemo.lstm.trace import Trace

if TYPE_CHECKING:
    import numpy


def pre_activations(lstm: nn.LSTM, x: Tensor, trace: Trace, t: int) -> Tensor:
    """What the gates of one step are the sigmoids and the tanh of: W_x x_t + W_h h_(t-1) + b of i, f, g, o; (4, H).

    Args:
        lstm: with one layer, forward.
        x: the sequence that it read, shape (T, I).
        trace: its inside, with signals of shape (T, H).
        t: the step, counted from 0.
    """
    w_ih, w_hh, *biases = lstm.all_weights[0]
    h = trace.h[t - 1] if t else torch.zeros_like(trace.h[0])
    return (F.linear(x[t], w_ih, sum(biases) if biases else None) + w_hh @ h).view(4, -1)


def settled(step_probabilities: Tensor | numpy.ndarray) -> int:
    """The first step from which the final answer stays the most probable class; from probabilities (T, C)."""
    best = step_probabilities.argmax(1).tolist()
    return max((t + 1 for t, k in enumerate(best) if k != best[-1]), default=0)


def leading(step_probabilities: Tensor) -> tuple[Tensor, Tensor]:
    """The class that led when each step came, which is the best one after the step before, and its contrast.

    Args:
        step_probabilities: the probabilities after every step, shape (T, C).

    Returns:
        The classes, shape (T,), and each of them against the mean of all classes, shape (T, C), as ``forgotten_share``
        takes them. No class leads before the first step; it gets the class that is best after it.
    """
    best = step_probabilities.argmax(1)
    best = torch.cat([best[:1], best[:-1]])  # (T,)
    classes = step_probabilities.shape[1]
    return best, F.one_hot(best, classes).to(step_probabilities) - 1 / classes


def nanargmax(values: Tensor) -> int | None:
    """The index of the greatest of (T,) values, passing over NaN; None if there is nothing else."""
    there = ~values.isnan()
    return int(values.masked_fill(~there, -torch.inf).argmax()) if there.any() else None


def carried(trace: Trace, readout: Readout | nn.Linear, contrast: Tensor, *, seen_from: int = -1) -> Tensor:
    """The evidence that each unit carries for a contrast of classes at one step: contrast (..., C) -> (..., H).

    It is the unit's output times its weight; the units' sum is the contrast of the logits less that of the biases.
    """
    return as_readout(readout).direction(contrast) * trace.h[seen_from]
