"""The ledger: the answer of an LSTM added up, exactly, from what each step wrote into the memory.

The cell state is a sum of writes, c_t = f_t * c_(t-1) + i_t * g_t, and the logits are W (o_T * tanh(c_T)) + b. To stop
at the writes would credit a step whose candidate g was large, even where g itself came from h_(t-1), from what the
LSTM remembered. So this ledger follows the candidate on, to the steps that made h. Three products and two curves have
to be shared out, and each is, without a rest:

- A gate that multiplies (i, f, o) is a valve. What flows through it is credited, the valve is not.
- A curve is its argument times a ratio: tanh(z) = z * sec(z) with sec(z) = tanh(z) / z, and 1 at 0. The ratio is held.
- A sum is credited term by term: the candidate's is z_t = W_xg x_t + U h_(t-1) + b_g, of which the first and the last
  are the step's own, and the middle one goes back to h_(t-1).

With d = contrast . W, the weight that the contrast of the logits gives to each unit of h_T, this is a backward loop
over the steps; M_t is what one unit of the cell is worth after step t, and n_t what one unit of h_t is worth to t + 1:

    M_T     = d * o_T * sec(c_T)                                         n_T = 0
    phi_t   = sum over the units of  M_t * i_t * (g_t - sec(z_t) * (U h_(t-1)))
    n_(t-1) = U^T (M_t * i_t * sec(z_t))
    M_(t-1) = f_t * M_t + n_(t-1) * o_(t-1) * sec(c_(t-1))

The phi_t add up to d . h_T: at each step, M_t * c_t splits into M_t * f_t * c_(t-1), M_t * i_t * sec(z_t) * U h_(t-1)
and phi_t; and n * h = n * o * sec(c) * c. What is left at the start, M_0 * c_0 + n_0 * h_0, is the initial state's.
Every factor is bounded, nothing is divided that can be 0, and there is no epsilon. It is gradient x input of a network
whose gates and ratios are constants, which is a second way to compute it. In a stack, the part W_xg x_t of an upper
layer is handed down to the layer below in the same way, and each direction follows its own order of reading.

Its kin. Arras et al. 2017 ("Explaining Recurrent Neural Network Predictions in Sentiment Analysis") and 2019
("Explaining and Interpreting LSTMs") made the valve a rule of layer-wise relevance propagation, and pass relevance
through g to h_(t-1) as here. Their epsilon, which keeps a quotient of sums from 0, absorbs relevance, and so do biases,
so that theirs does not add up. Ali et al. 2022 ("XAI for Transformers: Better Explanations through Conservative
Propagation") and Jafari et al. 2024 ("MambaLRP: Explaining Selective State Space Sequence Models") made such a
propagation conservative, for attention, layer norms, SiLU and gates, by holding factors constant and taking gradient x
input. New here is that both are put together for the LSTM: no sum is divided by, since tanh(z) / z is bounded as it is;
biases belong to the step that reads them; initial states, stacks and directions have their entries; and it is tested
to add up. Without U h the ledger credits each write with its share of the memory, which is integrated gradients of the
tanh (Sundararajan et al. 2017); Murdoch & Szlam 2017 credit it with what it adds to the tanh of those before it. Both
stand in the tests, as checks.

A softmax ignores whatever all logits share, so evidence is for a *contrast* of classes, a vector with one weight each.
The ledger says who wrote what the answer is made of. A valve gets nothing: a word that makes the LSTM forget is not in
it. ``mmdemo.lstm.counterfactual.changed`` credits that. Where inputs contradict each other, large entries for and
against stand beside each other: read the order from them, and the sizes of whole inputs from their Shapley shares.

>>> lstm, dense, x = nn.LSTM(3, 8), nn.Linear(8, 4), torch.randn(6, 3)
>>> book = ledger(lstm, dense, x, contrast(4, 2))
>>> book.steps.shape
torch.Size([6])
>>> logits = dense(lstm(x)[0][-1])
>>> torch.allclose(book.total, logits[2] - logits.mean(), atol=1e-5)
True
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmdemo.lstm.readout import Readout, as_readout
from mmdemo.lstm.trace import Trace, full_precision, trace

LEAST = 1.0  # logits of evidence, below which no share of it is reported: a share of almost nothing means nothing
ROWS = 32  # of a triangle that are worked out at once: enough to keep a processor busy, few enough for its memory


@dataclass(frozen=True)
class Ledger:
    """Signed evidence for a contrast of classes, in logits.

    A ledger of K contrasts at once has a leading dimension of K everywhere, and one of a batch a dimension of B after
    it. A triangle has one of T: a row for each step that it is seen from.

    Attributes:
        steps: what each of the T steps wrote, shape (..., T). A step that comes after the one it is seen from has 0,
            and so has padding.
        initial: what the initial state contributes, shape (...).
        bias: what the dense layer's bias contributes, shape (...).
    """

    steps: Tensor
    initial: Tensor
    bias: Tensor

    @property
    def total(self) -> Tensor:
        """The contrast of the logits themselves, shape (...)."""
        return self.steps.sum(-1) + self.initial + self.bias

    def combine(self, weights: Tensor) -> Ledger:
        """From a ledger of K contrasts, that of their weighted sum; weights (K,).

        Evidence is linear in the contrast, so the ledger of every class at once holds that of any contrast of them.
        """
        weights = weights.to(self.steps)
        return Ledger(*(torch.tensordot(weights, part, 1) for part in (self.steps, self.initial, self.bias)))


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


@torch.no_grad()
def ledger(
    lstm: nn.LSTM,
    readout: Readout | nn.Linear,
    x: Tensor,
    contrast: Tensor,
    *,
    seen_from: int | Tensor | None = None,
    initial_state: tuple[Tensor, Tensor] | None = None,
    inside: Trace | None = None,
) -> Ledger:
    """What each step wrote, as evidence for a contrast of classes: the formulae are above.

    Args:
        lstm: any, of any number of layers, in one direction or both.
        readout: what reads the top layer's output, D * H numbers of D directions side by side.
        x: what the LSTM reads: one sequence (T, I), or a batch as the module takes it.
        contrast: a weight for each class, shape (C,), or K contrasts at once, shape (K, C); ``torch.eye(C)`` asks for
            every class. See ``contrast`` and ``against_runner_up``.
        seen_from: what of the output the readout reads. None: the state in which each direction ended, as in ``h_n``,
            which is the last step of an LSTM that reads forward. A step: the output there; negative counts from the
            last. A weight for each step, shape (T,): the outputs' weighted sum, as where their mean is read.
        initial_state: the pair (h_0, c_0) as the module takes it; zeros if None.
        inside: the trace of ``x`` from that state, if there is one already; a batch with ``lengths`` needs it.

    Returns:
        A ``Ledger`` whose ``total`` is the contrast of the logits, after the temperature.

    Raises:
        ValueError: the readout or the contrast does not fit, or what ``trace`` says of the LSTM and of x.
        IndexError: there is no step ``seen_from``.
    """
    readout = as_readout(readout)
    inside = trace(lstm, x, initial_state) if inside is None else inside
    rows = contrast.reshape(-1, contrast.shape[-1])  # (K, C)
    _check(lstm, readout, rows)
    with full_precision(x.device):
        outputs = _Outputs(inside)
        shown = outputs.seen(seen_from, readout.direction(rows).to(inside.h))  # (T, K, B, D * H)
        steps, initial = _follow(lstm, outputs, x, shown, initial_state)  # (T, K, B), (K, B)
        steps = F.pad(steps.movedim(0, -1), (0, outputs.steps - len(shown)))  # (K, B, T)
        bias = readout.offset(rows)[:, None].expand_as(initial)
        return Ledger(*(_like(contrast, inside, part) for part in (steps, initial, bias)))


@torch.no_grad()
def triangle(
    lstm: nn.LSTM, readout: Readout | nn.Linear, x: Tensor, contrast: Tensor, *, inside: Trace | None = None
) -> Ledger:
    """The ledger seen from every step: ``steps[t, s]`` is what step s meant at the end of step t, shape (T, T).

    Each column shows how the evidence of one step is forgotten. The arguments are those of ``ledger``, with a single
    contrast and one sequence (T, I), which begins without a state.
    """
    readout = as_readout(readout)
    if x.dim() != 2 or contrast.dim() != 1:
        raise ValueError(f"one sequence (T, I) and one contrast (C,), got {tuple(x.shape)} and {tuple(contrast.shape)}")
    inside = trace(lstm, x) if inside is None else inside
    _check(lstm, readout, contrast[None])
    with full_precision(x.device):
        outputs, direction, found = _Outputs(inside), readout.direction(contrast).to(inside.h), []
        for start in range(0, len(x), ROWS):
            seen = torch.arange(start, min(start + ROWS, len(x)), device=x.device)
            stop = len(x) if lstm.bidirectional else int(seen[-1]) + 1  # to read forward is to know no later
            shown = inside.h.new_zeros(stop, len(seen), 1, len(direction))  # (T', R, 1, D * H)
            shown[seen, torch.arange(len(seen), device=x.device), 0] = direction
            steps, initial = _follow(lstm, outputs, x, shown, None)  # (T', R, 1), (R, 1)
            found.append((F.pad(steps[..., 0].T, (0, len(x) - stop)), initial[:, 0]))
        bias = readout.offset(contrast)
    steps, initial = map(torch.cat, zip(*found, strict=True))
    return Ledger(steps, initial, bias)


def forgotten_share(trace: Trace, readout: Readout | nn.Linear, contrast: Tensor, *, least: float = LEAST) -> Tensor:
    """The share of the evidence of all earlier steps that the forget gates of each step erase, shape (T,).

    At step t it is 1 - after / before, where ``before`` is what the memory says for the contrast at the end of step
    t - 1, and ``after`` is the same with the memory multiplied by f_t and nothing written yet; the output gate stays
    as it was at t - 1. More than 1 means that what is left speaks against the contrast; less than 0 means that the
    evidence grew, because more was erased of what spoke against it. It does not say that the belief fell: what the
    step writes may make up for it, and what speaks for the other classes is erased, too. See ``trajectory.let_go``.

    Args:
        trace: the inside of one sequence, in one layer and forward: signals of shape (T, H).
        readout: what reads h.
        contrast: a weight for each class, shape (C,), or for each class at each step, shape (T, C).
        least: where ``before`` is smaller than this many logits, there is too little evidence for a share of it.

    Returns:
        The shares; NaN at the first step and where ``before`` is too small.

    Raises:
        ValueError: the trace is of several sequences or directions, or shapes do not fit.
    """
    readout = as_readout(readout)
    if trace.c.dim() != 2:
        raise ValueError(f"one sequence at a time: trace(lstm, x[n]), not a batch; got {tuple(trace.c.shape)}")
    if [direction for _, direction in trace.parts] != ["forward"]:
        raise ValueError(
            "forgetting goes forward in time: give trace.layer(-1, 'forward') and the columns that read it"
        )
    if readout.weight.shape != (contrast.shape[-1], trace.c.shape[1]):
        raise ValueError(
            f"the trace has {trace.c.shape[1]} units, so weight must be (classes, {trace.c.shape[1]}) and contrast "
            f"(classes,); got {tuple(readout.weight.shape)} and {tuple(contrast.shape)}"
        )
    o, c, f = trace.o[:-1], trace.c[:-1], trace.f[1:]  # (T - 1, H)
    direction = readout.direction(contrast)  # (H,) or (T, H)
    shown = o * (direction[1:] if direction.dim() == 2 else direction)
    before, after = (shown * c.tanh()).sum(-1), (shown * (f * c).tanh()).sum(-1)  # (T - 1,)
    share = torch.where(before >= least, 1 - after / before.clamp(min=least), torch.nan)
    return torch.cat([share.new_full((1,), torch.nan), share])


class _Outputs:
    """A trace with the steps first and the batch after them, however its module lays them out.

    Attributes:
        layers: the traces of the layers, from the bottom up.
        steps, batch: T and B.
    """

    def __init__(self, inside: Trace) -> None:
        self.layers = inside.layers or (inside,)
        self.lengths = inside.lengths
        self._batch_first = inside.batch_first and inside.h.dim() == 3
        self.steps, self.batch, self.width = self.time_major(inside.h).shape

    def time_major(self, signal: Tensor) -> Tensor:
        """(T, N), (T, B, N) or (B, T, N) -> (T, B, N)."""
        return signal[:, None] if signal.dim() == 2 else signal.transpose(0, 1) if self._batch_first else signal

    def part(self, k: int, direction: str) -> dict[str, Tensor]:
        """The signals of a layer's direction, each (T, B, H), in the order in which it read."""
        one = self.layers[k].layer(-1, direction)
        return {name: self.in_order(self.time_major(getattr(one, name)), direction) for name in "ifgoch"}

    def in_order(self, signal: Tensor, direction: str) -> Tensor:
        """(T, ..., B, N) from the order of time to that of reading, or back: padding stays where it is."""
        if direction == "forward":
            return signal
        if self.lengths is None:
            return signal.flip(0)
        step = torch.arange(len(signal), device=signal.device)[:, None]
        lengths = self.lengths.to(signal.device)
        source = torch.where(step < lengths, lengths - 1 - step, step)  # (T, B)
        source = source.view(len(signal), *(1,) * (signal.dim() - 3), -1, 1).expand_as(signal)
        return signal.gather(0, source)

    def seen(self, seen_from: int | Tensor | None, directions: Tensor) -> Tensor:
        """What one unit of each output adds to what is read: (K, D * H) -> (T, K, B, D * H), or fewer steps."""
        names = [name for _, name in self.layers[-1].parts]
        if isinstance(seen_from, int):
            if not -self.steps <= seen_from < self.steps:
                raise IndexError(f"step {seen_from} was asked for, but there are {self.steps}, counted from 0")
            seen_from = seen_from % self.steps
        stop = seen_from + 1 if isinstance(seen_from, int) and names == ["forward"] else self.steps
        shown = directions.new_zeros(stop, len(directions), self.batch, self.width)
        if isinstance(seen_from, int):
            shown[seen_from] = directions[:, None]
        elif isinstance(seen_from, Tensor):
            if seen_from.shape != (self.steps,):
                raise ValueError(f"a weight for each of the {self.steps} steps, got shape {tuple(seen_from.shape)}")
            shown[:] = seen_from.to(shown)[:, None, None, None] * directions[:, None]
        else:
            units = self.width // len(names)
            last = torch.full((self.batch,), self.steps) if self.lengths is None else self.lengths.cpu()
            for n, name in enumerate(names):
                columns = slice(n * units, (n + 1) * units)
                for b, length in enumerate(last.tolist()):
                    shown[length - 1 if name == "forward" else 0, :, b, columns] = directions[:, columns]
        return shown


