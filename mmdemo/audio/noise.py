"""How loud the speech in a recording is, and noise laid over it: for training, evaluation and the page."""

from __future__ import annotations

from collections.abc import Sequence

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


SNR = (0.0, 30.0)  # dB, from as loud as the speech to hardly heard
VOICES = 6  # that babble is made of


def worsen_sound(
    samples: NDArray[np.float32],
    snr_db: float | None,
    kind: str = "pink",
    seed: int = 0,
    voices: Sequence[NDArray[np.float32]] = (),
) -> NDArray[np.float32]:
    """Noise behind a recording.

    Args:
        samples: (n,) mono, at ``SAMPLE_RATE``.
        snr_db: how far the noise lies below the loud parts of the recording, which are the speech: silence around it
            does not change what the figure means (see ``loud_part``). None for no noise.
        kind: ``"pink"``, which falls by 3 dB an octave as most rooms' noise does; ``"white"``, ``"brown"``; or
            ``"babble"``, many people speaking at once.
        seed: where the noise comes from.
        voices: for babble, recordings of speech, each (m,) at ``SAMPLE_RATE``.

    Returns:
        (n,), not clipped. A recording of silence stays silent.

    Raises:
        ValueError: there is no such kind, or babble without voices.
    """
    if snr_db is None or not len(samples):
        return samples
    rng = np.random.default_rng(seed)
    if kind != "babble":
        return add_noise(samples, snr_db, rng, kind)
    noise = babble(voices, len(samples), rng)
    gain = loud_part(samples) / max(float(noise.std()), 1e-12) * 10 ** (-snr_db / 20)
    return (samples + gain * noise).astype(np.float32)


def babble(voices: Sequence[NDArray[np.float32]], length: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Many people speaking at once: ``VOICES`` streams of shuffled recordings, all equally loud, summed.

    Args:
        voices: recordings of speech, at ``SAMPLE_RATE``.
        length: of what is wanted, in samples.
        rng: shuffles them.

    Raises:
        ValueError: none of the voices can be heard.
    """
    equal = [voice / loud for voice in voices if (loud := loud_part(voice))]
    if not equal:
        raise ValueError("babble needs recordings in which something can be heard")
    total = np.zeros(length)
    for _ in range(VOICES):
        stream: list[NDArray] = []
        while sum(map(len, stream)) < 2 * length:  # twice, so that it may begin in the middle of a word
            stream += [equal[k] for k in rng.permutation(len(equal))]
        start = rng.integers(length)
        total += np.concatenate(stream)[start : start + length]
    return total
