"""Noise over speech: of the kind and as loud as was asked for, and the same again with the same seed."""

import numpy as np
import pytest
from sounds import voice

from mmdemo.audio.noise import NOISES, add_noise, babble, loud_part, worsen_sound
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


@pytest.mark.parametrize("snr", [0, 10, 30])
@pytest.mark.parametrize("kind", ["pink", "white", "babble"])
def test_the_ratio_is_the_one_asked_for_whatever_the_silence(snr, kind):
    voices = [voice(pitch) for pitch in (110, 170, 230)]
    for around in (0.0, 2.0):
        clean = voice(before=around, after=around)
        worse = worsen_sound(clean, snr, kind, seed=3, voices=voices)
        noise = (worse - clean).astype(np.float64)
        assert 20 * np.log10(loud_part(clean) / noise.std()) == pytest.approx(snr, abs=0.2)


def test_pink_falls_by_three_decibels_an_octave():
    clean = voice(seconds=20)
    noise = worsen_sound(clean, 0, seed=1) - clean
    power = np.abs(np.fft.rfft(noise)) ** 2
    frequencies = np.fft.rfftfreq(len(noise), 1 / SAMPLE_RATE)

    def level(low):
        return 10 * np.log10(power[(frequencies >= low) & (frequencies < 2 * low)].mean())

    assert [level(f) - level(2 * f) for f in (200, 400, 800, 1600)] == pytest.approx([3.0] * 4, abs=0.4)


def test_a_sound_stays_without_noise_and_the_seed_decides():
    clean = voice()
    assert worsen_sound(clean, None) is clean
    assert np.array_equal(worsen_sound(clean, 5, seed=1), worsen_sound(clean, 5, seed=1))
    assert not np.array_equal(worsen_sound(clean, 5, seed=1), worsen_sound(clean, 5, seed=2))
    silence = np.zeros(SAMPLE_RATE, np.float32)
    assert not worsen_sound(silence, 0).any()
    assert len(worsen_sound(silence[:0], 0)) == 0


def test_babble_needs_voices_and_is_as_long_as_asked():
    with pytest.raises(ValueError, match="babble"):
        worsen_sound(voice(), 5, "babble")
    noise = babble([voice(seconds=0.3), np.zeros(100, np.float32)], 50_000, np.random.default_rng(0))
    assert noise.shape == (50_000,) and noise.any()
