"""Computed sounds that are no speech: noise, hum, clicks, drums, music, coughs, whistles, a crowd.

They are out-of-distribution inputs. The kinds in the validation and test splits occur in no other split.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, sosfilt

from mmdemo.config import SAMPLE_RATE

Samples = NDArray[np.float32]

CLATTER = {
    "train": ("noise", "hum", "clicks", "chords", "cough", "whistle"),
    "validation": ("knocks", "arpeggio"),
    "test": ("drums", "melody", "bursts", "sweep"),
}
SECONDS = (0.3, 2.0)


def clatter(kind: str, rng: Generator) -> Samples:
    """A sound of a kind.

    Args:
        kind: one of those in ``CLATTER``.
        rng: the only source of chance.

    Returns:
        float32 (n,) at ``SAMPLE_RATE``, 0.3 to 2 s, over a faint noise.

    Raises:
        KeyError: there is no such kind.
    """
    make = {
        "noise": _noise,
        "hum": _hum,
        "clicks": _clicks,
        "knocks": _knocks,
        "chords": _chords,
        "arpeggio": _arpeggio,
        "melody": _melody,
        "drums": _drums,
        "cough": _cough,
        "whistle": _whistle,
        "bursts": _bursts,
        "sweep": _sweep,
    }[kind]
    sound = make(round(rng.uniform(*SECONDS) * SAMPLE_RATE), rng)
    sound = sound / max(np.abs(sound).max(), 1e-9)
    return (sound + 10 ** rng.uniform(-4, -2.5) * rng.standard_normal(len(sound))).astype(np.float32)


def coloured(length: int, exponent: float, rng: Generator) -> NDArray[np.float64]:
    """Noise whose amplitude falls with frequency as f ** -exponent: 0 is white, 0.5 pink, 1 brown; peak 1."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    noise = np.fft.irfft(spectrum * np.maximum(np.fft.rfftfreq(length, 1 / SAMPLE_RATE), 40.0) ** -exponent, length)
    return noise / np.abs(noise).max()


def _time(length: int) -> NDArray[np.float64]:
    return np.arange(length) / SAMPLE_RATE


def _swell(length: int, attack: float, decay: float) -> NDArray[np.float64]:
    """From nothing to 1 in ``attack`` seconds, then halved every ``decay`` seconds."""
    t = _time(length)
    return np.minimum(t / attack, 1) * 0.5 ** (np.maximum(t - attack, 0) / decay)


def _band(sound: NDArray, low: float, high: float) -> NDArray[np.float64]:
    return sosfilt(butter(2, (low, high), "bandpass", fs=SAMPLE_RATE, output="sos"), sound)


def _tone(length: int, hertz: float, rng: Generator, partials: int) -> NDArray[np.float64]:
    """A tone with overtones, each with its own share."""
    t = _time(length)
    shares = rng.uniform(0.2, 1, partials) / np.arange(1, partials + 1)
    return sum(share * np.sin(2 * np.pi * hertz * (k + 1) * t) for k, share in enumerate(shares))


def _pitch(rng: Generator, low: int = 45, high: int = 80) -> float:
    """Of a key of the piano, in Hz."""
    return 440 * 2 ** ((int(rng.integers(low, high)) - 69) / 12)


