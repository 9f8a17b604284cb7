"""Speech is found, and nothing else: by hand, in made-up recordings, and in real ones."""

import numpy as np
import pytest
import soundfile
from sounds import between, check_heard, noise, word

from mmdemo.audio.find_speech import SMOOTH, find_speech, keep, whole_steps
from mmdemo.audio.reader import read_audio
from mmdemo.audio.speech_embedding import BANDS
from mmdemo.config import SAMPLE_RATE


def test_two_words_give_two_segments_in_order_and_the_pause_is_shortened():
    sound = np.concatenate([between(word(0.4), 0.5, 3), between(word(0.5, pitch=200), 0, 0.5)])
    heard = check_heard(read_audio((SAMPLE_RATE, sound)))
    assert [round(sum(segment) / 2, 1) for segment in heard.segments] == pytest.approx([0.7, 4.15], abs=0.1)
    assert len(heard) < 22
    a_short_pause = np.concatenate([between(word(0.4), 0.5, 0.2), between(word(0.5), 0, 0.5)])
    assert len(read_audio((SAMPLE_RATE, a_short_pause)).segments) == 1


@pytest.mark.parametrize("exponent", [0, 0.5, 1])
@pytest.mark.parametrize("seconds", [0.7, 3, 20])
def test_steady_noise_is_silence(exponent, seconds):
    heard = check_heard(read_audio((SAMPLE_RATE, noise(seconds, exponent))))
    assert heard.absent.key == "audio.silence"


@pytest.mark.parametrize("exponent", [0, 0.5])
def test_a_word_in_noise_is_found(exponent):
    """The noise lies 10 dB under the word; the segment still has to be about the word."""
    loud = word(0.5)
    sound = between(loud, 1, 1)
    hiss = noise(2.5, exponent)
    ((start, end),) = check_heard(
        read_audio((SAMPLE_RATE, sound + hiss / hiss.std() * loud.std() * 10 ** (-10 / 20)))
    ).segments
    assert start == pytest.approx(0.85, abs=0.15)
    assert end == pytest.approx(1.65, abs=0.15)


def test_hum_and_offset_are_not_speech_and_do_not_hide_it():
    time = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    hum = 0.2 + sum(0.1 / k * np.sin(2 * np.pi * 50 * k * time) for k in range(1, 6))
    assert read_audio((SAMPLE_RATE, hum)).absent
    ((start, end),) = read_audio((SAMPLE_RATE, hum + between(word(0.5), 1, 1.5) * 0.5)).segments
    assert start == pytest.approx(0.85, abs=0.1)
    assert end == pytest.approx(1.65, abs=0.1)


def test_a_click_is_not_speech():
    sound = np.zeros(SAMPLE_RATE)
    sound[8000:8040] = 0.9
    assert read_audio((SAMPLE_RATE, sound)).absent


def test_segments_by_hand():
    """Loud frames 40 to 59 and 95 to 104: a pause of 35 frames parts them; frames 0 to 2 are a click."""
    power = np.full((200, BANDS), 1e-4, np.float32)
    power[[0, 1, 2]] = power[40:60] = power[95:105] = 1.0
    found = find_speech(power)
    assert len(found) == 2
    assert found[0] == pytest.approx((40, 60), abs=SMOOTH // 2)
    assert found[1] == pytest.approx((95, 105), abs=SMOOTH // 2)


def test_margins_and_whole_steps_by_hand():
    """20 frames and two margins of 15 are 50; whole steps of 8 make 56."""
    assert whole_steps([(40, 60)]) == [(25, 81)]


def test_keep_by_hand():
    assert keep([(0, 40), (100, 140)], 1000) == ([(0, 40), (100, 140)], 0)
    assert keep([(0, 40), (100, 140)], 60) == ([(0, 40), (100, 116)], 24)  # 60 frames are 7 whole steps
    assert keep([(0, 40), (100, 140)], 40) == ([(0, 40)], 40)


@pytest.fixture(scope="module")
def clips(data_dir):
    """Sixty of the spoken digits, of all speakers and digits, at their own 8,000 Hz."""
    paths = sorted((data_dir / "free-spoken-digit-dataset" / "recordings").glob("*.wav"))[::50]
    return [soundfile.read(path, dtype="float32")[0] for path in paths]


@pytest.mark.data
def test_every_real_word_is_one_segment_within_its_recording(clips):
    for clip in clips:
        heard = check_heard(read_audio((8000, clip)))
        assert len(heard.segments) == 1
        start, end = (round(SAMPLE_RATE * second) for second in heard.segments[0])
        energy = np.square(heard.samples)
        assert energy[start:end].sum() > 0.98 * energy.sum()
        assert 6 <= len(heard) <= 16
