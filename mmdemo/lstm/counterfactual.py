"""What if: run the LSTM again with a gate fixed, with steps left out, with other modalities or in another order.

A ledger says who wrote what the answer is made of; only running the LSTM again shows what caused the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from math import comb

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

from mmdemo.lstm.readout import Readout, as_readout
from mmdemo.lstm.trace import Trace, full_precision

ROWS = 256  # sequences run at once: more only wait for memory


@dataclass(frozen=True)
class GateIntervention:
    """A gate fixed at a value over a span of steps, in all units.

    Attributes:
        gate: "i", "f", "g" or "o".
        value: what it is fixed at; 1 keeps the forget gates open, so that nothing is forgotten.
        start, stop: the first step, and the one after the last.
    """

    gate: str
    value: float
    start: int
    stop: int


def rerun(
    lstm: nn.LSTM,
    x: Tensor,
    interventions: Sequence[GateIntervention] = (),
    initial_state: tuple[Tensor, Tensor] | None = None,
) -> Trace:
    """Run one sequence again with gates fixed. All that follows from it, later gates included, is computed anew.

    It goes step by step in Python, since each h depends on the one before: a few milliseconds for a hundred steps.

    Args:
        lstm: with one layer, forward.
        x: one sequence, shape (T, I).
        interventions: which gates are fixed, at which value and where; of two for the same gate and step the later
            one counts.
        initial_state: the pair (h_0, c_0), each (1, H); zeros if None.

    Returns:
        The new inside, as ``mmdemo.lstm.trace.trace`` returns it; without interventions it is the same.

    Raises:
        ValueError: the LSTM has more layers or directions, x is not one sequence, or an intervention names no gate or
            no span of steps.
    """
    _check(lstm)
    if lstm.num_layers > 1 or x.dim() != 2 or not len(x):
        raise ValueError(f"one layer and one sequence (T, I), got {lstm.num_layers} and shape {tuple(x.shape)}")
    fixed: dict[tuple[str, int], float] = {}
    for one in interventions:
        if one.gate not in tuple("ifgo") or not 0 <= one.start < one.stop <= len(x):
            raise ValueError(f"an intervention is on gate i, f, g or o over steps from 0 to {len(x)}, got {one}")
        fixed |= {(one.gate, t): one.value for t in range(one.start, one.stop)}

    w_ih, w_hh, *biases = lstm.all_weights[0]
    zeros = x.new_zeros(lstm.hidden_size)
    h, c = (zeros, zeros) if initial_state is None else (state.reshape(-1) for state in initial_state)  # (H,)
    rows = []
    with torch.no_grad(), full_precision(x.device):
        for t, z in enumerate(nn.functional.linear(x, w_ih, sum(biases) if biases else None)):  # z: (4H,)
            i, f, g, o = torch.addmv(z, w_hh, h).chunk(4)  # each (H,)
            gates = {"i": i.sigmoid(), "f": f.sigmoid(), "g": g.tanh(), "o": o.sigmoid()}
            gates |= {gate: torch.full_like(c, fixed[gate, t]) for gate in gates if (gate, t) in fixed}
            c = gates["f"] * c + gates["i"] * gates["g"]
            h = gates["o"] * c.tanh()
            rows.append((*gates.values(), c, h))
    i, f, g, o, cells, states = (torch.stack(column) for column in zip(*rows, strict=True))  # each (T, H)
    return Trace(i, f, g, o, cells, states, states[-1:], cells[-1:], ((0, "forward"),))


def last_states(lstm: nn.LSTM, sequences: Sequence[Tensor]) -> Tensor:
    """The state after each of N sequences (T_n, I), run as one batch: (N, H); zeros for a sequence without steps.

    A zero state leaves a dense layer with its bias, so the answer to an empty sequence is that of the bias alone.

    Raises:
        ValueError: the LSTM has two directions or a projection.
    """
    lengths = torch.tensor([len(sequence) for sequence in sequences], device=sequences[0].device)
    states = _states(lstm, pad_sequence(list(sequences), batch_first=True))  # (N, T + 1, H)
    return states[torch.arange(len(lengths), device=lengths.device), lengths]


def ablate(x: Tensor, start: int, stop: int | None = None) -> Tensor:
    """A sequence (T, I) without one step, or without those from ``start`` to before ``stop``; the rest moves up."""
    return torch.cat([x[:start], x[start + 1 if stop is None else stop :]])


@torch.no_grad()
def changed(
    lstm: nn.LSTM, readout: Readout | nn.Linear, x: Tensor, contrast: Tensor, *, inside: Trace | None = None
) -> Tensor:
    """What each step changed, erasing included: its effect when it comes last and when it comes first, on average.

    With F(a..b) for the contrast of the logits when only the steps a to b are read, step t of T is credited with

        phi_t = 1/2 [F(1..t) - F(1..t-1)]  +  1/2 [F(t..T) - F(t+1..T)].

    The first bracket is what it did to all that had been read; the second, what its being there did to all that came
    after it. Each of the two adds up to F(1..T) - F(none), so their mean does. A word such as "wait" writes next to
    nothing, so a ledger of writes passes it over; here it is credited with what was forgotten at it. It is the Shapley
    value of the steps (Shapley 1953) over two orders of joining in place of all: from the front, and from the back.

    Args:
        lstm: any, of any number of layers, in one direction or both.
        readout: what reads the state in which each direction ends.
        x: one sequence, shape (T, I).
        contrast: a weight for each class, (C,), or K contrasts at once, (K, C).
        inside: the trace of x, if there is one already: of an LSTM that reads forward it saves half of the work.

    Returns:
        The credits in logits, shape (T,) or (K, T).

    Raises:
        ValueError: x is not one sequence, it has no steps, or the LSTM has a projection.
    """
    if x.dim() != 2 or not len(x) or lstm.proj_size:
        raise ValueError(f"one sequence (T, I) with a step, for an LSTM without a projection; got {tuple(x.shape)}")
    with full_precision(x.device):
        if inside is not None and not lstm.bidirectional:
            to_here = inside.h  # (T, D * H)
        else:
            to_here = ends(lstm, [x[: t + 1] for t in range(len(x))])
        from_here = ends(lstm, [x[t:] for t in range(len(x))])
        none = torch.zeros_like(to_here[:1])
        states = (torch.cat([none, to_here]).diff(dim=0) - torch.cat([from_here, none]).diff(dim=0)) / 2  # (T, D * H)
        return as_readout(readout).direction(contrast).to(states) @ states.T


def ends(lstm: nn.LSTM, sequences: Sequence[Tensor]) -> Tensor:
    """The state in which each direction of the top layer ends, for N sequences (T_n, I), none empty: (N, D * H).

    They are run side by side, those of about the same length together.
    """
    order = sorted(range(len(sequences)), key=lambda n: -len(sequences[n]))
    found = []
    for start in range(0, len(order), ROWS):
        some = [sequences[n] for n in order[start : start + ROWS]]
        packed = pack_padded_sequence(pad_sequence(some), torch.tensor([len(one) for one in some]))
        found.append(lstm(packed)[1][0][-1 - lstm.bidirectional :].transpose(0, 1).flatten(1))
    return torch.cat(found)[torch.tensor(order).argsort()]


def coalitions(players: Sequence[str]) -> list[frozenset[str]]:
    """All subsets, from the empty one to the whole: 2 ** n of them."""
    return [frozenset(some) for size in range(len(players) + 1) for some in combinations(players, size)]


def run_coalitions(
    lstm: nn.LSTM, embeddings: Mapping[str, Tensor]
) -> tuple[dict[frozenset[str], Tensor], dict[tuple[str, ...], Tensor]]:
    """Run the LSTM on every subset of the modalities, and on all of them in every order.

    Every subset, in the given order, is the beginning of some order of all. So one batch of the n! orders, alike in
    length, holds the 2 ** n subsets too.

    Args:
        lstm: that reads forward.
        embeddings: the steps (T_m, I) of each modality, in the order of reading.

    Returns:
        The last state (H,) for every subset, each in the given order (8 of three modalities; that of none is zeros);
        and for every order of all of them (6 of three), the given order first.

    Raises:
        ValueError: the LSTM has two directions or a projection.
    """
    orders = list(permutations(embeddings))
    sequences = torch.stack([torch.cat([embeddings[name] for name in order]) for order in orders])  # (n!, T, I)
    states = _states(lstm, sequences)  # (n!, T + 1, H)
    subsets = {}
    for some in coalitions(list(embeddings)):
        first = tuple(name for name in embeddings if name in some)
        order = orders.index((*first, *(name for name in embeddings if name not in some)))
        subsets[some] = states[order, sum(len(embeddings[name]) for name in first)]
    return subsets, dict(zip(orders, states[:, -1], strict=True))


def shapley(values: Mapping[frozenset[str], Tensor]) -> dict[str, Tensor]:
    """What each player contributed, on average over all orders in which they could have joined.

    Shapley 1953, "A Value for n-Person Games": with n players, the gain that a player brings to a subset of s others
    counts 1 / (n * (n - 1 over s)). The shares add up to the value of all less that of none.

    Args:
        values: for every subset of the players, what it achieves: probabilities (C,), or a tensor of any shape.

    Returns:
        For every player its share, in that shape.

    Raises:
        ValueError: a subset is missing.
    """
    everyone = max(values, key=len)
    players = [player for some in values if len(some) == 1 for player in some]
    if set(values) != set(coalitions(players)) or set(players) != everyone:
        raise ValueError(f"values are needed for all {2 ** len(everyone)} subsets of {sorted(everyone)}")
    shares = {}
    for player in players:
        gains = [
            (values[some | {player}] - value) / (len(players) * comb(len(players) - 1, len(some)))
            for some, value in values.items()
            if player not in some
        ]
        shares[player] = torch.stack(gains).sum(0)
    return shares


def _states(lstm: nn.LSTM, x: Tensor) -> Tensor:
    """The state before the first step, which is zeros, and after every step: (N, T, I) -> (N, T + 1, H)."""
    _check(lstm)
    before = x.new_zeros(len(x), 1, lstm.hidden_size)
    if not x.shape[1]:
        return before
    with full_precision(x.device):
        after = lstm(x)[0] if lstm.batch_first else lstm(x.transpose(0, 1))[0].transpose(0, 1)  # (N, T, H)
    return torch.cat([before, after], 1)


def _check(lstm: nn.LSTM) -> None:
    if lstm.bidirectional or lstm.proj_size:
        raise ValueError("only an LSTM that reads forward, without a projection, can be run again")
