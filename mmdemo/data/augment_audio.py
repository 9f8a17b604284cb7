"""Other voices, rooms and microphones from the same recordings, for training.

What is drawn at random is drawn from the generator that is passed in, so that a seed gives the same sounds again; the
sound itself is made by audiomentations, each transform with its range narrowed to the value that was drawn.
"""

from __future__ import annotations

import numpy as np
import soxr
from numpy.random import Generator

from mmdemo.config import SAMPLE_RATE
from mmdemo.loudness import NOISES, Samples, add_noise

SPEED = 0.15  # largest change of pitch and tempo together: longer or shorter throats
TEMPO = 0.15  # largest change of tempo alone
SEMITONES = 2.0  # largest change of pitch alone


def vary_voice(samples: Samples, rng: Generator, strength: float = 1.0) -> Samples:
    """The same words by another voice, in another room, with another microphone.

    Speed, pitch and tempo change by up to 15 % or two semitones; then, each only sometimes: an echo, a tilted or narrow
    band, ends cut off or padded, noise, and distortion by a level that is too high.

    Args:
        samples: (n,) mono, 16 kHz.
        rng: where all choices come from.
        strength: scales how far voices move; 0 leaves the voice and changes only room and microphone.

    Returns:
        (m,) in -1..1; m differs from n.
    """
    samples = samples / max(np.abs(samples).max(initial=0.0), 1e-9)
    samples = other_ends(other_band(echo(other_speaker(samples, rng, strength), rng), rng), rng)
    if rng.random() < 0.7:
        samples = add_noise(samples, rng.uniform(5, 40), rng, rng.choice(list(NOISES)))
    gain = rng.uniform(0.1, 1.0) if rng.random() < 0.8 else rng.uniform(1.0, 4.0)  # seldom too loud
    return np.clip(samples * gain / max(np.abs(samples).max(initial=0.0), 1e-9), -1, 1).astype(np.float32)


def other_speaker(samples: Samples, rng: Generator, strength: float = 1.0) -> Samples:
    """Change speed (and with it pitch and formants), then half of the time pitch, and half of the time tempo."""
    import audiomentations as am

    samples = soxr.resample(samples, SAMPLE_RATE, SAMPLE_RATE * (1 + rng.uniform(-SPEED, SPEED) * strength))
    if rng.random() < 0.5:
        semitones = rng.uniform(-SEMITONES, SEMITONES) * strength
        samples = am.PitchShift(semitones, semitones, p=1.0)(samples.astype(np.float32), SAMPLE_RATE)
    if rng.random() < 0.5:
        rate = 1 + rng.uniform(-TEMPO, TEMPO) * strength
        samples = am.TimeStretch(rate, rate, leave_length_unchanged=False, p=1.0)(samples, SAMPLE_RATE)
    return samples.astype(np.float32)


def echo(samples: Samples, rng: Generator) -> Samples:
    """A third of the time, a small room: an impulse and noise that dies away within 0.1 to 0.5 s."""
    if rng.random() > 0.33:
        return samples
    from scipy.signal import fftconvolve

    duration = rng.uniform(0.1, 0.5)  # s, until the echo is 60 dB down
    times = np.arange(int(duration * SAMPLE_RATE)) / SAMPLE_RATE
    tail = rng.standard_normal(len(times)) * 10 ** (-3 * times / duration)
    tail *= 10 ** (rng.uniform(-20, -3) / 20) / np.sqrt(np.square(tail).sum())  # dB of the echo under the voice
    tail[0] = 1.0
    return fftconvolve(samples, tail).astype(np.float32)


def other_band(samples: Samples, rng: Generator) -> Samples:
    """Half of the time, another microphone: treble and bass louder or softer, or a narrow band."""
    import audiomentations as am

    if rng.random() < 0.5:
        for shelf, frequency in (
            (am.LowShelfFilter, rng.uniform(100, 600)),
            (am.HighShelfFilter, rng.uniform(1000, 3000)),
        ):
            gain = rng.uniform(-12, 12)
            samples = shelf(frequency, frequency, gain, gain, 0.7, 0.7, p=1.0)(samples, SAMPLE_RATE)
    if rng.random() < 0.2:
        cutoff = rng.uniform(150, 400)
        samples = am.HighPassFilter(cutoff, cutoff, 12, 12, p=1.0)(samples, SAMPLE_RATE)
    if rng.random() < 0.2:
        cutoff = rng.uniform(2000, 3500)
        samples = am.LowPassFilter(cutoff, cutoff, 12, 12, p=1.0)(samples, SAMPLE_RATE)
    return samples


def other_ends(samples: Samples, rng: Generator) -> Samples:
    """Cut up to 40 ms off either end or lay up to half a second of silence there."""
    for _ in range(2):  # the second time round on the other end
        samples = samples[::-1]
        length = int(rng.uniform(0, 0.04) * SAMPLE_RATE)
        if rng.random() < 0.5:
            samples = np.concatenate([np.zeros(int(rng.uniform(0, 0.5) * SAMPLE_RATE), np.float32), samples])
        elif len(samples) > 8 * length:
            samples = samples[length:]
    return np.ascontiguousarray(samples)
