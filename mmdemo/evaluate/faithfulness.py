"""Is the ledger faithful? The deletion test of ``lstm.faithfulness`` over a test split, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from mmdemo.evaluate.metrics import Sample, batches
from mmdemo.lstm.faithfulness import Deletion, faithfulness
from mmdemo.lstm.ledger import FORMS, contrast
from mmdemo.lstm.readout import Readout
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.features import Features

COUNT = 300  # inputs of each kind
METHODS = (*FORMS, "gradients", "random")


def study_faithfulness(
    model: MultimodalLSTM,
    features: Features,
    kinds: dict[str, tuple[Sequence[Sample], Sequence[str]]],
    *,
    seed: int = 0,
    count: int = COUNT,
) -> dict[str, Any]:
    """How fast the answer falls when steps are removed in the order of each explanation.

    Args:
        model: the checkpoint's model.
        features: the test split.
        kinds: for each kind of input its samples, and the modalities that are read of them.
        seed: of the choice of the samples and of the random orders.
        count: of each kind, at most.

    Returns:
        For each kind ``n``, the inputs, and ``measured``, those that had a fall to measure; for each method the mean
        normalised ``area`` under the deletion curve with the half-width of its 95 % interval (0: all lost at once); how
        much ``less`` the ledgers have than random orders and than integrated gradients, paired, negative is better; and
        the share of the random orders that each method has ``beaten``, on average.
    """
    model.eval()
    report = {}
    for kind, (samples, subset) in kinds.items():
        chosen = np.random.default_rng(seed).permutation(len(samples))[:count]
        found = [_delete(model, features, samples[k], subset, seed) for k in sorted(chosen)]
        report[kind] = summarise([deletions for deletions in found if deletions is not None]) | {"n": len(found)}
    return {"seed": seed, "against": "the mean of all classes", "kinds": report}


def summarise(found: Sequence[dict[str, Deletion]]) -> dict[str, Any]:
    """Means, intervals and paired differences of the areas of many deletion tests; those with no fall are left out."""
    areas = {name: np.array([deletions[name].area for deletions in found]) for name in METHODS}
    there = ~np.isnan(np.stack(list(areas.values()))).any(0)
    areas = {name: area[there] for name, area in areas.items()}
    beaten = {name: np.array([deletions[name].beaten for deletions in found])[there] for name in METHODS[:-1]}
    return {
        "measured": int(there.sum()),
        "area": {name: _mean(area) for name, area in areas.items()},
        "beaten": {name: round(float(share.mean()), 4) for name, share in beaten.items()},
        "less": {
            other: {form: _mean(areas[form] - areas[other]) for form in FORMS} for other in ("random", "gradients")
        },
    }


def _delete(
    model: MultimodalLSTM, features: Features, sample: Sample, subset: Sequence[str], seed: int
) -> dict[str, Deletion] | None:
    """The deletion test of one sample, for its answer against the mean of all classes; None if it has no step."""
    (batch, _) = next(batches(model.config, features, [sample], subset, None))
    with torch.no_grad():
        x = model.encode(batch.to(model.device)).x[0]  # (T, S)
        if not len(x):
            return None
        label = int(model.decide(model.lstm(x[None])[0][0, -1]).argmax())
    return faithfulness(
        model.lstm,
        Readout.of(model.dense, model.config.calibrated(subset).temperature),
        x,
        contrast(len(model.config.labels), label),
        label,
        seed=seed,
    )


def _mean(values: np.ndarray) -> list[float]:
    """The mean and the half-width of its 95 % interval."""
    half = 1.96 * values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else float("nan")
    return [round(float(values.mean()), 4), round(float(half), 4)]
