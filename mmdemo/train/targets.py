"""What every step is taught to answer: the evidence that a reader who stops there has seen.

Each modality gives, step by step, a weight in [0, 1] for one class. Text gets it from its grammar ("three, no wait" is
nothing any more), a picture and a sound ramp up as they are read. The target after step t adds up what the finished
modalities and the current one have said so far; what they leave open is shared by all classes. So agreement stays
certain, a contradiction is shared between what was said and what was shown, and before any evidence it is uniform.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from mmdemo.modality import StepTarget
from mmdemo.model.sequence import join


def joined(before: StepTarget, after: StepTarget, steps: int) -> StepTarget:
    """What two inputs of one modality say one after the other, of which one says nothing; the first steps of it.

    Args:
        before: what comes first; what it said at its end goes on holding.
        after: what comes next.
        steps: how many to keep.
    """
    held = before.weight[-1] if len(before.weight) else 0.0
    if held:
        after = StepTarget(np.full_like(after.label, before.label[-1]), np.full_like(after.weight, held))
    return StepTarget(
        np.concatenate([before.label, after.label])[:steps], np.concatenate([before.weight, after.weight])[:steps]
    )


def targets(evidence: Sequence[Sequence[StepTarget | None]], lengths: Tensor, order: Tensor, classes: int) -> Tensor:
    """A distribution to teach at every step of the joined axis.

    Args:
        evidence: for each modality, each of the B samples' evidence; ``None`` where the modality is absent.
        lengths: steps of each modality, shape (B, M), as in ``Batch``.
        order: the order of reading, shape (B, M), as in ``Batch``.
        classes: C.

    Returns:
        Distributions, shape (B, T, C); rows beyond a sample's end mean nothing.
    """
    curves, finals = [], []
    for samples in evidence:
        rows = [torch.zeros(0, classes) if e is None else _vectors(e, classes) for e in samples]
        curves.append(pad_sequence(rows, batch_first=True))  # (B, T_m, C)
        finals.append(torch.stack([row[-1] if len(row) else torch.zeros(classes) for row in rows]))  # (B, C)
    joined = join(curves, lengths, order)
    total = joined.x
    time = torch.arange(total.shape[1])
    for m, final in enumerate(finals):
        over = time >= (joined.starts[:, m] + lengths[:, m])[:, None]  # (B, T)
        total = total + over[..., None] * final[:, None]
    spoken = total.sum(-1, keepdim=True)
    return total / spoken.clamp(min=1) + (1 - spoken).clamp(min=0) / classes


def _vectors(evidence: StepTarget, classes: int) -> Tensor:
    """(T,) labels and weights -> (T, C)."""
    hot = torch.nn.functional.one_hot(torch.from_numpy(evidence.label), classes)
    return hot * torch.from_numpy(evidence.weight)[:, None]