def _follow(
    lstm: nn.LSTM,
    outputs: _Outputs,
    x: Tensor,
    shown: Tensor,
    initial_state: tuple[Tensor, Tensor] | None,
) -> tuple[Tensor, Tensor]:
    """Credit a linear function of the outputs, ``shown`` (T, K, B, D * H), to the steps (T, K, B) and to the start."""
    stop = len(shown)
    steps, initial = shown.new_zeros(shown.shape[:3]), shown.new_zeros(shown.shape[1:3])
    names = [name for _, name in outputs.layers[-1].parts]
    units = lstm.hidden_size
    for k in reversed(range(lstm.num_layers)):
        below = outputs.time_major(x if k == 0 else outputs.layers[k - 1].h)[:stop]  # (T, B, I)
        handed_down = shown.new_zeros(*shown.shape[:3], below.shape[-1]) if k else None
        for n, name in enumerate(names):
            row = k * len(names) + n
            w_x, u, bias = _candidate(lstm, row)
            h_0, c_0 = (_row(state, row, outputs) for state in initial_state or (None, None))
            part = {signal: value[:stop] for signal, value in outputs.part(k, name).items()}
            h_before = torch.cat([torch.zeros_like(part["h"][:1]) if h_0 is None else h_0[None], part["h"][:-1]])
            recurrent = h_before @ u.T  # (T, B, H)
            from_below = F.linear(outputs.in_order(below, name), w_x)  # (T, B, H)
            slope = _sec(from_below + recurrent + bias)
            own = part["g"] - slope * (recurrent if k == 0 else recurrent + from_below)
            mine = outputs.in_order(shown[..., n * units : (n + 1) * units], name)
            worth, at_start = _backward(part, slope, u, mine)  # (T, K, B, H)
            steps += outputs.in_order((worth * (part["i"] * own)[:, None]).sum(-1)[..., None], name)[..., 0]
            for state, value in zip((h_0, c_0), at_start, strict=True):
                if state is not None:
                    initial += (value * state).sum(-1)
            if handed_down is not None:
                handed_down += outputs.in_order((worth * (part["i"] * slope)[:, None]) @ w_x, name)
        shown = handed_down
    return steps, initial


