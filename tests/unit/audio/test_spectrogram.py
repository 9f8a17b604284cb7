"""The spectrogram: librosa's numbers, and a tone in its band."""

import numpy as np
import pytest

from mmdemo.audio.spectrogram import spectrogram


def test_spectrogram_has_librosas_numbers():
    """One frame of ``librosa.feature.melspectrogram`` 0.11 for a chirp and a tone, written down in dB.

    Calling it here would mean waiting for numba; the arguments are in :func:`spectrogram`.
    """
    time = np.arange(16000) / 16000
    sound = 0.3 * np.sin(2 * np.pi * (100 * time + 1500 * time**2)) + 0.1 * np.sin(2 * np.pi * 700 * time)
    power = spectrogram(sound.astype(np.float32))
    librosas = [-76.499, -74.444, -68.053, -66.317, -57.877, -54.124, -38.974, -12.657, 1.687, 1.063, -15.401, -41.879]
    librosas += [-46.238, -32.984, -11.025, 9.37, 10.59, -5.589, -34.587, -48.903, -58.098, -65.375, -71.215]
    assert power.shape == (101, 32)
    decibels = 10 * np.log10(power)
    assert decibels[37, : len(librosas)] == pytest.approx(librosas, abs=0.1)
    assert decibels[37, 5:20] == pytest.approx(librosas[5:20], abs=0.002)  # where float32 is not at its end
    assert decibels[0, :3] == pytest.approx([7.3813, 0.0006, -14.5945], abs=0.001)
    assert decibels[100, -3:] == pytest.approx([4.8880, -3.6630, -15.6024], abs=0.001)


def test_spectrogram_of_a_tone_peaks_in_its_band():
    """Up to 1,000 Hz the bands' middles are 67.7 Hz apart, from 127.7 Hz on: 1,000 Hz is in the fourteenth."""
    tone = np.sin(2 * np.pi * 1000 * np.arange(8000) / 16000).astype(np.float32)
    assert spectrogram(tone)[20:30].argmax(axis=1).tolist() == [13] * 10
