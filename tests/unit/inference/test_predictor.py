import json

import numpy as np
import pytest
import torch

from mmdemo.app.tasks import EXAMPLES
from mmdemo.config import MODALITIES, ModelConfig
from mmdemo.evaluate.bench import sample_inputs
from mmdemo.inference.predictor import Predictor
from mmdemo.messages import InputError
from mmdemo.resources import CHECKPOINTS
from mmdemo.train.loop import new_model

SUBSETS = [[], ["text"], ["image"], ["audio"], ["text", "image"], ["text", "audio"], ["image", "audio"], [*MODALITIES]]


@pytest.fixture(scope="module")
def predictor():
    torch.manual_seed(0)
    return Predictor(new_model(ModelConfig(task="test", labels=["a", "b", "c"])), "cpu")


@pytest.mark.parametrize("subset", SUBSETS, ids="+".join)
def test_any_subset(predictor, subset):
    result = predictor.predict(**{modality: sample_inputs()[modality] for modality in subset})
    assert result.used == subset
    assert result.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert len(result.steps) == len(result.step_probabilities)
    assert set(result.unimodal_probabilities) == set(subset)
    if subset:
        assert result.trace.h.shape == (len(result.steps), 128)
        assert result.probabilities == pytest.approx(result.step_probabilities[-1])
    else:
        assert result.trace is None and not result.sure
    json.dumps(result.to_json())


def test_the_steps_lie_on_the_inputs(predictor):
    result = predictor.predict(**sample_inputs())
    words = [step for step in result.steps if step.modality == "text"]
    assert [step.text for step in words] == ["three", ",", "no", "wait", ",", "seven"]
    assert sum(step.modality == "image" for step in result.steps) == 14
    seconds = [step.span for step in result.steps if step.modality == "audio"]
    assert all(0 <= start <= end <= 2 for start, end in seconds)


def test_alone_is_what_it_answers_alone(predictor):
    inputs = sample_inputs()
    together = predictor.predict(**inputs)
    for modality in MODALITIES:
        alone = predictor.predict(**{modality: inputs[modality]})
        assert together.unimodal_probabilities[modality] == pytest.approx(alone.probabilities, abs=1e-5)


def test_another_order_reads_in_that_order(predictor):
    result = predictor.predict(**sample_inputs(), order=("audio", "text", "image"))
    assert result.used == ["audio", "text", "image"]
    assert result.steps[0].modality == "audio" and result.steps[-1].modality == "image"
    with pytest.raises(ValueError, match="once"):
        predictor.predict("seven", order=("text", "text", "audio"))


def test_empty_inputs_count_as_absent_and_are_explained(predictor):
    silence, black = (16_000, np.zeros(16_000, np.float32)), np.zeros((100, 100, 3), np.uint8)
    result = predictor.predict("   ", black, silence)
    assert result.used == []
    assert set(result.ignored) == set(MODALITIES)
    assert all(len(str(note)) > 20 for note in result.ignored.values())


def test_a_contradiction_is_said_and_never_sure(predictor, monkeypatch):
    firm = {"text": np.array([0.9, 0.05, 0.05]), "image": np.array([0.05, 0.9, 0.05])}
    monkeypatch.setattr(predictor, "_unimodal_probabilities", lambda embeddings: firm)
    result = predictor.predict("seven", sample_inputs()["image"])
    assert not result.sure
    assert result.contradiction.values["first_label"] == "a"
    assert result.contradiction.values["second_label"] == "b"


def test_three_that_differ_are_all_named(predictor, monkeypatch):
    rows = {"text": [0.9, 0.05, 0.05], "image": [0.05, 0.9, 0.05], "audio": [0.9, 0.05, 0.05]}
    monkeypatch.setattr(
        predictor, "_unimodal_probabilities", lambda embeddings: {name: np.array(row) for name, row in rows.items()}
    )
    said = str(predictor.predict(**sample_inputs()).contradiction)
    assert said == "The text says a, the image says b, the audio says a."
    rows["text"] = [0.4, 0.3, 0.3]  # one that is not sure contradicts nobody
    assert str(predictor.predict(**sample_inputs()).contradiction) == "The image says b, the audio says a."


