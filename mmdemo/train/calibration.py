"""Calibrate on the validation split: for each combination of inputs a temperature, and what makes an answer clear."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import torch
from torch import Tensor
from torch.nn import functional as F

from mmdemo.config import Calibration
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.features import Features
from mmdemo.train.samples import PLAIN, MultimodalSamples, UnbatchedSample

LOWEST = {"clear": 0.6, "likely": 0.5}  # an answer below this is never called that
NEVER = 1.01  # the threshold of a level that no answer deserves
EVEN = 0.5  # rare sources are drawn more often than they occur: see SamplingConfig
BATCH = 250

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


def calibrate(model: MultimodalLSTM, features: Features, *, pair: bool, seed: int, count: int) -> None:
    """Set ``calibration`` in the model's config.

    Args:
        model: trained.
        features: of the validation split. Its rare sources, the hands and voices of few people, count for more than
            their number: whoever comes to the page is a stranger.
        pair: whether missing modalities are lent by other rows of the same class.
        seed: of the samples.
        count: samples for each combination of modalities.
    """
    calibration = {}
    for given, _, logits, labels in combined_answers(model, features, pair=pair, seed=seed, count=count):
        temperature = fit_temperature(logits, labels)
        probabilities = (logits / temperature).softmax(-1)
        bars = {
            level: fit_threshold(probabilities, labels, 1 - right, LOWEST[level])
            for level, right in model.config.right.items()
        }
        calibration["+".join(given)] = Calibration(temperature, **bars)
    model.config.calibration = calibration


@torch.no_grad()
def combined_answers(
    model: MultimodalLSTM, features: Features, *, pair: bool, seed: int, count: int
) -> Iterator[tuple[Combination, Tensor, Tensor, Tensor]]:
    """What the model answers to each combination of modalities, all on the same samples.

    Args:
        model: it is put into evaluation mode.
        features: of one split.
        pair, seed, count: as in :func:`calibrate`.

    Yields:
        The combination, the smallest first; which of the ``count`` samples have it, (N,); their logits before any
        temperature, (N, C); their classes, -1 for what belongs to none, (N,). A combination that no sample has is left
        out.
    """
    model.eval()
    config = model.config
    samples = MultimodalSamples(
        features, config, pair=pair, sampling=replace(PLAIN, even=EVEN), seed=seed, length=count
    )
    drawn = [samples[k] for k in range(count)] if samples.pools else []
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
            yield given, torch.tensor(own), torch.cat(logits), torch.cat(labels)


def _only(sample: UnbatchedSample, given: Combination) -> UnbatchedSample:
    """A sample with no more than some of its modalities."""
    items, targets = ({m: parts[m] for m in given} for parts in (sample.items, sample.targets))
    return replace(sample, items=items, targets=targets)
