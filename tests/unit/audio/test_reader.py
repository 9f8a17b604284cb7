"""Sound: any recording in, the same spectrogram out, each step with its seconds in the original."""

import io
import struct

import numpy as np
import pytest
import soundfile
import soxr
import torch

from mmdemo.audio.find_speech import CONTEXT, SMOOTH, find_speech, keep, whole_steps
from mmdemo.audio.reader import AudioInput, read_audio
from mmdemo.audio.spectrogram import spectrogram
from mmdemo.audio.speech_embedding import BANDS, SpeechEmbedding, steps
from mmdemo.config import SAMPLE_RATE, AudioConfig
from mmdemo.messages import InputError


def word(seconds=0.4, rate=SAMPLE_RATE, pitch=120.0):
    """Something like a syllable: harmonics under two moving formants, fading in and out."""
    time = np.arange(round(seconds * rate)) / rate
    sound = np.zeros_like(time)
    for harmonic in range(1, int(3800 / pitch)):
        frequency = harmonic * pitch
        formants = np.exp(-(((frequency - 500 - 400 * time / seconds) / 300) ** 2))
        formants += 0.5 * np.exp(-(((frequency - 2000 + 600 * time / seconds) / 400) ** 2))
        sound += formants * np.sin(2 * np.pi * frequency * time)
    return sound / np.abs(sound).max() * 0.5 * np.sin(np.pi * time / seconds) ** 0.5


def between(sound, before, after, rate=SAMPLE_RATE):
    """A sound with silence around it."""
    return np.concatenate([np.zeros(round(before * rate)), sound, np.zeros(round(after * rate))])


def encoded(samples, rate=SAMPLE_RATE, **kind):
    file = io.BytesIO()
    soundfile.write(file, samples, rate, **kind)
    return file.getvalue()


def noise(seconds, exponent, seed=0):
    """White (0), pink (0.5) or brown (1) noise of standard deviation 0.05."""
    n = round(seconds * SAMPLE_RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(n))
    sound = np.fft.irfft(spectrum * np.maximum(np.fft.rfftfreq(n, 1 / SAMPLE_RATE), 10) ** -exponent, n)
    return sound / sound.std() * 0.05


def check(heard: AudioInput):
    """What holds for whatever was heard."""
    assert heard.samples.dtype == np.float32
    assert heard.samples.ndim == 1
    assert np.abs(heard.samples).max(initial=0) <= 1
    assert heard.spans.shape == (len(heard), 2)
    assert steps(len(heard.mel)) == len(heard)
    assert heard.mel.shape[1:] == (BANDS,)
    assert heard.mel.dtype == np.float32
    assert np.isfinite(heard.mel).all()
    assert (heard.absent is None) == (len(heard) > 0)
    assert (np.diff(heard.spans, axis=0) >= 0).all()
    assert (heard.spans[:, 0] <= heard.spans[:, 1]).all()
    assert ((heard.spans >= 0) & (heard.spans <= heard.seconds)).all()
    for start, end in heard.segments:
        assert 0 <= start < end <= heard.seconds
    for note in (*heard.notes, heard.absent):
        assert note is None or str(note)
    return heard


# --- the spectrogram ---


def test_spectrogram_has_librosas_numbers():
    """One frame of ``librosa.feature.melspectrogram`` 0.11 for a chirp and a tone, written down in dB.

    Calling it here would mean waiting for numba; the arguments are in :func:`spectrogram`.
    """
    time = np.arange(16000) / 16000
    sound = 0.3 * np.sin(2 * np.pi * (100 * time + 1500 * time**2)) + 0.1 * np.sin(2 * np.pi * 700 * time)
    power = spectrogram(sound.astype(np.float32))
    librosas = [-76.499, -74.444, -68.053, -66.317, -57.877, -54.124, -38.974, -12.657, 1.687, 1.063, -15.401, -41.879]
    librosas += [-46.238, -32.984, -11.025, 9.37, 10.59, -5.589, -34.587, -48.903, -58.098, -65.375, -71.215]
    assert power.shape == (101, 32)
    decibels = 10 * np.log10(power)
    assert decibels[37, : len(librosas)] == pytest.approx(librosas, abs=0.1)
    assert decibels[37, 5:20] == pytest.approx(librosas[5:20], abs=0.002)  # where float32 is not at its end
    assert decibels[0, :3] == pytest.approx([7.3813, 0.0006, -14.5945], abs=0.001)
    assert decibels[100, -3:] == pytest.approx([4.8880, -3.6630, -15.6024], abs=0.001)


def test_spectrogram_of_a_tone_peaks_in_its_band():
    """Up to 1,000 Hz the bands' middles are 67.7 Hz apart, from 127.7 Hz on: 1,000 Hz is in the fourteenth."""
    tone = np.sin(2 * np.pi * 1000 * np.arange(8000) / 16000).astype(np.float32)
    assert spectrogram(tone)[20:30].argmax(axis=1).tolist() == [13] * 10


# --- finding speech ---


