"""Several modalities on one time axis: join the steps of each sample in any order, and know which step is whose.

Sequences of different lengths are padded at their end only, so a unidirectional LSTM reads a sample in a batch exactly
as it reads it alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mmdemo.config import ModelConfig
from mmdemo.modality import Item
from mmdemo.model.modalities import SENSES


@dataclass(frozen=True)
class Batch:
    """The inputs of B samples, each with whichever modalities it has. A length of 0 means that one is absent.

    Attributes:
        inputs: for each of the task's M modalities what its stem takes: see ``Modality.collate``.
        lengths: steps of each modality, in the order of ``ModelConfig.modalities``, shape (B, M).
        order: the order in which the modalities are read, as indices into those, shape (B, M).
    """

    inputs: Mapping[str, Any]
    lengths: Tensor
    order: Tensor

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on another device."""
        inputs = {modality: given.to(device) for modality, given in self.inputs.items()}
        return Batch(inputs, self.lengths.to(device), self.order.to(device))


@dataclass(frozen=True)
class Steps:
    """Joined sequences.

    Attributes:
        x: the steps, zero after each sample's end, shape (B, T, S).
        lengths: steps of each sample, shape (B,).
        starts: where each modality begins on the joined axis, in the order of ``ModelConfig.modalities``, (B, M).
    """

    x: Tensor
    lengths: Tensor
    starts: Tensor

    @property
    def mask(self) -> Tensor:
        """True where a step is real, shape (B, T)."""
        return torch.arange(self.x.shape[1], device=self.x.device) < self.lengths[:, None]

    def last(self, values: Tensor) -> Tensor:
        """Each sample's entry at its last step: (B, T, C) -> (B, C)."""
        return values[torch.arange(len(values), device=values.device), (self.lengths - 1).clamp(min=0)]


def join(parts: Sequence[Tensor], lengths: Tensor, order: Tensor) -> Steps:
    """Put the steps of every modality of every sample one after the other.

    Args:
        parts: for each modality its steps, padded at the end, shape (B, T_m, S).
        lengths: how many of them are real, shape (B, M); 0 where the modality is absent.
        order: the order of reading, as indices into ``parts``, shape (B, M).

    Returns:
        The joined ``Steps``; a gap is never left for an absent modality.
    """
    in_order = lengths.gather(1, order)
    starts = torch.zeros_like(lengths).scatter(1, order, in_order.cumsum(1) - in_order)  # (B, M)
    totals = lengths.sum(1)
    x = parts[0].new_zeros(len(lengths), int(totals.max()), parts[0].shape[2])  # (B, T, S)
    for m, part in enumerate(parts):
        real = torch.arange(part.shape[1], device=part.device) < lengths[:, m, None]  # (B, T_m)
        sample, step = real.nonzero(as_tuple=True)
        x[sample, starts[sample, m] + step] = part[sample, step].to(x.dtype)
    return Steps(x, totals, starts)


def collate(samples: Sequence[Mapping[str, Item]], orders: Sequence[Sequence[str]], config: ModelConfig) -> Batch:
    """Pad single samples into a batch.

    Args:
        samples: the items of each sample's modalities; one that is absent is left out.
        orders: names of all modalities in the order of reading, absent ones included.
        config: the task.
    """
    inputs, lengths = {}, []
    for modality in config.modalities:
        sense, items = SENSES[modality], [sample.get(modality) for sample in samples]
        inputs[modality] = sense.collate(items, config.of(modality))
        lengths.append([0 if item is None else sense.steps(item, config.of(modality)) for item in items])
    places = {modality: m for m, modality in enumerate(config.modalities)}
    order = torch.tensor([[places[modality] for modality in order] for order in orders])
    return Batch(inputs, torch.tensor(lengths).T.contiguous(), order)