@pytest.mark.parametrize(
    ("probabilities", "alone", "key"),
    [
        ([0.9, 0.05, 0.03, 0.02], {"audio": 0}, None),
        ([0.3, 0.25, 0.25, 0.2], {"audio": 0}, "answer.unlike_audio"),
        ([0.3, 0.25, 0.25, 0.2], {"audio": 0, "text": 0}, "answer.unlike"),
        ([0.45, 0.4, 0.1, 0.05], {"image": 0}, "answer.unsure"),
        ([0.7, 0.1, 0.1, 0.1], {"image": 0}, "answer.weak"),
        ([0.45, 0.4, 0.1, 0.05], {"image": 0, "audio": 1}, "answer.disagree"),
        ([0.45, 0.4, 0.1, 0.05], {"text": 0, "image": 0, "audio": 1}, "answer.disagree_three"),
        ([0.25, 0.25, 0.25, 0.25], {}, "answer.nothing"),
        # On either side of each cut: sure from the threshold on; like nothing below a half that, with the next, stays
        # below 0.7; between two where the first is less than three times the second.
        ([0.8, 0.2, 0, 0], {"text": 0}, None),
        ([0.79, 0.21, 0, 0], {"text": 0}, "answer.weak"),
        ([0.49, 0.2, 0.16, 0.15], {"text": 0}, "answer.unlike_text"),
        ([0.51, 0.15, 0.17, 0.17], {"text": 0}, "answer.weak"),
        ([0.45, 0.24, 0.2, 0.11], {"text": 0}, "answer.unlike_text"),
        ([0.45, 0.26, 0.2, 0.09], {"text": 0}, "answer.unsure"),
        ([0.58, 0.2, 0.11, 0.11], {"text": 0}, "answer.unsure"),
        ([0.62, 0.2, 0.09, 0.09], {"text": 0}, "answer.weak"),
    ],
)
def test_why_it_is_not_sure(probabilities, alone, key):
    predictor = Predictor(new_model(ModelConfig(task="test", labels=list("abcd"))), "cpu")
    reason = predictor._doubt(np.array(probabilities), {name: np.eye(4)[label] for name, label in alone.items()})
    assert (reason and reason.key) == key
    assert reason is None or len(str(reason)) > 20


def test_another_candidate_in_the_picture_can_be_taken(predictor):
    sheet = np.full((300, 600, 3), 230, np.uint8)
    sheet[80:220, 140:160], sheet[90:110, 380:480], sheet[110:220, 460:480] = 20, 20, 20
    first, second = (predictor.predict(image=sheet, candidate=candidate) for candidate in (0, 1))
    assert first.picture["candidates"] == second.picture["candidates"]
    assert (first.picture["taken"], second.picture["taken"]) == (0, 1)
    for result, candidate in ((first, 0), (second, 1)):
        assert result.inputs["image"].box == pytest.approx(result.picture["candidates"][candidate]["box"], abs=0.1)
        assert result.to_json()["picture"] == result.picture
    assert predictor.predict("seven").picture is None


def test_the_model_is_surer_of_a_digit_than_of_a_blot():
    predictor = Predictor.load(CHECKPOINTS / "digits", "cpu")
    seven = predictor.preprocess("image", EXAMPLES / "digits" / "seven.jpg").pixels
    blot = np.zeros_like(seven)
    blot[6:22, 6:22] = 1  # like no digit
    answers = predictor._answers("image", [blot, seven])
    assert answers.shape == (2, 10) and answers.argmax(axis=1)[1] == 7
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
    assert answers[1].max() > 0.99 > answers[0].max()


def test_what_a_person_says_is_done():
    predictor = Predictor.load(CHECKPOINTS / "digits", "cpu")
    picture = np.full((300, 600, 3), 230, np.uint8)
    picture[80:220, 140:160], picture[90:110, 380:480], picture[110:220, 460:480] = 20, 20, 20
    assert predictor.predict(image=picture, candidate=0).picture["taken"] == 0


def test_too_much_is_refused_kindly(predictor):
    with pytest.raises(InputError, match="2"):
        predictor.predict("x" * 2001)


def test_a_folder_without_a_checkpoint_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="checkpoint"):
        Predictor.load(tmp_path)
