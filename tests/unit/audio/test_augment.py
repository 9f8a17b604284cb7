"""Other voices and noise: what is promised about them, and that the words in them are still found."""

import numpy as np
import pytest
import soundfile

from mmdemo.audio.augment import (
    CODECS,
    THROAT,
    add_hum,
    add_murmur,
    at_pace,
    by_child,
    coded,
    echo,
    murmurs,
    other_band,
    other_ends,
    other_speaker,
    other_throat,
    room,
    truncated,
    vary_voice,
    whispered,
)
from mmdemo.audio.noise import loud_part
from mmdemo.audio.reader import read_audio
from mmdemo.config import SAMPLE_RATE

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


def test_every_part_keeps_samples_finite_and_float32(tone):
    for seed in range(10):
        for change in (other_speaker, other_throat, echo, other_band, other_ends, vary_voice):
            changed = change(tone, np.random.default_rng(seed))
            assert changed.dtype == np.float32
            assert changed.ndim == 1
            assert np.isfinite(changed).all()
            assert len(changed) > 8000
        assert np.abs(vary_voice(tone, np.random.default_rng(seed))).max() <= 1


@pytest.mark.parametrize("codec", CODECS)
def test_a_codec_keeps_the_tone_and_its_time(tone, codec):
    left = coded(tone, codec, np.random.default_rng(0))
    assert left.dtype == np.float32 and len(left) == pytest.approx(len(tone), abs=0.1 * SAMPLE_RATE)
    assert pitch(left) == pytest.approx(300, abs=5)
    assert np.array_equal(left, coded(tone, codec, np.random.default_rng(0)))


def test_hum_has_the_level_that_was_asked_for(tone):
    added = add_hum(tone, 20, np.random.default_rng(0)) - tone
    assert 20 * np.log10(loud_part(tone) / added.std()) == pytest.approx(20, abs=0.1)
    assert min(abs(pitch(added) - mains) for mains in (50, 60)) < 1.5


def test_a_room_begins_with_the_direct_sound_and_dies_away():
    for seed in range(30):
        response = room(np.random.default_rng(seed))
        assert response[0] == 1 and np.isfinite(response).all()
        assert len(response) < SAMPLE_RATE
        energy = np.square(response[1:])
        assert energy.sum() < 20
        assert energy[len(energy) // 2 :].sum() < 0.5 * energy.sum() + 1e-9


def test_another_throat_moves_the_resonances_and_leaves_the_pitch():
    """Pulses at 100 Hz through one resonance at 1,500 Hz: the centre of the spectrum moves, the pulses do not."""
    pulses = np.zeros(SAMPLE_RATE, np.float32)
    pulses[::160] = 1
    times = np.arange(400) / SAMPLE_RATE
    voice = np.convolve(pulses, np.sin(2 * np.pi * 1500 * times) * np.exp(-times * 600))[:SAMPLE_RATE].astype(
        np.float32
    )

    def centre(sound):
        power = np.abs(np.fft.rfft(sound)) ** 2
        return (power * np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)).sum() / power.sum()

    moved = [other_throat(voice, np.random.default_rng(seed)) for seed in range(30)]
    ratios = np.array([centre(sound) for sound in moved]) / centre(voice)
    assert ratios.std() > 0.03 and 1 - THROAT - 0.03 < ratios.min() < 0.97 and 1.03 < ratios.max() < 1 + THROAT + 0.03
    for sound in moved:  # its harmonics are where they were
        power = np.abs(np.fft.rfft(sound)) ** 2
        assert power[::100].sum() > 0.8 * power.sum()


@pytest.mark.data
def test_words_in_varied_recordings_are_found(data_dir):
    paths = sorted((data_dir / "free-spoken-digit-dataset" / "recordings").glob("*.wav"))[::50]
    heard = []
    for seed, path in enumerate(paths):
        clip, _ = soundfile.read(path, dtype="float32")
        clip = np.repeat(clip, 2)  # to 16 kHz, roughly
        heard.append(len(read_audio((SAMPLE_RATE, vary_voice(clip, np.random.default_rng(seed))))))
    assert np.mean(np.array(heard) > 0) > 0.98


def test_murmurs_lie_as_far_below_as_asked_and_differ():
    """Noise of an exact level; one voice is no other; silence stays silence."""
    rng = np.random.default_rng(3)
    tone = np.sin(np.arange(SAMPLE_RATE) / 10).astype(np.float32)
    noise = add_murmur(tone, 20.0, rng) - tone
    assert 20 * np.log10(loud_part(tone) / noise.std()) == pytest.approx(20, abs=0.1)
    first, second = murmurs()[:2]
    assert first.std() == pytest.approx(1, abs=1e-3)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.2
    assert not add_murmur(np.zeros(1000, np.float32), 20.0, rng).any()


def test_recorded_people_are_heard_in_the_background_where_there_are_some():
    """One who hums at 1000 Hz: seven times out of ten nothing but that lies under the tone."""
    hum = np.sin(2 * np.pi * 1000 * np.arange(SAMPLE_RATE) / SAMPLE_RATE).astype(np.float32)
    tone = np.sin(np.arange(SAMPLE_RATE) / 10).astype(np.float32)
    laid = [add_murmur(tone, 10.0, np.random.default_rng(seed), [hum]) - tone for seed in range(40)]
    hummed = [pitch(noise) == pytest.approx(1000, abs=2) for noise in laid]
    assert 20 <= sum(hummed) <= 36
    assert all(20 * np.log10(loud_part(tone) / noise.std()) == pytest.approx(10, abs=0.1) for noise in laid)


@pytest.mark.parametrize("factor", [0.65, 1.7])
def test_pace_changes_the_length_alone(tone, factor):
    changed = at_pace(tone, factor)
    assert len(changed) == pytest.approx(len(tone) / factor, rel=0.05)
    assert pitch(changed) == pytest.approx(300, abs=6)


def test_a_child_is_higher_at_about_the_same_pace(tone):
    changed = by_child(tone, 1.3)
    assert pitch(changed) == pytest.approx(390, abs=10)
    assert len(changed) == pytest.approx(len(tone), rel=0.2)


def test_a_whisper_has_the_same_outline_but_no_pitch(tone):
    """Noise where the tone was; the energy stays in its region of the spectrum."""
    rng = np.random.default_rng(0)
    changed = whispered(tone + 0.001 * rng.standard_normal(len(tone)).astype(np.float32), rng)
    assert len(changed) == len(tone)

    def peaked(sound):
        """The share of the strongest 2 Hz in the energy."""
        power = np.abs(np.fft.rfft(sound)) ** 2
        return power.max() / power.sum()

    assert peaked(changed) < 0.1 * peaked(tone)
    power = np.abs(np.fft.rfft(changed)) ** 2
    hertz = np.fft.rfftfreq(len(changed), 1 / SAMPLE_RATE)
    assert power[hertz < 1500].sum() > 2 * power[hertz > 3000].sum()


def test_a_beginning_or_an_end_is_lost_now_and_then(tone):
    sounds = [truncated(np.arange(len(tone)), np.random.default_rng(seed)) for seed in range(200)]
    late, early = (
        [sound for sound in sounds if lost(sound)] for lost in (lambda s: s[0], lambda s: s[-1] < len(tone) - 1)
    )
    assert 10 < len(late) < 45 and 10 < len(early) < 45
    assert all(len(sound) >= 0.69 * len(tone) for sound in sounds)


def test_a_moment_is_left_as_it_is():
    moment = np.zeros(100, np.float32)
    assert at_pace(moment, 1.5) is moment and whispered(moment, None) is moment
