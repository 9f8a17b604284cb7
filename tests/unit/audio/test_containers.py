"""The files of phones and browsers are heard like their WAV twins, whatever they claim; or a sentence says why not."""

import struct

import numpy as np
import pytest
import soundfile
from containers import KINDS, contained
from sounds import between, check_heard, encoded, word

from mmdemo.audio import containers
from mmdemo.audio.containers import container_of, read_container
from mmdemo.audio.decode import MAX_SECONDS, decode
from mmdemo.audio.reader import read_audio
from mmdemo.config import SAMPLE_RATE
from mmdemo.inference.predictor import Predictor
from mmdemo.messages import InputError
from mmdemo.resources import ASSETS, CHECKPOINTS
from mmdemo.worker_pool import TooMuchWork

SOUND = between(word(), 0.5, 0.5)
NARROW = ("amr", "3gp")  # as a telephone sounds
SECOND = np.tile(word(1.0), 40)  # a syllable for every second


def refusal(contents):
    with pytest.raises(InputError) as refused:
        decode(contents)
    assert str(refused.value)
    return refused.value.note.key


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_heard_like_its_twin(kind, channels):
    contents = contained(SOUND, kind, channels=1 if kind in NARROW else channels)
    twin, other = read_audio(encoded(SOUND, format="WAV")), check_heard(read_audio(contents))
    assert other.seconds == pytest.approx(twin.seconds, abs=0.06)
    np.testing.assert_allclose(other.segments, twin.segments, atol=0.06)
    assert len(other) == len(twin)
    assert np.abs(other.mel - twin.mel).mean() < (0.15 if kind in NARROW else 0.03)


@pytest.fixture(scope="module")
def digits():
    return Predictor.load(CHECKPOINTS / "digits", "cpu")


@pytest.mark.parametrize("kind", KINDS)
def test_the_digits_model_answers_the_same(digits, kind):
    for name in ("nine", "three"):
        samples, rate = soundfile.read(ASSETS / "examples" / "digits" / f"{name}.flac")
        assert digits.predict(audio=(rate, samples)).label == name
        assert digits.predict(audio=contained(samples, kind, rate)).label == name


@pytest.mark.parametrize("kind", ["mp4", "webm", "mov"])
def test_of_a_film_the_sound_is_heard_and_no_picture_is_decoded(kind):
    film = contained(SOUND, kind, film=True)
    np.testing.assert_allclose(read_audio(film).segments, read_audio(encoded(SOUND, format="WAV")).segments, atol=0.06)
    assert refusal(contained(None, kind, film=True)) == "audio.no_sound"
    assert not {"h264", "hevc", "mpeg4", "vp8", "vp9", "av1", "libdav1d", "mjpeg", "png"} & set(containers.DECODERS)


@pytest.mark.parametrize("kind", ["webm", "mkv"])
def test_a_browser_that_knows_no_length_yet_is_heard(kind):
    """Browsers write the length last, or never."""
    live = contained(SOUND, kind, options={"live": "1"})
    assert len(decode(live)) == pytest.approx(len(SOUND), abs=0.06 * SAMPLE_RATE)


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_out_is_counted(kind):
    assert refusal(contained(SECOND[: 33 * SAMPLE_RATE], kind)) == "audio.too_long"


@pytest.mark.parametrize("kind", ["m4a", "aac", "webm", "wma", "amr", "caf"])
def test_the_limit_itself_is_allowed(kind):
    """Encoders add a few milliseconds."""
    heard = decode(contained(SECOND[: MAX_SECONDS * SAMPLE_RATE], kind))
    assert len(heard) == pytest.approx(MAX_SECONDS * SAMPLE_RATE, abs=0.1 * SAMPLE_RATE)
    assert len(heard) <= MAX_SECONDS * SAMPLE_RATE


def lying(contents, hours):
    """An MP4 that claims to last so long, in each of its three headers."""
    changed = bytearray(contents)
    for atom, scale, length in ((b"mvhd", 12, 16), (b"mdhd", 12, 16), (b"tkhd", None, 20)):
        at = changed.index(atom) + 4
        ticks = struct.unpack(">I", changed[at + scale : at + scale + 4])[0] if scale else 1000
        changed[at + length : at + length + 4] = struct.pack(">I", min(2**32 - 1, round(hours * 3600 * ticks)))
    return bytes(changed)


