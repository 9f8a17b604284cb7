"""Which test cases of an evaluation are kept, and how they are named."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from mmdemo.config import ModelConfig
from mmdemo.evaluate.metrics import answer, unimodal_samples
from mmdemo.evaluate.pick_cases import RIGHT, cases_of
from mmdemo.train.features import Features
from mmdemo.train.loop import new_model

LABELS = ["a", "b"]


COUNT = 40


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return new_model(ModelConfig("test", LABELS)).eval()


@pytest.fixture(scope="module")
def features():
    """Forty words and forty pictures of two classes."""
    rng = np.random.default_rng(0)
    rows = 2 * COUNT
    return Features(
        labels=np.arange(rows) % 2,
        texts=[((f"word{k}",), ()) if k < COUNT else None for k in range(rows)],
        image_of=np.r_[np.full(COUNT, -1), np.arange(COUNT)],
        squares=rng.integers(0, 256, (COUNT, 28, 28), np.uint8),
        audio_of=np.full(rows, -1),
        sounds=[],
        problems=[],
    )


@pytest.fixture
def rows(tmp_path):
    """Their manifest; the first picture lies elsewhere."""
    pictures = ["/elsewhere/me.png", *(f"{tmp_path}/set/pictures.gz#{k}" for k in range(1, COUNT))]
    return pd.DataFrame(
        {"text": [f"word{k}" for k in range(COUNT)] + [""] * COUNT, "image": [""] * COUNT + pictures, "audio": ""}
    )


def test_all_mistakes_and_some_right_answers_are_kept(model, features, rows, tmp_path):
    cases = cases_of(model, features, rows, 0, tmp_path)["cases"]
    assert set(cases) == {"text", "image"}
    for modality, found in cases.items():
        outcome = answer(model, features, unimodal_samples(features, modality), [modality])
        wrong = [case for case in found if case[0] != case[1]]
        assert len(wrong) == (~outcome.right).sum()
        for k in range(2):
            right = int((outcome.right & (outcome.labels == k)).sum())
            assert sum(case[:2] == [k, k] for case in found) == min(right, RIGHT)
        assert found == sorted(found, key=lambda case: (case[0], case[1], -case[2]))
    assert all(reference == f"word{reference[4:]}" for *_, reference in cases["text"])


def test_texts_that_are_not_to_be_shown_are_not_written(model, features, rows, tmp_path, monkeypatch):
    monkeypatch.setattr(model.config, "expose_test_cases", False)
    references = [case[3] for case in cases_of(model, features, rows, 0, tmp_path)["cases"]["text"]]
    assert set(references) <= {f"text {k + 1}" for k in range(COUNT)}


def test_a_reference_names_no_path_of_the_machine(model, features, rows, tmp_path):
    references = [case[3] for case in cases_of(model, features, rows, 0, tmp_path)["cases"]["image"]]
    assert set(references) <= {"", *(f"set/pictures.gz#{k}" for k in range(1, COUNT))}
    assert str(tmp_path) not in json.dumps(references)
