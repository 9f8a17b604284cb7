"""Does it understand a new voice? Each speaker in turn is left out of training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from mmdemo.config import ModelConfig
from mmdemo.evaluate.metrics import answer, unimodal_samples
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.features import Features
from mmdemo.train.loop import train
from mmdemo.train.recipes import Recipe

SOUNDS_PER_EPOCH = 20_000  # about as many as an epoch of the whole task reads


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
    """Sound alone, with each speaker in turn left out of training: what a new person at the microphone would get.

    Args:
        parts: features and each row's speaker. The first part trains, less the speaker who is left out; that speaker's
            recordings in all parts are the test set.
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
        right = np.concatenate(
            [answer(model, own, unimodal_samples(own, "audio"), ["audio"]).right for own in left_out]
        )
        accuracies[speaker] = round(float(right.mean()), 4)
        say(f"{speaker} left out: {accuracies[speaker]:.2%} of {len(right)} recordings")
    return {"by_speaker": accuracies, "mean": round(float(np.mean(list(accuracies.values()))), 4), "seed": seed}


def sound_model(features: Features, config: ModelConfig, run: Path, *, recipe: Recipe, seed: int) -> MultimodalLSTM:
    """The shipped recipe with sound alone, for a fixed number of epochs (nothing is chosen on the data at hand)."""
    recipe = replace(recipe, patience=recipe.epochs, samples=SOUNDS_PER_EPOCH)
    splits = {"train": features, "validation": features}
    return train(config, splits, run / "checkpoint", run, recipe=recipe, pair=False, seed=seed, quiet=True)
