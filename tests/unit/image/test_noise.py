"""Blur and darkness: as much as was asked for, the same again with the same seed, and none at zero."""

import numpy as np
import pytest

from mmdemo.image.noise import FULL_WELL, READ_NOISE, worsen_picture


def photo(height=90, width=120):
    picture = np.full((height, width, 3), 200, np.uint8)
    picture[20:70, 55:65] = 30
    return picture


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
