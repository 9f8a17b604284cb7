"""The tasks that a folder holds, and the examples that we made for ours."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from mmdemo.app.reading import read
from mmdemo.app.tasks import EXAMPLES, Tasks
from mmdemo.audio.reader import read_audio
from mmdemo.config import ImageConfig
from mmdemo.image.reader import read_image
from mmdemo.inference.predictor import Predictor
from mmdemo.messages import InputError
from mmdemo.model.weights import write_hash

DIGITS = EXAMPLES / "digits"
EMOTION = EXAMPLES / "emotion"
SHIPPED = {"digits": 6, "emotion": 6, "lips": 4}  # and how many examples each has at least


@pytest.fixture(scope="module")
def predictor(checkpoints):
    return Predictor.load(checkpoints / "digits")


def test_the_hash_on_the_page_is_that_of_what_was_loaded(checkpoints, tmp_path):
    shutil.copytree(checkpoints / "fruit", tmp_path / "fruit")
    tasks = Tasks(tmp_path)
    before = tasks.hash("fruit")
    weights = tmp_path / "fruit" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")  # trained anew, while the page goes on with what it has
    write_hash(tmp_path / "fruit")
    assert tasks.hash("fruit") == before != Tasks(tmp_path).hash("fruit")


@pytest.mark.parametrize("damage", ["weights", "config", "shapes"])
def test_a_checkpoint_that_cannot_be_used_is_left_out_and_said_once(checkpoints, tmp_path, caplog, damage):
    for name in ("good", "bad"):
        shutil.copytree(checkpoints / "fruit", tmp_path / name)
    if damage == "weights":
        os.truncate(tmp_path / "bad" / "model.safetensors", 1000)
    elif damage == "config":
        (tmp_path / "bad" / "config.json").write_text(
            '{"task": "bad", "labels": ["a", "b"], "hidden_size": 1000000000}'
        )
    else:  # found only as it is loaded
        stored = load_file(tmp_path / "bad" / "model.safetensors")
        save_file(stored | {"more": stored["dense.bias"].clone()}, tmp_path / "bad" / "model.safetensors")
        write_hash(tmp_path / "bad")
    tasks = Tasks(tmp_path)
    for _ in range(2):
        with pytest.raises(InputError):
            tasks.predictor("bad")
    assert tasks.names == ["good"]
    assert tasks.predictor("good").predict("seven").label in tasks.predictor("good").config.labels
    (said,) = (record.getMessage() for record in caplog.records if record.levelname == "WARNING")
    assert said.startswith(f"The task bad is left out: {tmp_path / 'bad'}")


@pytest.mark.parametrize("task", SHIPPED)
def test_examples_have_their_files_and_are_small(task):
    examples = Tasks.examples(task)
    assert len(examples) >= SHIPPED[task]
    for example in examples:
        assert len(example)
        assert all(path is None or path.is_file() for path in (example.image, example.audio, example.video))
    assert sum(path.stat().st_size for path in (EXAMPLES / task).iterdir()) < 1_000_000


def test_other_tasks_have_no_examples_of_ours():
    assert Tasks.examples("fruit") == []


def test_what_was_drawn_and_spoken_is_found():
    for path in DIGITS.glob("*.jpg"):
        assert read_image(path).absent is None, path.name
    for path in DIGITS.glob("*.flac"):
        (start, end), *more = read_audio(path).segments
        assert not more, path.name
        assert 0.3 < end - start < 1.2, path.name


def test_the_faces_and_voices_of_emotion_are_found():
    for path in EMOTION.glob("*.jpg"):
        seen = read_image(path, ImageConfig(size=48, slices=12, subject="face"))
        assert len(seen.candidates) == 1, path.name
    for path in EMOTION.glob("*.flac"):
        heard = read_audio(path)
        assert 0.5 < sum(end - start for start, end in heard.segments) < 3, path.name


FEELS = {
    "good_news": "joy",
    "changes_its_mind": "joy",
    "smile": "joy",
    "raised_voice": "anger",
    "calm_voice": "neutral",
    "no_feeling": "neutral",
}
CLEAR = {"smile", "calm_voice"}  # at least two, one of them a voice
APART = {
    "brave_smile": {"sadness", "joy"},
    "calm_face_angry_words": {"anger", "neutral"},
}


@pytest.fixture
def feeling(checkpoints):
    """The shipped checkpoint of the emotion task."""
    if not (Path(__file__).parents[3] / "checkpoints" / "emotion" / "config.json").is_file():
        pytest.skip("needs the trained checkpoint: python -m mmdemo train --task emotion")
    return Tasks(checkpoints).predictor("emotion")


@pytest.mark.parametrize("name", [*FEELS, *APART])
def test_examples_of_emotion_are_read_as_a_visitor_expects(name, feeling):
    (example,) = [example for example in Tasks.examples("emotion") if example.name == name]
    answer = read(feeling, text=example.text or None, image=example.image, audio=example.audio).said
    if name in FEELS:
        assert answer["label"] == FEELS[name]
        assert name not in CLEAR or answer["level"] == "clear"
    else:
        tops = {answer["labels"][int(np.argmax(p))] for p in answer["alone"].values()}
        assert tops == APART[name] and answer["level"] != "clear"


FITS = {  # a drawn face that speaks -> what is said first of it, and by how many milliseconds its sound is away
    "speaks": ("in sync", "video.fits", 0),
    "speaks_late": ("out of sync", "video.fits_late", 240),
    "speaks_early": ("out of sync", "video.fits_early", 320),
    "speaks_other": ("out of sync", "video.fits_nowhere", None),
}


@pytest.mark.parametrize("name", FITS)
def test_examples_of_lips_are_read_rightly(name, checkpoints):
    (example,) = [example for example in Tasks.examples("lips") if example.name == name]
    answer = read(Tasks(checkpoints).predictor("lips"), video=example.video).said
    label, fits, milliseconds = FITS[name]
    (note,) = [note for note in answer["notes"] if note["key"].startswith("video.fits")]
    assert (answer["label"], note["key"]) == (label, fits)
    assert milliseconds is None or note["values"].get("milliseconds", 0) == milliseconds


EXPECTED = {
    "seven": "seven",
    "changes_its_mind": "five",
    "sound_only": "nine",
    "picture_only": "four",
    "chinese": "seven",
}
ONLY_LIKELY = {"changes_its_mind", "chinese"}  # so far


@pytest.mark.parametrize("name", EXPECTED)
def test_examples_are_read_rightly(name, trained, predictor):
    (example,) = [example for example in Tasks.examples("digits") if example.name == name]
    answer = read(predictor, text=example.text or None, image=example.image, audio=example.audio).said
    assert answer["label"] == EXPECTED[name]
    assert answer["level"] == ("likely" if name in ONLY_LIKELY else "clear")


def test_the_contradiction_is_seen(trained, predictor):
    answer = read(predictor, image=DIGITS / "eight.jpg", audio=DIGITS / "three.flac").said
    values = answer["contradiction"]["values"]
    assert {values["first_label"], values["second_label"]} == {"three", "eight"}
    assert answer["level"] != "clear"


def test_no_digit_is_no_clear_answer(trained, predictor):
    (example,) = [example for example in Tasks.examples("digits") if example.name == "not_a_digit"]
    answer = read(predictor, text=example.text or None, image=example.image, audio=example.audio).said
    assert answer["level"] != "clear"


def test_a_task_for_whose_senses_the_page_has_no_inputs_is_not_shown(tmp_path, monkeypatch):
    monkeypatch.setattr("mmdemo.app.tasks.INPUTS", ("text", "image", "audio"))
    from dataclasses import asdict

    from mmdemo.data.tasks.registry import TASKS

    for name in ("digits", "lips"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps(asdict(TASKS[name].config)))
    tasks = Tasks(tmp_path)
    tasks.broken.clear()  # neither has weights
    assert tasks.names == ["digits"]
