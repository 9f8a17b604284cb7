"""Other ways to credit the steps of a sequence, against which the ledger is measured: each (T,), for a contrast (C,).

They are written for an LSTM of one layer that reads forward, from the papers that their docstrings name. ``x`` is one
sequence, shape (T, I).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmdemo.lstm.counterfactual import ablate, last_states
from mmdemo.lstm.faithfulness import BATCH, slopes
from mmdemo.lstm.readout import Readout
from mmdemo.lstm.trace import Trace, trace

EPSILON = 1e-3  # of layer-wise relevance propagation, as its authors' code has it
PERMUTATIONS = 20  # of the steps, for their Shapley values


class Weights(NamedTuple):
    """An LSTM's weights by gate, in the order i, f, g, o: W_x (4, H, I), W_h (4, H, H) and both biases' sum (4, H)."""

    x: Tensor
    h: Tensor
    b: Tensor

    @classmethod
    def of(cls, lstm: nn.LSTM) -> Weights:
        """Those of its only layer."""
        w_x, w_h, *biases = (weight.detach() for weight in lstm.all_weights[0])
        bias = sum(biases) if biases else w_x.new_zeros(len(w_x))
        return cls(*(weight.unflatten(0, (4, -1)) for weight in (w_x, w_h, bias)))


def gradient_times_input(lstm: nn.LSTM, readout: Readout, x: Tensor, contrast: Tensor) -> Tensor:
    """x_t . (the gradient in x_t): Shrikumar et al. 2016, "Not Just a Black Box"."""
    return (slopes(lstm, readout.direction(contrast), x[None])[0] * x).sum(-1)


@torch.no_grad()
def leave_one_out(lstm: nn.LSTM, readout: Readout, x: Tensor, contrast: Tensor) -> Tensor:
    """What is lost when one step is left out and the rest moves up: Li et al. 2016, "Understanding Neural Networks
    through Representation Erasure".
    """
    read = last_states(lstm, [x, *(ablate(x, t) for t in range(len(x)))]) @ readout.direction(contrast)
    return read[0] - read[1:]


@torch.no_grad()
def step_shapley(
    lstm: nn.LSTM, readout: Readout, x: Tensor, contrast: Tensor, *, permutations: int = PERMUTATIONS, seed: int = 0
) -> Tensor:
    """Shapley values of the steps, by permutations drawn at random: Castro et al. 2009, "Polynomial calculation of the
    Shapley value based on sampling". A step that has not joined is left out, and the rest moves up.
    """
    generator = torch.Generator().manual_seed(seed)
    orders = [torch.randperm(len(x), generator=generator) for _ in range(permutations)]
    subsets = [order[:n].sort().values.to(x.device) for n in range(len(x) + 1) for order in orders]  # alike in length
    read = torch.cat([
        last_states(lstm, [x[some] for some in subsets[start : start + BATCH]]) @ readout.direction(contrast)
        for start in range(0, len(subsets), BATCH)
    ]).view(-1, permutations)  # (T + 1, P)  # fmt: skip
    gains = read.diff(dim=0)  # (T, P)
    credits = torch.zeros_like(gains).scatter(0, torch.stack(orders, 1).to(x.device), gains)
    return credits.mean(1)


@torch.no_grad()
def lrp_all(
    lstm: nn.LSTM,
    readout: Readout,
    x: Tensor,
    contrast: Tensor,
    *,
    inside: Trace | None = None,
    epsilon: float = EPSILON,
) -> Tensor:
    """Layer-wise relevance propagation, "LRP-all": Arras et al. 2019, "Explaining and Interpreting LSTMs".

    The signal takes all where a gate multiplies, and sums are shared by the epsilon rule, in which biases and epsilon
    keep their part. So the credits do not add up.
    """
    weights, inside = Weights.of(lstm), trace(lstm, x) if inside is None else inside
    h_before, c_before = (F.pad(signal, (0, 0, 1, 0))[:-1] for signal in (inside.h, inside.c))  # (T, H)
    w_x, w_h, b = weights.x[2], weights.h[2], weights.b[2]  # of the candidate
    z = F.linear(x, w_x, b) + h_before @ w_h.T  # (T, H)

    def stable(total: Tensor) -> Tensor:
        return total + epsilon * torch.where(total >= 0, 1.0, -1.0)

    credits = x.new_zeros(len(x))
    of_h, of_c = inside.h[-1] * readout.direction(contrast), torch.zeros_like(inside.c[0])
    for t in reversed(range(len(x))):
        of_c = of_c + of_h
        written = of_c * (inside.i[t] * inside.g[t]) / stable(inside.c[t])
        of_c = of_c * (inside.f[t] * c_before[t]) / stable(inside.c[t])
        share = written / stable(z[t])  # (H,)
        credits[t] = (w_x @ x[t]) @ share
        of_h = h_before[t] * (share @ w_h)
    return credits


@torch.no_grad()
def deeplift(lstm: nn.LSTM, readout: Readout, x: Tensor, contrast: Tensor, *, inside: Trace | None = None) -> Tensor:
    """DeepLIFT with gates: Shrikumar et al. 2017, "Learning Important Features Through Propagating Activation
    Differences", from a sequence of zeros, with the rescale rule for curves. Of a product, each factor is credited with
    its difference times the mean of the other, as Shapley would; so the credits add up to the change of the logits.
    """
    weights = Weights.of(lstm)
    here, there = trace(lstm, x) if inside is None else inside, trace(lstm, torch.zeros_like(x))

    def before(signal: Tensor) -> Tensor:
        return F.pad(signal, (0, 0, 1, 0))[:-1]  # (T, H)

    def squashed(inside: Trace, x: Tensor) -> tuple[Tensor, Tensor]:
        z = torch.einsum("ghi,ti->tgh", weights.x, x) + torch.einsum("ghk,tk->tgh", weights.h, before(inside.h))
        return z + weights.b, torch.stack([inside.i, inside.f, inside.g, inside.o], 1)  # each (T, 4, H)

    (z, gates), (z_0, gates_0) = squashed(here, x), squashed(there, torch.zeros_like(x))
    bend = gates * (1 - gates)
    bend[:, 2] = 1 - gates[:, 2].square()
    curve = _slope(gates - gates_0, z - z_0, bend)  # (T, 4, H)
    tanh, tanh_0 = here.c.tanh(), there.c.tanh()
    shown = _slope(tanh - tanh_0, here.c - there.c, 1 - tanh.square())  # (T, H)
    i, f, g, o = ((gates + gates_0) / 2).unbind(1)  # each (T, H)
    held, seen = (before(here.c) + before(there.c)) / 2, (tanh + tanh_0) / 2
    credits = x.new_zeros(len(x))
    of_h, of_c = readout.direction(contrast), torch.zeros_like(here.c[0])
    for t in reversed(range(len(x))):
        of_c = of_c + of_h * o[t] * shown[t]
        of_z = torch.stack([of_c * g[t], of_c * held[t], of_c * i[t], of_h * seen[t]]) * curve[t]  # (4, H)
        credits[t] = torch.einsum("gh,ghi,i->", of_z, weights.x, x[t])
        of_h, of_c = torch.einsum("gh,ghk->k", of_z, weights.h), of_c * f[t]
    return credits


@torch.no_grad()
def contextual_decomposition(lstm: nn.LSTM, readout: Readout, x: Tensor, contrast: Tensor) -> Tensor:
    """Contextual decomposition: Murdoch, Liu & Yu 2018, "Beyond Word Importance", each step a phrase of its own.

    The states are split into what comes from the phrase and the rest. Of the interactions of the two, those with the
    phrase's own candidate and the biases are the phrase's. All T phrases are worked out side by side.
    """
    weights, count = Weights.of(lstm), len(x)
    own = x.new_zeros(count, lstm.hidden_size)  # h's part of each phrase, (T, H)
    rest, own_c, rest_c = own, own, own
    sigmoid, tanh = torch.sigmoid, torch.tanh
    for t in range(count):
        phrase = (torch.arange(count, device=x.device) == t)[:, None]  # (T, 1)
        new = torch.einsum("ghi,i->gh", weights.x, x[t])[:, None]  # (4, 1, H)
        mine = torch.einsum("ghk,tk->gth", weights.h, own) + new * phrase  # (4, T, H)
        others = torch.einsum("ghk,tk->gth", weights.h, rest) + new * ~phrase
        bias = weights.b[:, None]
        i, i_rest, i_bias = _three(mine[0], others[0], bias[0], sigmoid)
        f, f_rest, f_bias = _three(mine[1], others[1], bias[1], sigmoid)
        g, g_rest, g_bias = _three(mine[2], others[2], bias[2], tanh)
        both = i_bias * g_bias
        written = i * (g + g_bias) + i_bias * g + both * phrase
        written_rest = i_rest * (g + g_rest + g_bias) + (i + i_bias) * g_rest + both * ~phrase
        rest_c = written_rest + (f + f_rest + f_bias) * rest_c + f_rest * own_c
        own_c = written + (f + f_bias) * own_c
        o = sigmoid(mine[3] + others[3] + bias[3])
        own = o * (own_c.tanh() + (own_c + rest_c).tanh() - rest_c.tanh()) / 2
        rest = o * (own_c + rest_c).tanh() - own
    return own @ readout.direction(contrast)


def _three(a: Tensor, b: Tensor, c: Tensor, curve: Callable[[Tensor], Tensor]) -> tuple[Tensor, ...]:
    """A curve of a sum of two terms and a bias, shared among them: the terms' parts are means over both orders."""
    whole, with_a, with_b, alone = curve(a + b + c), curve(a + c), curve(b + c), curve(c)
    return (with_a - alone + whole - with_b) / 2, (with_b - alone + whole - with_a) / 2, alone


def _slope(rise: Tensor, run: Tensor, bend: Tensor) -> Tensor:
    """Rise / run, and the derivative where run is next to nothing."""
    return torch.where(run.abs() < 1e-4, bend, rise / torch.where(run == 0, 1, run))
