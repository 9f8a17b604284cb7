"""The test cases behind an evaluation: what is written, and that nothing else is ever read."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from mmdemo.config import ModelConfig
from mmdemo.evaluate.cases import FEWER, LIMIT, RIGHT, cases_of, write_cases
from mmdemo.evaluate.metrics import answer, unimodal_samples
from mmdemo.evaluate.results import CASES, fetch, read_cases
from mmdemo.messages import InputError
from mmdemo.train.features import Column, Features
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
    words, squares = [[(f"word{k}",)] for k in range(COUNT)], rng.integers(0, 256, (COUNT, 28, 28), np.uint8)
    columns = {
        "text": Column(words, np.r_[np.arange(COUNT), np.full(COUNT, -1)], [None] * COUNT),
        "image": Column([[square] for square in squares], np.r_[np.full(COUNT, -1), np.arange(COUNT)], [None] * COUNT),
        "audio": Column.empty(rows),
    }
    return Features(np.arange(rows) % 2, columns, [])


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


def test_what_is_written_is_small_and_can_be_read(tmp_path):
    many = sorted([k % 10, k % 7, 0.5, "x" * 100] for k in range(10_000))
    write_cases(tmp_path, {"seed": 0, "cases": {"text": many}})
    assert (tmp_path / CASES).stat().st_size <= LIMIT
    cells = pd.Series([tuple(case[:2]) for case in read_cases(tmp_path)["text"]]).value_counts()
    assert len(cells) == 70 and cells.max() in FEWER
    write_cases(tmp_path, {"seed": 0, "cases": {"text": many[:5]}})
    assert read_cases(tmp_path) == {"text": many[:5]}
    assert read_cases(tmp_path / "nowhere") == {}


def test_only_what_lies_in_the_data_is_fetched(tmp_path):
    folder = tmp_path / "data"
    (folder / "sub").mkdir(parents=True)
    secret = tmp_path / "secret.wav"
    secret.write_bytes(b"secret")
    (folder / "link.wav").symlink_to(secret)
    (folder / "sub" / "one.wav").write_bytes(b"sound")
    assert fetch("sub/one.wav", folder) == (folder / "sub" / "one.wav").resolve()
    for reference in ("../secret.wav", str(secret), "link.wav", "sub/../../secret.wav", "", ".", "sub", "none.wav"):
        with pytest.raises(InputError):
            fetch(reference, folder)


def test_a_picture_of_the_real_data_is_fetched(data_dir):
    picture = fetch("mnist/t10k-images-idx3-ubyte.gz#0", data_dir)  # a seven
    assert picture.shape == (28, 28)
    with pytest.raises(InputError):
        fetch("mnist/t10k-images-idx3-ubyte.gz#10000", data_dir)


def test_the_shipped_list_fits_its_labels(trained):
    cases = read_cases(Path(trained))
    if not cases:
        pytest.skip("the checkpoint has no cases.json yet: python -m mmdemo evaluate")
    labels = len(json.loads((trained / "config.json").read_text())["labels"])
    assert (trained / CASES).stat().st_size <= LIMIT
    assert all(0 <= truth < labels and 0 <= guess < labels for some in cases.values() for truth, guess, *_ in some)
    assert not any(reference.startswith(("/", "..")) for some in cases.values() for *_, reference in some)
