"""What *clear* and *likely* are worth: how many answers are called that, and how many of those are right."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mmdemo.evaluate.metrics import Outcome
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.calibration import combined_answers
from mmdemo.train.features import Features

COUNT = 3000  # samples for each combination of inputs


def study_levels(
    model: MultimodalLSTM, splits: Mapping[str, Features], *, pair: bool, seed: int, count: int = COUNT
) -> dict:
    """The levels of answers to each combination of inputs, on samples that are drawn as they are for calibration.

    Inputs of no class and of rare sources are among them; an answer to what belongs to no class is wrong.

    Args:
        model: the checkpoint's model.
        splits: by name.
        pair: whether missing modalities are lent by rows of the same class.
        seed: of the samples.
        count: how many.

    Returns:
        ``right``: the share of each level or a higher one that shall be right; ``given``: for each combination its
        ``temperature``, the probabilities from which answers are ``clear`` and ``likely``, and for each split the
        shares that :meth:`Outcome.trust` gives.
    """
    report: dict = {"right": model.config.right, "seed": seed, "given": {}}
    for split, features in splits.items():
        for answers in combined_answers(model, features, pair=pair, seed=seed, count=count):
            calibration = model.config.calibrated(answers.given)
            probabilities = (answers.logits / calibration.temperature).softmax(-1).numpy()
            levels = np.array([calibration.level(p) for p in probabilities.max(1).tolist()])
            outcome = Outcome(probabilities, answers.labels.numpy(), levels).never_clear(answers.disagreeing.numpy())
            found = report["given"].setdefault(
                "+".join(answers.given),
                {
                    "temperature": round(calibration.temperature, 3),
                    "clear": round(calibration.clear, 5),
                    "likely": round(calibration.likely, 5),
                },
            )
            found[split] = {"n": len(outcome.labels), **outcome.trust()}
    return report
