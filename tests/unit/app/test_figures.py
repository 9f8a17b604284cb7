"""How good it is: the view of a checkpoint's figures on the real page, from made-up figures of two tasks."""

import base64
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from films import film
from made_up import made_metrics
from measured_tasks import PETS, make_checkpoints, make_data

from mmdemo.app.figures import MAX_CASES, case, findings, reply
from mmdemo.app.given import Given
from mmdemo.app.tasks import Tasks
from mmdemo.config import SAMPLE_RATE, ModelConfig
from mmdemo.messages import InputError
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.resources import ROOT
from mmdemo.video.reader import read_video


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The folder of data sets; the variable names it as long as the module's tests run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MMDEMO_DATA", str(make_data(tmp_path_factory.mktemp("data"))))
        yield Path(os.environ["MMDEMO_DATA"])


@pytest.fixture(scope="module")
def folder(data, tmp_path_factory):
    return make_checkpoints(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(scope="module")
def tasks(folder):
    return Tasks(folder)


def test_the_figures_are_those_of_the_checkpoint(tasks):
    answer = reply(tasks, {"ask": "figures", "task": "pets"})
    assert answer["metrics"] == made_metrics(PETS)
    assert (answer["labels"], answer["cases"]) == (PETS, ["text", "image", "audio"])
    assert reply(tasks, {"ask": "figures", "task": "raw"})["metrics"] == {}


def test_findings_are_those_of_the_checkpoint_and_missing_ones_are_none(tasks, folder):
    assert findings(tasks, "raw") == {"ask": "findings", "findings": {}}
    (folder / "raw" / "findings.json").write_text('{"sentences": 7}')
    assert findings(tasks, "raw")["findings"] == {"sentences": 7}
    for nowhere in ("..", "gone", None):
        with pytest.raises(InputError):
            findings(tasks, nowhere)


def test_cases_that_are_not_to_be_shown_are_named_by_their_place(folder, tmp_path, data):
    """Neither in the list, nor one by one, nor read on the page; the data being there makes no difference."""
    config = ModelConfig(task="private", labels=PETS, expose_test_cases=False)
    MultimodalLSTM(config).save_pretrained(tmp_path / "private")
    (tmp_path / "private" / "cases.json").write_bytes((folder / "pets" / "cases.json").read_bytes())
    private = Tasks(tmp_path)
    question = {"task": "private", "modality": "image", "truth": 0, "guess": 0}
    answer = reply(private, question | {"ask": "cell"})
    assert not answer["shows"] and answer["kept"] == 1
    assert answer["cases"] == [{"number": 0, "probability": 0.97, "reference": "cat.png", "here": False}]
    for modality in ("text", "image", "audio"):
        with pytest.raises(InputError):
            case(private, {"task": "private", "modality": modality, "number": 0})
    with pytest.raises(InputError):
        reply(private, {"ask": "case", "task": "private", "modality": "audio", "number": 0})


def test_the_model_card_comes_without_what_is_for_machines(tasks, folder):
    (folder / "raw" / "README.md").write_text("---\nlicense: mit\n---\n\n# Raw\n\nNobody measured it.\n")
    assert reply(tasks, {"ask": "figures", "task": "raw"})["card"] == "# Raw\n\nNobody measured it."


def test_a_cell_has_its_cases(tasks):
    question = {"ask": "cell", "task": "pets", "modality": "image"}
    (cat,) = reply(tasks, question | {"truth": 0, "guess": 0})["cases"]
    assert cat["here"] and base64.b64decode(cat["picture"].partition(",")[2]).startswith(b"\x89PNG")
    (gone,) = reply(tasks, question | {"truth": 0, "guess": 1})["cases"]
    assert not gone["here"] and gone["reference"] == "gone.png" and "picture" not in gone
    (outside,) = reply(tasks, question | {"truth": 1, "guess": 1})["cases"]
    assert not outside["here"]
    many = reply(tasks, question | {"modality": "text", "truth": 0, "guess": 1})
    assert (len(many["cases"]), many["kept"]) == (MAX_CASES, 30)


def test_a_case_can_be_heard_and_read(tasks):
    url = reply(tasks, {"ask": "case", "task": "pets", "modality": "audio", "number": 0})["url"]
    assert base64.b64decode(url.partition(",")[2]).startswith(b"RIFF")
    text = case(tasks, {"task": "pets", "modality": "text", "number": 0})
    assert text == Given({"text": "<b>meow</b>"}, task="pets")
    picture = case(tasks, {"task": "pets", "modality": "image", "number": 0})
    assert picture.to_read()["image"].shape == (48, 64, 3)


def test_a_video_is_read_whole_with_its_sound_where_the_case_has_it(data, tmp_path):
    contents = film()
    (data / "film.webm").write_bytes(contents)
    shutil.copytree(ROOT / "checkpoints" / "lips", tmp_path / "lips")
    where = "film.webm#t=0.48,2.48&late=0.24"
    (tmp_path / "lips" / "cases.json").write_text(json.dumps({"seed": 0, "cases": {"video": [[1, 1, 0.9, where]]}}))
    lips, which = Tasks(tmp_path), {"task": "lips", "modality": "video"}
    (listed,) = reply(lips, which | {"ask": "cell", "truth": 1, "guess": 1})["cases"]
    assert listed["here"] and listed["reference"] == where
    moved, plain = read_video(case(lips, which | {"number": 0}).sources["video"]), read_video(contents)
    assert len(moved) == len(plain)
    by = round(0.24 * SAMPLE_RATE)
    assert np.corrcoef(moved.samples[by : 2 * SAMPLE_RATE], plain.samples[: 2 * SAMPLE_RATE - by])[0, 1] > 0.9


CELL = {"ask": "cell", "task": "pets", "modality": "image", "truth": 0, "guess": 0}
CASE = {"ask": "case", "task": "pets", "modality": "audio", "number": 0}
WRONG = [
    {},
    {"ask": "figures"},
    {"ask": "everything", "task": "pets"},
    {"ask": ["figures"], "task": "pets"},
    *({"ask": "figures", "task": task} for task in ("../pets", "nothing", "", None, ["pets"], {"a": 1}, 0)),
    *(CELL | {"modality": modality} for modality in ("smell", "text+image", None, ["image"], 0, "../image")),
    *(CELL | {"truth": wrong} for wrong in (-1, 3, "0", None, True, 0.0, 10**400)),
    *(CASE | {"number": wrong} for wrong in (-1, 1, "0", None, False, "owl.wav", "../secret.wav", [0])),
    CASE | {"modality": "image"},
    CASE | {"modality": "text"},
    CASE | {"modality": "image", "number": 2},
]


@pytest.mark.parametrize("question", WRONG, ids=lambda question: str(question)[:80])
def test_what_does_not_fit_is_refused(tasks, question):
    with pytest.raises(InputError):
        reply(tasks, question)
