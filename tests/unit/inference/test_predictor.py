import copy
import json
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from mmdemo.config import MODALITIES, Calibration, ModelConfig
from mmdemo.evaluate.bench import sample_inputs
from mmdemo.inference.predictor import Predictor
from mmdemo.lstm.trace import full_precision
from mmdemo.messages import InputError, Note
from mmdemo.text.reader import read_text
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
        assert result.trace is None and result.level == "unclear"
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


def test_a_contradiction_is_said_and_unclear(predictor, monkeypatch):
    firm = {"text": np.array([0.995, 0.005, 0]), "image": np.array([0, 0.995, 0.005])}
    monkeypatch.setattr(predictor, "_unimodal_probabilities", lambda embeddings: firm)
    result = predictor.predict("seven", sample_inputs()["image"])
    assert result.level == "unclear"
    assert result.contradiction.values["first_label"] == "a"
    assert result.contradiction.values["second_label"] == "b"


def test_three_that_differ_are_all_named(predictor, monkeypatch):
    rows = {"text": [1, 0, 0], "image": [0, 1, 0], "audio": [1, 0, 0]}
    monkeypatch.setattr(
        predictor, "_unimodal_probabilities", lambda embeddings: {name: np.array(row) for name, row in rows.items()}
    )
    said = str(predictor.predict(**sample_inputs()).contradiction)
    assert said == "The text says a, the image says b, the audio says a."
    rows["text"] = [0.4, 0.3, 0.3]  # one that is not clear contradicts nobody
    assert str(predictor.predict(**sample_inputs()).contradiction) == "The image says b, the audio says a."


def test_an_input_with_a_doubt_is_never_clear(predictor):
    doubtful = replace(read_text("seven"), doubt=Note("text.left_out", {"read": 1, "left_out": 2}))
    predictor = Predictor(predictor.model, "cpu")
    predictor.config = replace(predictor.config, calibration={"text": Calibration(clear=0.0, likely=0.0)})
    assert predictor.predict("seven").level == "clear"
    result = predictor.predict(doubtful)
    assert (result.level, result.reason) == ("likely", doubtful.doubt)


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


def test_too_much_is_refused_kindly(predictor):
    with pytest.raises(InputError, match="2"):
        predictor.predict("x" * 2001)


def test_an_input_that_is_refused_leaves_the_others_to_be_read(predictor):
    def refuse():
        raise InputError("image.missing", name="a.png")

    given = {"text": lambda: "seven", "image": refuse, "audio": b"no sound"}
    result = predictor.predict(**given)
    assert result.used == ["text"] and set(result.inputs) == {"text"}
    assert result.probabilities == pytest.approx(predictor.predict("seven").probabilities, abs=1e-5)
    assert {name: note.key for name, note in result.ignored.items()} == {
        "image": "image.missing",
        "audio": "audio.unreadable",
    }
    assert set(result.to_json()["ignored"]) == {"image", "audio"}
    for text in (None, "x" * 2001):
        with pytest.raises(InputError) as refused:
            predictor.predict(**{**given, "text": text})
        assert refused.value.note.key == ("text.too_long" if text else "image.missing")
        nothing = predictor.read({**given, "text": text})
        assert nothing.reason.key == "answer.nothing" and "image" in nothing.ignored and not nothing.inputs
    assert predictor.predict(" ", **{"image": refuse}).ignored.keys() == {"text", "image"}  # nothing in it, but read


def test_a_folder_without_a_checkpoint_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="checkpoint"):
        Predictor.load(tmp_path)


def test_reading_is_as_precise_as_ever_and_leaves_the_callers_settings(predictor):
    inputs = sample_inputs()
    expected = predictor.predict(**inputs).probabilities
    try:
        torch.set_float32_matmul_precision("medium")
        assert predictor.predict(**inputs).probabilities == pytest.approx(expected, abs=1e-6)
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")


needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.mark.gpu
@needs_cuda
def test_on_cuda_answers_computed_together_are_those_computed_alone():
    torch.manual_seed(0)
    predictor = Predictor(new_model(ModelConfig(task="test", labels=["a", "b", "c"])), "cuda")
    words = ["seven", "three, no wait, five", "it is an eight, I think", *"abcdefghijklm"]
    asked = [({"text": predictor.preprocess("text", text)}, predictor.config.modalities) for text in words]
    with full_precision(predictor.device):
        together = predictor._encode_many(asked)
        alone = [predictor._encode_many([one])[0] for one in asked]
    for a, b in zip(together, alone, strict=True):
        pa, pb = (predictor._run(x, ["text"])[0] for x in (a, b))
        assert pa == pytest.approx(pb, abs=1e-5)


@pytest.mark.gpu
@needs_cuda
def test_on_cuda_the_answer_and_the_gates_are_those_of_the_cpu():
    torch.manual_seed(0)
    model = new_model(ModelConfig(task="test", labels=["a", "b", "c"]))
    cpu, cuda = (Predictor(copy.deepcopy(model), device).predict(**sample_inputs()) for device in ("cpu", "cuda"))
    assert cuda.probabilities == pytest.approx(cpu.probabilities, abs=1e-4)
    torch.testing.assert_close(cuda.trace.f.cpu(), cpu.trace.f.cpu(), atol=1e-3, rtol=0)


@pytest.mark.gpu
@needs_cuda
def test_on_cuda_the_first_run_after_the_warm_up_takes_no_longer_than_two_later_ones():
    torch.manual_seed(0)
    predictor = Predictor(new_model(ModelConfig(task="test", labels=["a", "b", "c"])), "cuda")
    predictor.warm_up()
    inputs, seconds = sample_inputs(), []
    for _ in range(8):
        start = time.perf_counter()
        predictor.explain(predictor.predict(**inputs))
        seconds.append(time.perf_counter() - start)
    assert seconds[0] <= 2 * sorted(seconds[1:])[3]


def test_many_rows_are_each_read_as_alone(predictor, tmp_path):
    inputs = sample_inputs()
    rows = [{modality: inputs[modality] for modality in subset} for subset in SUBSETS]
    rows += [{"text": "a longer text, of more words than any other"}, {"text": "a", "image": tmp_path / "gone.png"}]
    for row, found in zip(rows, predictor.read_many(rows), strict=True):
        alone = predictor.read(row)
        assert (found.used, found.ignored, found.level) == (alone.used, alone.ignored, alone.level)
        assert found.steps == alone.steps
        assert found.step_probabilities == pytest.approx(alone.step_probabilities, abs=1e-5)
        for modality, probabilities in alone.unimodal_probabilities.items():
            assert found.unimodal_probabilities[modality] == pytest.approx(probabilities, abs=1e-5)
        assert (found.trace is None) == (alone.trace is None)
        if alone.trace:
            torch.testing.assert_close(found.trace.c, alone.trace.c, atol=1e-5, rtol=1e-5)
            torch.testing.assert_close(found.trace.c_n, alone.trace.c_n, atol=1e-5, rtol=1e-5)


def test_many_results_are_each_explained_as_alone(predictor):
    results = predictor.read_many([sample_inputs(), {}, {"text": "one"}])
    whole, nothing, words = predictor.explain_many(results)
    assert nothing is None
    for credits, result in ((whole, results[0]), (words, results[2])):
        torch.testing.assert_close(credits.evidence, predictor.explain(result).evidence, atol=1e-4, rtol=1e-4)
