"""Sound without an end: steps as it comes, levelled by how loud it has been of late, with nothing found or cut out.

A recording is read as a whole: the speech in it is found, levelled and cut out (``reader.py``). A stream has no whole,
so its level is a running one, which rises at once and falls slowly, and its pauses are read like everything else. The
page does the same in JavaScript (``web/live/mel.js``), step by step; a test holds both against each other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmdemo.audio.find_speech import CONTEXT, FINDER_BANDS, FLOOR, LEVEL, LOUD
from mmdemo.audio.spectrogram import decibels, spectrogram
from mmdemo.audio.speech_embedding import BANDS, STRIDE
from mmdemo.config import SAMPLE_RATE

STEP = SAMPLE_RATE * STRIDE // 100  # samples of a step: 80 ms
FADE = 0.13  # dB that the level falls in each step: 1.6 in a second
QUIETEST = -18.0  # dB; what never gets louder is taken for quiet, and is not made loud
QUIET = (LEVEL - FLOOR) / 10 + 2  # what the embedding gets of a frame in which nothing can be heard
AHEAD = 4  # steps whose frames a step waits for
BEFORE = CONTEXT + 2  # quiet frames before a stream, so that steps become whole where eight frames do


def stream_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the speech embedding reads of a stream from its beginning, with the quiet before it.

    Args:
        samples: (n,) mono at 16 kHz.

    Returns:
        (36 + F, 32) with F the frames of whole steps; the embedding makes of it a step for each 80 ms but the last
        four, since a step's window reaches 0.34 s beyond it.
    """
    power = spectrogram(samples)
    whole = len(power) // STRIDE * STRIDE
    levelled = level(power[:whole])
    return np.concatenate([np.full((BEFORE, BANDS), QUIET, np.float32), levelled])


def room(count: int, decibel: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Pink noise of so many samples, so loud in relation to full scale."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    frequencies = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    noise = np.fft.irfft(spectrum * np.maximum(frequencies, 50.0) ** -0.5, count)
    return (noise * 10 ** (decibel / 20) / max(float(noise.std()), 1e-12)).astype(np.float32)


def level(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Frames in relation to the running level, over the same quiet ground as ``find_speech.cut_out`` lays.

    Of each step's eight frames the fifth in loudness says how loud it is, so that no click sets the level.

    Args:
        power: (F, 32) of ``spectrogram``, with F a multiple of 8.
    """
    groups = power.reshape(-1, STRIDE, BANDS)  # (T, 8, 32)
    loud = np.sort(groups[:, :, FINDER_BANDS].sum(axis=2, dtype=np.float64), axis=1)[:, -LOUD]  # (T,)
    here, levels = QUIETEST, np.empty(len(groups))
    for t, decibel in enumerate(decibels(loud)):
        here = max(here - FADE, float(decibel), QUIETEST)
        levels[t] = here
    relative = groups / 10 ** (levels[:, None, None] / 10) + 10 ** (-FLOOR / 10)
    return ((10 * np.log10(relative) + LEVEL) / 10 + 2).reshape(-1, BANDS).astype(np.float32)
