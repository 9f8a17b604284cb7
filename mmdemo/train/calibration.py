"""Calibrate on the validation split: for each combination of inputs a temperature, and what makes an answer clear."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mmdemo.config import Calibration
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.features import Features
from mmdemo.train.samples import PLAIN, MultimodalSamples, SamplingConfig, UnbatchedSample

LOWEST = {"clear": 0.6, "likely": 0.5}  # an answer below this is never called that
NEVER = 1.01  # the threshold of a level that no answer deserves
CONTRADICTED = 0.01  # share of contradicting inputs to which an answer may be called clear, at most
BATCH = 250
DRAWN = replace(PLAIN, even=0.5)  # rare sources are drawn more often than they occur

Combination = tuple[str, ...]


def true_classes(taught: Tensor) -> Tensor:
    """The classes (N,) that target distributions (N, C) stand for; -1 where they stand for none."""
    highest, index = taught.max(-1)
    return torch.where(highest > 1.001 / taught.shape[-1], index, -1)


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature with the lowest cross-entropy, over the samples that have a class.

    Guo et al. 2017, On Calibration of Modern Neural Networks.
    """
    logits, labels = logits[labels >= 0], labels[labels >= 0]
    if not len(labels):
        return 1.0
    candidates = torch.logspace(-0.5, 0.5, 101)  # 0.32 to 3.2
    losses = [F.cross_entropy(logits / float(t), labels) for t in candidates]
    return float(candidates[int(torch.stack(losses).argmin())])


def fit_threshold(probabilities: Tensor, labels: Tensor, risk: float, lowest: float = 0.0) -> float:
    """The lowest threshold above which at most a share ``risk`` of the answers is wrong; any to no class is.

    Args:
        probabilities: (N, C).
        labels: (N,), -1 for no class.
        risk: 0 to 1.
        lowest: what the threshold must not be below.

    Returns:
        The threshold; ``NEVER`` if there is none.
    """
    best, guess = probabilities.max(-1)
    order = best.argsort(descending=True)
    wrong = (guess != labels)[order].float().cumsum(0) / torch.arange(1, len(labels) + 1)
    ranked = best[order]
    whole = torch.cat([ranked[:-1] > ranked[1:], torch.tensor([True])])  # a threshold lets in all that are equal
    allowed = ((wrong <= risk) & whole).nonzero()
    return max(lowest, float(ranked[int(allowed[-1])])) if len(allowed) else NEVER


def fit_calibration(logits: Tensor, labels: Tensor, right: Mapping[str, float]) -> Calibration:
    """The temperature, and from which probability on an answer deserves each level.

    Args:
        logits: before any temperature, (N, C).
        labels: (N,), -1 for no class.
        right: for each level the share of its answers, or of those of a higher one, that shall be right.
    """
    temperature = fit_temperature(logits, labels)
    probabilities = (logits / temperature).softmax(-1)
    bars = {level: fit_threshold(probabilities, labels, 1 - share, LOWEST[level]) for level, share in right.items()}
    return Calibration(temperature, **bars)


def fit_contradicted(probabilities: Tensor, contradicting: Tensor, noticed: Tensor, share: float) -> float:
    """The lowest threshold that at most a share of the answers to inputs of different classes reaches.

    Args:
        probabilities: (N, C).
        contradicting: which inputs are of different classes, (N,) bool.
        noticed: of which that is noticed, since they say different things alone, (N,) bool: no threshold matters there.
        share: 0 to 1.

    Returns:
        The threshold; 0 if any will do.
    """
    highest = probabilities.max(-1).values[contradicting & ~noticed].sort(descending=True).values
    allowed = int(share * int(contradicting.sum()))
    if len(highest) <= allowed:
        return 0.0
    above = float(torch.nextafter(highest[allowed], torch.tensor(2.0)))
    return above if above <= 1 else NEVER


def disagree(alone: Sequence[NDArray[np.int64]]) -> NDArray[np.bool_]:
    """Which of N samples have inputs that, each read alone, say different classes, (N,).

    Args:
        alone: for each input the classes that it says, (N,).
    """
    return np.any([classes != alone[0] for classes in alone], axis=0)


