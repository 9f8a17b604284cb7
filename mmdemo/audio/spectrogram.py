"""The mel spectrogram that the speech embedding reads.

Of librosa, only ``librosa.filters`` is used: its other modules compile themselves with numba for up to a minute when
they are first imported, which no visitor should wait for. A test holds our spectrogram against librosa's own.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from librosa import filters
from numpy.typing import NDArray
from scipy.fft import rfft

from mmdemo.audio.speech_embedding import BANDS
from mmdemo.config import SAMPLE_RATE

FFT, WIN, HOP = 512, 400, 160  # samples: 32 ms, 25 ms, 10 ms
FRAMES_PER_SECOND = SAMPLE_RATE // HOP
LOWEST, HIGHEST = 60, 3800  # Hz; telephone recordings lose nothing


@lru_cache
def mel_filters() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The window (512,) and the mel filters (257, 32)."""
    window = np.pad(filters.get_window("hann", WIN), (FFT - WIN) // 2).astype(np.float32)
    mel = filters.mel(sr=SAMPLE_RATE, n_fft=FFT, n_mels=BANDS, fmin=LOWEST, fmax=HIGHEST)
    return window, np.ascontiguousarray(mel.T)


def spectrogram(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The power in 32 mel bands, one frame every 10 ms, frame k centred at k * 10 ms.

    The same numbers as ``librosa.feature.melspectrogram(y=samples, sr=16000, n_fft=512, win_length=400, hop_length=160,
    center=True, pad_mode="constant", power=2.0, n_mels=32, fmin=60, fmax=3800)``, transposed.

    Returns:
        (F, 32) with F = 1 + n // 160.
    """
    window, mel = mel_filters()
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, FFT // 2), FFT)[::HOP]  # (F, 512)
    spectrum = rfft(frames * window, axis=1)  # (F, 257)
    return (spectrum.real**2 + spectrum.imag**2) @ mel  # (F, 32)


def decibels(power: NDArray) -> NDArray:
    """10 log10, never below -120."""
    return 10 * np.log10(np.maximum(power, 1e-12))
