"""Rows of lips and voices: nobody can tell from either alone whether they belong together."""

from collections import Counter

import pytest

from mmdemo.data.manifest.manifest import read_manifest
from mmdemo.data.tasks.lips import FOLDS, IN_SYNC, LATE, LENGTH, OUT_OF_SYNC, SPLITS, WIDTHS, lips_manifest
from mmdemo.data.tasks.registry import TASKS
from mmdemo.messages import InputError
from mmdemo.video.reader import View


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    for speaker in ("s1", "s2", "s32"):
        folder = data / "grid" / speaker
        folder.mkdir(parents=True)
        for name in ("bbaf2n", "lgwz9s", "pwij3p"):
            (folder / f"{name}.mp4").write_bytes(b"")
    found, problems = read_manifest(lips_manifest(data, data / "cache" / "lips.parquet"), labels=[IN_SYNC, OUT_OF_SYNC])
    assert not problems
    return found


def test_no_speaker_is_in_two_splits(rows):
    assert dict(rows.groupby("split")["speaker"].unique().map(list)) == {
        "train": ["s1"],
        "validation": ["s32"],
        "test": ["s2"],
    }
    assert not set(SPLITS["test"]) & set(SPLITS["validation"])
    assert not set(FOLDS[0]) & set(FOLDS[1])


def test_neither_lips_nor_voice_alone_tell_the_label(rows):
    lips, voices = {IN_SYNC: Counter(), OUT_OF_SYNC: Counter()}, {IN_SYNC: Counter(), OUT_OF_SYNC: Counter()}
    for cell, label in zip(rows["video"], rows["label"], strict=True):
        file, view = View.of(cell)
        lips[label][file, view.start, view.stop] += 1
        voices[label][view.sound or file, view.start - view.late, view.stop - view.late] += 1
    assert lips[IN_SYNC] == lips[OUT_OF_SYNC] and voices[IN_SYNC] == voices[OUT_OF_SYNC]


def test_every_row_lies_within_its_sentence(rows):
    for cell, kind in zip(rows["video"], rows["kind"], strict=True):
        file, view = View.of(cell)
        taken, heard = view.steps(LENGTH, LENGTH)
        assert taken == slice(view.start, view.stop) and 0 <= heard.start < heard.stop <= LENGTH
        assert WIDTHS[0] <= view.stop - view.start <= WIDTHS[1]
        assert (kind == "another") == bool(view.sound) and view.sound != file
        assert LATE[0] <= abs(view.late) <= LATE[1] if kind == "shifted" else not view.late


def test_without_the_corpus_it_says_where_to_get_it(tmp_path):
    with pytest.raises(InputError) as refused:
        TASKS["lips"].make_manifest(tmp_path, tmp_path / "lips.parquet", 0)
    assert refused.value.note.key == "data.no_grid" and "zenodo" in str(refused.value)


def test_the_task_has_this_one_sense_and_the_usual_lstm():
    config = TASKS["lips"].config
    assert config.modalities == ("video",) and config.hidden_size == 128


def test_drawn_faces_are_learnt_from_and_nothing_is_measured_on_them(tmp_path, monkeypatch):
    for name in ("bbaf2n", "lgwz9s"):
        (tmp_path / "grid" / "s2").mkdir(parents=True, exist_ok=True)
        (tmp_path / "grid" / "s2" / f"{name}.mp4").write_bytes(b"")
    drawn = tmp_path / "drawn"
    drawn.mkdir()
    for name in ("0000", "0001"):
        (drawn / f"{name}.webm").write_bytes(b"")
    (drawn / "manifest.csv").write_text("video,speaker\n0000.webm,drawn0\n0001.webm,drawn0\n")
    monkeypatch.setenv("MMDEMO_EXTRA_DATA", str(drawn))
    rows, problems = read_manifest(lips_manifest(tmp_path, tmp_path / "lips.parquet"), labels=[IN_SYNC, OUT_OF_SYNC])
    assert not problems and set(rows["speaker"]) == {"s2", "drawn0"}
    assert set(rows["split"][rows["speaker"] == "drawn0"]) == {"train"}
