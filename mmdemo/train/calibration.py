"""Calibrate on the validation split: a temperature, and the threshold from which an answer is called sure."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.model.sequence import Batch

RISK = 0.01  # among the answers called sure, at most this share may be wrong on the validation split
LOWEST = 0.6  # an answer below this is never called sure


def true_classes(taught: Tensor) -> Tensor:
    """The classes (N,) that target distributions (N, C) stand for; -1 where they stand for none."""
    highest, index = taught.max(-1)
    return torch.where(highest > 1.001 / taught.shape[-1], index, -1)


@torch.no_grad()
def answers(model: MultimodalLSTM, batches: list[tuple[Batch, Tensor]]) -> tuple[Tensor, Tensor]:
    """Logits (N, C) and classes (N,) of the last steps of all samples, -1 for what belongs to none."""
    model.eval()
    logits, labels = [], []
    for batch, taught in batches:
        out, steps = model(batch.to(model.device))
        logits.append(steps.last(out).cpu())
        labels.append(true_classes(steps.last(taught.to(model.device))).cpu())
    return torch.cat(logits), torch.cat(labels)


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature with the lowest cross-entropy, over the samples that have a class.

    Guo et al. 2017, On Calibration of Modern Neural Networks.
    """
    logits, labels = logits[labels >= 0], labels[labels >= 0]
    candidates = torch.logspace(-0.5, 0.5, 101)  # 0.32 to 3.2
    losses = [F.cross_entropy(logits / float(t), labels) for t in candidates]
    return float(candidates[int(torch.stack(losses).argmin())])


def fit_threshold(probabilities: Tensor, labels: Tensor) -> float:
    """The lowest threshold above which at most ``RISK`` of the answers are wrong; any to no class is.

    Args:
        probabilities: (N, C).
        labels: (N,).
    """
    best, guess = probabilities.max(-1)
    order = best.argsort(descending=True)
    wrong = (guess != labels)[order].float().cumsum(0) / torch.arange(1, len(labels) + 1)
    ranked = best[order]
    whole = torch.cat([ranked[:-1] > ranked[1:], torch.tensor([True])])  # a threshold lets in all that are equal
    allowed = ((wrong <= RISK) & whole).nonzero()
    return max(LOWEST, float(ranked[int(allowed[-1])])) if len(allowed) else 0.99


def calibrate(model: MultimodalLSTM, batches: list[tuple[Batch, Tensor]]) -> None:
    """Set ``temperature`` and ``confidence_threshold`` in the model's config."""
    model.config.temperature = 1.0
    logits, labels = answers(model, batches)
    model.config.temperature = fit_temperature(logits, labels)
    model.config.confidence_threshold = fit_threshold((logits / model.config.temperature).softmax(-1), labels)
