"""Many sequences explained at once: the same numbers as ``explanation.explain`` finds for each, in a few large batches.

One sequence leaves most of a processor waiting for the next small operation. Here every operation is made once for all:
the runs of all sequences, what each step wrote for every class, the runs from each step on, and those of every subset
of the modalities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from mmdemo.lstm.counterfactual import coalitions, ends, shapley
from mmdemo.lstm.ledger import ledger
from mmdemo.lstm.readout import Readout
from mmdemo.lstm.trace import full_precision, trace
from mmdemo.lstm.trajectory import settled


@dataclass(frozen=True)
class Credits:
    """What the answer to one sequence of T steps among C classes is made of: these attributes of an ``Explanation``.

    Attributes:
        answer: the most probable class.
        settled: the first step from which it stayed ahead.
        logits, bias, prior: each (C,).
        evidence, changed: what each step wrote for, and changed in, every class's logit, each (C, T).
        shares: for each modality (C,).
    """

    answer: int
    settled: int
    logits: Tensor
    bias: Tensor
    prior: Tensor
    evidence: Tensor
    changed: Tensor
    shares: dict[str, Tensor]


@torch.no_grad()
def explain_many(
    lstm: nn.LSTM, readouts: Sequence[Readout], embeddings: Sequence[Mapping[str, Tensor]]
) -> list[Credits]:
    """Explain N answers.

    Args:
        lstm: with one layer, forward, ``batch_first``.
        readouts: what reads each sequence's state; they differ in their temperatures alone.
        embeddings: for each sequence the steps (T_m, I) of each modality that is there, in the order of reading.

    Raises:
        ValueError: a sequence has no steps.
    """
    if not embeddings:
        return []
    sequences = [torch.cat(list(parts.values())) if parts else torch.empty(0) for parts in embeddings]  # (T_n, I)
    if not all(map(len, sequences)):
        raise ValueError("each sequence needs at least one step")
    lengths = torch.tensor([len(one) for one in sequences])
    with full_precision(sequences[0].device):
        x = pad_sequence(sequences, batch_first=True)  # (N, T, I)
        inside = trace(lstm, x, lengths=lengths)
        readout = Readout(readouts[0].weight, readouts[0].bias)
        every = torch.eye(len(readout.weight), device=x.device)  # (C, C)
        book = ledger(lstm, readout, x, every, inside=inside)
        last = inside.h[torch.arange(len(x)), lengths - 1]  # (N, H)
        from_here = _from_each_step(lstm, sequences, last)
        shares = _shares(lstm, readouts, embeddings, last)
        found = []
        for n, (own, length) in enumerate(zip(readouts, lengths.tolist(), strict=True)):
            states = inside.h[n, :length]  # (T, H)
            none = torch.zeros_like(states[:1])
            effects = (torch.cat([none, states]).diff(dim=0) - torch.cat([from_here[n], none]).diff(dim=0)) / 2
            grown = own.probabilities(states)  # (T, C)
            found.append(
                Credits(
                    answer=int(grown[-1].argmax()),
                    settled=settled(grown),
                    logits=own.logits(last[n]),
                    bias=own.offset(every),
                    prior=own.probabilities(none[0]),
                    evidence=book.steps[:, n, :length] / own.temperature,
                    changed=own.direction(every) @ effects.T,
                    shares=shares[n],
                )
            )
    return found


def _from_each_step(lstm: nn.LSTM, sequences: Sequence[Tensor], last: Tensor) -> list[Tensor]:
    """The state after each sequence's steps from t on, for every t: (T_n, H) each; from the first on it is ``last``."""
    rests = [one[t:] for one in sequences for t in range(1, len(one))]
    states = ends(lstm, rests).split([len(one) - 1 for one in sequences]) if rests else [last[:0]] * len(last)
    return [torch.cat([whole[None], some]) for whole, some in zip(last, states, strict=True)]


def _shares(
    lstm: nn.LSTM, readouts: Sequence[Readout], embeddings: Sequence[Mapping[str, Tensor]], last: Tensor
) -> list[dict[str, Tensor]]:
    """Each modality's Shapley share of the probabilities, (C,), for every sequence; ``last`` is (N, H)."""
    asked = [
        (n, some)
        for n, parts in enumerate(embeddings)
        for some in coalitions(list(parts))
        if 0 < len(some) < len(parts)
    ]
    runs = [torch.cat([part for name, part in embeddings[n].items() if name in some]) for n, some in asked]
    states = dict(zip(asked, ends(lstm, runs), strict=True)) if runs else {}
    found: dict[int, dict[str, Tensor]] = {}
    for names in {tuple(parts) for parts in embeddings}:  # those with the same modalities together
        rows = [n for n, parts in enumerate(embeddings) if tuple(parts) == names]
        scale = torch.tensor([readouts[n].temperature for n in rows]).to(last)[:, None]
        values = {}
        for some in coalitions(names):
            if len(some) == len(names):
                reached = last[rows]
            elif some:
                reached = torch.stack([states[n, some] for n in rows])
            else:
                reached = torch.zeros_like(last[rows])
            whole = Readout(readouts[rows[0]].weight, readouts[rows[0]].bias)
            values[some] = (whole.logits(reached) / scale).softmax(-1)  # (n, C)
        shares = shapley(values)
        found |= {n: {name: shares[name][k] for name in names} for k, n in enumerate(rows)}
    return [found[n] for n in range(len(embeddings))]
