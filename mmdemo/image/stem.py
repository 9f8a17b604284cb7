"""From a square to the LSTM's steps: convolutional networks that keep the width as time."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from mmdemo.config import ImageConfig
from mmdemo.image.sync_batchnorm import SyncBatchNorm2d, several
from mmdemo.modality import Stem

HEIGHT = 3  # rows of a residual stem's last map: brows and eyes, nose, mouth


class PictureStem(Stem):
    """What both networks share: a sample without a picture has no part in the work, nor in any batch's statistics."""

    slices: int
    embedding_dim: int

    def forward(self, squares: Tensor, lengths: Tensor) -> Tensor:
        """(B, size, size) -> (B, slices, S)."""
        shown = lengths > 0
        if not shown.any() and not (self.training and several()):  # the norms of others wait for those of this process
            return squares.new_zeros(len(squares), self.slices, self.embedding_dim)
        columns = self.columns(squares[shown])  # (n, slices, S)
        steps = columns.new_zeros(len(squares), *columns.shape[1:])
        steps[shown] = columns
        return steps

    def columns(self, squares: Tensor) -> Tensor:
        """(n, size, size) -> (n, slices, S)."""
        squares = squares[:, None].contiguous(memory_format=torch.channels_last)  # twice as fast on a CPU
        return self.column(self.features(squares)).squeeze(2).transpose(1, 2)

    def shrunk(self, batch: Tensor, size: int) -> Tensor:
        """The squares at another size, (B, size, size)."""
        return nn.functional.interpolate(batch[:, None], size=(size, size), mode="bilinear", antialias=True)[:, 0]


class ImageStem(PictureStem):
    """A small convolutional network that keeps the width as time: each column of its last map is one step."""

    def __init__(self, config: ImageConfig, embedding_dim: int) -> None:
        super().__init__()
        self.slices, self.embedding_dim = config.slices, embedding_dim

        def convolution(inputs: int, outputs: int) -> list[nn.Module]:
            return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), SyncBatchNorm2d(outputs), nn.ReLU()]

        self.features = nn.Sequential(
            *convolution(1, 16),
            *convolution(16, 32),
            nn.MaxPool2d((2, config.size // config.slices)),  # (32, size / 2, slices)
            *convolution(32, 64),
            nn.MaxPool2d((2, 1)),  # (64, size / 4, slices)
            *convolution(64, 64),
        )
        self.column = nn.Conv2d(64, embedding_dim, (config.size // 4, 1))  # the whole height at once


class ResidualBlock(nn.Module):
    """Two convolutions beside a way past them (He et al. 2016, Deep Residual Learning for Image Recognition)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.changes = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
            SyncBatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            SyncBatchNorm2d(outputs),
        )
        self.past = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H, W)."""
        return torch.relu(self.changes(maps) + self.past(maps))


class ResidualStem(PictureStem):
    """A deeper network, for hands of all kinds, and faces. Each column of its last map is one step here, too.

    Every picture is first brought to mean 0 and spread 1, so that the light does not matter. Between its stages the
    height is halved; so is the width, until it has as many columns as there are slices. A face means the same in the
    mirror, so once it is trained, each step is the mean of both readings.
    """

    def __init__(self, config: ImageConfig, embedding_dim: int) -> None:
        super().__init__()
        self.slices, self.embedding_dim = config.slices, embedding_dim
        self.mirrored = config.subject == "face"
        first, width = config.channels[0], config.size // 2
        layers = [nn.InstanceNorm2d(1), nn.Conv2d(1, first, 5, stride=2, padding=2, bias=False)]
        layers += [SyncBatchNorm2d(first), nn.ReLU()]
        for inputs, outputs in pairwise(config.channels):
            layers.append(ResidualBlock(inputs, outputs))
            across = 2 if width > config.slices else 1
            layers.append(nn.MaxPool2d((2, across)))
            width //= across
        self.features = nn.Sequential(*layers[:-1], nn.AdaptiveAvgPool2d((HEIGHT, None)))
        self.column = nn.Conv2d(config.channels[-1], embedding_dim, (HEIGHT, 1))

    def columns(self, squares: Tensor) -> Tensor:
        """(n, size, size) -> (n, slices, S)."""
        plain = super().columns(squares)
        if self.training or not self.mirrored:
            return plain
        return (plain + super().columns(squares.flip(2)).flip(1)) / 2
