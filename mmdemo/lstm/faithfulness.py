"""Is the explanation true? Remove the steps that it ranks highest, run the LSTM on the rest, watch the answer fall.

An explanation that knows which steps carry the answer makes the probability fall faster than one that does not
(Samek et al. 2017, "Evaluating the Visualization of What a Deep Neural Network Has Learned"; for words in an LSTM,
Arras et al. 2019, "Evaluating Recurrent Neural Network Explanations"). This is the deletion test. The ledger and what
each step changed are tested against integrated gradients and against random orders. ``infidelity`` asks something else:
whether the entries of several steps add up to what those steps do together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn

from mmdemo.lstm.counterfactual import changed, last_states
from mmdemo.lstm.ledger import ledger
from mmdemo.lstm.readout import Readout, as_readout
from mmdemo.lstm.trace import full_precision, trace

POINTS = 21  # of a deletion curve: every step would be too many for a long sequence, 5 % at a time shows as much
RANDOM = 20  # random orders
TRIALS = 50  # random perturbations of ``infidelity``
SPREAD = 0.05  # probability between all and none, below which there is no fall to measure
SAME = 1e-4  # area: orders that remove the same steps differ by less, by rounding
BATCH = 256  # sequences run at once: more only wait for memory
PIECES, NODES = 4, 8  # into which the line of integrated gradients is cut at first, and the points of each
FINEST, MOST = 2**-10, 2048  # of the line, and points of it: no piece is cut below the one, or after the other
ADDED_UP = 1e-3  # of the change to add up to, or of one logit where that is less: how far off a piece may be
LINE = 64  # points of a line whose slopes are taken at once


@dataclass(frozen=True)
class Deletion:
    """How the probability of the answer falls as steps are removed.

    Attributes:
        removed: how many steps are gone at each point, from 0 to all T, shape (P,).
        curve: the probability then, shape (P,); of random orders, their mean.
        area: the normalised area under the curve: 0 if all is lost at once, 1 if nothing is until the end, NaN if the
            probability with all steps is hardly above that with none.
        beaten: the share of the random orders whose area is greater; of the random orders themselves, 0.
    """

    removed: Tensor
    curve: Tensor
    area: float
    beaten: float = 0.0


def integrated_gradients(
    lstm: nn.LSTM, readout: Readout | nn.Linear, x: Tensor, contrast: Tensor, *, points: int | None = None
) -> Tensor:
    """Evidence of each step by integrated gradients in the input, from a sequence of zeros; shape (T,).

    Sundararajan, Taly & Yan 2017, "Axiomatic Attribution for Deep Networks": x_t . (mean of the gradient in x_t of the
    contrast of logits along the straight line from zeros to x), the mean taken by Gauss-Legendre quadrature. The sum
    is the contrast with x less that with zeros, if there are points enough: a few dozen are not where the answer turns
    sharply on the way.

    Args:
        lstm: any that reads forward; evaluation mode is fine on a GPU too.
        readout: what reads the last state.
        x: one sequence, shape (T, I).
        contrast: a weight for each class, shape (C,).
        points: of the quadrature, on the whole line. If not given, the line is cut into pieces, and those whose part
            of the sum is not the change along them are halved, until all are right or there are 2048 points.
    """
    direction = as_readout(readout).direction(contrast)  # (H,)
    if points is not None:
        return _along(lstm, direction, x, torch.tensor([[0.0, 1.0]]), points)[0]

    @torch.no_grad()
    def read(alphas: Tensor) -> Tensor:
        return last_states(lstm, list(alphas.to(x)[:, None, None] * x)) @ direction

    edges = torch.linspace(0, 1, PIECES + 1, dtype=torch.float64)
    pieces, evidence = torch.stack([edges[:-1], edges[1:]], 1), torch.zeros_like(x[:, 0])  # (P, 2), (T,)
    nothing, whole = read(edges[[0, -1]])
    allowed, taken = ADDED_UP * max(1.0, abs(float(whole - nothing))), 0
    while len(pieces):
        parts = _along(lstm, direction, x, pieces, NODES)  # (P, T)
        off = (parts.sum(1) - (read(pieces[:, 1]) - read(pieces[:, 0]))).abs()
        taken += NODES * len(pieces)
        done = (off <= allowed).cpu() | (pieces[:, 1] - pieces[:, 0] <= FINEST) | (taken >= MOST)
        evidence += parts[done.to(parts.device)].sum(0)
        middle = pieces[~done].mean(1, keepdim=True)
        pieces = torch.cat([torch.cat([pieces[~done, :1], middle], 1), torch.cat([middle, pieces[~done, 1:]], 1)])
    return evidence


def slopes(lstm: nn.LSTM, direction: Tensor, inputs: Tensor) -> Tensor:
    """The gradients of ``direction`` . h_T in N inputs (N, T, I), in that shape; direction (H,)."""
    # cuDNN has no backward pass in evaluation mode (captum #1159), PyTorch's own kernel does.
    kernel = torch.backends.cudnn.flags(enabled=False)
    with full_precision(inputs.device), torch.inference_mode(False), kernel, torch.enable_grad():
        # Copied here, they can be differentiated through even if they come from inference mode.
        inputs, direction = inputs.detach().clone().requires_grad_(), direction.detach().clone()
        states = lstm(inputs)[0][:, -1] if lstm.batch_first else lstm(inputs.transpose(0, 1))[0][-1]  # (N, H)
        return torch.autograd.grad((states @ direction).sum(), inputs)[0]


def _along(lstm: nn.LSTM, direction: Tensor, x: Tensor, pieces: Tensor, points: int) -> Tensor:
    """X . (the slopes, integrated over each piece of the line from zeros to x); P pieces (P, 2) -> (P, T)."""
    nodes, weights = gauss_legendre(points)
    lengths = pieces[:, 1:] - pieces[:, :1]  # (P, 1)
    alphas = (pieces[:, :1] + nodes * lengths).to(x).flatten()  # (P * N,)
    taken = torch.cat([(slopes(lstm, direction, some[:, None, None] * x) * x).sum(-1) for some in alphas.split(LINE)])
    return torch.einsum("pn,pnt->pt", (weights * lengths).to(x), taken.view(len(pieces), points, -1))


@lru_cache(maxsize=8)
def gauss_legendre(points: int) -> tuple[Tensor, Tensor]:
    """The nodes and the weights of Gauss-Legendre quadrature on the interval from 0 to 1, each (points,), in float64.

    Golub & Welsch 1969, "Calculation of Gauss Quadrature Rules": the nodes are the eigenvalues of the tridiagonal
    matrix of the Legendre polynomials' recurrence, the weights the squares of its eigenvectors' first entries.
    """
    k = torch.arange(1, points, dtype=torch.float64)
    beside = k / (4 * k.square() - 1).sqrt()  # (points - 1,)
    nodes, vectors = torch.linalg.eigh(beside.diag(1) + beside.diag(-1))  # on the interval from -1 to 1
    return (nodes + 1) / 2, vectors[0].square()


def faithfulness(
    lstm: nn.LSTM,
    readout: Readout | nn.Linear,
    x: Tensor,
    contrast: Tensor,
    answer: int,
    *,
    random: int = RANDOM,
    points: int = POINTS,
    seed: int = 0,
) -> dict[str, Deletion]:
    """The deletion curves of the ledger, of what each step changed, of integrated gradients and of random orders.

    Args:
        lstm: with one layer, forward.
        readout: what reads h.
        x: one sequence, shape (T, I).
        contrast: what the explanations are asked for, shape (C,).
        answer: the class whose probability is watched.
        random: how many random orders.
        points: of each curve, at most.
        seed: of the random orders.

    Returns:
        ``Deletion``s by the names "ledger", "changed", "gradients" and "random".
    """
    inside = trace(lstm, x)
    scores = {
        "ledger": ledger(lstm, readout, x, contrast, inside=inside).steps,
        "changed": changed(lstm, readout, x, contrast, inside=inside),
        "gradients": integrated_gradients(lstm, readout, x, contrast),
    }  # each (T,)
    return delete(lstm, readout, x, scores, answer, random=random, points=points, seed=seed)


def delete(
    lstm: nn.LSTM,
    readout: Readout | nn.Linear,
    x: Tensor,
    scores: Mapping[str, Tensor],
    answer: int,
    *,
    random: int = RANDOM,
    points: int = POINTS,
    seed: int = 0,
) -> dict[str, Deletion]:
    """The deletion test of any explanations: ``scores`` (T,) by name. Arguments and result as of ``faithfulness``."""
    generator = torch.Generator().manual_seed(seed)
    orders = [ranked(score) for score in scores.values()]
    orders += [torch.randperm(len(x), generator=generator) for _ in range(random)]

    removed = deletion_points(len(x), points)
    curves = deletion_curves(lstm, readout, x, orders, removed, answer)  # (R, P)
    areas = normalised_area(removed, curves)  # (R,)
    chance = areas[len(scores) :]  # those of the random orders
    found = {}
    for name, curve, area in zip(scores, curves, areas.tolist(), strict=False):
        beaten = int((chance > area + SAME).sum()) / random if random else 0.0
        found[name] = Deletion(removed, curve, area, beaten)
    if random:
        found["random"] = Deletion(removed, curves[len(scores) :].mean(0), float(chance.mean()))
    return found


def ranked(score: Tensor) -> Tensor:
    """The steps from the highest score to the lowest, (T,) -> (T,); of equal ones the earlier first."""
    return score.argsort(descending=True, stable=True).cpu()


@torch.no_grad()
def infidelity(
    lstm: nn.LSTM,
    readout: Readout | nn.Linear,
    x: Tensor,
    contrast: Tensor,
    scores: Mapping[str, Tensor],
    *,
    trials: int = TRIALS,
    seed: int = 0,
) -> dict[str, float]:
    """How badly the entries of the steps that are taken away together predict what the contrast of the logits loses.

    Yeh et al. 2019, "On the (In)fidelity and Sensitivity of Explanations": the mean over random perturbations of
    (sum of their entries - change)^2, each explanation scaled as serves it best (there, section 2.2). A perturbation
    takes a random share of the steps away, and the rest moves up, as in the deletion test. It is given as a share of
    the mean square of the changes: 0 predicts all of them, 1 none.

    Args:
        lstm, readout, x, contrast: as for ``faithfulness``.
        scores: explanations by name, each (T,).
        trials: how many perturbations, the same for all.
        seed: of the perturbations.
    """
    generator = torch.Generator().manual_seed(seed)
    shares = torch.rand(trials, 1, generator=generator)
    gone = torch.rand(trials, len(x), generator=generator) < shares  # (N, T)
    direction = as_readout(readout).direction(contrast)  # (H,)
    read = last_states(lstm, [x, *(x[~some.to(x.device)] for some in gone)]) @ direction  # (N + 1,)
    change = read[0] - read[1:]
    found = {}
    for name, score in scores.items():
        told = gone.to(score) @ score
        scale = (told @ change) / (told @ told).clamp(min=1e-12)
        found[name] = float((scale * told - change).square().mean() / change.square().mean().clamp(min=1e-12))
    return found


def deletion_points(steps: int, points: int = POINTS) -> Tensor:
    """How many of T steps to remove at each point, from none to all, as evenly as whole numbers allow."""
    return torch.linspace(0, steps, min(points, steps + 1)).round().long()


@torch.no_grad()
def deletion_curves(
    lstm: nn.LSTM,
    readout: Readout | nn.Linear,
    x: Tensor,
    orders: Sequence[Tensor],
    removed: Tensor,
    answer: int,
) -> Tensor:
    """The probability of the answer when the first so many steps of each order are gone and the rest moves up.

    Args:
        lstm, readout, x, answer: as for ``faithfulness``.
        orders: R orders of removal, each a permutation of the T steps, shape (T,).
        removed: how many are gone at each of P points, shape (P,).

    Returns:
        Probabilities, shape (R, P). Without any step the answer is that of the bias alone.
    """
    kept = [x[order[int(n) :].sort().values.to(x.device)] for n in removed for order in orders]  # alike in length
    states = [last_states(lstm, kept[start : start + BATCH]) for start in range(0, len(kept), BATCH)]
    probabilities = as_readout(readout).probabilities(torch.cat(states))[:, answer]  # (P * R,)
    return probabilities.view(len(removed), len(orders)).T


def normalised_area(removed: Tensor, curves: Tensor) -> Tensor:
    """The area under curves (R, P) on axes that run from 0 to 1: steps removed, and probability from none to all.

    NaN where the probability with all steps is less than ``SPREAD`` above that with none.
    """
    share = (removed / removed[-1]).to(curves)
    whole, none = curves[:, :1], curves[:, -1:]
    height = (curves - none) / (whole - none)
    area = torch.trapezoid(height, share, dim=1)
    return torch.where((whole - none)[:, 0] >= SPREAD, area, torch.nan)
