"""How the reading went: the decision as it grew, where it settled, and what the gates and units did."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from mmdemo.lstm.trace import Trace

CLOSED, OPEN = 0.1, 0.9  # a gate below or above is saturated (Karpathy, Johnson & Fei-Fei 2015)


def step_probabilities(states: Tensor, weight: Tensor, bias: Tensor | None, temperature: float = 1.0) -> Tensor:
    """The decision as it grew: the probabilities that each state leads to, (..., H) -> (..., C)."""
    return (torch.nn.functional.linear(states, weight, bias) / temperature).softmax(-1)


def before_squashing(lstm: nn.LSTM, x: Tensor, trace: Trace, t: int) -> Tensor:
    """What the sigmoids and the tanh of a step are taken of: W_x x_t + W_h h_(t-1) + b of i, f, g and o, (4, H).

    Args:
        lstm: with one layer, forward.
        x: the sequence that it read, shape (T, I).
        trace: its inside, with signals of shape (T, H).
        t: the step, counted from 0.
    """
    w_ih, w_hh, *biases = lstm.all_weights[0]
    h = trace.h[t - 1] if t else torch.zeros_like(trace.h[0])
    return (nn.functional.linear(x[t], w_ih, sum(biases) if biases else None) + w_hh @ h).view(4, -1)


def settled(step_probabilities: np.ndarray) -> int:
    """The first step from which the final answer stays the most probable one; beliefs have the shape (T, C)."""
    best = step_probabilities.argmax(1)
    others = np.flatnonzero(best != best[-1])
    return int(others[-1]) + 1 if len(others) else 0


def leading(step_probabilities: Tensor) -> tuple[Tensor, Tensor]:
    """What the memory spoke for when each step came: the best class of the step before, and its contrast.

    Args:
        beliefs: probabilities after every step, shape (T, C).

    Returns:
        The classes, shape (T,), and each against the mean of all classes, shape (T, C), for ``forgotten_share``.
        Before the first step there is nothing; it has the first step's own.
    """
    best = step_probabilities.argmax(1)
    best = torch.cat([best[:1], best[:-1]])  # (T,)
    return best, torch.nn.functional.one_hot(best, step_probabilities.shape[1]).to(
        step_probabilities
    ) - 1 / step_probabilities.shape[1]


def most(values: Tensor) -> int | None:
    """The place of the greatest of (T,) values, leaving out those that are not said (NaN); None if none is."""
    said = ~values.isnan()
    return int(values.masked_fill(~said, -torch.inf).argmax()) if said.any() else None


def saturation(gate: Tensor, over: str = "units") -> tuple[Tensor, Tensor]:
    """How decided a gate is: the shares of values below 0.1 and above 0.9.

    Karpathy, Johnson & Fei-Fei 2015, "Visualizing and Understanding Recurrent Networks", draw each unit by the two
    shares over time: a unit whose forget gate is nearly always open keeps what it knows.

    Args:
        gate: i, f or o, shape (T, H).
        over: "units" for the shares at each step, shape (T,); "steps" for those of each unit, shape (H,).

    Raises:
        ValueError: ``over`` is something else.
    """
    if over not in ("units", "steps"):
        raise ValueError(f"shares are over units or steps, got {over!r}")
    dim = 1 if over == "units" else 0
    return (gate < CLOSED).float().mean(dim), (gate > OPEN).float().mean(dim)


def carried(trace: Trace, weight: Tensor, contrast: Tensor, *, seen_from: int = -1, temperature: float = 1.0) -> Tensor:
    """The evidence that each unit carries for a contrast of classes at a step: contrast (..., C) -> (..., H).

    It is the unit's output times its weight; the sum is the contrast of the logits less that of the biases.
    """
    return contrast.to(weight) @ weight / temperature * trace.h[seen_from]
