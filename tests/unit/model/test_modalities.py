"""A fourth, made-up sense: touch. Nothing in ``train``, ``evaluate`` and ``inference`` is changed for it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from mmdemo.config import ModelConfig
from mmdemo.evaluate.metrics import evaluate, subsets
from mmdemo.inference.export import as_json
from mmdemo.inference.figure import drawing
from mmdemo.inference.predictor import Predictor
from mmdemo.messages import InputError, Note
from mmdemo.modality import Modality, ModalityInput, Stem
from mmdemo.model.modalities import SENSES
from mmdemo.train.features import read_features
from mmdemo.train.loop import train
from mmdemo.train.recipes import Recipe
from mmdemo.train.samples import PLAIN

CONFIG = ModelConfig("touch", ["soft", "hard"], dropout=0.0, more={"touch": {"limit": 9}})
RECIPE = Recipe(epochs=3, samples=400, validation=40, batch_size=20, sampling=replace(PLAIN, reorder=0.5))


@dataclass(frozen=True)
class Pressures(ModalityInput):
    """How hard something was pressed, moment by moment."""

    values: tuple[float, ...]
    absent: Note | None = None

    def __len__(self) -> int:
        return len(self.values)


class TouchStem(Stem):
    """Each pressure, and its square, make a step."""

    def __init__(self, embedding_dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(2, embedding_dim)

    def forward(self, batch: Tensor, lengths: Tensor) -> Tensor:
        """(B, T) -> (B, T, S)."""
        return self.linear(torch.stack([batch, batch.square()], -1))


class Touch(Modality):
    """Pressures, written as numbers with spaces between them."""

    name = "touch"
    inline = True

    def read(self, source: str, config: dict[str, Any], **choice: Any) -> Pressures:
        values = tuple(float(number) for number in source.split())
        if len(values) > config["limit"]:
            raise InputError("text.too_long", characters=len(values), limit=config["limit"])
        return Pressures(values, None if values else Note("text.empty"))

    def item(self, given: Pressures) -> np.ndarray:
        return np.array(given.values, np.float32)

    def spans(self, given: Pressures) -> Iterator[tuple[str, tuple[float, ...]]]:
        for k in range(len(given)):
            yield "", (float(k), float(k + 1))

    def stem(self, config: dict[str, Any], embedding_dim: int) -> TouchStem:
        return TouchStem(embedding_dim)

    def collate(self, items: Sequence[np.ndarray | None], config: dict[str, Any]) -> Tensor:
        return pad_sequence([torch.zeros(0) if i is None else torch.from_numpy(i) for i in items], batch_first=True)


@pytest.fixture(autouse=True, scope="module")
def touch():
    SENSES["touch"] = Touch()
    yield
    del SENSES["touch"]


@pytest.fixture(scope="module")
def rows():
    """Pressures that tell soft from hard, and words that do."""
    rng = np.random.default_rng(0)
    table = []
    for k in range(60):
        label = CONFIG.labels[k % 2]
        pressed = " ".join(f"{x:.2f}" for x in rng.normal(0.3 + (k % 2), 0.1, 4))
        table.append({"touch": pressed, "label": label} if k < 40 else {"text": f"so {label}", "label": label})
    columns = ["text", "image", "audio", "touch", "label"]
    return pd.DataFrame(table, columns=columns).fillna("").assign(line=range(2, 62))


@pytest.fixture(scope="module")
def model(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("touch")
    features = read_features(rows, CONFIG, folder / "cache")
    assert features.problems == [] and len(features.rows_with("touch")) == 40
    splits = {"train": features, "validation": features}
    return train(CONFIG, splits, folder / "checkpoint", folder / "run", recipe=RECIPE, pair=True, quiet=True), folder


def test_it_is_learnt_and_measured_like_any_other(rows, model):
    trained, folder = model
    report = evaluate(trained, read_features(rows, CONFIG, folder / "cache"), pair=True, seed=0)
    assert report["alone"]["touch"]["accuracy"] > 0.9
    assert set(report["together"]) == {"+".join(some) for some in subsets(["text", "touch"])}


def test_a_checkpoint_of_it_predicts_and_explains(model):
    predictor = Predictor.load(model[1] / "checkpoint", "cpu")
    result = predictor.predict("so hard", touch="1.3 1.2 1.4")
    assert result.used == ["text", "touch"] and result.label == "hard"
    assert [step.modality for step in result.steps] == ["text", "text", "touch", "touch", "touch"]
    explanation = predictor.explain(result)
    assert set(explanation.shares) == {"text", "touch"}
    assert len(drawing(result, explanation)["steps"]) == 5
    assert json.loads(as_json(result, explanation))["alone"].keys() == {"text", "touch"}
    alone = predictor.predict(touch="")
    assert alone.used == [] and str(alone.ignored["touch"])
    with pytest.raises(ValueError, match="touch"):
        predictor.predict(touch="1", order=("text", "image", "audio"))
