"""Several channels as one: what swings against each other does not cancel, in arrays and in files."""

import io

import numpy as np
import pytest
import soundfile

from mmdemo.audio.decode import decode
from mmdemo.audio.mix import Channels, to_mono

RATE = 16_000
WAVE = np.sin(np.arange(2 * RATE) / 20) * np.linspace(0.1, 0.5, 2 * RATE)


def test_channels_in_phase_are_averaged():
    assert np.allclose(to_mono(np.stack([WAVE, 0.5 * WAVE], 1)), 0.75 * WAVE)
    assert np.array_equal(to_mono(WAVE), WAVE)


@pytest.mark.parametrize("offset", [0.0, 0.4], ids=["no offset", "offset"])
@pytest.mark.parametrize("share", [1.0, 0.8])
def test_channels_against_each_other_keep_their_energy(share, offset):
    mono = to_mono(np.stack([WAVE, -share * WAVE], 1) + offset)
    assert np.std(mono) == pytest.approx((1 + share) / 2 * np.std(WAVE), rel=1e-6)


def test_a_dead_channel_and_silence_do_no_harm():
    assert np.allclose(to_mono(np.stack([0 * WAVE, WAVE], 1)), WAVE / 2)
    assert not to_mono(np.zeros((100, 2))).any()


def test_pieces_tell_the_same_as_the_whole():
    stereo = np.stack([WAVE, 0.1 - 0.8 * WAVE], 1)
    channels = Channels(2)
    for piece in np.array_split(stereo, 7):
        channels.add(piece)
    assert np.allclose(stereo @ channels.weights, to_mono(stereo))


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_U8"])
def test_a_file_whose_channels_cancel_is_heard(subtype):
    file = io.BytesIO()
    soundfile.write(file, np.stack([WAVE, -WAVE], 1), RATE, subtype, format="WAV")
    heard = decode(file.getvalue())
    assert len(heard) == 2 * RATE and np.std(heard) == pytest.approx(np.std(WAVE), rel=0.05)
