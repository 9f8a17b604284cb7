"""Harm of a known strength: none is none, more is worse, and what is measured is the input that was harmed."""

import numpy as np
import pytest

from mmdemo.audio.noise import loud_part
from mmdemo.config import MODALITIES, SAMPLE_RATE
from mmdemo.evaluate.robustness import after
from mmdemo.image.noise import tilt
from mmdemo.model.modalities import SENSES


def stripe():
    """A dark stripe from top to bottom on white."""
    picture = np.full((100, 100, 3), 255, np.uint8)
    picture[10:90, 45:55] = 0
    return picture


def height(picture):
    return np.ptp(np.flatnonzero((picture[:, :, 0] < 128).any(axis=1))) + 1


def test_a_tilted_stripe_is_shorter_by_the_cosine():
    np.testing.assert_array_equal(tilt(stripe(), 0.0, 1.0), stripe())
    assert height(tilt(stripe(), 60.0, 0.0)) == pytest.approx(80 * 0.5, abs=4)  # about the horizontal axis
    assert height(tilt(stripe(), 60.0, np.pi / 2)) == pytest.approx(80, abs=4)  # about the stripe's own


def test_the_first_level_of_every_harm_is_none(tone):
    raws = {"text": "a few words", "image": stripe(), "audio": tone}
    for modality, raw in raws.items():
        for name, test in SENSES[modality].corruptions(0, [tone]).items():
            unharmed, most = (test.apply(raw, test.levels[k], 3) for k in (0, -1))
            assert np.array_equal(unharmed, raw), name
            assert not np.array_equal(most, raw), name


def test_babble_lies_as_far_below_the_speech_as_its_level_says(tone):
    others = [tone[::2].copy(), tone[::3].copy()]
    harmed = SENSES["audio"].corruptions(0, others)["babble"].apply(tone, 10.0, 0)
    assert 20 * np.log10(loud_part(tone) / (harmed - tone).std()) == pytest.approx(10, abs=1)


def test_what_comes_before_is_as_loud_and_nothing_is_clipped(tone):
    joined = after(tone, 0.1 * tone)
    np.testing.assert_allclose(joined[: len(tone)], tone, atol=1e-3)
    np.testing.assert_array_equal(joined[-len(tone) :], tone)
    assert len(joined) == 2 * len(tone) + SAMPLE_RATE // 4
    assert np.abs(after(tone, np.zeros(100, np.float32))).max() <= 1


def test_noise_in_an_inputs_place_is_the_same_for_the_same_row():
    for sense in map(SENSES.get, MODALITIES):
        first, again, other = (sense.nothing_but_noise(row, 0, []) for row in (4, 4, 6))
        assert np.array_equal(first, again) and not np.array_equal(first, other)
