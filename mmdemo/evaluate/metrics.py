"""Measure a checkpoint on a test split: every subset of the modalities, with intervals, calibration and confusion."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix
from torchmetrics.functional.classification import multiclass_calibration_error

from mmdemo.config import ModelConfig
from mmdemo.modality import Item
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.model.sequence import Batch, collate
from mmdemo.train.calibration import disagree
from mmdemo.train.features import Features
from mmdemo.train.samples import PLAIN, MultimodalSamples

REDRAWN = 2000  # tables for an interval
BINS = 15  # of the calibration error, as in Guo et al. 2017

Sample = dict[str, int]
"""One test sample: for each of its modalities the row of the features that gives it."""

Corruption = Callable[[str, Item, int], Item | None]
"""Makes one input worse: (modality, item, row) -> the item, worse; None if nothing is left of it."""


@dataclass(frozen=True)
class Outcome:
    """What a model answered to N samples.

    Attributes:
        probabilities: (N, C).
        labels: the true classes, (N,).
        levels: how far each answer can be trusted, each one of ``LEVELS``, (N,).
    """

    probabilities: np.ndarray
    labels: np.ndarray
    levels: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """Which answers are right, (N,) bool."""
        return self.probabilities.argmax(1) == self.labels

    def never_clear(self, where: NDArray[np.bool_]) -> Outcome:
        """The same, but answers that are clear ``where`` they must not be, (N,), are likely there."""
        return replace(self, levels=np.where(where & (self.levels == "clear"), "likely", self.levels))

    def trust(self) -> dict[str, float | None]:
        """The shares of clear and of likely answers, how many of each are right, and the share of wrong clear ones."""
        report = {"wrong_and_clear": round(float((~self.right & (self.levels == "clear")).mean()), 5)}
        for level in ("clear", "likely"):
            of = self.levels == level
            report[level] = round(float(of.mean()), 5)
            report[f"{level}_right"] = round(float(self.right[of].mean()), 5) if of.any() else None
        return report

    def summary(self, classes: int) -> dict:
        """Loss, accuracy with a Wilson interval, balanced accuracy, macro-F1, calibration error, trust, confusion."""
        right, count = int(self.right.sum()), len(self.labels)
        interval = binomtest(right, count).proportion_ci(method="wilson")
        chosen = self.probabilities[np.arange(count), self.labels]
        error = multiclass_calibration_error(
            torch.from_numpy(self.probabilities), torch.from_numpy(self.labels), num_classes=classes, n_bins=BINS
        )
        confusion = confusion_matrix(self.labels, self.probabilities.argmax(1), labels=range(classes))
        recall, f1 = with_intervals(confusion)
        return {
            "n": count,
            "loss": round(float(-np.log(chosen.clip(1e-9)).mean()), 5),
            "accuracy": round(right / count, 5),
            "interval": [round(interval.low, 5), round(interval.high, 5)],
            "recall": recall,
            "f1": f1,
            "ece": round(float(error), 5),
            **self.trust(),
            "confusion": confusion.tolist(),
        }


def share_right(right: Sequence[bool] | NDArray[np.bool_]) -> dict[str, Any]:
    """How many answers, the share of them that is right (``accuracy``), and its 95 % Wilson ``interval``.

    Args:
        right: which are, (N,), at least one.
    """
    interval = binomtest(int(np.sum(right)), len(right)).proportion_ci(method="wilson")
    return {
        "n": len(right),
        "accuracy": round(float(np.mean(right)), 4),
        "interval": [round(interval.low, 4), round(interval.high, 4)],
    }


def recall_and_f1(confusion: NDArray) -> NDArray:
    """Balanced accuracy (UAR) and macro-F1: the means of recall and F1 over the classes that occur.

    Args:
        confusion: (..., C, C), truths by answers.

    Returns:
        (..., 2).
    """
    right, asked, said = confusion.diagonal(axis1=-2, axis2=-1), confusion.sum(-1), confusion.sum(-2)
    there = np.maximum((asked > 0).sum(-1), 1)
    recall = (right / np.maximum(asked, 1)).sum(-1) / there
    f1 = (2 * right / np.maximum(asked + said, 1)).sum(-1) / there
    return np.stack([recall, f1], -1)


def with_intervals(confusion: NDArray) -> list[list[float]]:
    """Balanced accuracy and macro-F1, each with a 95 % interval: ``[value, low, high]``.

    The intervals come from a bootstrap within every class, with 2,000 resampled matrices.
    """
    rng, count = np.random.default_rng(0), confusion.sum(-1)
    shares = confusion / np.maximum(count, 1)[:, None]
    drawn = np.stack([rng.multinomial(n, p, size=REDRAWN) for n, p in zip(count, shares, strict=True)], axis=1)
    found, (low, high) = recall_and_f1(confusion), np.quantile(recall_and_f1(drawn), (0.025, 0.975), axis=0)
    return [[round(float(number), 5) for number in numbers] for numbers in zip(found, low, high, strict=True)]


def paired_difference(a: Outcome, b: Outcome) -> tuple[float, float]:
    """How much more often ``a`` is right than ``b`` on the same samples, and the half-width of its 95 % interval."""
    difference = a.right.astype(float) - b.right
    return float(difference.mean()), float(1.96 * difference.std(ddof=1) / np.sqrt(len(difference)))


def unimodal_samples(features: Features, modality: str) -> list[Sample]:
    """Every row that has the modality, on its own."""
    return [{modality: int(row)} for row in features.rows_with(modality)]


def paired_samples(features: Features, config: ModelConfig, *, pair: bool, seed: int) -> list[Sample]:
    """Every row of the largest pool with seeded partners of its class, as the task pairs them."""
    pairs = MultimodalSamples(features, config, pair=pair, sampling=PLAIN, seed=seed)
    if not pairs.pools:
        return []
    largest = max(pairs.pools.values(), key=len)
    rng = np.random.default_rng(seed)
    return [pairs.partners(int(row), rng) for row in largest]


@torch.inference_mode()
def answer(
    model: MultimodalLSTM,
    features: Features,
    samples: Sequence[Sample],
    subset: Sequence[str] | None = None,
    *,
    change: Corruption | None = None,
) -> Outcome:
    """Let a model answer samples of which only a subset of the modalities, or all, are given."""
    model.eval()
    subset = model.config.modalities if subset is None else subset
    parts, config = [], model.config
    for batch, truth in batches(config, features, samples, subset, change):
        last = torch.zeros(len(truth), len(config.labels))  # where nothing was given, nothing is known
        if batch.lengths.any():
            logits, steps = model(batch.to(model.device))
            given = (steps.lengths > 0).cpu()
            last[given] = steps.last(logits).cpu()[given]
        there = [[m for m, length in zip(config.modalities, row, strict=True) if length] for row in batch.lengths]
        worth = [config.calibrated(modalities) for modalities in there]
        last /= torch.tensor([calibration.temperature for calibration in worth])[:, None]
        probabilities = last.softmax(-1).numpy()
        highest = zip(worth, probabilities.max(1).tolist(), there, strict=True)
        levels = [calibration.level(p) if given else "unclear" for calibration, p, given in highest]
        parts.append((probabilities, truth, np.array(levels)))
    return Outcome(*map(np.concatenate, zip(*parts, strict=True)))


def evaluate(model: MultimodalLSTM, features: Features, *, pair: bool, seed: int) -> dict:
    """All accuracy figures of a checkpoint on one test split.

    Args:
        model: the checkpoint's model.
        features: the test split.
        pair: whether missing modalities are lent by rows of the same class.
        seed: of the pairing.

    Returns:
        ``alone``: each modality on each of its own rows once; ``together``: the same samples with each subset of the
        modalities, and for each subset its paired difference to its best part.
    """
    classes = len(model.config.labels)
    alone = {
        m: answer(model, features, unimodal_samples(features, m), [m])
        for m in model.config.modalities
        if len(features.rows_with(m))
    }
    samples = [rows for rows in paired_samples(features, model.config, pair=pair, seed=seed) if len(rows) > 1]
    outcomes = {
        subset: answer(model, features, _having(samples, subset), subset)
        for subset in subsets(model.config.modalities)
        if _having(samples, subset)
    }
    for subset, outcome in outcomes.items():
        parts = [outcomes[m,] for m in subset]
        if len(subset) > 1 and all(len(part.labels) == len(outcome.labels) for part in parts):
            outcomes[subset] = outcome.never_clear(disagree([part.probabilities.argmax(1) for part in parts]))
    report = {name: outcome.summary(classes) for name, outcome in alone.items()}
    joint = {"+".join(subset): outcome.summary(classes) for subset, outcome in outcomes.items()}
    for subset, outcome in outcomes.items():
        parts = [p for p in outcomes if set(p) < set(subset) and len(outcomes[p].labels) == len(outcome.labels)]
        if parts:
            best = max(parts, key=lambda p: outcomes[p].right.mean())
            gain, half = paired_difference(outcome, outcomes[best])
            joint["+".join(subset)]["against_best_part"] = {
                "part": "+".join(best),
                "gain": round(gain, 5),
                "half_interval": round(half, 5),
            }
    return {"alone": report, "together": joint}


def subsets(modalities: Sequence[str]) -> list[tuple[str, ...]]:
    """All but the empty one, the smallest first."""
    return [some for count in range(1, len(modalities) + 1) for some in combinations(modalities, count)]


def _having(samples: Sequence[Sample], subset: Sequence[str]) -> list[Sample]:
    return [rows for rows in samples if set(subset) <= set(rows)]


def batches(
    config: ModelConfig, features: Features, samples: Sequence[Sample], subset: Sequence[str], change: Corruption | None
) -> Iterator[tuple[Batch, np.ndarray]]:
    """Batches of samples that have nothing but the subset's modalities."""

    def items(sample: Sample) -> dict[str, Item]:
        found = {m: features.item(m, row) for m, row in sample.items() if m in subset}
        if change:
            found = {m: change(m, item, sample[m]) for m, item in found.items()}
        return {m: item for m, item in found.items() if item is not None}

    for first in range(0, len(samples), 250):
        some = samples[first : first + 250]
        batch = collate([items(sample) for sample in some], [config.modalities] * len(some), config)
        yield batch, features.labels[[next(iter(sample.values())) for sample in some]]
