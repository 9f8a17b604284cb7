"""Other hands are counted apart from the published test: what is not found is wrong, and what is clear is counted."""

import numpy as np
import pandas as pd

from mmdemo.evaluate import apart
from mmdemo.evaluate.apart import is_apart, study_apart
from mmdemo.evaluate.metrics import Outcome
from mmdemo.evaluate.tables import tables

LABELS = ["zero", "one", "two"]


class Model:
    class config:
        labels, modalities = LABELS, ("text", "image")


class Read:
    """Features of rows of which the last was not found."""

    def __init__(self, rows):
        self.labels = rows["label"].map(LABELS.index).to_numpy()

    def rows_with(self, modality):
        return np.arange(len(self.labels) - 1)


def rows_of(kind, labels):
    return pd.DataFrame({"text": "", "image": "x", "label": labels, "kind": kind, "made": "people"})


def test_each_kind_is_counted_and_what_is_not_found_is_wrong(monkeypatch):
    def answer(model, features, samples, subset):
        given = features.labels[[sample["image"] for sample in samples]]
        probabilities = np.full((len(given), 3), 0.025)
        probabilities[np.arange(len(given)), 1] = 0.95  # clearly one, whatever it is
        return Outcome(probabilities, given, np.full(len(given), "clear"))

    monkeypatch.setattr(apart, "answer", answer)
    rows = pd.concat([rows_of("pen", ["one", "one", "two", "one"]), rows_of("zeros", ["zero", "zero"])])
    found = study_apart(Model, rows.reset_index(drop=True), Read)["image"]
    assert found["pen"] | {"interval": 0} == {
        **{"made": "people", "n": 4, "accuracy": 0.5, "interval": 0, "nothing_found": 1, "wrong_and_clear": 0.25},
        "recall": {"one": 0.6667, "two": 0.0},
    }
    assert found["zeros"]["accuracy"] == 0 and found["zeros"]["nothing_found"] == 1
    told = "\n".join(apart_lines({"image": found}))
    assert "| picture: pen | people | 4 | 1 | 50.00 % |" in told and "two 0.00 % | 25.00 % |" in told


def apart_lines(found):
    metrics = {"command": "c", "seed": 0, "split": "s", "alone": {}, "together": {}, "apart": found}
    return tables(metrics).splitlines()


def test_sentences_and_rows_without_a_kind_are_not_apart():
    rows = pd.DataFrame({"text": ["a", "", ""], "image": ["", "x", "y"], "kind": ["sentence", "pen", ""]})
    assert is_apart(rows).tolist() == [False, True, False]
    assert not is_apart(rows.drop(columns="kind")).any()
