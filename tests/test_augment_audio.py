"""Other voices and noise: what is promised about them, and that the words in them are still found."""

import numpy as np
import pytest
import soundfile

from mmdemo.audio import read_audio
from mmdemo.config import SAMPLE_RATE
from mmdemo.data.augment_audio import (
    echo,
    other_band,
    other_ends,
    other_speaker,
    vary_voice,
)

pytest.importorskip("audiomentations", reason="needed for training only: pip install -r requirements-train.txt")


def pitch(sound):
    """The strongest frequency, in Hz."""
    return np.abs(np.fft.rfft(sound)).argmax() * SAMPLE_RATE / len(sound)


def test_the_same_seed_gives_the_same_voice(tone):
    first, again, other = (vary_voice(tone, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or not np.allclose(first, other)


def test_pitch_and_length_move_but_not_too_far(tone):
    """15 % of speed and two semitones (12 %) together; speed and tempo together for the length."""
    varied = [other_speaker(tone, np.random.default_rng(seed)) for seed in range(40)]
    pitches = np.array([pitch(sound) for sound in varied]) / 300
    lengths = np.array([len(sound) for sound in varied]) / len(tone)
    for ratios in (pitches, lengths):
        assert ratios.min() > 0.72
        assert ratios.max() < 1.4
        assert ratios.std() > 0.05
    assert pitch(other_speaker(tone, np.random.default_rng(0), strength=0)) == pytest.approx(300, abs=2)


def test_every_part_keeps_samples_finite_and_float32(tone):
    for seed in range(10):
        for change in (other_speaker, echo, other_band, other_ends, vary_voice):
            changed = change(tone, np.random.default_rng(seed))
            assert changed.dtype == np.float32
            assert changed.ndim == 1
            assert np.isfinite(changed).all()
            assert len(changed) > 8000
        assert np.abs(vary_voice(tone, np.random.default_rng(seed))).max() <= 1


@pytest.mark.data
def test_words_in_varied_recordings_are_found(data_dir):
    paths = sorted((data_dir / "free-spoken-digit-dataset" / "recordings").glob("*.wav"))[::50]
    heard = []
    for seed, path in enumerate(paths):
        clip, _ = soundfile.read(path, dtype="float32")
        clip = np.repeat(clip, 2)  # to 16 kHz, roughly
        heard.append(len(read_audio((SAMPLE_RATE, vary_voice(clip, np.random.default_rng(seed))))))
    assert np.mean(np.array(heard) > 0) > 0.98
