import io
import zipfile

import numpy as np
import pytest
import soundfile

from mmdemo.data.sources import emotion as feelings
from mmdemo.data.sources.emotion import (
    FEELINGS,
    fetch_fer2013,
    fetch_goemotions,
    fetch_ravdess,
    read_goemotions,
    texts_checksum,
)
from mmdemo.messages import InputError


@pytest.fixture
def served(monkeypatch, tmp_path):
    """What publishers would answer: files in a folder."""
    folder = tmp_path / "served"
    folder.mkdir()

    def download(urls, file, wanted=None):
        file.write_bytes((folder / urls[0].rsplit("/", 1)[1]).read_bytes())

    monkeypatch.setattr(feelings, "download", download)
    return folder


def test_published_texts_get_the_seven_labels(served, tmp_path, monkeypatch):
    (served / "emotions.txt").write_text("admiration\nannoyance\nneutral\n")
    (served / "ekman_mapping.json").write_text('{"joy": ["admiration"], "anger": ["annoyance"]}')
    (served / "train.tsv").write_text('a "quote\t0\tx1\nboth\t0,1\tx2\n')
    for name in ("dev", "test"):
        (served / f"{name}.tsv").write_text("so so\t2\tx3\n")
    published = {name: texts_checksum(served / f"{name}.tsv") for name in ("train", "dev", "test")}
    monkeypatch.setattr(feelings, "GOEMOTIONS_SHA256", published)
    folder = fetch_goemotions(tmp_path)
    joy, anger, neutral = (FEELINGS.index(name) for name in ("joy", "anger", "neutral"))
    assert read_goemotions(folder / "train.tsv") == [('a "quote', [joy]), ("both", [anger, joy])]
    assert read_goemotions(folder / "dev.tsv") == [("so so", [neutral])]
    whole = (folder / "train.tsv").read_text()
    for damaged in (whole.replace("both", "none"), whole.replace("x2", "x3"), whole[:10], ""):
        (folder / "train.tsv").write_text(damaged)
        with pytest.raises(InputError) as caught:
            fetch_goemotions(tmp_path)
        assert caught.value.note.key == "data.damaged"


def test_published_recordings_become_16_khz(served, tmp_path, monkeypatch):
    monkeypatch.setattr(feelings, "RAVDESS_CLIPS", 1)
    recording = io.BytesIO()
    soundfile.write(recording, np.zeros((48_000, 2)), 48_000, format="WAV")
    with zipfile.ZipFile(served / "Audio_Speech_Actors_01-24.zip", "w") as archive:
        archive.writestr("Actor_07/03-01-05-01-02-01-07.wav", recording.getvalue())
        archive.writestr("Actor_07/notes.txt", "no recording")
    (clip,) = feelings.ravdess_clips(fetch_ravdess(tmp_path))
    assert clip.name == "03-01-05-01-02-01-07.flac" and soundfile.info(clip).samplerate == 16_000
    assert soundfile.info(clip).frames == 16_000
    clip.rename(clip.with_name("03-01-05-01-02-01-08.flac"))  # of somebody else
    with pytest.raises(InputError):
        fetch_ravdess(tmp_path)


def test_the_table_of_faces_becomes_an_archive_with_each_face_once(tmp_path):
    with pytest.raises(InputError) as caught:
        fetch_fer2013(tmp_path)
    assert "Kaggle" in str(caught.value)
    (tmp_path / "fer2013").mkdir()
    white, black = " ".join(["255"] * 48 * 48), " ".join(["0"] * 48 * 48)
    rows = [f"3,{white},Training", f"0,{black},Training", f"3,{white},PublicTest"]
    (tmp_path / "fer2013" / "fer2013.csv").write_text("\n".join(["emotion,pixels,Usage", *rows]))
    with np.load(fetch_fer2013(tmp_path)) as archive:
        assert archive["images"].shape == (2, 48, 48) and archive["images"][0].min() == 255
        assert [str(archive["classes"][label]) for label in archive["labels"]] == ["happy", "angry"]


@pytest.mark.data
def test_the_real_texts_are_what_was_published(data_dir):
    assert fetch_goemotions(data_dir) == data_dir / "goemotions"
