"""Test inputs that are reported apart from the published test sets: other people's digits, hands of our own, displays.

A manifest's rows with a ``kind`` and an input other than a text are such inputs. They are read as the page reads them,
and one in which nothing is found is wrong.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from mmdemo.evaluate.metrics import answer, share_right, unimodal_samples
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.features import Features


def is_apart(rows: pd.DataFrame) -> pd.Series:
    """Which of a manifest's rows are reported apart, (N,) bool."""
    if "kind" not in rows:
        return pd.Series(False, index=rows.index)
    return (rows["kind"] != "") & (rows["text"] == "")


def study_apart(model: MultimodalLSTM, rows: pd.DataFrame, read: Callable[[pd.DataFrame], Features]) -> dict:
    """Each kind alone.

    Args:
        model: the checkpoint's model.
        rows: a manifest's rows that have a class, a ``kind`` and one input each; ``made`` may say by whom.
        read: rows -> their features.

    Returns:
        For each modality and kind ``made``; ``n``; ``accuracy`` with its 95 % Wilson ``interval``; ``recall`` by class;
        how many had ``nothing_found``; and the share ``wrong_and_clear``, which were called clear all the same.
    """
    report: dict = {}
    labels = model.config.labels
    for modality in model.config.modalities:
        for kind, some in rows[rows[modality] != ""].groupby("kind"):
            some = some.reset_index(drop=True)
            features = read(some)
            truth = some["label"].map(labels.index).to_numpy()
            guess, clear = np.full(len(some), -1), np.zeros(len(some), bool)
            if len(there := features.rows_with(modality)):
                outcome = answer(model, features, unimodal_samples(features, modality), [modality])
                guess[there], clear[there] = outcome.probabilities.argmax(1), outcome.levels == "clear"
            right = guess == truth
            report.setdefault(modality, {})[kind] = {
                "made": some["made"].iloc[0] if "made" in some else "",
                **share_right(right),
                "recall": {
                    label: round(float(right[truth == index].mean()), 4)
                    for index, label in enumerate(labels)
                    if (truth == index).any()
                },
                "nothing_found": int((guess < 0).sum()),
                "wrong_and_clear": round(float((clear & ~right).mean()), 5),
            }
    return report
