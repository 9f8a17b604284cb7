"""The what-ifs that matter: of all small changes to a reading, the few that change its answer or its belief most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from mmdemo.lstm.counterfactual import GateIntervention, ablate, last_states
from mmdemo.lstm.readout import Readout

if TYPE_CHECKING:
    from mmdemo.lstm.explanation import Step

PLACES = 24  # at which gates are tried in a long reading, evenly spread
WORTH = 0.1  # how far the beliefs must move, as a share of all probability, to be worth a button


@dataclass(frozen=True)
class WhatIf:
    """A change, and what comes of it.

    Attributes:
        start, stop: the first step of it, and the one after the last.
        gate, value: which gate is held there, and at what; None where the steps are left out.
        answer: the class that is most probable then; ``probability``: how probable it is.
        moved: how far the beliefs moved: half the sum of their differences, from 0 to 1.
    """

    start: int
    stop: int
    gate: str | None
    value: float | None
    answer: int
    probability: float
    moved: float

    @property
    def kind(self) -> tuple[str | None, float | None]:
        """What is done: steps left out, forget gates held open, or shut."""
        return self.gate, self.value


def telling(
    lstm: nn.LSTM, readout: Readout, x: Tensor, steps: Sequence[Step], probabilities: Tensor, most: int = 3
) -> list[WhatIf]:
    """The what-ifs most worth trying, those that change the answer first, no two of a kind.

    It tries to leave out each word and each whole input, to hold the forget gates open from a step to the end, and to
    shut them at one step, so that all before it is forgotten.

    Args:
        lstm: with one layer, forward.
        readout: what reads its last state.
        x: what it read, shape (T, I).
        steps: the T steps.
        probabilities: the answer as it is, shape (C,).
        most: how many at most.

    Returns:
        None to ``most`` of them; none that would hardly change anything.
    """
    count = len(x)
    left_out = [(s, s + 1) for s in range(count) if steps[s].modality == "text"] + _inputs(steps)
    left_out = [span for span in dict.fromkeys(left_out) if span[1] - span[0] < count]
    every = max(1, -(-(count - 1) // PLACES))
    held = [GateIntervention("f", 1.0, s, count) for s in range(1, count, every)]
    held += [GateIntervention("f", 0.0, s, s + 1) for s in range(1, count, every)]
    if not left_out + held:
        return []
    with torch.no_grad():
        states = [last_states(lstm, [ablate(x, *span) for span in left_out])] if left_out else []
        states += [_held(lstm, x, held)] if held else []
        found = readout.probabilities(torch.cat(states))  # (N, C)
        moved = (found - probabilities.to(found)).abs().sum(1) / 2  # (N,)
    changes = [(*span, None, None) for span in left_out] + [(one.start, one.stop, one.gate, one.value) for one in held]
    tried = [
        WhatIf(*change, int(p.argmax()), float(p.max()), float(far))
        for change, p, far in zip(changes, found, moved, strict=True)
    ]
    return _chosen(tried, int(probabilities.argmax()), most)


def _inputs(steps: Sequence[Step]) -> list[tuple[int, int]]:
    """The spans of whole inputs."""
    spans, start = [], 0
    for _, same in groupby(steps, key=lambda step: step.modality):
        stop = start + len(list(same))
        spans.append((start, stop))
        start = stop
    return spans


def _held(lstm: nn.LSTM, x: Tensor, changes: Sequence[GateIntervention]) -> Tensor:
    """The last state with each of N gates held, all run side by side: (N, H)."""
    w_ih, w_hh, *biases = lstm.all_weights[0]
    h = c = x.new_zeros(len(changes), lstm.hidden_size)
    starts, stops = (torch.tensor([getattr(one, end) for one in changes]) for end in ("start", "stop"))
    values = torch.tensor([one.value for one in changes])[:, None].to(x)  # (N, 1)
    for t, z in enumerate(nn.functional.linear(x, w_ih, sum(biases) if biases else None)):  # z: (4H,)
        i, f, g, o = torch.addmm(z.expand(len(changes), -1), h, w_hh.T).chunk(4, 1)  # each (N, H)
        here = ((starts <= t) & (t < stops))[:, None].to(x.device)  # (N, 1)
        c = torch.where(here, values, f.sigmoid()) * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
    return h


def _chosen(tried: Sequence[WhatIf], answer: int, most: int) -> list[WhatIf]:
    """The best of each kind: first what changes the answer (clearly, then by the shortest span), then what moves it."""

    def worth(one: WhatIf) -> tuple[bool, bool, float]:
        other = one.answer != answer
        return other, other and one.probability >= 0.5, one.start - one.stop if other else one.moved

    best: dict[tuple[str | None, float | None], WhatIf] = {}
    for one in tried:
        if one.moved >= WORTH and (one.kind not in best or worth(one) > worth(best[one.kind])):
            best[one.kind] = one
    return sorted(best.values(), key=lambda one: (one.answer == answer, -one.moved))[:most]
