"""Rows in batches: one that is bad spoils none of the others."""

import pandas as pd
import pytest
import torch

from mmdemo.config import ModelConfig
from mmdemo.inference import batches
from mmdemo.inference.batches import answer_rows
from mmdemo.inference.predictor import Predictor
from mmdemo.messages import Note
from mmdemo.model.multimodal_lstm import MultimodalLSTM


@pytest.fixture(scope="module")
def predictor():
    torch.manual_seed(0)
    return Predictor(MultimodalLSTM(ModelConfig("numbers", ["one", "two", "three"])), "cpu")


@pytest.mark.parametrize("size", [1, 3, 100])
def test_bad_rows_are_named_and_passed_over(predictor, tmp_path, monkeypatch, size):
    monkeypatch.setattr(batches, "BATCH", size)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    read = predictor.preprocess

    def preprocess(modality, source, *others):
        if modality == "text" and callable(source) and source() == "explode":
            raise OSError("the disk is gone")
        return read(modality, source, *others)

    monkeypatch.setattr(predictor, "preprocess", preprocess)
    picture = str(tmp_path / "broken.png")
    rows = [("one", ""), ("explode", ""), ("two", picture), ("", picture), ("gone", ""), ("three", "")]
    table = pd.DataFrame([(*row, n) for n, row in enumerate(rows)], columns=["text", "image", "line"])
    found = list(answer_rows(predictor, table, {4: Note("manifest.no_input")}, explained=True))
    one, exploded, two, broken, faulty, three = found
    assert exploded == "OSError: the disk is gone"
    assert "broken" in broken or "picture" in broken
    assert faulty == str(Note("manifest.no_input"))
    for answer, words in ((one, "one"), (two, "two"), (three, "three")):
        alone = predictor.predict(text=words)
        assert answer.result.probabilities == pytest.approx(alone.probabilities, abs=1e-6)
        torch.testing.assert_close(answer.credits.evidence, predictor.explain(alone).evidence, atol=1e-5, rtol=1e-5)
    assert list(two.result.ignored) == ["image"]
