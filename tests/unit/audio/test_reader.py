"""Sound: any recording in, the same spectrogram out, each step with its seconds in the original."""

import numpy as np
import pytest
import soundfile
import soxr
import torch
from sounds import between, check_heard, word

from mmdemo.audio.find_speech import CONTEXT
from mmdemo.audio.reader import read_audio
from mmdemo.audio.speech_embedding import BANDS, SpeechEmbedding
from mmdemo.config import SAMPLE_RATE, AudioConfig


def test_a_word_gives_one_segment_and_about_nine_steps():
    heard = check_heard(read_audio((SAMPLE_RATE, between(word(0.4), 1, 1))))
    ((start, end),) = heard.segments
    assert start == pytest.approx(1 - 0.15, abs=0.06)
    assert end == pytest.approx(1.4 + 0.15, abs=0.09)
    assert 8 <= len(heard) <= 10
    assert heard.spans[0, 0] == start
    assert heard.spans[-1, 1] == end
    assert np.diff(heard.spans, axis=1) == pytest.approx(0.08)


def test_the_loudest_step_lies_on_the_word():
    """The rows of the spectrogram and the seconds belong together."""
    heard = read_audio((SAMPLE_RATE, between(word(0.3), 2.0, 0.5)))
    middles = heard.mel[CONTEXT:-CONTEXT].reshape(len(heard), 8, BANDS)
    loudest = middles.max(axis=2).mean(axis=1).argmax()
    assert 2.0 <= heard.spans[loudest].mean() <= 2.3


@pytest.mark.parametrize(
    ("samples", "key"),
    [
        (np.zeros(0), "audio.short"),
        (np.ones(1), "audio.short"),
        (word(0.03), "audio.short"),
        (np.zeros(16000), "audio.silence"),
        (np.full(16000, 0.5), "audio.silence"),
        (np.full(16000, np.nan), "audio.silence"),
        (np.zeros((16000, 2), np.int16), "audio.silence"),
        (np.random.default_rng(0).integers(-1, 2, 48000).astype(np.int16), "audio.silence"),
    ],
    ids=["empty", "one sample", "30 ms", "zeros", "offset", "nan", "stereo", "last bit"],
)
def test_nothing_to_hear_is_absent(samples, key):
    heard = check_heard(read_audio((SAMPLE_RATE, samples)))
    assert heard.absent.key == key
    assert heard.mel.shape == (0, BANDS)


@pytest.mark.parametrize("gain", [1e-3, 0.1, 2.0])
def test_the_level_does_not_matter(gain):
    sound = between(word(), 0.5, 0.5)
    heard, other = read_audio((SAMPLE_RATE, sound)), check_heard(read_audio((SAMPLE_RATE, sound * gain)))
    np.testing.assert_allclose(other.mel, heard.mel, atol=0.01)
    assert other.segments == heard.segments


def test_a_very_quiet_and_a_distorted_recording_are_told():
    sound = between(word(), 0.5, 0.5)
    assert not read_audio((SAMPLE_RATE, sound)).notes
    assert [note.key for note in read_audio((SAMPLE_RATE, sound * 1e-3)).notes] == ["audio.quiet"]
    distorted = check_heard(read_audio((SAMPLE_RATE, np.clip(sound * 20, -1, 1))))
    assert [note.key for note in distorted.notes] == ["audio.clipped"]


def test_at_most_six_seconds_are_read_and_the_rest_is_told():
    sound = np.concatenate([between(word(0.8), 0.1, 0.4) for _ in range(12)])  # 12 segments of 1.1 s
    heard = check_heard(read_audio((SAMPLE_RATE, sound)))
    assert len(heard) == 75
    (note,) = heard.notes
    assert note.key == "audio.cut"
    assert note.values["read"] == 6.0
    assert note.values["left"] == pytest.approx(12 * 1.12 - 6, abs=1)
    assert len(read_audio((SAMPLE_RATE, sound), AudioConfig(max_seconds=2.0))) == 25


@pytest.fixture(scope="module")
def clips(data_dir):
    """Sixty of the spoken digits, of all speakers and digits, at their own 8,000 Hz."""
    paths = sorted((data_dir / "free-spoken-digit-dataset" / "recordings").glob("*.wav"))[::50]
    return [soundfile.read(path, dtype="float32")[0] for path in paths]


@pytest.fixture(scope="module")
def embed():
    stem = SpeechEmbedding.pretrained()

    def run(heard):
        with torch.inference_mode():
            return stem(torch.from_numpy(heard.mel)[None])[0].numpy()

    return run


@pytest.mark.data
@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_real_words_have_the_same_features_at_every_rate(clips, embed, rate):
    for clip in clips[::6]:
        heard = embed(read_audio((8000, clip)))
        other = embed(read_audio((rate, soxr.resample(clip, 8000, rate))))
        assert other.shape == heard.shape
        assert np.abs(other - heard).mean() < 0.02 * heard.std()


@pytest.mark.data
@pytest.mark.parametrize("hiss", [0, 1e-3], ids=["silence", "faint noise"])
def test_two_seconds_of_silence_around_real_words_change_little(clips, hiss):
    """The word is found some frames earlier or later; moved by those, the spectrogram is the same to 1 dB."""
    rng = np.random.default_rng(0)
    for clip in clips[::3]:
        padded = between(clip, 2, 2, rate=8000)
        padded += rng.standard_normal(len(padded)) * hiss * np.abs(clip).max()
        heard, other = read_audio((8000, clip)), check_heard(read_audio((8000, padded)))
        assert abs(len(other) - len(heard)) <= 3
        word = heard.mel[CONTEXT : CONTEXT + 40]
        moved = np.lib.stride_tricks.sliding_window_view(other.mel, word.shape)[:, 0]
        assert np.abs(moved - word).mean(axis=(1, 2)).min() < 0.1


def test_a_word_that_the_recording_cuts_off_is_doubted_where_one_word_is_expected():
    config = AudioConfig(one_word=True)
    whole = between(word(0.5), 0.5, 0.5)
    middle = len(whole) // 2
    assert read_audio((SAMPLE_RATE, whole), config).doubt is None
    assert read_audio((SAMPLE_RATE, whole[middle:]), config).doubt.key == "audio.began_late"
    assert read_audio((SAMPLE_RATE, whole[:middle]), config).doubt.key == "audio.ended_early"
    assert read_audio((SAMPLE_RATE, whole[middle:])).doubt is None


def test_a_part_of_a_recording_is_read_as_the_whole_was():
    sound = np.concatenate([between(word(0.4), 0.5, 0.5), between(word(0.3), 0.5, 0.5)])
    heard = read_audio((SAMPLE_RATE, sound))
    (gap,) = heard.breaks
    part = check_heard(heard.part(gap, len(heard)))
    assert len(part) == len(heard) - gap and part.segments == heard.segments[1:]
    embed = SpeechEmbedding.pretrained()
    with torch.inference_mode():
        whole, rest = (embed(torch.from_numpy(one.mel)[None])[0] for one in (heard, part))
    assert torch.allclose(whole[gap:], rest, atol=1e-4)
