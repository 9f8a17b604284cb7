"""Fusion gain: how much better several degraded inputs are than the best smaller combination of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmdemo.evaluate.metrics import Corruption, answer, paired_difference, paired_samples, subsets, unimodal_samples
from mmdemo.modality import Item
from mmdemo.model.modalities import SENSES
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.features import Features

LEVELS = np.linspace(0.05, 1, 20)  # of degradation, from hardly any to all
TARGET = 0.8  # each modality is degraded until it alone is right so often
SAMPLES = 2000  # of the test split, at most


@dataclass(frozen=True)
class Degrade:
    """Degrades the inputs of a split, a row always in the same way.

    Attributes:
        rows: the split's manifest, since noise is added to a recording and not to its features.
        levels: for each modality how strongly, 0 to 1: see ``degrade`` of each sense.
        model: the one that is measured.
        seed: of the noise.
    """

    rows: pd.DataFrame
    levels: dict[str, float]
    model: MultimodalLSTM
    seed: int

    def __call__(self, modality: str, item: Item, row: int) -> Item | None:
        """One input, degraded; ``None`` if the preprocessing finds nothing in it any more."""
        level = self.levels.get(modality, 0)
        if not level:
            return item
        rng, config = np.random.default_rng([self.seed, row]), self.model.config.of(modality)
        about = {"cell": self.rows[modality].iloc[row], "config": config, "stem": self.model.stem(modality)}
        return SENSES[modality].degrade(item, level, rng, **about)


def fusion(
    model: MultimodalLSTM,
    validation: tuple[Features, pd.DataFrame],
    test: tuple[Features, pd.DataFrame],
    seed: int,
) -> dict:
    """Fusion gain, with each modality degraded until it alone is right about 80 % of the time.

    The levels are found on the validation split; the test split is only measured, missing modalities lent by rows of
    the same class.

    Args:
        model: the checkpoint's model.
        validation: features, and the manifest's rows that they were read from.
        test: likewise.
        seed: of the noise and the pairing.
    """
    levels = {
        m: _level(model, *validation, m, seed) for m in model.config.modalities if len(validation[0].rows_with(m))
    }
    features, manifest = test
    change = Degrade(manifest, levels, model, seed)
    rows = [r for r in paired_samples(features, model.config, pair=True, seed=seed) if len(r) == len(levels)]
    rows = [rows[k] for k in np.random.default_rng(seed).permutation(len(rows))[:SAMPLES]]
    outcomes = {s: answer(model, features, rows, s, change=_once(change)) for s in subsets(tuple(levels))}
    report: dict = {"levels": levels, "n": len(rows), "seed": seed, "accuracy": {}, "gain_over_best_part": {}}
    for subset, outcome in outcomes.items():
        report["accuracy"]["+".join(subset)] = round(float(outcome.right.mean()), 4)
        parts = [p for p in outcomes if len(p) == len(subset) - 1 and set(p) < set(subset)]
        if parts:
            best = max(parts, key=lambda p: outcomes[p].right.mean())
            gain, half = paired_difference(outcome, outcomes[best])
            report["gain_over_best_part"]["+".join(subset)] = [round(gain, 4), round(half, 4)]
    return report


def _level(model: MultimodalLSTM, features: Features, manifest: pd.DataFrame, modality: str, seed: int) -> float:
    """The degradation at which a modality alone is right closest to ``TARGET``, on at most 500 rows."""
    rows = unimodal_samples(features, modality)
    rows = [rows[k] for k in np.random.default_rng(seed).permutation(len(rows))[:500]]

    def accuracy(level: float) -> float:
        change = Degrade(manifest, {modality: level}, model, seed)
        return float(answer(model, features, rows, [modality], change=change).right.mean())

    low, high = 0, len(LEVELS) - 1  # accuracy falls with the level, so halve the range
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if accuracy(LEVELS[middle]) > TARGET else (low, middle)
    return round(float(LEVELS[min((low, high), key=lambda k: abs(accuracy(LEVELS[k]) - TARGET))]), 3)


def _once(change: Degrade) -> Corruption:
    """The same degradation, each input computed once: many samples share a clip."""
    kept: dict[tuple[str, int], Item | None] = {}

    def remembered(modality: str, item: Item, row: int) -> Item | None:
        if (modality, row) not in kept:
            kept[modality, row] = change(modality, item, row)
        return kept[modality, row]

    return remembered
