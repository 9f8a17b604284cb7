"""How the decision grew: which class led at each step, where the answer settled, and what each unit carries of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmdemo.lstm.ledger import forgotten_share
from mmdemo.lstm.readout import Readout, as_readout
from mmdemo.lstm.trace import Trace

if TYPE_CHECKING:
    import numpy

FELL = 0.01  # of probability: a belief that falls by less has not fallen


def pre_activations(lstm: nn.LSTM, x: Tensor, trace: Trace, t: int) -> Tensor:
    """What the gates of one step are the sigmoids and the tanh of: W_x x_t + W_h h_(t-1) + b of i, f, g, o; (4, H).

    Args:
        lstm: that reads forward; of several layers, the top one is meant.
        x: the sequence that it read, shape (T, I).
        trace: its inside, with signals of shape (T, H).
        t: the step, counted from 0.
    """
    w_ih, w_hh, *biases = lstm.all_weights[-1]
    x = trace.layers[-2].h if len(trace.layers) > 1 else x  # (T, I), or (T, H) from the layer below
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


def let_go(
    trace: Trace, readout: Readout | nn.Linear, step_probabilities: Tensor, *, fell: float = FELL
) -> tuple[Tensor, Tensor]:
    """What the forget gates let go of the class that had been ahead, where the belief in it really fell.

    Gates forget at every step, and mostly what is forgotten is at once made up for. So the share of the evidence that
    they erase (``forgotten_share``) says something about an answer only where that answer lost.

    Args:
        trace, readout: as for ``forgotten_share``.
        step_probabilities: the probabilities after every step, shape (T, C).
        fell: by how much a belief must have fallen.

    Returns:
        The shares, shape (T,): NaN at the first step, where the belief did not fall, and where nothing was let go; and
        the class that each is of, the one that had been ahead until then, (T,).
    """
    classes, contrasts = leading(step_probabilities)
    share = forgotten_share(trace, readout, contrasts)
    before, after = (p.gather(1, classes[1:, None])[:, 0] for p in (step_probabilities[:-1], step_probabilities[1:]))
    drop = F.pad(before - after, (1, 0))  # (T,)
    return share.masked_fill((drop < fell) | (share <= 0), torch.nan), classes


def nanargmax(values: Tensor) -> int | None:
    """The index of the greatest of (T,) values, passing over NaN; None if there is nothing else."""
    there = ~values.isnan()
    return int(values.masked_fill(~there, -torch.inf).argmax()) if there.any() else None


def carried(trace: Trace, readout: Readout | nn.Linear, contrast: Tensor, *, seen_from: int = -1) -> Tensor:
    """The evidence that each unit carries for a contrast of classes at one step: contrast (..., C) -> (..., H).

    It is the unit's output times its weight; the units' sum is the contrast of the logits less that of the biases.
    """
    return as_readout(readout).direction(contrast) * trace.h[seen_from]