def _place(length: int, events: int, make: object, rng: Generator) -> NDArray[np.float64]:
    """So many short sounds, each made by ``make()``, at random moments."""
    total = np.zeros(length)
    for start in rng.integers(0, max(length - SAMPLE_RATE // 10, 1), events):
        sound = make()[: length - start]
        total[start : start + len(sound)] += sound
    return total


def _noise(length: int, rng: Generator) -> NDArray[np.float64]:
    """A rush of air: noise of any colour that comes and goes."""
    slow = np.interp(np.arange(length), np.linspace(0, length, 6), rng.uniform(0.05, 1, 6))
    return coloured(length, rng.uniform(0, 1), rng) * slow


def _bursts(length: int, rng: Generator) -> NDArray[np.float64]:
    """Short rushes in narrow bands: a hiss, a tap, a tyre."""

    def burst() -> NDArray:
        middle = rng.uniform(300, 5000)
        sound = _band(rng.standard_normal(SAMPLE_RATE // 2), middle * 0.7, middle * 1.4)
        return sound * _swell(len(sound), rng.uniform(0.005, 0.1), rng.uniform(0.02, 0.1))

    return _place(length, int(rng.integers(1, 5)), burst, rng)


def _hum(length: int, rng: Generator) -> NDArray[np.float64]:
    """The mains, or a fan: odd overtones that waver."""
    t, mains = _time(length), rng.choice([50, 60, 100, 120]) * rng.uniform(0.98, 1.02)
    waver = 1 + rng.uniform(0, 0.6) * np.sin(2 * np.pi * rng.uniform(1, 8) * t)
    return waver * sum(np.sin(2 * np.pi * mains * k * t) / k ** rng.uniform(0.3, 1) for k in range(1, 24, 2))


def _clicks(length: int, rng: Generator) -> NDArray[np.float64]:
    """Keys being typed."""

    def click() -> NDArray:
        return rng.standard_normal(800) * _swell(800, 0.0005, rng.uniform(0.001, 0.008))

    return _place(length, int(rng.integers(2, 14)), click, rng)


def _knocks(length: int, rng: Generator) -> NDArray[np.float64]:
    """Knuckles on wood: two damped tones."""
    hertz = rng.uniform(120, 500)

    def knock() -> NDArray:
        sound = _tone(3200, hertz * rng.uniform(0.97, 1.03), rng, 2) + 0.3 * rng.standard_normal(3200)
        return sound * _swell(3200, 0.001, rng.uniform(0.01, 0.03))

    return _place(length, int(rng.integers(2, 6)), knock, rng)


def _chords(length: int, rng: Generator) -> NDArray[np.float64]:
    """Three or four tones at once, struck or bowed."""
    root = _pitch(rng, 45, 65)
    steps = (0, *rng.choice([(3, 7), (4, 7), (5, 9), (4, 10)]), 12)[: rng.integers(3, 5)]
    sound = sum(_tone(length, root * 2 ** (k / 12), rng, int(rng.integers(2, 8))) for k in steps)
    return sound * _swell(length, rng.uniform(0.005, 0.3), rng.uniform(0.1, 1))


def _row(length: int, pitches: list[float], rng: Generator, partials: int) -> NDArray[np.float64]:
    """Tones one after another."""
    edges = np.linspace(0, length, len(pitches) + 1).astype(int)
    decay = rng.uniform(0.05, 0.5)
    return np.concatenate(
        [
            _tone(b - a, hertz, rng, partials) * _swell(b - a, 0.01, decay)
            for a, b, hertz in zip(edges, edges[1:], pitches, strict=False)
        ]
    )


def _arpeggio(length: int, rng: Generator) -> NDArray[np.float64]:
    root = _pitch(rng, 48, 65)
    return _row(length, [root * 2 ** (k / 12) for k in (0, 4, 7, 12)], rng, int(rng.integers(2, 6)))


def _melody(length: int, rng: Generator) -> NDArray[np.float64]:
    return _row(length, [_pitch(rng, 55, 80) for _ in range(rng.integers(2, 9))], rng, int(rng.integers(1, 6)))


def _drums(length: int, rng: Generator) -> NDArray[np.float64]:
    """A bass drum that falls in pitch, and a snare of noise, in time."""
    total, beat = np.zeros(length), round(rng.uniform(0.12, 0.4) * SAMPLE_RATE)
    for k, start in enumerate(range(0, length, beat)):
        t = _time(4000)
        low = np.sin(2 * np.pi * (50 * t + rng.uniform(4, 9) * (1 - np.exp(-30 * t)))) * np.exp(-t / 0.08)
        high = _band(rng.standard_normal(4000), 800, 6000) * np.exp(-t / 0.05)
        sound = (high if k % 2 else low)[: length - start]
        total[start : start + len(sound)] += sound
    return total


def _cough(length: int, rng: Generator) -> NDArray[np.float64]:
    """A burst of air, then a rough voice through a throat's resonances."""
    length = min(length, SAMPLE_RATE)
    pulses = (np.arange(length) % rng.integers(70, 160) == 0) * rng.uniform(0.2, 1, length)
    source = 0.5 * rng.standard_normal(length) + 3 * pulses * (rng.random() < 0.7)
    sound = sum(_band(source, f * 0.8, f * 1.25) for f in rng.uniform((400, 1000, 2200), (800, 1700, 3200)))
    total = np.zeros(length)
    for start in sorted(rng.integers(0, length // 2, rng.integers(1, 4))):
        total[start:] += (sound * _swell(length, 0.01, rng.uniform(0.03, 0.09)))[: length - start]
    return total


def _whistle(length: int, rng: Generator) -> NDArray[np.float64]:
    """One tone that wanders."""
    hertz = np.interp(np.arange(length), np.linspace(0, length, 5), rng.uniform(600, 3000, 5))
    return np.sin(2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE) * _swell(length, 0.05, 2)


def _sweep(length: int, rng: Generator) -> NDArray[np.float64]:
    """A siren: a rich tone that glides up or down."""
    hertz = np.geomspace(*rng.permutation([rng.uniform(100, 300), rng.uniform(500, 1500)]), length)
    phase = np.cumsum(hertz) / SAMPLE_RATE
    return lfilter([1], [1, -0.7], 2 * (phase % 1) - 1)
