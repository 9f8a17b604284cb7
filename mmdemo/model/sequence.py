"""Several modalities on one time axis: join the steps of each sample in any order, and know which step is whose.

Sequences of different lengths are padded at their end only, so a unidirectional LSTM reads a sample in a batch exactly
as it reads it alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from mmdemo.config import MODALITIES


@dataclass(frozen=True)
class Batch:
    """The inputs of B samples, each with whichever modalities it has. A length of 0 means that one is absent.

    Attributes:
        text: each token's ids, shape (B, T_text, K).
        image: normalised squares, shape (B, size, size), 0 to 1.
        audio: outputs of the speech stem, and how it sounds where a task asks for that, shape (B, T_audio, size).
        lengths: steps of each modality, in the order of ``MODALITIES``, shape (B, 3).
        order: the order in which the modalities are read, as indices into ``MODALITIES``, shape (B, 3).
    """

    text: Tensor
    image: Tensor
    audio: Tensor
    lengths: Tensor
    order: Tensor

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on another device."""
        return Batch(*(tensor.to(device) for tensor in vars(self).values()))


@dataclass(frozen=True)
class Steps:
    """Joined sequences.

    Attributes:
        x: the steps, zero after each sample's end, shape (B, T, S).
        lengths: steps of each sample, shape (B,).
        starts: where each modality begins on the joined axis, in the order of ``MODALITIES``, shape (B, 3).
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


def collate(
    texts: Sequence[np.ndarray | None],
    images: Sequence[np.ndarray | None],
    audios: Sequence[np.ndarray | Tensor | None],
    orders: Sequence[Sequence[str]],
    *,
    ids_per_token: int,
    image_size: int,
    slices: int,
    audio_size: int,
) -> Batch:
    """Pad single samples into a batch; ``None`` marks an absent modality.

    Args:
        texts: ids, each (T, K).
        images: squares, each (size, size).
        audios: what the model gets of each sound, (T, audio_size).
        orders: names of all modalities in the order of reading, absent ones included.
        ids_per_token: K.
        image_size: height and width of a square in pixels.
        slices: steps of a picture.
        audio_size: numbers per step of a sound.
    """

    def padded(samples: Sequence[np.ndarray | Tensor | None], width: int, dtype: torch.dtype) -> Tensor:
        empty = torch.zeros(0, width, dtype=dtype)
        tensors = [empty if s is None else torch.as_tensor(s).to(dtype) for s in samples]
        return pad_sequence(tensors, batch_first=True)

    blank = np.zeros((image_size, image_size), np.float32)
    lengths = [
        [0 if t is None else len(t), 0 if i is None else slices, 0 if a is None else len(a)]
        for t, i, a in zip(texts, images, audios, strict=True)
    ]
    return Batch(
        text=padded(texts, ids_per_token, torch.long),
        image=torch.from_numpy(np.stack([blank if i is None else i for i in images]).astype(np.float32)),
        audio=padded(audios, audio_size, torch.float32),
        lengths=torch.tensor(lengths),
        order=torch.tensor([[MODALITIES.index(name) for name in order] for order in orders]),
    )
