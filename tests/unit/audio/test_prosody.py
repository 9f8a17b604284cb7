import numpy as np
import pytest

from mmdemo.audio.prosody import prosody
from mmdemo.audio.reader import read_audio
from mmdemo.config import PROSODY, SAMPLE_RATE, AudioConfig

FRAMES = np.arange(10, 90)  # ten steps from 0.1 s on
TIME = np.arange(SAMPLE_RATE) / SAMPLE_RATE


def voice(pitch, falls=1.0):
    """A buzz at a pitch in Hz, (n,) or one number; its overtones fall off with a power."""
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(pitch, TIME.shape)) / SAMPLE_RATE
    return sum(np.sin(k * phase) / k**falls for k in range(1, 12)).astype(np.float32) / 4


def hertz(sounded):
    return 150 * 2 ** (sounded[:, 2] / 2)


@pytest.mark.parametrize("pitch", [80, 150, 237, 400])
def test_the_pitch_is_that_of_the_voice(pitch):
    found = prosody(voice(pitch), FRAMES, 0)
    assert found.shape == (10, PROSODY) and found.dtype == np.float32
    np.testing.assert_allclose(hertz(found), pitch, rtol=0.02)
    np.testing.assert_allclose(found[:, 0], 0, atol=0.05)  # relative to the speaker's own middle
    assert (found[:, 5] == 1).all()  # voiced from end to end


def test_a_rising_voice_rises():
    found = prosody(voice(np.linspace(120, 240, SAMPLE_RATE)), FRAMES, 0)
    assert (np.diff(hertz(found)) > 0).all() and (found[:, 1] > 0).all()


def test_noise_has_no_pitch():
    found = prosody(np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE).astype(np.float32), FRAMES, 0)
    assert found[:, 5].mean() < -0.5


def test_louder_is_louder_and_brighter_is_brighter():
    soft, loud = (prosody(level * voice(150), FRAMES, 40) for level in (0.1, 0.3))
    np.testing.assert_allclose(loud[:, 7] - soft[:, 7], 20 * np.log10(3) / 10 / 2, atol=0.01)
    assert (prosody(voice(150, falls=0.5), FRAMES, 0)[:, 11] > prosody(voice(150, falls=2), FRAMES, 0)[:, 11]).all()


def test_silence_and_the_ends_of_a_recording_are_finite():
    for samples in (np.zeros(SAMPLE_RATE, np.float32), np.zeros(0, np.float32), voice(150)[:50]):
        assert np.isfinite(prosody(samples, np.arange(-8, 120), 0)).all()


def test_a_task_gets_it_only_where_it_asks_for_it():
    noise = 1e-3 * np.random.default_rng(0).normal(size=SAMPLE_RATE)
    clip = SAMPLE_RATE, voice(150) * np.hanning(SAMPLE_RATE) + noise
    plain, asked = read_audio(clip), read_audio(clip, AudioConfig(prosody=True))
    assert plain.prosody.shape == (len(plain), 0) and asked.prosody.shape == (len(asked), PROSODY)
    np.testing.assert_array_equal(plain.mel, asked.mel)
    assert read_audio((SAMPLE_RATE, np.zeros(SAMPLE_RATE)), AudioConfig(prosody=True)).prosody.shape == (0, PROSODY)


def test_twice_as_loud_a_recording_sounds_the_same():
    clip = voice(150) * np.hanning(SAMPLE_RATE) + 1e-3 * np.random.default_rng(0).normal(size=SAMPLE_RATE)
    soft, loud = (read_audio((SAMPLE_RATE, gain * clip), AudioConfig(prosody=True)).prosody for gain in (0.4, 0.8))
    assert np.abs(soft - loud).mean() < 0.01
