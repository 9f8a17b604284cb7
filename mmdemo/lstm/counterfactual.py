"""What if: read again with a gate held, with steps left out, with other modalities or in another order.

A ledger tells when memory was written; only reading again tells what caused the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from math import comb

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from mmdemo.lstm.trace import Trace


@dataclass(frozen=True)
class GateIntervention:
    """A gate kept at a value over a span of steps, in all units.

    Attributes:
        gate: "i", "f", "g" or "o".
        value: what it is held at; 1 holds the forget gates open, so that nothing is forgotten.
        start, stop: the first step, and the one after the last.
    """

    gate: str
    value: float
    start: int
    stop: int


def rerun(
    lstm: nn.LSTM, x: Tensor, holds: Sequence[GateIntervention] = (), initial_state: tuple[Tensor, Tensor] | None = None
) -> Trace:
    """Read one sequence again with gates held. All that follows from it, gates included, is worked out anew.

    Step by step in Python, since each h depends on the one before it: a few milliseconds for a hundred steps.

    Args:
        lstm: with one layer, forward.
        x: one sequence, shape (T, I).
        holds: which gates are held at which value, and where; of two for the same gate and step the later one counts.
        initial_state: the pair (h_0, c_0), each (1, H); zeros if None.

    Returns:
        The new inside, as ``mmdemo.lstm.trace.trace`` returns it; without holds it is the same.

    Raises:
        ValueError: the LSTM has more layers or directions, x is not one sequence, or a hold names no gate or no span
            of steps.
    """
    _check(lstm)
    if lstm.num_layers > 1 or x.dim() != 2 or not len(x):
        raise ValueError(f"one layer and one sequence (T, I), got {lstm.num_layers} and shape {tuple(x.shape)}")
    held: dict[tuple[str, int], float] = {}
    for hold in holds:
        if hold.gate not in tuple("ifgo") or not 0 <= hold.start < hold.stop <= len(x):
            raise ValueError(f"a hold is of gate i, f, g or o over steps from 0 to {len(x)}, got {hold}")
        held |= {(hold.gate, t): hold.value for t in range(hold.start, hold.stop)}

    w_ih, w_hh, *biases = lstm.all_weights[0]
    zeros = x.new_zeros(lstm.hidden_size)
    h, c = (zeros, zeros) if initial_state is None else (state.reshape(-1) for state in initial_state)  # (H,)
    rows = []
    with torch.no_grad():
        for t, z in enumerate(nn.functional.linear(x, w_ih, sum(biases) if biases else None)):  # z: (4H,)
            i, f, g, o = torch.addmv(z, w_hh, h).chunk(4)
            gates = {"i": i.sigmoid(), "f": f.sigmoid(), "g": g.tanh(), "o": o.sigmoid()}
            gates |= {gate: torch.full_like(c, held[gate, t]) for gate in gates if (gate, t) in held}
            c = gates["f"] * c + gates["i"] * gates["g"]
            h = gates["o"] * c.tanh()
            rows.append((*gates.values(), c, h))
    i, f, g, o, cells, states = (torch.stack(column) for column in zip(*rows, strict=True))  # each (T, H)
    return Trace(i, f, g, o, cells, states, states[-1:], cells[-1:], ((0, "forward"),))


def last_states(lstm: nn.LSTM, sequences: Sequence[Tensor]) -> Tensor:
    """The state after each of N sequences (T_n, I), read in one batch: (N, H); zeros for one without steps.

    A zero state leaves a dense layer with its bias, so a sequence of nothing is answered by the bias alone.

    Raises:
        ValueError: the LSTM has two directions or a projection.
    """
    _check(lstm)
    lengths = torch.tensor([len(sequence) for sequence in sequences], device=sequences[0].device)
    if not int(lengths.max()):
        return sequences[0].new_zeros(len(sequences), lstm.hidden_size)
    padded = pad_sequence(list(sequences), batch_first=lstm.batch_first)
    states = lstm(padded)[0] if lstm.batch_first else lstm(padded)[0].transpose(0, 1)  # (N, T, H)
    last = states[torch.arange(len(lengths), device=lengths.device), (lengths - 1).clamp(min=0)]
    return last * (lengths > 0)[:, None]


def ablate(x: Tensor, start: int, stop: int | None = None) -> Tensor:
    """A sequence (T, I) without one step, or without those from ``start`` to before ``stop``; the rest moves up."""
    return torch.cat([x[:start], x[start + 1 if stop is None else stop :]])


def without_each(lstm: nn.LSTM, x: Tensor) -> Tensor:
    """The last state if a step had not been there, for every step of (T, I), in one batch: (T, H)."""
    return last_states(lstm, [ablate(x, t) for t in range(len(x))])


def coalitions(players: Sequence[str]) -> list[frozenset[str]]:
    """All subsets, the empty one first and the whole last: 2 ** n of them."""
    return [frozenset(some) for size in range(len(players) + 1) for some in combinations(players, size)]


def run_coalitions(
    lstm: nn.LSTM, embeddings: Mapping[str, Tensor]
) -> tuple[dict[frozenset[str], Tensor], dict[tuple[str, ...], Tensor]]:
    """Read every subset of the bands, and all of them in every order, in one batch.

    Args:
        lstm: that reads forward.
        bands: the steps (T_m, I) of each modality, in the order of reading.

    Returns:
        the last state (H,) for every subset, each read in the bands' order (8 of three modalities, and that of none is
        a state of zeros); and for every order of all of them (6 of three), the given order first.
    """
    nothing = next(iter(embeddings.values()))[:0]
    subsets = {frozenset(some): some for size in range(len(embeddings) + 1) for some in combinations(embeddings, size)}
    orders = list(permutations(embeddings))
    distinct = [*subsets.values(), *orders[1:]]  # the first order is the last subset
    states = last_states(lstm, [torch.cat([nothing, *(embeddings[name] for name in some)]) for some in distinct])
    every = states[len(subsets) - 1 :]
    return dict(zip(subsets, states, strict=False)), dict(zip(orders, every, strict=True))


def shapley(values: Mapping[frozenset[str], Tensor]) -> dict[str, Tensor]:
    """What each player contributed, on average over all orders in which they could have come in.

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


def contradictions(
    unimodal_probabilities: Mapping[str, Tensor | np.ndarray], above: float = 0.5
) -> list[tuple[str, int, str, int]]:
    """The pairs that contradict each other: each, alone, gives a class of its own more than ``above``.

    Args:
        alone: for every modality the probabilities that it alone leads to, shape (C,).

    Returns:
        (a modality, its class, another, its class) for each such pair; empty if nobody contradicts anybody.
    """
    firm = [(name, int(p.argmax())) for name, p in unimodal_probabilities.items() if float(p.max()) > above]
    return [(a, k, b, m) for (a, k), (b, m) in combinations(firm, 2) if k != m]


def _check(lstm: nn.LSTM) -> None:
    if lstm.bidirectional or lstm.proj_size:
        raise ValueError("only an LSTM that reads forward, without a projection, can be read again")
