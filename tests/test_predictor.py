import json

import numpy as np
import pytest
import torch

from mmdemo.bench import sample_inputs
from mmdemo.config import MODALITIES, ModelConfig
from mmdemo.messages import InputError
from mmdemo.predictor import Predictor
from mmdemo.train import new_model

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
    assert len(result.steps) == len(result.beliefs)
    assert set(result.alone) == set(subset)
    if subset:
        assert result.trace.h.shape == (len(result.steps), 128)
        assert result.probabilities == pytest.approx(result.beliefs[-1])
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
        assert together.alone[modality] == pytest.approx(alone.probabilities, abs=1e-5)


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
    monkeypatch.setattr(predictor, "_alone", lambda bands: firm)
    result = predictor.predict("seven", sample_inputs()["image"])
    assert not result.sure
    assert result.contradiction.values["first_label"] == "a"
    assert result.contradiction.values["second_label"] == "b"


def test_too_much_is_refused_kindly(predictor):
    with pytest.raises(InputError, match="2"):
        predictor.predict("x" * 2001)


def test_a_folder_without_a_checkpoint_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="checkpoint"):
        Predictor.load(tmp_path)
