"""Questions that one test accuracy leaves open: do the modalities help each other, and does it understand strangers."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from mmdemo.audio import read_audio
from mmdemo.cases import RIGHT
from mmdemo.config import MODALITIES, SAMPLE_RATE, ModelConfig
from mmdemo.data.augment_image import degrade_image
from mmdemo.data.features import Features
from mmdemo.evaluate import SUBSETS, Change, answer, paired_difference, singles, together
from mmdemo.loudness import add_noise
from mmdemo.model import MultimodalLSTM
from mmdemo.speech import listen
from mmdemo.text import add_typos
from mmdemo.train import Recipe, train

LEVELS = np.linspace(0.05, 1, 20)  # of degradation, from hardly any to all
SOUNDS_PER_EPOCH = 20_000  # about as many as an epoch of the whole task reads
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
    rows = [r for r in together(features, model.config, pair=pair, seed=seed) if len(r) == len(levels)]
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


def leave_one_out(
    parts: Sequence[tuple[Features, Sequence[str]]],
    config: ModelConfig,
    run: Path,
    *,
    recipe: Recipe,
    seed: int,
    people: Sequence[str],
    say: Callable[[str], None],
) -> dict:
    """Sound alone, each speaker in turn unheard in training: what a stranger at the microphone would meet.

    Args:
        parts: features and each row's speaker. The first part trains, less the speaker who is left out; that speaker's
            recordings in all parts are the test.
        config: the task.
        run: a folder for the folds' runs.
        recipe: the shipped one.
        seed: of the training.
        people: who is left out, one after the other.
        say: told how each fold went.
    """
    learnt, speakers = parts[0]
    accuracies = {}
    for speaker in people:
        others = learnt.only(np.asarray(speakers) != speaker)
        model = sound_model(others, config, run / f"without-{speaker}", recipe=recipe, seed=seed)
        left_out = [features.only(np.asarray(names) == speaker) for features, names in parts]
        right = np.concatenate([answer(model, own, singles(own, "audio"), ["audio"]).right for own in left_out])
        accuracies[speaker] = round(float(right.mean()), 4)
        say(f"{speaker} left out: {accuracies[speaker]:.2%} of {len(right)} recordings")
    return {"by_speaker": accuracies, "mean": round(float(np.mean(list(accuracies.values()))), 4), "seed": seed}


def cases_of(model: MultimodalLSTM, features: Features, rows: pd.DataFrame, seed: int, folder: Path) -> dict[str, Any]:
    """Every wrong answer and some right ones, to each modality alone.

    Args:
        model: the checkpoint's model.
        features: the test split.
        rows: its manifest, row by row the same, with absolute paths.
        seed: picks the right answers.
        folder: of the data sets; what lies elsewhere has no reference, since paths of a machine are nobody's business.

    Returns:
        ``seed``, and ``cases``: for each modality ``[true class, answer, its probability, reference]``, by class,
        then by answer, the surest first. A text is its own reference, unless the manifest has a ``place`` for it.
    """
    rng, kept = np.random.default_rng(seed), {}
    places = rows["place"].tolist() if "place" in rows else [""] * len(rows)
    for modality in MODALITIES:
        samples = singles(features, modality)
        if not samples:
            continue
        outcome = answer(model, features, samples, [modality])
        some = [np.flatnonzero(~outcome.right)]
        for k in range(len(model.config.labels)):
            some.append(rng.permutation(np.flatnonzero(outcome.right & (outcome.labels == k)))[:RIGHT])
        cells = rows[modality].tolist()
        found = []
        for k in np.concatenate(some):
            p, cell = outcome.probabilities[k], cells[samples[k][modality]]
            where = cell if modality == "text" else _within(cell, folder)
            if modality == "text" and not model.config.shows_cases:
                row = samples[k][modality]
                where = places[row] or f"text {row + 1}"  # its place among the rows of the split
            found.append([int(outcome.labels[k]), int(p.argmax()), round(float(p.max()), 4), where])
        kept[modality] = sorted(found, key=lambda case: (case[0], case[1], -case[2]))
    return {"seed": seed, "cases": kept}


def sound_model(features: Features, config: ModelConfig, run: Path, *, recipe: Recipe, seed: int) -> MultimodalLSTM:
    """The shipped recipe with sound alone, for a fixed number of epochs (nothing is chosen on the data at hand)."""
    recipe = replace(recipe, patience=recipe.epochs, samples=SOUNDS_PER_EPOCH)
    splits = {"train": features, "validation": features}
    return train(config, splits, run / "checkpoint", run, recipe=recipe, pair=False, seed=seed, quiet=True)


def _level(model: MultimodalLSTM, features: Features, files: Sequence[str], modality: str, seed: int) -> float:
    """The degradation at which a modality alone is right closest to ``TARGET``, on at most 500 rows."""
    rows = singles(features, modality)
    rows = [rows[k] for k in np.random.default_rng(seed).permutation(len(rows))[:500]]

    def accuracy(level: float) -> float:
        change = Degrade(features, files, {modality: level}, model, seed)
        return float(answer(model, features, rows, [modality], change=change).right.mean())

    low, high = 0, len(LEVELS) - 1  # accuracy falls with the level, so halve the range
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if accuracy(LEVELS[middle]) > TARGET else (low, middle)
    return round(float(LEVELS[min((low, high), key=lambda k: abs(accuracy(LEVELS[k]) - TARGET))]), 3)


def _once(change: Degrade) -> Change:
    """The same degradation, each recording computed once: many samples share a clip."""
    kept: dict[int, np.ndarray | None] = {}

    def remembered(modality: str, item: np.ndarray, row: int) -> np.ndarray | tuple | None:
        if modality != "audio":
            return change(modality, item, row)
        if row not in kept:
            kept[row] = change(modality, item, row)
        return kept[row]

    return remembered


def _within(cell: str, folder: Path) -> str:
    """A path within a folder; "" for one that lies elsewhere."""
    root = os.path.abspath(folder)
    return Path(cell).relative_to(root).as_posix() if Path(cell).is_relative_to(root) else ""