def calibrate(model: MultimodalLSTM, features: Features, *, pair: bool, seed: int, count: int) -> None:
    """Set ``calibration`` in the model's config.

    An answer to several inputs must be more probable to be clear than precision alone asks for, where inputs of
    different classes, whose contradiction goes unnoticed, would otherwise be answered clearly too often.

    Args:
        model: trained.
        features: of the validation split. Its rare sources, the hands and voices of few people, count for more than
            their number: whoever comes to the page is a stranger.
        pair: whether missing modalities are lent by other rows of the same class.
        seed: of the samples.
        count: samples for each combination of modalities.
    """
    calibration = {}
    for given, _, logits, labels, *_ in combined_answers(model, features, pair=pair, seed=seed, count=count):
        calibration["+".join(given)] = fit_calibration(logits, labels, model.config.right)
    if any("+" in given for given in calibration):
        against = replace(DRAWN, contradict=1)
        _heed_contradictions(
            calibration, combined_answers(model, features, pair=pair, seed=seed, count=count, sampling=against)
        )
    model.config.calibration = calibration


def _heed_contradictions(calibration: dict[str, Calibration], contradicted: Iterable[Answers]) -> None:
    """Raise from which probability on an answer is clear, where contradictions would be answered clearly too often."""
    for given, _, logits, _, contradicting, disagreeing in contradicted:
        found = calibration["+".join(given)]
        least = fit_contradicted((logits / found.temperature).softmax(-1), contradicting, disagreeing, CONTRADICTED)
        calibration["+".join(given)] = replace(found, clear=max(found.clear, least))


class Answers(NamedTuple):
    """What the model answers to one combination of modalities.

    Attributes:
        given: the combination.
        rows: which of the samples have it, (N,).
        logits: before any temperature, (N, C).
        labels: the classes, -1 for what belongs to none, (N,).
        contradicting: whether the inputs are of different classes, (N,) bool.
        disagreeing: whether the inputs alone are answered with different classes, (N,) bool.
    """

    given: Combination
    rows: Tensor
    logits: Tensor
    labels: Tensor
    contradicting: Tensor
    disagreeing: Tensor


@torch.no_grad()
def combined_answers(
    model: MultimodalLSTM,
    features: Features,
    *,
    pair: bool,
    seed: int,
    count: int,
    sampling: SamplingConfig = DRAWN,
) -> Iterator[Answers]:
    """What the model answers to each combination of modalities, the smallest first, all on the same samples.

    A combination that no sample has is left out.

    Args:
        model: it is put into evaluation mode.
        features: of one split.
        pair, seed, count: as in :func:`calibrate`.
        sampling: what happens to the samples.
    """
    model.eval()
    config = model.config
    samples = MultimodalSamples(features, config, pair=pair, sampling=sampling, seed=seed, length=count)
    drawn = [samples[k] for k in range(count)] if samples.pools else []
    said = {modality: np.zeros(count, np.int64) for modality in config.modalities}  # by each alone, which come first
    for size in range(1, len(config.modalities) + 1):
        for given in combinations(config.modalities, size):
            own = [k for k, sample in enumerate(drawn) if set(given) <= set(sample.items)]
            if not own:
                continue
            logits, labels = [], []
            for first in range(0, len(own), BATCH):
                batch, taught = samples.collate([_only(drawn[k], given) for k in own[first : first + BATCH]])
                out, steps = model(batch.to(model.device))
                logits.append(steps.last(out).cpu())
                labels.append(true_classes(steps.last(taught.to(model.device))).cpu())
            contradicting = [len({int(drawn[k].targets[m].label[-1]) for m in given}) > 1 for k in own]
            answered = torch.cat(logits)
            if size == 1:
                said[given[0]][own] = answered.argmax(-1).numpy()
            disagreeing = torch.from_numpy(disagree([said[m][own] for m in given]))
            yield Answers(
                given, torch.tensor(own), answered, torch.cat(labels), torch.tensor(contradicting), disagreeing
            )


def _only(sample: UnbatchedSample, given: Combination) -> UnbatchedSample:
    """A sample with no more than some of its modalities."""
    items, targets = ({m: parts[m] for m in given} for parts in (sample.items, sample.targets))
    return replace(sample, items=items, targets=targets)
