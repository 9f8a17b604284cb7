"""Noise on a visitor's own input: as much as was asked for, the same again with the same seed, and none at zero."""

import numpy as np
import pytest
from PIL import Image

from mmdemo.audio.decode import decode
from mmdemo.audio.noise import babble, loud_part, worsen_sound
from mmdemo.config import SAMPLE_RATE
from mmdemo.image.noise import FULL_WELL, READ_NOISE, worsen_picture
from mmdemo.messages import InputError
from mmdemo.modality import Noise
from mmdemo.text.noise import worsen_text
from mmdemo.text.reader import MAX_CHARACTERS, tokenize

TEXT = "Well, I counted them twice: thirteen? No -- fourteen small, yellow lemons.\n(七个)"


def voice(pitch=150.0, seconds=1.0, before=0.0, after=0.0):
    """A hum that swells and fades, with silence around it."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    hum = sum(np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 12)) * np.sin(np.pi * time / seconds)
    silence = [np.zeros(int(s * SAMPLE_RATE)) for s in (before, after)]
    return (0.2 * np.concatenate([silence[0], hum, silence[1]])).astype(np.float32)


def photo(height=90, width=120):
    picture = np.full((height, width, 3), 200, np.uint8)
    picture[20:70, 55:65] = 30
    return picture


# Words


def test_no_errors_at_zero_and_the_same_ones_with_the_same_seed():
    assert worsen_text(TEXT, 0) is TEXT
    assert worsen_text(TEXT, 0.3, 1) == worsen_text(TEXT, 0.3, 1) != worsen_text(TEXT, 0.3, 2)
    assert worsen_text(TEXT + " More", 0.1, 1).startswith(worsen_text(TEXT, 0.1, 1)[:20])


@pytest.mark.parametrize("rate", [0.05, 0.4, 1.0])
def test_everything_but_the_words_stays(rate):
    def rest(text):
        return "".join(c for c in text if not c.isalnum())

    for seed in range(20):
        assert rest(worsen_text(TEXT, rate, seed)) == rest(TEXT)


def test_a_higher_rate_loses_no_fewer_words_and_never_the_last():
    words = " ".join(["7"] * 400)  # which cannot be mistyped
    left = [len(tokenize(worsen_text(words, rate))) for rate in (0, 0.25, 0.5, 1)]
    assert left == sorted(left, reverse=True)
    assert left[-1] == pytest.approx(300, abs=30)
    assert all(worsen_text("seven", 1, seed).strip() for seed in range(50))
    assert worsen_text(" ... ", 1) == " ... "


def test_as_many_errors_as_asked():
    words = " ".join(["abcdefghij"] * 300)
    for rate in (0.02, 0.1):
        kept = worsen_text(words, rate).split()
        wrong = sum(word != "abcdefghij" for word in kept)
        assert wrong / len(kept) == pytest.approx(1 - (1 - rate) ** 9, abs=0.06)


# Pictures


def test_a_picture_stays_at_zero_and_the_seed_decides():
    picture = photo()
    assert worsen_picture(picture) is picture
    worse = worsen_picture(picture, 0.4, 0.6, 1)
    assert worse.dtype == np.uint8 and worse.shape == picture.shape
    assert np.array_equal(worse, worsen_picture(picture, 0.4, 0.6, 1))
    assert not np.array_equal(worse, worsen_picture(picture, 0.4, 0.6, 2))
    assert np.array_equal(picture, photo())  # the original is not written on


def test_blur_is_relative_to_the_picture():
    step = np.zeros((4, 400, 3), np.uint8)
    step[:, 200:] = 255
    wide = np.repeat(np.repeat(step, 2, axis=0), 2, axis=1)
    small, large = worsen_picture(step, 0.5)[0, :, 0], worsen_picture(wide, 0.5)[0, ::2, 0]
    assert np.abs(small.astype(int) - large).max() <= 6  # they are sampled a quarter of a pixel apart
    # A Gaussian edge: 16 % at one sigma before its middle, which is 0.5 * 3 % of 400 pixels.
    assert small[200 - 6] / 255 == pytest.approx(0.16, abs=0.03)


def test_darkness_halves_the_light_and_the_noise_is_the_sensors():
    grey = np.full((200, 200, 3), 188, np.uint8)  # half of the light of white

    def light(picture):
        code = picture / 255
        return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)

    before = light(grey).mean()
    for darkness in (1 / 7, 3 / 7):
        left = 2 ** (-7 * darkness)
        after = light(worsen_picture(grey, 0, darkness))
        assert after.mean() == pytest.approx(before * left, rel=0.02)
        variance = (left - left**2) * before / FULL_WELL + (1 - left**2) * (READ_NOISE / FULL_WELL) ** 2
        assert after.std() == pytest.approx(variance**0.5, rel=0.1)
    assert worsen_picture(grey, 0, 1).mean() < 25


# Sounds


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


# All of them


def test_noise_at_zero_hands_on_the_very_object():
    assert all(Noise().worsen(modality, source) is source for modality, source in
               (("text", TEXT), ("image", b"anything"), ("audio", b"anything")))  # fmt: skip


@pytest.mark.parametrize("wrong", [{"typing": 1.1}, {"blur": -0.1}, {"darkness": float("nan")}, {"snr": 400}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Noise(**wrong)


def test_the_limits_hold_with_noise_too(tmp_path):
    Image.new("1", (5000, 4000)).save(tmp_path / "bomb.png")
    noise = Noise(1, 1, 1, 0)
    with pytest.raises(InputError, match="megapixels"):
        noise.worsen("image", tmp_path / "bomb.png")
    with pytest.raises(InputError, match="seconds"):
        noise.worsen("audio", (SAMPLE_RATE, np.zeros(31 * SAMPLE_RATE, np.float32)))
    too_long = "a" * (MAX_CHARACTERS + 1)
    assert noise.worsen("text", too_long) == too_long  # for the reader to refuse
    assert len(noise.worsen("text", "abcdefgh " * 200)) <= MAX_CHARACTERS
    rate, worse = noise.worsen("audio", (8000, voice()[::2]))
    assert rate == SAMPLE_RATE and worse.shape == decode((8000, voice()[::2])).shape
