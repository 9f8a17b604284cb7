"""The sound's stem: a speech embedding that was trained elsewhere, as a small convolutional network.

It is Google's *speech embedding* (Lin, Kilgour, Roblek, Sharifi: Training keyword spotters with limited and
synthesized speech data, 2020, arXiv 2002.01322; Apache 2.0). It has heard far more voices than we could train on, so it
is what lets the LSTM understand a stranger. The weights in ``assets/speech_embedding.safetensors`` are made by
``tools/port_speech_embedding.py``; ``assets/README.md`` credits them.

No layer pads in time and every pooling starts at the first frame. So one pass over a whole spectrogram gives exactly
what the original gives for windows of 76 frames, 8 frames apart, without computing again and again what they share.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from mmdemo.resources import ASSETS

WEIGHTS = ASSETS / "speech_embedding.safetensors"

BANDS = 32  # mel bands of the spectrogram
WINDOW = 76  # frames that one step sees: 0.76 s
STRIDE = 8  # frames from one step to the next: 80 ms
SIZE = 96  # numbers per step

BLOCKS = (  # (channels, frames to pool over); a block ends by halving the bands: 32 -> 16 -> 8 -> 4 -> 2 -> 1
    ((24,), 2),
    ((48, 48), 1),
    ((72, 72), 2),
    ((96, 96), 1),
    ((96, 96), 2),
)


def activation(x: Tensor) -> Tensor:
    """A leaky rectifier that never falls below -0.4; it overwrites its input where no gradient needs that."""
    if x.requires_grad:
        return F.leaky_relu(x, 0.2).clamp(min=-0.4)
    return F.leaky_relu_(x, 0.2).clamp_(min=-0.4)


def convolve(layer: nn.Conv2d, x: Tensor) -> Tensor:
    """A convolution with the channels of each number side by side, which on a CPU takes half of the time."""
    weight = layer.weight
    if x.device.type == "cpu":
        weight = weight.contiguous(memory_format=torch.channels_last)  # a checkpoint keeps them in the usual order
    return F.conv2d(x, weight, layer.bias, padding=layer.padding)


class SpeechEmbedding(nn.Module):
    """Turns a log-mel spectrogram into steps of 96 numbers, one every 80 ms, each seeing 0.76 s.

    The original's batch norms are folded into the convolutions, but for the first one, which comes after a rectifier
    and stays as a ``scale`` and a ``shift``. The convolutions of the blocks alternate: across bands (1 x 3), then along
    time (3 x 1).
    """

    def __init__(self) -> None:
        super().__init__()
        channels = BLOCKS[0][0][0]
        self.first = nn.Conv2d(1, channels, 3, padding=(0, 1), bias=False)
        self.scale = nn.Parameter(torch.ones(channels, 1, 1))
        self.shift = nn.Parameter(torch.zeros(channels, 1, 1))
        self.blocks = nn.ModuleList()
        for widths, _ in BLOCKS:
            block = nn.ModuleList()
            for width in widths:
                block.append(nn.Conv2d(channels, width, (1, 3), padding=(0, 1)))
                block.append(nn.Conv2d(width, width, (3, 1)))
                channels = width
            self.blocks.append(block)
        self.last = nn.Conv2d(channels, SIZE, (3, 1), bias=False)

    @classmethod
    def pretrained(cls, path: str | Path = WEIGHTS) -> SpeechEmbedding:
        """The stem with its trained weights, in evaluation mode."""
        stem = cls()
        stem.load_state_dict(load_file(path))
        return stem.eval()

    def forward(self, x: Tensor) -> Tensor:
        """Embed a batch of spectrograms.

        A spectrogram that is padded at its end has the same first steps as without the padding.

        Args:
            x: (B, F, 32), ``dB / 10 + 2`` as :mod:`mmdemo.audio.reader` makes it; F is at least 76.

        Returns:
            (B, T, 96) with T = :func:`steps` (F).

        Raises:
            ValueError: the spectrogram has another shape or is too short for one step.
        """
        if x.ndim != 3 or x.shape[1] < WINDOW or x.shape[2] != BANDS:
            raise ValueError(f"expected (batch, at least {WINDOW} frames, {BANDS} bands), got {tuple(x.shape)}")
        x = x.unsqueeze(1)  # (B, 1, F, 32)
        if x.device.type == "cpu":
            x = x.contiguous(memory_format=torch.channels_last)
        x = activation(F.relu(convolve(self.first, x)) * self.scale + self.shift)  # (B, 24, F - 2, 32)
        for block, (_, pool) in zip(self.blocks, BLOCKS, strict=True):
            for convolution in block:
                x = activation(convolve(convolution, x))
            x = F.max_pool2d(x, (pool, 2))
        return convolve(self.last, x).squeeze(3).transpose(1, 2)  # (B, 96, T, 1) -> (B, T, 96)


@lru_cache
def speech() -> SpeechEmbedding:
    """The stem with its trained weights, loaded once for all that read sounds."""
    return SpeechEmbedding.pretrained()


def steps(frames: int) -> int:
    """How many steps the stem makes of a spectrogram: one per whole window of 76 frames, 8 frames apart."""
    return max(0, (frames - WINDOW) // STRIDE + 1)
