"""The test cases behind an evaluation: the answer to each and where it lies, so that a person can look at it.

Only texts are stored, as their own reference. A picture or a sound is named by its path within the folder of the data
sets (``mnist/t10k-images-idx3-ubyte.gz#123``), and is shown if that folder is there.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmdemo.evaluate.metrics import answer, unimodal_samples
from mmdemo.evaluate.results import CASES
from mmdemo.model.modalities import SENSES
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.features import Features

RIGHT = 12  # right answers that are kept of each class; wrong ones all are
LIMIT = 300_000  # bytes of the file; if there are too many mistakes, only the surest of each cell are kept
FEWER = (200, 100, 50, 25, 12, 6, 3, 1)  # how many those are


def write_cases(folder: Path, cases: dict[str, Any]) -> None:
    """Write ``cases.json`` into a checkpoint's folder, with fewer mistakes of each cell if it would be too large."""
    text = _packed(cases)
    for most in FEWER:
        if len(text.encode()) <= LIMIT:
            break
        text = _packed({**cases, "cases": {name: _first(some, most) for name, some in cases["cases"].items()}})
    (folder / CASES).write_text(text, encoding="utf-8")


def _first(cases: list[list[Any]], most: int) -> list[list[Any]]:
    """At most so many cases of each cell; they are sorted by cell."""
    counts: dict[tuple[int, int], int] = {}
    some = []
    for case in cases:
        cell = case[0], case[1]
        counts[cell] = counts.get(cell, 0) + 1
        if counts[cell] <= most:
            some.append(case)
    return some


def _packed(cases: dict[str, Any]) -> str:
    return json.dumps(cases, ensure_ascii=False, separators=(",", ":"))


def cases_of(model: MultimodalLSTM, features: Features, rows: pd.DataFrame, seed: int, folder: Path) -> dict[str, Any]:
    """Every wrong answer and some right ones, to each modality alone.

    Args:
        model: the checkpoint's model.
        features: the test split.
        rows: its manifest, row by row the same, with absolute paths.
        seed: picks the right answers.
        folder: of the data sets; what lies elsewhere gets no reference, so that no local paths are published.

    Returns:
        ``seed``, and ``cases``: for each modality ``[true class, answer, its probability, reference]``, by class,
        then by answer, the most confident first. A text is its own reference, unless the manifest has a ``place`` for
        it.
    """
    rng, kept = np.random.default_rng(seed), {}
    places = rows["place"].tolist() if "place" in rows else [""] * len(rows)
    for modality in model.config.modalities:
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
            where = cell if SENSES[modality].inline else _within(cell, folder)
            if SENSES[modality].inline and not model.config.expose_test_cases:
                row = samples[k][modality]
                where = places[row] or f"text {row + 1}"  # its place among the rows of the split
            found.append([int(outcome.labels[k]), int(p.argmax()), round(float(p.max()), 4), where])
        kept[modality] = sorted(found, key=lambda case: (case[0], case[1], -case[2]))
    return {"seed": seed, "cases": kept}


def _within(cell: str, folder: Path) -> str:
    """A path within a folder; "" for one that lies elsewhere."""
    root = os.path.abspath(folder)
    return Path(cell).relative_to(root).as_posix() if Path(cell).is_relative_to(root) else ""
