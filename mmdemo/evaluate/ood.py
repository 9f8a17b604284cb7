"""Out-of-distribution inputs and selective prediction: whether it knows when it does not know.

Two measures: how well confidence (the highest probability) separates inputs that have a class from others, as the area
under the ROC curve (Hendrycks & Gimpel 2017, "A baseline for detecting misclassified and out-of-distribution
examples"); and the accuracy among the most confident answers (risk against coverage: El-Yaniv & Wiener 2010).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmdemo.config import ModelConfig
from mmdemo.evaluate.metrics import answer, unimodal_samples
from mmdemo.evaluate.roc import auroc
from mmdemo.model.modalities import SENSES
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.calibration import disagree
from mmdemo.train.features import Features

LET_GO = 0.35  # the highest probability at which a class counts as let go
COVERAGES = (1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5)


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
        probabilities = np.full((len(outliers), len(model.config.labels)), 1 / len(model.config.labels))
        clear = np.zeros(len(outliers), bool)
        rows = strange.rows_with(modality)
        if len(rows):
            asked = answer(model, strange, unimodal_samples(strange, modality), [modality])
            probabilities[rows], clear[rows] = asked.probabilities, asked.levels == "clear"
        confidence = probabilities.max(1)
        doubted = _doubted(outliers[modality], modality, model.config)
        kinds = outliers["kind"] if "kind" in outliers else pd.Series("", index=outliers.index)
        for kind in sorted(set(kinds.iloc[given])):
            own = given[(kinds.iloc[given] == kind).to_numpy()]
            asked_about = np.r_[highest, confidence[own]]
            report["told_apart"].setdefault(modality, {})[kind] = {
                "n": len(own),
                "nothing_found": int((~np.isin(own, rows)).sum()),
                "auroc": round(float(auroc(asked_about, np.arange(len(asked_about)) < len(highest))), 5),
                "called_clear": round(float((clear & ~doubted)[own].mean()), 5),
                "doubted": round(float(doubted[own].mean()), 5),
            }
            if held := _held(outliers, own, probabilities, model.config.labels):
                report["told_apart"][modality][kind]["held"] = held
    return report


def _doubted(cells: pd.Series, modality: str, config: ModelConfig) -> NDArray:
    """Which inputs come with a doubt, (N,) bool; asked of those that a manifest holds itself, such as texts."""
    sense = SENSES[modality]
    if not sense.inline:
        return np.zeros(len(cells), bool)
    return np.array([bool(cell) and sense.read(cell, config.of(modality)).doubt is not None for cell in cells])


def _held(outliers: pd.DataFrame, own: NDArray, probabilities: NDArray, labels: Sequence[str]) -> dict[str, float]:
    """How firmly a class is still held at the end of inputs that named it and withdrew it; {} where there are none.

    Returns:
        The ``mean`` of its probability, and the share of the inputs that are ``let_go``: with no more than ``LET_GO``.
    """
    held = []
    for row in own if "belief" in outliers else ():
        named = [label for _, label in json.loads(outliers["belief"].iloc[row] or "[]") if label]
        if named:
            held.append(probabilities[row, labels.index(named[-1])])
    if not held:
        return {}
    return {"mean": round(float(np.mean(held)), 4), "let_go": round(float((np.array(held) <= LET_GO).mean()), 4)}


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
        alone = [answer(model, known, samples, [modality]).probabilities.argmax(1) for modality in pair]
        outcome = answer(model, known, samples, pair).never_clear(disagree(alone))
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
