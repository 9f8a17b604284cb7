"""Any recording in, the same samples out; or a sentence that says why not."""

import struct

import numpy as np
import pytest
import soxr
from sounds import between, check_heard, encoded, word

from mmdemo.audio import decode
from mmdemo.audio.reader import read_audio
from mmdemo.config import SAMPLE_RATE
from mmdemo.messages import InputError


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000, 96000])
def test_the_sampling_rate_does_not_matter(rate):
    sound = between(word(), 0.5, 0.5)
    heard = read_audio((SAMPLE_RATE, sound))
    other = check_heard(read_audio((rate, soxr.resample(sound, SAMPLE_RATE, rate))))
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
    other = check_heard(read_audio((SAMPLE_RATE, numbers)))
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
    heard = check_heard(read_audio((SAMPLE_RATE, sound)))
    for source in (contents, path, str(path)):
        other = check_heard(read_audio(source))
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
        check_heard(read_audio((SAMPLE_RATE, broken))).mel, read_audio((SAMPLE_RATE, sound)).mel, atol=0.01
    )
    for scale in (1e30, 1e300):
        assert check_heard(read_audio((SAMPLE_RATE, sound * scale))).segments


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
    assert check_heard(read_audio((SAMPLE_RATE, np.zeros(30 * SAMPLE_RATE, np.int16)))).seconds == 30


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
            check_heard(read_audio(bytes(damaged)))
        except InputError as refused:
            assert str(refused)


@pytest.mark.parametrize("contents", [b"", b"hello", b"RIFF" + bytes(40), bytes(5000)])
def test_what_is_no_recording_is_refused(contents):
    assert refusal(contents) == "audio.unreadable"


def test_a_header_that_lies_about_its_length():
    contents = encoded(between(word(), 0.5, 0.5), format="WAV")
    assert len(check_heard(read_audio(contents[:40] + struct.pack("<I", 0xFFFFFFFF) + contents[44:])))
    assert check_heard(read_audio(contents[:44])).absent  # the header alone


def test_a_file_that_goes_while_it_waits_for_its_turn_is_missing(tmp_path):
    with pytest.raises(InputError) as error:
        decode._decode_file(tmp_path / "gone.wav")
    assert error.value.note.key == "audio.missing"
