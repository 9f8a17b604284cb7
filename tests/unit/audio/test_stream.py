"""A stream's running level, by hand."""

import numpy as np
import pytest
from scipy.io import wavfile
from sounds import between, word

from mmdemo.audio.modality import Audio
from mmdemo.audio.speech_embedding import BANDS, STRIDE, steps
from mmdemo.audio.stem import AudioStem
from mmdemo.audio.stream import BEFORE, FADE, QUIET, QUIETEST, STEP, level, stream_mel
from mmdemo.config import AudioConfig

LOUDEST = 101 / 10 + 2  # a frame with all of its power in one band, at the level


def frames(*decibels):
    """A step for each of them, all of its power in one band: (8 N, 32)."""
    power = np.zeros((STRIDE * len(decibels), BANDS), np.float32)
    power[:, 10] = np.repeat(10 ** (np.array(decibels) / 10), STRIDE)
    return power


def test_the_level_rises_at_once_and_falls_slowly():
    fallen = LOUDEST - (20 - FADE) / 10
    found = level(frames(0, 10, -10, -10))[::STRIDE, 10]
    assert found == pytest.approx([LOUDEST, LOUDEST, fallen, fallen + FADE / 10], abs=1e-3)


def test_what_is_never_loud_stays_quiet():
    assert level(frames(-40))[0, 10] == pytest.approx(LOUDEST - (QUIETEST + 40) / 10, abs=1e-3)
    assert level(frames(-120)) == pytest.approx(QUIET, abs=1e-3)


def test_a_click_does_not_set_the_level():
    power = frames(0)
    power[3] *= 1000
    assert level(power)[0, 10] == pytest.approx(LOUDEST, abs=1e-3)
    assert level(power)[3, 10] == pytest.approx(LOUDEST + 3, abs=1e-3)


def test_steps_become_whole_where_eight_frames_do():
    """Of a second there are 12 whole steps, and the last four wait for what comes."""
    mel = stream_mel(np.zeros(16_000, np.float32))
    assert mel.shape == (BEFORE + 96, BANDS)
    assert steps(len(mel)) == 96 // STRIDE - 4
    assert steps(len(stream_mel(np.zeros(16_000 + STEP, np.float32)))) == 96 // STRIDE - 3


@pytest.mark.parametrize("more", [{}, {"prosody": True}, {"prosody": True, "voice": True}])
def test_a_stream_has_a_step_for_each_80_ms_and_is_loud_where_the_clips_are(more):
    config = AudioConfig(**more)
    stem = AudioStem(config, 100).eval()
    stem.load_pretrained()
    clip = word(0.5).astype(np.float32)
    item = Audio().stream([(20, clip)], 50, -70.0, np.random.default_rng(0), config=config, stem=stem)
    assert item.shape == (50, config.size) and np.isfinite(item).all()
    quiet = item[:12, :96]  # a second before it
    moved = np.linalg.norm(item[:, :96] - quiet.mean(axis=0), axis=1)
    assert moved[20:26].mean() > 3 * moved[:12].mean()


def test_a_clip_is_what_can_be_heard_of_a_recording(tmp_path):
    wavfile.write(tmp_path / "word.wav", 16_000, (between(word(0.5), 0.4, 0.6) * 2**15).astype(np.int16))
    heard, steps_of_it = Audio().clip(str(tmp_path / "word.wav"), AudioConfig(), None)
    assert 0.4 * 16_000 < len(heard) < 0.6 * 16_000 and steps_of_it == -(-len(heard) // STEP)
    wavfile.write(tmp_path / "quiet.wav", 16_000, np.zeros(16_000, np.int16))
    assert Audio().clip(str(tmp_path / "quiet.wav"), AudioConfig(), None) is None
