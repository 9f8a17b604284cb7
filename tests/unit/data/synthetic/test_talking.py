"""Drawn faces that speak: mouths that go with what is said, in videos that our reader reads."""

import io
from shutil import which

import av
import numpy as np
import pytest

from mmdemo.data.synthetic import talking
from mmdemo.data.synthetic.talking import QUIET, SHORTEST, Speaker, face, film, mouths
from mmdemo.video.reader import read_video

needs_espeak = pytest.mark.skipif(which("espeak-ng") is None, reason="needs espeak-ng")


def test_a_mouth_is_shut_for_m_and_open_for_a():
    shapes = mouths([(0.0, "m"), (0.2, "A:"), (0.4, "m")], np.array([0.1, 0.2, 0.3, 0.45]))
    assert shapes[0, 0] == shapes[3, 0] == 0 and shapes[2, 0] == pytest.approx(1)
    assert shapes[1, 0] == pytest.approx(0.5)  # half-way from one to the other


def test_speakers_differ_and_stay_who_they_are():
    assert Speaker.drawn(1, 0) == Speaker.drawn(1, 0) != Speaker.drawn(2, 0)
    shut, wide = (face(Speaker.drawn(1, 0), opened, 0.5).astype(int) for opened in (0.0, 1.0))
    changed = np.abs(shut - wide).sum(axis=2).any(axis=1).nonzero()[0]
    assert changed.min() > 220  # only below the nose


@needs_espeak
def test_a_film_is_read_and_its_sound_is_as_late_as_asked():
    plain, late = (film(Speaker(), "My apple", late=moved) for moved in (0.0, 0.24))
    begins = []
    for each in (plain, late):
        with av.open(io.BytesIO(each)) as opened:
            sound = np.concatenate([frame.to_ndarray()[0] for frame in opened.decode(audio=0)])
        begins.append(np.flatnonzero(np.abs(sound) > 0.05)[0] / 48_000)
    assert begins[0] == pytest.approx(QUIET, abs=0.1)
    assert begins[1] - begins[0] == pytest.approx(0.24, abs=0.01)
    given = read_video(plain)
    assert given.absent is None and given.seconds == pytest.approx(SHORTEST, abs=0.1)


@needs_espeak
def test_the_folder_is_resumed(tmp_path, monkeypatch):
    monkeypatch.setattr(talking, "film", lambda *_: b"film")
    manifest = talking.make_faces(tmp_path, count=2, jobs=1, say=lambda _: None)
    first = {file: file.stat().st_mtime_ns for file in tmp_path.glob("*.webm")}
    talking.make_faces(tmp_path, count=3, jobs=1, say=lambda _: None)
    assert len(first) == 2 and all(file.stat().st_mtime_ns == when for file, when in first.items())
    assert (
        manifest.read_text().splitlines()[0] == "video,speaker,sentence" and len(manifest.read_text().splitlines()) == 4
    )
