"""Is the whole more than its parts? What several degraded inputs gain over the best of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from mmdemo.audio.noise import add_noise
from mmdemo.audio.reader import read_audio
from mmdemo.audio.speech_embedding import listen
from mmdemo.config import MODALITIES, SAMPLE_RATE
from mmdemo.evaluate.metrics import SUBSETS, Corruption, answer, paired_difference, paired_samples, unimodal_samples
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.text.noise import add_typos
from mmdemo.train.augment_image import degrade_image
from mmdemo.train.features import Features

LEVELS = np.linspace(0.05, 1, 20)  # of degradation, from hardly any to all
TARGET = 0.8  # each modality is degraded until it alone is right so often


@dataclass(frozen=True)
class Degrade:
    """Degrades the inputs of a split, the same row always in the same way.

    Attributes:
        features: the split.
        files: the path of each row's recording, since noise is added to the sound and not to its features.
        levels: for each modality how strongly, 0 to 1: share of mistyped letters, severity of the picture's
            blur, noise and occlusion, and pink noise at 20 dB (0) down to -20 dB (1).
        model: gives the speech stem.
        seed: of the noise.
    """

    features: Features
    files: Sequence[str]
    levels: dict[str, float]
    model: MultimodalLSTM
    seed: int

    def __call__(self, modality: str, item: np.ndarray | tuple[str, ...], row: int) -> np.ndarray | tuple | None:
        """One input, degraded; ``None`` if the preprocessing finds nothing in it any more."""
        level = self.levels.get(modality, 0)
        if not level:
            return item
        rng = np.random.default_rng([self.seed, row])
        if modality == "text":
            return add_typos(item, level, rng)
        if modality == "image":
            generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
            square = torch.from_numpy(item)[None, None]
            return degrade_image(square, torch.tensor([level]), generator)[0, 0].numpy()
        samples = read_audio(self.files[row], self.model.config.audio).samples
        noisy = read_audio((SAMPLE_RATE, add_noise(samples, 20 - 40 * level, rng)), self.model.config.audio)
        if noisy.absent:
            return None
        return listen(self.model.speech, noisy.mel, noisy.prosody)


def fusion(
    model: MultimodalLSTM,
    validation: tuple[Features, Sequence[str]],
    test: tuple[Features, Sequence[str]],
    *,
    pair: bool,
    seed: int,
    samples: int = 2000,
) -> dict:
    """Is the whole more than its parts? Each modality is degraded until it alone is right about 80 % of the time.

    The levels are found on the validation split; the test split is only measured.

    Args:
        model: the checkpoint's model.
        validation: features, and each row's recording.
        test: likewise.
        pair: whether missing modalities are lent by rows of the same class.
        seed: of the noise and the pairing.
        samples: how many test samples.
    """
    levels = {m: _level(model, *validation, m, seed) for m in MODALITIES if len(validation[0].rows_with(m))}
    features, files = test
    change = Degrade(features, files, levels, model, seed)
    rows = [r for r in paired_samples(features, model.config, pair=pair, seed=seed) if len(r) == len(levels)]
    rows = [rows[k] for k in np.random.default_rng(seed).permutation(len(rows))[:samples]]
    outcomes = {s: answer(model, features, rows, s, change=_once(change)) for s in SUBSETS if set(s) <= set(levels)}
    report: dict = {"levels": levels, "n": len(rows), "seed": seed, "accuracy": {}, "gain_over_best_part": {}}
    for subset, outcome in outcomes.items():
        report["accuracy"]["+".join(subset)] = round(float(outcome.right.mean()), 4)
        parts = [p for p in outcomes if len(p) == len(subset) - 1 and set(p) < set(subset)]
        if parts:
            best = max(parts, key=lambda p: outcomes[p].right.mean())
            gain, half = paired_difference(outcome, outcomes[best])
            report["gain_over_best_part"]["+".join(subset)] = [round(gain, 4), round(half, 4)]
    return report


def _level(model: MultimodalLSTM, features: Features, files: Sequence[str], modality: str, seed: int) -> float:
    """The degradation at which a modality alone is right closest to ``TARGET``, on at most 500 rows."""
    rows = unimodal_samples(features, modality)
    rows = [rows[k] for k in np.random.default_rng(seed).permutation(len(rows))[:500]]

    def accuracy(level: float) -> float:
        change = Degrade(features, files, {modality: level}, model, seed)
        return float(answer(model, features, rows, [modality], change=change).right.mean())

    low, high = 0, len(LEVELS) - 1  # accuracy falls with the level, so halve the range
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if accuracy(LEVELS[middle]) > TARGET else (low, middle)
    return round(float(LEVELS[min((low, high), key=lambda k: abs(accuracy(LEVELS[k]) - TARGET))]), 3)


def _once(change: Degrade) -> Corruption:
    """The same degradation, each recording computed once: many samples share a clip."""
    kept: dict[int, np.ndarray | None] = {}

    def remembered(modality: str, item: np.ndarray, row: int) -> np.ndarray | tuple | None:
        if modality != "audio":
            return change(modality, item, row)
        if row not in kept:
            kept[row] = change(modality, item, row)
        return kept[row]

    return remembered