def test_a_word_gives_one_segment_and_about_nine_steps():
    heard = check(read_audio((SAMPLE_RATE, between(word(0.4), 1, 1))))
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


def test_two_words_give_two_segments_in_order_and_the_pause_is_shortened():
    sound = np.concatenate([between(word(0.4), 0.5, 3), between(word(0.5, pitch=200), 0, 0.5)])
    heard = check(read_audio((SAMPLE_RATE, sound)))
    assert [round(sum(segment) / 2, 1) for segment in heard.segments] == pytest.approx([0.7, 4.15], abs=0.1)
    assert len(heard) < 22
    a_short_pause = np.concatenate([between(word(0.4), 0.5, 0.2), between(word(0.5), 0, 0.5)])
    assert len(read_audio((SAMPLE_RATE, a_short_pause)).segments) == 1


@pytest.mark.parametrize("exponent", [0, 0.5, 1])
@pytest.mark.parametrize("seconds", [0.7, 3, 20])
def test_steady_noise_is_silence(exponent, seconds):
    heard = check(read_audio((SAMPLE_RATE, noise(seconds, exponent))))
    assert heard.absent.key == "audio.silence"


@pytest.mark.parametrize("exponent", [0, 0.5])
def test_a_word_in_noise_is_found(exponent):
    """The noise lies 10 dB under the word; the segment still has to be about the word."""
    loud = word(0.5)
    sound = between(loud, 1, 1)
    hiss = noise(2.5, exponent)
    ((start, end),) = check(
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
    heard = check(read_audio((SAMPLE_RATE, samples)))
    assert heard.absent.key == key
    assert heard.mel.shape == (0, BANDS)


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


# --- what must not matter ---


@pytest.mark.parametrize("gain", [1e-3, 0.1, 2.0])
def test_the_level_does_not_matter(gain):
    sound = between(word(), 0.5, 0.5)
    heard, other = read_audio((SAMPLE_RATE, sound)), check(read_audio((SAMPLE_RATE, sound * gain)))
    np.testing.assert_allclose(other.mel, heard.mel, atol=0.01)
    assert other.segments == heard.segments


def test_a_very_quiet_and_a_distorted_recording_are_told():
    sound = between(word(), 0.5, 0.5)
    assert not read_audio((SAMPLE_RATE, sound)).notes
    assert [note.key for note in read_audio((SAMPLE_RATE, sound * 1e-3)).notes] == ["audio.quiet"]
    distorted = check(read_audio((SAMPLE_RATE, np.clip(sound * 20, -1, 1))))
    assert [note.key for note in distorted.notes] == ["audio.clipped"]


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000, 96000])
def test_the_sampling_rate_does_not_matter(rate):
    sound = between(word(), 0.5, 0.5)
    heard = read_audio((SAMPLE_RATE, sound))
    other = check(read_audio((rate, soxr.resample(sound, SAMPLE_RATE, rate))))
    assert other.seconds == pytest.approx(heard.seconds, abs=1e-3)
    assert len(other) == len(heard)
    assert np.abs(other.mel - heard.mel).mean() < 0.02
    np.testing.assert_allclose(other.spans, heard.spans, atol=0.011)


@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "uint8", "float16", "float32", "float64"])
def test_the_kind_of_number_does_not_matter(kind):
    sound = between(word(), 0.5, 0.5)
    heard = read_audio((SAMPLE_RATE, sound))
    kind = np.dtype(kind)
    if kind.kind == "f":
        numbers = sound.astype(kind)
    else:
        offset = 128 if kind.kind == "u" else 0
        numbers = (sound * (127 if kind.itemsize == 1 else np.iinfo(kind).max) + offset).round().astype(kind)
    other = check(read_audio((SAMPLE_RATE, numbers)))
    np.testing.assert_allclose(other.segments, heard.segments, atol=0.1)  # 8 bits have a noise of their own
    if kind.itemsize > 1:
        np.testing.assert_allclose(other.mel, heard.mel, atol=0.05)


