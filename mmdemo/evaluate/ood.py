"""Out-of-distribution inputs and selective prediction: whether it knows when it does not know.

Two measures: how well confidence (the highest probability) separates inputs that have a class from others, as the area
under the ROC curve (Hendrycks & Gimpel 2017, "A baseline for detecting misclassified and out-of-distribution
examples"); and the accuracy among the most confident answers (risk against coverage: El-Yaniv & Wiener 2010).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from mmdemo.evaluate.metrics import answer, unimodal_samples
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.features import Features

COVERAGES = (1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5)


def auroc(known: NDArray, unknown: NDArray) -> float:
    """The chance that a known input gets more confidence than an unknown one; a tie counts half.

    Args:
        known: confidences, (N,).
        unknown: confidences, (M,).
    """
    return float(roc_auc_score(np.r_[np.ones(len(known)), np.zeros(len(unknown))], np.r_[known, unknown]))


def coverage(confidence: NDArray, right: NDArray) -> dict[str, float]:
    """The accuracy among the most confident share of the answers, for each of ``COVERAGES``.

    Args:
        confidence: (N,).
        right: (N,) bool.
    """
    ranked = np.asarray(right, float)[np.argsort(-np.asarray(confidence), kind="stable")]
    return {f"{share:g}": round(float(ranked[: max(1, round(share * len(ranked)))].mean()), 5) for share in COVERAGES}


def study_ood(
    model: MultimodalLSTM, known: Features, outliers: pd.DataFrame, read: Callable[[pd.DataFrame], Features]
) -> dict:
    """Every modality alone: selective accuracy, and how well each kind of outlier is told apart.

    An outlier in which nothing to read is found (a blank wall, silence) gets no answer, so its confidence is that of a
    guess.

    Args:
        model: the checkpoint's model.
        known: the test split.
        outliers: a manifest's rows of no class; a column ``kind`` may divide them.
        read: rows -> their features.
    """
    report: dict = {"coverage": {}, "told_apart": {}}
    strange = read(outliers) if len(outliers) else None
    for modality in model.config.modalities:
        if not len(known.rows_with(modality)):
            continue
        outcome = answer(model, known, unimodal_samples(known, modality), [modality])
        highest = outcome.probabilities.max(1)
        report["coverage"][modality] = coverage(highest, outcome.right)
        if strange is None:
            continue
        given = np.flatnonzero(outliers[modality] != "")
        confidence = np.full(len(outliers), 1 / len(model.config.labels))
        clear = np.zeros(len(outliers), bool)
        rows = strange.rows_with(modality)
        if len(rows):
            asked = answer(model, strange, unimodal_samples(strange, modality), [modality])
            confidence[rows], clear[rows] = asked.probabilities.max(1), asked.levels == "clear"
        kinds = outliers["kind"] if "kind" in outliers else pd.Series("", index=outliers.index)
        for kind in sorted(set(kinds.iloc[given])):
            own = given[(kinds.iloc[given] == kind).to_numpy()]
            report["told_apart"].setdefault(modality, {})[kind] = {
                "n": len(own),
                "nothing_found": int((~np.isin(own, rows)).sum()),
                "auroc": round(auroc(highest, confidence[own]), 5),
                "called_clear": round(float(clear[own].mean()), 5),
            }
    return report


def study_contradiction(model: MultimodalLSTM, known: Features, seed: int, count: int = 1000) -> dict:
    """Two inputs of different classes: whether one answer is called clear all the same, and whether it names both.

    Args:
        model: the checkpoint's model.
        known: the test split.
        seed: of the pairs.
        count: how many pairs for each two modalities.

    Returns:
        For each two modalities: ``n``; how often the answer is ``called_clear``; how often the two likeliest classes
        are those ``both_named``; and the mean probability of the likeliest.
    """
    rng, report = np.random.default_rng(seed), {}
    for pair in combinations((m for m in model.config.modalities if len(known.rows_with(m))), 2):
        first, second = (rng.choice(known.rows_with(modality), 3 * count) for modality in pair)
        differ = np.flatnonzero(known.labels[first] != known.labels[second])[:count]
        samples = [dict(zip(pair, (int(first[k]), int(second[k])), strict=True)) for k in differ]
        alone = [answer(model, known, samples, [modality]) for modality in pair]
        outcome = answer(model, known, samples, pair).unless_apart(alone)
        probabilities = outcome.probabilities
        likeliest = np.sort(np.argsort(-probabilities, axis=1)[:, :2], axis=1)
        meant = np.sort(np.stack([known.labels[first[differ]], known.labels[second[differ]]], axis=1), axis=1)
        highest = probabilities.max(1)
        report["+".join(pair)] = {
            "n": len(samples),
            "called_clear": round(float((outcome.levels == "clear").mean()), 5),
            "both_named": round(float((likeliest == meant).all(1).mean()), 5),
            "highest": round(float(highest.mean()), 4),
        }
    return report
