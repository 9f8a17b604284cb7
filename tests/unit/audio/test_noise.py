"""Steady noise, and how loud the speech is that it is laid over."""

import numpy as np
import pytest

from mmdemo.audio.noise import NOISES, add_noise, loud_part
from mmdemo.config import SAMPLE_RATE


def test_loud_part_by_hand(tone):
    """The silence does not count: a sine of 0.5 has 0.5 / sqrt(2)."""
    assert loud_part(tone) == pytest.approx(0.5 / np.sqrt(2), rel=0.01)
    assert loud_part(np.zeros(100, np.float32)) == loud_part(np.zeros(0, np.float32)) == 0


@pytest.mark.parametrize("kind", NOISES)
@pytest.mark.parametrize("snr", [-5, 10, 30])
def test_noise_has_the_level_that_was_asked_for(tone, kind, snr):
    added = add_noise(tone, snr, np.random.default_rng(0), kind) - tone
    assert 20 * np.log10(loud_part(tone) / added.std()) == pytest.approx(snr, abs=0.1)


def test_noises_fall_with_frequency_as_they_should(tone):
    """From 500 to 4,000 Hz, three octaves: white 0, pink 9, brown 18 dB."""
    for kind, fall in (("white", 0), ("pink", 9), ("brown", 18)):
        added = add_noise(np.tile(tone, 10), 0, np.random.default_rng(0), kind) - np.tile(tone, 10)
        power = np.abs(np.fft.rfft(added)) ** 2
        frequencies = np.fft.rfftfreq(len(added), 1 / SAMPLE_RATE)
        low, high = (power[(frequencies > f * 0.95) & (frequencies < f * 1.05)].mean() for f in (500, 4000))
        assert 10 * np.log10(low / high) == pytest.approx(fall, abs=1.5)


def test_noise_over_silence_is_silence():
    assert not add_noise(np.zeros(1000, np.float32), 0, np.random.default_rng(0)).any()
    assert add_noise(np.zeros(0, np.float32), 0, np.random.default_rng(0)).size == 0