def _backward(part: dict[str, Tensor], slope: Tensor, u: Tensor, shown: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """The loop: M_t at every step, (T, K, B, H), and what h_0 and c_0 are worth, each (K, B, H)."""
    steps, contrasts, batch, units = shown.shape
    of_h = part["o"] * _sec(part["c"])  # what one unit of the cell adds to h
    of_u = part["i"] * slope  # what one unit of U h adds to the cell

    def from_the_last(signal: Tensor) -> list[Tensor]:
        """(T, B, H) or (T, K, B, H) -> T times (K * B, H), or (1, H) that stands for all."""
        if signal.dim() == 3 and batch > 1:
            signal = signal[:, None].expand(-1, contrasts, -1, -1)
        return list(signal.reshape(steps, -1, units).unbind())[::-1]

    held = shown.new_zeros(contrasts * batch, units)
    heard, *earlier = from_the_last(shown)
    worth = []
    for f, a, b, seen in zip(*map(from_the_last, (part["f"], of_h, of_u)), [*earlier, held], strict=True):
        here = torch.addcmul(held, heard, a)
        worth.append(here)
        held, heard = here * f, torch.addmm(seen, here * b, u)
    start = (heard.view(contrasts, batch, units), held.view(contrasts, batch, units))
    return torch.stack(worth[::-1]).view_as(shown), start


def _sec(z: Tensor) -> Tensor:
    """tanh(z) / z, by its series where z is so small that the quotient would be 0 / 0."""
    return torch.where(z.abs() < 1e-3, 1 - z.square() / 3, z.tanh() / torch.where(z == 0, 1, z))


def _candidate(lstm: nn.LSTM, row: int) -> tuple[Tensor, Tensor, Tensor | float]:
    """The candidate's own rows of one layer's and direction's weights: W_xg (H, I), U (H, H) and b_g (H,)."""
    w_ih, w_hh, *biases = lstm.all_weights[row]
    rows = slice(2 * lstm.hidden_size, 3 * lstm.hidden_size)  # of i, f, g, o
    return w_ih[rows], w_hh[rows], sum(bias[rows] for bias in biases) if biases else 0.0


def _row(state: Tensor | None, row: int, outputs: _Outputs) -> Tensor | None:
    """One layer's and direction's initial state, (B, H)."""
    return None if state is None else state[row].reshape(outputs.batch, -1)


def _like(contrast: Tensor, inside: Trace, part: Tensor) -> Tensor:
    """(K, B, ...) without the dimensions that were not asked for."""
    part = part[:, 0] if inside.h.dim() == 2 else part
    return part[0] if contrast.dim() == 1 else part


def _check(lstm: nn.LSTM, readout: Readout, rows: Tensor) -> None:
    width = lstm.hidden_size * (1 + lstm.bidirectional)
    if readout.weight.shape != (rows.shape[-1], width):
        raise ValueError(
            f"the LSTM puts out {width} numbers a step, so weight must be (classes, {width}) and contrast (classes,) "
            f"or (K, classes); got {tuple(readout.weight.shape)} and {tuple(rows.shape[1:])}"
        )
