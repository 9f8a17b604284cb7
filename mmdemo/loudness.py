"""How loud the speech in a recording is, and steady noise laid over it: for training, evaluation and the page."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mmdemo.config import SAMPLE_RATE

Samples = NDArray[np.float32]

NOISES = {"white": 0.0, "pink": 0.5, "brown": 1.0}  # how fast the amplitude falls with frequency: f ** -exponent


def add_noise(samples: Samples, snr_db: float, rng: Generator, kind: str = "pink") -> Samples:
    """Lay steady noise over a recording.

    Args:
        samples: (n,) mono.
        snr_db: how far the noise lies below the recording's loud parts (the louder half of its 20 ms pieces), so that
            silence around the speech does not change what the figure means.
        rng: where the noise comes from.
        kind: one of :data:`NOISES`.

    Returns:
        (n,); nothing is clipped. A recording of silence stays silent.
    """
    if not len(samples):
        return samples
    spectrum = np.fft.rfft(rng.standard_normal(len(samples)))
    frequencies = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    noise = np.fft.irfft(spectrum * np.maximum(frequencies, 50.0) ** -NOISES[kind], len(samples))
    return (samples + noise * loud_part(samples) / max(noise.std(), 1e-12) * 10 ** (-snr_db / 20)).astype(np.float32)


def loud_part(samples: Samples) -> float:
    """Root mean square of the louder half of the 20 ms pieces that are within 40 dB of the loudest."""
    size = SAMPLE_RATE // 50
    pieces = np.pad(samples, (0, -len(samples) % size)).reshape(-1, size).astype(np.float64)
    power = np.square(pieces).mean(axis=1)
    if not power.any():
        return 0.0
    heard = power[power >= power.max() * 1e-4]
    return float(np.sqrt(heard[heard >= np.median(heard)].mean()))
