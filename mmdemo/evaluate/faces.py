"""Faces as visitors bring them: the data set's squares as pictures in which a face has to be found first."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from mmdemo.data.synthetic.portraits import Portrait
from mmdemo.evaluate.metrics import Outcome
from mmdemo.inference.predictor import Predictor
from mmdemo.model.multimodal_lstm import MultimodalLSTM


def study_faces(model: MultimodalLSTM, portraits: Iterable[Portrait], seed: int) -> dict:
    """The same faces in every kind of picture, the squares themselves among them.

    Args:
        model: the checkpoint's model.
        portraits: the same faces in each kind.
        seed: that they were made with; stands beside the figures.

    Returns:
        ``seed``, and for each kind what :meth:`Outcome.summary` gives, the share of faces ``not_found``, which count as
        wrong, and how many points of accuracy are ``lost`` against the squares.
    """
    predictor, labels = Predictor(model, model.device), model.config.labels
    answers: dict[str, list[tuple[np.ndarray, int, str, bool]]] = {}
    for portrait in portraits:
        result, label = predictor.predict(image=portrait.pixels), labels.index(portrait.label)
        found = bool(result.steps)
        said = result.probabilities if found else np.roll(np.eye(len(labels)), 1, axis=1)[label]  # any other class
        answers.setdefault(portrait.kind, []).append((said, label, result.level, found))
    report: dict = {"seed": seed, "kinds": {}}
    for kind, given in answers.items():
        said, truth, levels, found = zip(*given, strict=True)
        outcome = Outcome(np.array(said, np.float32), np.array(truth), np.array(levels))
        summary = {"not_found": round(1 - float(np.mean(found)), 4), **outcome.summary(len(labels))}
        squares = report["kinds"].get("square", summary)["accuracy"]
        report["kinds"][kind] = {**summary, "lost": round(squares - summary["accuracy"], 5)}
    return report
