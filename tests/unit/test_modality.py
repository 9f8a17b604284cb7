"""Noise on a visitor's own input: as much as was asked for, the same again with the same seed, and none at zero."""

import numpy as np
import pytest
from PIL import Image
from sounds import voice

from mmdemo.audio.decode import decode
from mmdemo.config import SAMPLE_RATE
from mmdemo.messages import InputError
from mmdemo.modality import Noise
from mmdemo.model.modalities import SENSES
from mmdemo.text.reader import MAX_CHARACTERS

TEXT = "Well, I counted them twice: thirteen? No -- fourteen small, yellow lemons.\n(七个)"


def test_noise_at_zero_hands_on_the_very_object():
    assert all(SENSES[modality].perturb(source, Noise()) is source for modality, source in
               (("text", TEXT), ("image", b"anything"), ("audio", b"anything")))  # fmt: skip


@pytest.mark.parametrize("wrong", [{"typing": 1.1}, {"blur": -0.1}, {"darkness": float("nan")}, {"snr": 400}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Noise(**wrong)


def test_the_limits_hold_with_noise_too(tmp_path):
    Image.new("1", (12000, 5000)).save(tmp_path / "bomb.png")
    noise = Noise(1, 1, 1, 0)
    with pytest.raises(InputError, match="megapixels"):
        SENSES["image"].perturb(tmp_path / "bomb.png", noise)
    with pytest.raises(InputError, match="seconds"):
        SENSES["audio"].perturb((SAMPLE_RATE, np.zeros(31 * SAMPLE_RATE, np.float32)), noise)
    too_long = "a" * (MAX_CHARACTERS + 1)
    assert SENSES["text"].perturb(too_long, noise) == too_long  # for the reader to refuse
    assert len(SENSES["text"].perturb("abcdefgh " * 200, noise)) <= MAX_CHARACTERS
    rate, worse = SENSES["audio"].perturb((8000, voice()[::2]), noise)
    assert rate == SAMPLE_RATE and worse.shape == decode((8000, voice()[::2])).shape
