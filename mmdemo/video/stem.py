"""From the lips and the voice of each 80 ms to two steps of the LSTM, one after the other."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmdemo.audio.speech_embedding import SIZE
from mmdemo.audio.stem import SPEECH_SPREAD
from mmdemo.config import VideoConfig
from mmdemo.modality import Stem
from mmdemo.video.reader import FRAMES, SHAPE, VOICE

SHARPNESS = 10.0  # at the beginning: by which cosines of -1 to 1 are multiplied to be log-odds
ALIKE = 0.2  # of the target: what the moments beside the right one get, since lips and voice are as good as there


class VideoStem(Stem):
    """Two small networks, which make numbers of the lips and of the voice that can be compared.

    The lips' network sees two pictures and how each differs from the one before; the voice's, a speech embedding that
    was trained elsewhere and the loudness. Of each step of the LSTM, the last number says which of the two it is.
    """

    teaches_itself = True

    def __init__(self, config: VideoConfig, embedding_dim: int) -> None:
        super().__init__()
        size = embedding_dim - 1
        self.lips = _small(2 * SHAPE, config.channels, size, config.dropout)
        self.voice = _small(VOICE, config.channels, size, config.dropout)
        self.sharpness = nn.Parameter(torch.tensor(SHARPNESS).log())

    def forward(self, batch: Tensor, lengths: Tensor) -> Tensor:
        """(B, T, SHAPE + VOICE) -> (B, 2 T, S): lips, voice, lips, voice, ..."""
        lips, voice = self.both(batch)
        flag = lips.new_ones(*lips.shape[:2], 1)
        steps = torch.stack([torch.cat([lips, flag], 2), torch.cat([voice, -flag], 2)], 2)  # (B, T, 2, S)
        return steps.flatten(1, 2)

    def both(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, SHAPE + VOICE) -> lips and voice, (B, T, S - 1) each."""
        shapes, voice = batch.split([SHAPE, VOICE], dim=2)
        frames = shapes.unflatten(2, (FRAMES, -1)).flatten(1, 2)  # (B, 2 T, SHAPE / 2)
        moved = F.pad(frames.diff(dim=1), (0, 0, min(1, frames.shape[1]), 0))  # nothing has moved before the first
        moved = moved.unflatten(1, (-1, FRAMES)).flatten(2) if len(moved[0]) else shapes
        said, loud = voice.split([SIZE, VOICE - SIZE], dim=2)
        return self.lips(torch.cat([shapes, 2 * moved], 2)), self.voice(torch.cat([said / SPEECH_SPREAD, loud], 2))

    def own_loss(self, batch: Tensor, lengths: Tensor, labels: Tensor) -> Tensor:
        """How badly the lips of each moment are told from the voices of the others in the same video (InfoNCE).

        van den Oord et al. 2018, arXiv 1807.03748, in both directions. Only videos of the first class, in sync, count.

        Args:
            batch: (B, T, SHAPE + VOICE).
            lengths: steps of the LSTM, (B,).
            labels: (B,).
        """
        synced = labels == 0
        if not synced.any():
            return batch.sum() * 0
        lips, voice = (F.normalize(part, dim=2) for part in self.both(batch[synced]))
        alike = self.sharpness.exp() * lips @ voice.transpose(1, 2)  # (b, T, T)
        count = alike.shape[1]
        real = torch.arange(count, device=alike.device) < lengths[synced, None] // 2  # (b, T)
        near = torch.eye(count, device=alike.device)
        near = near + ALIKE * (torch.diag(near.new_ones(count - 1), 1) + torch.diag(near.new_ones(count - 1), -1))
        near = near * real[:, None] * real[:, :, None]  # (b, T, T)
        losses = []
        for scores, wanted in ((alike, near), (alike.transpose(1, 2), near.transpose(1, 2))):
            known = scores.masked_fill(~real[:, None], -1e4).log_softmax(2)
            wanted = wanted / wanted.sum(2, keepdim=True).clamp(min=1e-6)
            losses.append(-(wanted * known).sum(2)[real].mean())
        return (losses[0] + losses[1]) / 2


def _small(given: int, hidden: int, made: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Dropout(dropout / 2), nn.Linear(given, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, made)
    )
