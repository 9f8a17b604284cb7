"""What a visitor gives, from the values of the page's inputs and back."""

import numpy as np
import pytest

from mmdemo.app.given import SLIDERS, Given
from mmdemo.app.page import CARDS
from mmdemo.audio.noise import SNR
from mmdemo.config import INPUTS
from mmdemo.modality import Noise


def test_by_default_all_is_empty_on_and_clean():
    assert Given().values() == ("", None, None, None, True, True, True, True, 0, 0, 0, 0)
    assert Given({"text": "seven"}).values()[:3] == ("seven", None, None)
    assert Given().is_empty() and Given().to_read() == {} and Given().noise_to_add() == Noise()


def test_values_there_and_back():
    given = Given(
        {"text": "seven", "image": "a.jpg", "audio": "b.wav", "video": "c.webm"},
        {"text": True, "image": False, "audio": True, "video": True},
        {"typing": 1, "blur": 2, "darkness": 3, "sound": 4},
        "digits",
        2,
    )
    assert Given.of(*given.values(), "digits", 2) == given
    assert Given.of(*given.values(), "digits").candidate is None


@pytest.mark.parametrize("count", [0, 9])
def test_too_few_values_are_an_error(count):
    with pytest.raises(ValueError, match="shorter"):
        Given.of(*Given().values()[:count])


def test_what_is_off_or_empty_is_not_read():
    picture = np.zeros((4, 4, 3), np.uint8)  # nothing that has a truth value
    given = Given({"text": "", "image": picture, "audio": "b.wav"}, used={"audio": False})
    assert not given.is_empty()
    assert list(given.to_read()) == ["image"]


def test_sliders_become_noise():
    noise = Given(noise={"typing": 10, "blur": 20, "darkness": 30, "sound": 1}).noise_to_add()
    assert noise == Noise(0.1, 0.2, 0.3, SNR[1])  # the faintest
    assert Given(noise={"sound": SLIDERS["sound"]}).noise_to_add().snr == SNR[0]  # the loudest


def test_the_page_has_a_card_for_every_input_and_a_place_for_every_slider():
    assert tuple(CARDS) == INPUTS
    assert [name for card in CARDS.values() for name in card.sliders] == list(SLIDERS)