@pytest.mark.parametrize(
    ("kind", "tolerance"),
    [
        ({"format": "WAV", "subtype": "PCM_16"}, 0.02),
        ({"format": "WAV", "subtype": "PCM_24"}, 0.02),
        ({"format": "WAV", "subtype": "FLOAT"}, 0.02),
        ({"format": "FLAC"}, 0.02),
        ({"format": "OGG", "subtype": "VORBIS"}, 0.15),
        ({"format": "MP3"}, 0.15),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("channels", [1, 2])
def test_files_of_every_kind(tmp_path, kind, tolerance, channels):
    sound = between(word(), 0.5, 0.5)
    contents = encoded(np.tile(sound[:, None], (1, channels)), **kind)
    path = tmp_path / "sound"
    path.write_bytes(contents)
    heard = check(read_audio((SAMPLE_RATE, sound)))
    for source in (contents, path, str(path)):
        other = check(read_audio(source))
        assert len(other) == len(heard)
        assert np.abs(other.mel - heard.mel).mean() < tolerance


def test_one_silent_channel_does_not_matter():
    sound = between(word(), 0.5, 0.5)
    heard = read_audio((SAMPLE_RATE, np.stack([sound, np.zeros_like(sound)], axis=1)))
    np.testing.assert_allclose(heard.mel, read_audio((SAMPLE_RATE, sound)).mel, atol=1e-3)


def test_broken_numbers_are_survived():
    sound = between(word(), 0.5, 0.5)
    broken = sound.copy()
    broken[[100, 200, 300]] = np.nan, np.inf, -np.inf
    np.testing.assert_allclose(
        check(read_audio((SAMPLE_RATE, broken))).mel, read_audio((SAMPLE_RATE, sound)).mel, atol=0.01
    )
    for scale in (1e30, 1e300):
        assert check(read_audio((SAMPLE_RATE, sound * scale))).segments


# --- limits ---


def test_at_most_six_seconds_are_read_and_the_rest_is_told():
    sound = np.concatenate([between(word(0.8), 0.1, 0.4) for _ in range(12)])  # 12 segments of 1.1 s
    heard = check(read_audio((SAMPLE_RATE, sound)))
    assert len(heard) == 75
    (note,) = heard.notes
    assert note.key == "audio.cut"
    assert note.values["read"] == 6.0
    assert note.values["left"] == pytest.approx(12 * 1.12 - 6, abs=1)
    assert len(read_audio((SAMPLE_RATE, sound), AudioConfig(max_seconds=2.0))) == 25


def refusal(source):
    with pytest.raises(InputError) as caught:
        read_audio(source)
    assert str(caught.value)
    return caught.value.note.key


def test_what_is_refused(tmp_path):
    rate, second = SAMPLE_RATE, np.zeros(SAMPLE_RATE, np.int16)
    assert refusal((rate, np.zeros(30 * rate + 1))) == "audio.too_long"
    assert refusal(encoded(np.zeros(31 * 2000), 2000, format="FLAC")) == "audio.too_long"
    assert refusal(bytes(10_000_001)) == "audio.too_large"
    (tmp_path / "large").write_bytes(bytes(10_000_001))
    assert refusal(tmp_path / "large") == "audio.too_large"
    assert refusal((0, second)) == refusal((-1, second)) == refusal((1_000_000, second)) == "audio.rate"
    assert refusal(encoded(second, 1000, format="WAV")) == "audio.rate"
    assert refusal((rate, np.zeros((100, 17)))) == refusal((rate, np.zeros((100, 0)))) == "audio.channels"
    assert refusal(encoded(np.zeros((100, 17)), format="WAV")) == "audio.channels"
    assert refusal((rate, np.zeros((2, 2, 2)))) == refusal((rate, np.zeros(9, complex))) == "audio.shape"
    assert refusal(tmp_path / "nowhere.wav") == refusal(str(tmp_path)) == "audio.missing"


def test_the_limit_itself_is_allowed():
    assert check(read_audio((SAMPLE_RATE, np.zeros(30 * SAMPLE_RATE, np.int16)))).seconds == 30


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_broken_files_are_refused_or_read_in_part(kind):
    """Never anything but a sentence or a recording, wherever the damage is."""
    contents = encoded(between(word(), 0.5, 0.5), format=kind)
    rng = np.random.default_rng(0)
    for _ in range(20):
        damaged = bytearray(contents[: rng.integers(len(contents))])
        for place in rng.integers(0, max(len(damaged), 1), 5):
            damaged[place : place + 4] = rng.bytes(4)
        try:
            check(read_audio(bytes(damaged)))
        except InputError as refused:
            assert str(refused)


@pytest.mark.parametrize("contents", [b"", b"hello", b"RIFF" + bytes(40), bytes(5000)])
def test_what_is_no_recording_is_refused(contents):
    assert refusal(contents) == "audio.unreadable"


def test_a_header_that_lies_about_its_length():
    contents = encoded(between(word(), 0.5, 0.5), format="WAV")
    assert len(check(read_audio(contents[:40] + struct.pack("<I", 0xFFFFFFFF) + contents[44:])))
    assert check(read_audio(contents[:44])).absent  # the header alone


# --- drawing ---


# --- real voices ---


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
def test_every_real_word_is_one_segment_within_its_recording(clips):
    for clip in clips:
        heard = check(read_audio((8000, clip)))
        assert len(heard.segments) == 1
        start, end = (round(SAMPLE_RATE * second) for second in heard.segments[0])
        energy = np.square(heard.samples)
        assert energy[start:end].sum() > 0.98 * energy.sum()
        assert 6 <= len(heard) <= 16


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
        heard, other = read_audio((8000, clip)), check(read_audio((8000, padded)))
        assert abs(len(other) - len(heard)) <= 3
        word = heard.mel[CONTEXT : CONTEXT + 40]
        moved = np.lib.stride_tricks.sliding_window_view(other.mel, word.shape)[:, 0]
        assert np.abs(moved - word).mean(axis=(1, 2)).min() < 0.1
