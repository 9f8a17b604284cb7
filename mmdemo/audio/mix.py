"""Several channels as one, so that none cancels another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Channels:
    """What the channels of a recording have in common, gathered piece by piece.

    A plain mean of two channels that swing against each other (one of them wired the wrong way round, or a widened
    stereo picture) is silence. So each channel is turned over that does so against the loudest one.

    Args:
        count: C, of channels.
    """

    def __init__(self, count: int) -> None:
        self.frames = 0
        self.sums = np.zeros(count)  # (C,)
        self.products = np.zeros((count, count))  # (C, C)

    def add(self, piece: NDArray) -> None:
        """Take in a piece of the recording, (n, C)."""
        piece = piece.astype(np.float64)
        self.frames += len(piece)
        self.sums += piece.sum(axis=0)
        self.products += piece.T @ piece

    @property
    def weights(self) -> NDArray[np.float64]:
        """By which the channels are multiplied and then added, (C,): one C-th each, or less than nothing."""
        means = self.sums / max(self.frames, 1)
        covariance = self.products / max(self.frames, 1) - np.outer(means, means)  # (C, C)
        loudest = int(np.diag(covariance).argmax())
        return np.where(covariance[loudest] < 0, -1.0, 1.0) / len(means)


def finite(samples: NDArray) -> NDArray:
    """The same with silence in the place of what is no number."""
    return np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)


def to_mono(samples: NDArray) -> NDArray:
    """A recording with its channels mixed, (n, C) -> (n,); one without channels, (n,), as it is."""
    samples = finite(samples)
    if samples.ndim == 1:
        return samples
    channels = Channels(samples.shape[1])
    channels.add(samples)
    return samples @ channels.weights.astype(samples.dtype)
