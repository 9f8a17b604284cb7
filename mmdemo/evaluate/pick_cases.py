"""Pick the test cases that ``cases.json`` keeps; the page reads them without this, which needs training's packages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmdemo.config import MODALITIES
from mmdemo.evaluate.metrics import answer, unimodal_samples
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.features import Features

RIGHT = 12  # right answers that are kept of each class; wrong ones all are


def cases_of(model: MultimodalLSTM, features: Features, rows: pd.DataFrame, seed: int, folder: Path) -> dict[str, Any]:
    """Every wrong answer and some right ones, to each modality alone.

    Args:
        model: the checkpoint's model.
        features: the test split.
        rows: its manifest, row by row the same, with absolute paths.
        seed: picks the right answers.
        folder: of the data sets; what lies elsewhere has no reference, since paths of a machine are nobody's business.

    Returns:
        ``seed``, and ``cases``: for each modality ``[true class, answer, its probability, reference]``, by class,
        then by answer, the surest first. A text is its own reference, unless the manifest has a ``place`` for it.
    """
    rng, kept = np.random.default_rng(seed), {}
    places = rows["place"].tolist() if "place" in rows else [""] * len(rows)
    for modality in MODALITIES:
        samples = unimodal_samples(features, modality)
        if not samples:
            continue
        outcome = answer(model, features, samples, [modality])
        some = [np.flatnonzero(~outcome.right)]
        for k in range(len(model.config.labels)):
            some.append(rng.permutation(np.flatnonzero(outcome.right & (outcome.labels == k)))[:RIGHT])
        cells = rows[modality].tolist()
        found = []
        for k in np.concatenate(some):
            p, cell = outcome.probabilities[k], cells[samples[k][modality]]
            where = cell if modality == "text" else _within(cell, folder)
            if modality == "text" and not model.config.expose_test_cases:
                row = samples[k][modality]
                where = places[row] or f"text {row + 1}"  # its place among the rows of the split
            found.append([int(outcome.labels[k]), int(p.argmax()), round(float(p.max()), 4), where])
        kept[modality] = sorted(found, key=lambda case: (case[0], case[1], -case[2]))
    return {"seed": seed, "cases": kept}


def _within(cell: str, folder: Path) -> str:
    """A path within a folder; "" for one that lies elsewhere."""
    root = os.path.abspath(folder)
    return Path(cell).relative_to(root).as_posix() if Path(cell).is_relative_to(root) else ""
