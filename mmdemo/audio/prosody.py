"""How something is said: pitch, voicing, loudness and brightness of every step, besides the words.

The speech stem was trained to understand anybody, so it forgot how they sounded. These numbers are what it forgot:
pitch by autocorrelation (Boersma 1993, "Accurate short-term analysis of the fundamental frequency"), and from the
spectrum the kind of things that the Geneva minimalistic set has (Eyben et al. 2016). Those that differ between people
more than between moods are there once as they are and once relative to the speaker's own middle in this recording.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft
from scipy.ndimage import median_filter

from mmdemo.audio.speech_embedding import STRIDE
from mmdemo.config import PROSODY, SAMPLE_RATE

HOP = SAMPLE_RATE // 100  # samples from one frame to the next: 10 ms
LONG, SHORT = 800, 400  # samples of a frame: 50 ms for the pitch, 25 ms for the spectrum
LOWEST, HIGHEST = 65, 520  # Hz, of the pitch
VOICED = 0.45  # a frame whose autocorrelation peaks this high has a pitch
OCTAVE = 0.02  # how much a peak must be higher for every octave that it is lower: the first of several is the pitch
EDGES = (80, 250, 500, 1000, 1500, 2000, 3000, 4000, 5500, 8000)  # Hz, of the bands
QUIET = 1e-9  # power: 60 dB below a soft voice
BANDS = len(EDGES) - 1


def prosody(samples: NDArray[np.float32], frames: NDArray[np.int64], level: float) -> NDArray[np.float32]:
    """How it sounds, step by step.

    Args:
        samples: (n,) mono at 16 kHz.
        frames: (T * 8,), each step's frames by number: frame k lies around sample 160 k; what is outside is quiet.
        level: dB, the level of the loud moments.

    Returns:
        (T, PROSODY), every number roughly within -3 to 3.
    """
    spectrum = _power(samples, frames)  # (F, 201)
    total = spectrum.sum(1) + QUIET
    loudness = (10 * np.log10(total) - level) / 10  # (F,)
    bands = 10 * np.log10(spectrum @ _bands() + QUIET * 1e-2) - 10 * np.log10(total)[:, None]  # (F, BANDS)
    bands = np.clip(bands, -60, 0) / 10 + 2
    frequency = np.arange(spectrum.shape[1]) * SAMPLE_RATE / SHORT
    centre = np.log2(np.maximum(spectrum @ frequency / total, 50) / 1000)  # octaves above 1 kHz
    pitch, voicing = _pitch(samples, frames)  # octaves above 150 Hz, NaN where there is none; 0 to 1
    heard = loudness > -4
    middle = np.nanmedian(pitch) if np.isfinite(pitch).any() else 0.0
    usual = np.median(bands[heard], axis=0) if heard.any() else 0.0
    bright = float(np.median(centre[heard])) if heard.any() else 0.0
    change = np.abs(np.diff(bands, axis=0, prepend=bands[:1])).mean(1)

    def steps(values: NDArray) -> NDArray:
        return values.reshape(-1, STRIDE, *values.shape[1:])  # (T, 8, ...)

    own = np.nan_to_num(pitch - middle)  # the middle where there is none
    has = np.isfinite(pitch).astype(np.float64)
    share = steps(has).mean(1)  # (T,)
    voices = np.maximum(steps(has).sum(1), 1)
    mean = steps(own).sum(1) / voices
    spread = np.sqrt((steps(has) * (steps(own) - mean[:, None]) ** 2).sum(1) / voices)
    shake = np.abs(np.diff(own, prepend=own[:1])) * has * np.r_[0, has[:-1]]
    held = _held(np.where(share > 0, mean, np.nan))  # the pitch goes on through what has none
    weight = np.maximum(steps(loudness) + 4, 0)[..., None] + 1e-3
    shape = (steps(bands) * weight).sum(1) / weight.sum(1)  # (T, BANDS)
    loud = steps(loudness).mean(1)
    columns = [
        2 * held,
        2 * np.gradient(held) if len(held) > 1 else 0 * held,
        2 * (held + middle),
        6 * spread,
        12 * steps(shake).sum(1) / voices,
        2 * share - 1,
        2 * steps(voicing).mean(1) - 1,
        np.clip(loud, -5, 1) / 2 + 0.5,
        np.gradient(loud) if len(loud) > 1 else 0 * loud,
        steps(loudness).std(1),
        steps(loudness).max(1) / 2,
        steps(centre).mean(1),
        steps(centre).mean(1) - bright,
        2 * steps(centre).std(1),
        2 * steps(change).mean(1),
    ]
    assert len(columns) + 2 * BANDS == PROSODY
    return np.concatenate([np.stack(columns, 1), shape - 1, shape - usual], axis=1).astype(np.float32).clip(-5, 5)


def frames_around(samples: NDArray[np.float32], frames: NDArray[np.int64], size: int) -> NDArray[np.float32]:
    """(F, size) samples around the middle of each frame, which is 10 ms; silence outside of the recording."""
    starts = frames * HOP - size // 2
    before = max(0, -int(starts.min(initial=0)))
    after = max(0, int(starts.max(initial=0)) + size - len(samples))
    padded = np.pad(samples, (before, after))
    return np.lib.stride_tricks.sliding_window_view(padded, size)[starts + before]


def _power(samples: NDArray[np.float32], frames: NDArray[np.int64]) -> NDArray[np.float32]:
    spectrum = rfft(frames_around(samples, frames, SHORT) * np.hanning(SHORT).astype(np.float32), axis=1)
    return spectrum.real**2 + spectrum.imag**2


@lru_cache
def _bands() -> NDArray[np.float32]:
    """(201, BANDS): which bins of the spectrum belong to which band."""
    frequency = np.arange(SHORT // 2 + 1) * SAMPLE_RATE / SHORT
    inside = (frequency[:, None] >= EDGES[:-1]) & (frequency[:, None] < np.array(EDGES[1:]))
    return inside.astype(np.float32)


def _pitch(samples: NDArray[np.float32], frames: NDArray[np.int64]) -> tuple[NDArray, NDArray]:
    """Octaves above 150 Hz, NaN where there is no voice, and how periodic each frame is, 0 to 1; both (F,)."""
    window = np.hanning(LONG).astype(np.float32)
    pieces = frames_around(samples, frames, LONG)
    pieces = (pieces - pieces.mean(1, keepdims=True)) * window
    size = 2048  # at least LONG and the longest lag, for the correlation not to go round
    spectrum = rfft(pieces, size, axis=1)
    own = irfft(spectrum.real**2 + spectrum.imag**2, size, axis=1)
    fair = irfft(np.abs(rfft(window, size)) ** 2, size)
    lags = np.arange(SAMPLE_RATE // HIGHEST, SAMPLE_RATE // LOWEST + 1)
    alike = own[:, lags] / (own[:, :1] + QUIET) * fair[0] / fair[lags]  # (F, lags)
    best = (alike - OCTAVE * np.log2(lags / lags[0])).argmax(1)
    voicing = np.clip(alike[np.arange(len(alike)), best], 0, 1)
    pitch = median_filter(np.log2(SAMPLE_RATE / lags[best] / 150), 5, mode="nearest")
    loud = own[:, 0]
    voiced = (voicing > VOICED) & (loud > loud.max(initial=0) * 1e-4)
    return np.where(voiced, pitch, np.nan), voicing


def _held(values: NDArray) -> NDArray:
    """Gaps (NaN) filled in a straight line between what is around them; 0 if there is nothing."""
    known = np.flatnonzero(np.isfinite(values))
    return np.interp(np.arange(len(values)), known, values[known]) if len(known) else np.zeros(len(values))
