"""Recordings that are all work are refused before they are decoded; all others pass."""

import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile
from laborious_sounds import LABORIOUS, sound

from mmdemo.audio.decode import decode
from mmdemo.audio.structure import check_structure
from mmdemo.worker_pool import TooMuchWork

REFUSED = [name for name in LABORIOUS if name not in ("a FLAC's tags", "an MP3's frames", "what is no MP3")]
ASSETS = Path(__file__).parents[3] / "assets" / "examples"


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_all_work_is_refused_at_once(name):
    contents = LABORIOUS[name]()
    assert len(contents) < 10_500_000
    begun = time.process_time()
    with pytest.raises(TooMuchWork):
        check_structure(contents)
    assert time.process_time() - begun < 0.3


@pytest.mark.parametrize("name", REFUSED)
def test_a_few_such_parts_are_no_work(name):
    check_structure(LABORIOUS[name](1))


@pytest.mark.parametrize("kind", sorted(set(soundfile.available_formats()) & {"WAV", "WAVEX", "RF64", "AIFF", "FLAC",
                                                                            "OGG", "MP3", "AU", "CAF"}))  # fmt: skip
def test_every_format_passes(kind):
    half_a_minute = 0.1 * np.random.default_rng(0).normal(size=29 * 16_000)
    contents = sound(kind, samples=half_a_minute)
    check_structure(contents)
    assert len(decode(contents)) == pytest.approx(29 * 16_000, rel=0.01)


def test_the_shortest_packets_pass():
    page = sound("OGG", "OPUS", np.zeros(16_000)).partition(b"OggS")[2]
    check_structure((b"OggS" + page)[:27] + bytes([1]) + b"a" + (b"OggS\0\0" + bytes(20) + b"\1\1a") * 12_000)


def test_every_example_passes():
    files = [path for path in ASSETS.rglob("*") if path.suffix in (".flac", ".wav", ".mp3", ".ogg")]
    assert files
    for path in files:
        check_structure(path.read_bytes())


def test_decoding_looks_at_it_first():
    with pytest.raises(TooMuchWork):
        decode(LABORIOUS["a WAV's chunks"]())


@pytest.mark.parametrize("kind", ["WAV", "AIFF", "FLAC", "OGG", "MP3"])
def test_whatever_is_cut_or_changed_ends(kind):
    chance = np.random.default_rng(1)
    whole = (b"ID3\4\0\0\0\0\0\x14TXXX\0\0\0\1\0\0a" if kind == "MP3" else b"") + sound(kind)
    for _ in range(200):
        changed = bytearray(whole[: chance.integers(1, len(whole))])
        for place in chance.integers(0, min(len(changed), 60), 4):
            changed[place] = chance.integers(256)
        with suppress(TooMuchWork):
            check_structure(bytes(changed))
