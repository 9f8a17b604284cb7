"""The memory ledger: the answer of an LSTM added up, exactly, from what each step wrote into the memory.

The cell state is a sum. With c_t = f_t * c_(t-1) + i_t * g_t, what step s wrote is in the cell at a later step T as

    e_s = (f_(s+1) * ... * f_T) * i_s * g_s,        c_T = e_0 + e_1 + ... + e_T,

where e_0 is what is left of an initial state. The logits are W (o_T * tanh(c_T)) + b, and two ways of crediting the
tanh of a sum to its terms are exact; W is one of its rows here, or any contrast of them:

    telescoped     W . (o_T * (tanh(e_0 + ... + e_s) - tanh(e_0 + ... + e_(s-1))))
    proportional   W . (o_T * e_s * tanh(c_T) / c_T)

The first is Murdoch & Szlam 2017, "Automatic Rule Extraction from Long Short Term Memory Networks", section 3: what a
step adds to those before it, so that evidence which only repeats looks worthless. The second is integrated
gradients (Sundararajan et al. 2017) of the tanh along the straight line from no memory to c_T, and treats all steps
alike.

A softmax ignores whatever all logits share, so evidence is for a *contrast* of classes, a vector with one weight each.
The ledger says when the memory was written. It does not say what caused the answer: a word that makes the LSTM forget
writes little itself. ``mmdemo.lstm.counterfactual`` answers that question.

>>> lstm, dense = nn.LSTM(3, 8), nn.Linear(8, 4)
>>> inside = trace(lstm, torch.randn(6, 3))
>>> book = ledger(inside, dense, contrast(4, 2))
>>> book.steps.shape
torch.Size([6])
>>> logits = dense(inside.h[-1])
>>> torch.allclose(book.total, logits[2] - logits.mean(), atol=1e-5)
True
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from mmdemo.lstm.readout import Readout, as_readout
from mmdemo.lstm.trace import Trace

Form = Literal["telescoped", "proportional"]
FORMS: tuple[Form, ...] = ("telescoped", "proportional")
LEAST = 1.0  # logits of evidence, below which no share of it is reported: a share of almost nothing means nothing


@dataclass(frozen=True)
class Ledger:
    """Signed evidence for a contrast of classes, in logits.

    A ledger of K contrasts at once has a leading dimension of K everywhere. A triangle has one of T in ``steps`` and
    ``initial``: a row for each step that it is seen from.

    Attributes:
        steps: what each of the T steps wrote, shape (T,), (K, T) or (T, T). A step that comes after the one it is seen
            from has 0.
        initial: what the initial state contributes, shape (), (K,) or (T,).
        bias: what the dense layer's bias contributes, shape (), (K,) or ().
    """

    steps: Tensor
    initial: Tensor
    bias: Tensor

    @property
    def total(self) -> Tensor:
        """The contrast of the logits themselves, shape (), (K,) or (T,)."""
        return self.steps.sum(-1) + self.initial + self.bias

    def combine(self, weights: Tensor) -> Ledger:
        """From a ledger of K contrasts, that of their weighted sum; weights (K,).

        Evidence is linear in the contrast, so the ledger of every class at once holds that of any contrast of them.
        """
        weights = weights.to(self.steps)
        return Ledger(weights @ self.steps, weights @ self.initial, weights @ self.bias)


def contrast(classes: int, k: int, other: int | None = None) -> Tensor:
    """Class ``k`` against class ``other``, or against the mean of all classes: a vector of weights, shape (C,)."""
    weights = torch.zeros(classes)
    weights[k] += 1
    if other is None:
        return weights - 1 / classes
    weights[other] -= 1
    return weights


def against_runner_up(logits: Tensor, k: int | None = None) -> Tensor:
    """Class ``k``, the best if not given, against the best of the others; from logits or probabilities (C,) -> (C,)."""
    k = int(logits.argmax()) if k is None else k
    others = logits.clone()
    others[k] = -torch.inf
    return contrast(len(logits), k, int(others.argmax()))


def remaining(f: Tensor) -> Tensor:
    """The share of each earlier state that the forget gates keep to the end.

    Args:
        f: forget gates of T steps, shape (T, H).

    Returns:
        Row s is f_(s+1) * ... * f_T for s = 0 ... T (the last row is 1), shape (T + 1, H). It is a product from the
        end backwards: to divide the product of all by that of the first s would fail where a gate is zero.
    """
    return torch.cat([f.flip(0).cumprod(0).flip(0), torch.ones_like(f[:1])])


def writes(trace: Trace, seen_from: int = -1, c_0: Tensor | None = None) -> Tensor:
    """What the initial state and each step are in the cell at the step ``seen_from``: e_0 ... e_T, (T + 1, H).

    Their sum over the steps is the cell state there.
    """
    t = _step(trace, seen_from)
    start = _start(trace, c_0)
    return remaining(trace.f[: t + 1]) * torch.cat([start, trace.i[: t + 1] * trace.g[: t + 1]])


def ledger(
    trace: Trace,
    readout: Readout | nn.Linear,
    contrast: Tensor,
    *,
    seen_from: int = -1,
    form: Form = "proportional",
    c_0: Tensor | None = None,
) -> Ledger:
    """What each step wrote into the memory, as evidence for a contrast of classes, seen from one step.

    Args:
        trace: the inside of an LSTM for one sequence, in one layer and forward: signals of shape (T, H).
        readout: what reads h.
        contrast: a weight for each class, shape (C,), or K contrasts at once, shape (K, C); ``torch.eye(C)`` asks for
            every class. See ``contrast`` and ``against_runner_up``.
        seen_from: the step at whose end the answer is explained; negative counts from the last.
        form: "telescoped" or "proportional", see above.
        c_0: the cell that the LSTM started from, shape (H,); zeros if None.

    Returns:
        A ``Ledger`` whose ``total`` is the contrast of the logits, after the temperature, at that step.

    Raises:
        ValueError: the trace is of several sequences or directions, or shapes do not fit, or there is no such form.
        IndexError: there is no step ``seen_from``.
    """
    readout = as_readout(readout)
    _check(trace, readout, contrast, form)
    t = _step(trace, seen_from)
    terms = remaining(trace.f[: t + 1]) * _terms(trace, c_0, form)[: t + 2]  # (t + 2, H)
    credits = _credits(trace, terms, readout.direction(contrast), form)  # (t + 2,) or (K, t + 2)
    steps = nn.functional.pad(credits[..., 1:], (0, len(trace.c) - t - 1))  # (T,) or (K, T)
    return Ledger(steps, credits[..., 0], readout.offset(contrast))


@torch.no_grad()
def triangle(
    trace: Trace,
    readout: Readout | nn.Linear,
    contrast: Tensor,
    *,
    form: Form = "proportional",
    c_0: Tensor | None = None,
) -> Ledger:
    """The ledger seen from every step: ``steps[t, s]`` is what step s meant at the end of step t, shape (T, T).

    Each column shows how the evidence of one step is forgotten. The arguments are those of ``ledger``, with a single
    contrast.
    """
    readout = as_readout(readout)
    _check(trace, readout, contrast, form)
    direction = readout.direction(contrast)  # (H,)
    steps = trace.c.new_zeros(len(trace.c), len(trace.c))  # (T, T)
    initial = trace.c.new_zeros(len(trace.c))
    terms = _terms(trace, c_0, form).clone()  # (T + 1, H)
    for t, f in enumerate(trace.f):  # a row at a time: it stays in the processor's cache, all (T, T, H) would not
        terms[: t + 1] *= f  # now they are what ``ledger`` multiplies out
        credits = _credits(trace, terms[: t + 2], direction, form)
        initial[t], steps[t, : t + 1] = credits[0], credits[1:]
    return Ledger(steps, initial, readout.offset(contrast))


def forgotten_share(trace: Trace, readout: Readout | nn.Linear, contrast: Tensor, *, least: float = LEAST) -> Tensor:
    """The share of the evidence of all earlier steps that the forget gates of each step erase, shape (T,).

    At step t it is 1 - after / before, where ``before`` is what the memory says for the contrast at the end of step
    t - 1, and ``after`` is the same with the memory multiplied by f_t and nothing written yet; the output gate stays
    as it was at t - 1. More than 1 means that what is left speaks against the contrast; less than 0 means that the
    evidence grew, because more was erased of what spoke against it.

    Args:
        trace, readout: as for ``ledger``.
        contrast: a weight for each class, shape (C,), or for each class at each step, shape (T, C).
        least: where ``before`` is smaller than this many logits, there is too little evidence for a share of it.

    Returns:
        The shares; NaN at the first step and where ``before`` is too small.
    """
    readout = as_readout(readout)
    _check(trace, readout, contrast)
    o, c, f = trace.o[:-1], trace.c[:-1], trace.f[1:]  # (T - 1, H)
    direction = readout.direction(contrast)  # (H,) or (T, H)
    shown = o * (direction[1:] if direction.dim() == 2 else direction)
    before, after = (shown * c.tanh()).sum(-1), (shown * (f * c).tanh()).sum(-1)  # (T - 1,)
    share = torch.where(before >= least, 1 - after / before.clamp(min=least), torch.nan)
    return torch.cat([share.new_full((1,), torch.nan), share])


def _terms(trace: Trace, c_0: Tensor | None, form: Form) -> Tensor:
    """What the forget gates shrink: writes, or for the telescoped form their sums, which are the cells; (T + 1, H)."""
    return torch.cat([_start(trace, c_0), trace.c if form == "telescoped" else trace.i * trace.g])


def _credits(trace: Trace, terms: Tensor, direction: Tensor, form: Form) -> Tensor:
    """The credits of the initial state and of the steps up to t, from what is left of their terms: (..., t + 2)."""
    t = len(terms) - 2
    shown = direction * trace.o[t]  # (..., H)
    if form == "telescoped":
        grown = shown @ terms.tanh().T  # (..., t + 2)
        return torch.cat([torch.zeros_like(grown[..., :1]), grown], -1).diff()
    c = trace.c[t]
    # tanh(c) / c, by its series where c is so small that the quotient would be 0 / 0.
    slope = torch.where(c.abs() < 1e-3, 1 - c.square() / 3, c.tanh() / torch.where(c == 0, 1, c))
    return (shown * slope) @ terms.T


def _start(trace: Trace, c_0: Tensor | None) -> Tensor:
    """The initial cell as one row, (1, H)."""
    return torch.zeros_like(trace.c[:1]) if c_0 is None else c_0.to(trace.c).reshape(1, -1)


def _step(trace: Trace, seen_from: int) -> int:
    """A step counted from the first."""
    if not -len(trace.c) <= seen_from < len(trace.c):
        raise IndexError(f"the step {seen_from} was asked for, but the trace has {len(trace.c)}, counted from 0")
    return seen_from % len(trace.c)


def _check(trace: Trace, readout: Readout, contrast: Tensor, form: str = "proportional") -> None:
    if form not in FORMS:
        raise ValueError(f"the form of a ledger is one of {', '.join(FORMS)}, got {form!r}")
    if trace.c.dim() != 2:
        raise ValueError(f"one sequence at a time: trace(lstm, x[n]), not a batch; got {tuple(trace.c.shape)}")
    if [direction for _, direction in trace.parts] != ["forward"]:
        raise ValueError(
            "a ledger follows the memory forward in time: give trace.layer(-1, 'forward') and a Readout of the columns "
            "of weight that read it"
        )
    if readout.weight.shape != (contrast.shape[-1], trace.c.shape[1]):
        raise ValueError(
            f"the trace has {trace.c.shape[1]} units, so weight must be (classes, {trace.c.shape[1]}) and contrast "
            f"(classes,); got {tuple(readout.weight.shape)} and {tuple(contrast.shape)}"
        )