@pytest.mark.parametrize("hours", [0, 10])
def test_a_claimed_length_does_not_matter(hours):
    whole = contained(SOUND, "m4a")
    assert lying(whole, hours) != whole
    assert len(decode(lying(whole, hours))) == pytest.approx(len(SOUND), abs=0.06 * SAMPLE_RATE)
    assert refusal(lying(contained(SECOND[: 33 * SAMPLE_RATE], "m4a"), hours)) == "audio.too_long"


@pytest.mark.parametrize(
    "contents",
    [
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>file:///etc/</BaseURL></MPD>',
        b"[playlist]\nFile1=http://127.0.0.1/\n",
        b"RTSPtext rtsp://127.0.0.1/",
        b"<ASX><Entry><Ref href='http://127.0.0.1/'/></Entry></ASX>",
        b"",
        b"ID3",
        b"ID3\x04\0\0\0\0\0\0#EXTM3U\nfile:///etc/passwd",
        b"caff",
        bytes(5000),
    ],
    ids=lambda contents: contents[:12].decode("latin-1"),
)
def test_lists_of_other_files_and_what_is_no_sound_are_refused(contents):
    assert refusal(contents) == "audio.unreadable"
    assert (container_of(contents) is None) == (contents != b"caff")


@pytest.mark.parametrize(
    ("list_of_files", "name"),
    [("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{file}\n#EXT-X-ENDLIST\n", "hls"), ("file {file}\n", "concat")],
)
def test_a_container_that_names_another_file_gets_none(tmp_path, monkeypatch, list_of_files, name):
    """There is a second lock, should a list of files ever be taken for sound."""
    file = tmp_path / "other.aac"
    file.write_bytes(contained(SOUND, "aac"))
    contents = list_of_files.format(file=file).encode()
    monkeypatch.setattr(containers, "SIGNATURES", [(0, contents[:4], name)])
    assert container_of(contents) == name
    assert refusal(contents) == "audio.unreadable"


@pytest.mark.parametrize("kind", KINDS)
def test_broken_files_are_refused_or_read_in_part(kind):
    """Never anything but a sentence or a recording, wherever the damage is."""
    contents = contained(SOUND, kind)
    rng = np.random.default_rng(0)
    for _ in range(20):
        damaged = bytearray(contents[: rng.integers(len(contents))] if rng.integers(2) else contents)
        for place in rng.integers(0, max(len(damaged), 1), 5):
            damaged[place : place + 4] = rng.bytes(4)
        try:
            check_heard(read_audio(bytes(damaged)))
        except InputError as refused:
            assert str(refused)


@pytest.mark.parametrize("kind", ["aac", "webm", "wma", "amr"])
def test_what_is_cut_short_is_heard_up_to_there(kind):
    contents = contained(SOUND, kind)
    assert 0.3 * len(SOUND) < len(decode(contents[: len(contents) // 2])) < 0.7 * len(SOUND)


@pytest.mark.parametrize("kind", ["m4a", "mov", "webm"])
@pytest.mark.parametrize("samples", [1, 200])
def test_a_recording_that_was_stopped_at_once_is_too_short(kind, samples):
    assert check_heard(read_audio(contained(SOUND[:samples], kind))).absent.key == "audio.short"


def test_sound_of_which_nothing_can_be_decoded_is_refused():
    contents = contained(SOUND, "webm")
    at = contents.index(b"A_OPUS")
    assert refusal(contents[:at] + b"A_QUID" + contents[at + 6 :]) == "audio.unreadable"


def test_packets_are_counted(monkeypatch):
    monkeypatch.setattr(containers, "MAX_PACKETS", 10)
    with pytest.raises(TooMuchWork):
        list(read_container(contained(SOUND, "m4a")))


def test_what_changes_on_the_way_is_converted():
    """Two recordings, one after the other, as AAC allows: mono, then stereo at another rate."""
    first = contained(SOUND, "aac")
    KINDS["aac of 32 kHz"] = ("adts", "aac", 32_000)
    try:
        second = contained(SOUND, "aac of 32 kHz", channels=2)
    finally:
        del KINDS["aac of 32 kHz"]
    rates, shapes = zip(*((rate, piece.shape[1]) for rate, piece in read_container(first + second)), strict=True)
    assert set(rates) == {44_100} and set(shapes) == {1}
    assert len(decode(first + second)) == pytest.approx(2 * len(SOUND), abs=0.2 * SAMPLE_RATE)
    assert len(read_audio(first + second).segments) == 2


def test_a_tag_before_the_sound_is_passed_over():
    tag = b"ID3\x04\0\0" + bytes([0, 0, 1, 72]) + bytes(200)
    assert len(decode(tag + contained(SOUND, "aac"))) == pytest.approx(len(SOUND), abs=0.1 * SAMPLE_RATE)
