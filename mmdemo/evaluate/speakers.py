"""Does it understand a new voice? Each speaker in turn is left out of training, and voices that nobody has are asked.

The made voices are those of ``strangers.csv`` (``mmdemo.data.synthetic.voices``), which nobody learns from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.random import Generator
from scipy.signal import fftconvolve

from mmdemo.audio.augment import at_pace, coded, room, whispered
from mmdemo.audio.decode import decode
from mmdemo.audio.noise import Samples
from mmdemo.config import SAMPLE_RATE, ModelConfig
from mmdemo.data.manifest.manifest import OUTLIER
from mmdemo.evaluate.metrics import answer, share_right, unimodal_samples
from mmdemo.inference.predictor import Predictor
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.features import Features
from mmdemo.train.loop import train
from mmdemo.train.recipes import Recipe

Change = Callable[[Samples, Generator], Samples]
CONDITIONS: dict[str, Change] = {  # what becomes of a voice on its way
    "fast": lambda samples, rng: at_pace(samples, 1.6),
    "whispered": whispered,
    "room": lambda samples, rng: fftconvolve(samples, room(rng)).astype(np.float32),
    "telephone": lambda samples, rng: coded(samples, str(rng.choice(["telephone", "gsm"])), rng),
    "8-bit": lambda samples, rng: coded(0.2 * samples / np.abs(samples).max(), "8-bit", rng),
    "late": lambda samples, rng: samples[len(samples) // 6 :],  # a sixth of it is lost at the beginning
    "early": lambda samples, rng: samples[: -len(samples) // 4],  # a quarter at the end
}
CHILD = 1.18  # from this factor of pitch and resonances on a made voice is a child's
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


def study_voices(model: MultimodalLSTM, rows: pd.DataFrame, seed: int) -> dict:
    """A checkpoint's answers to made voices that nobody learnt from, each as a visitor's recording would be read.

    Args:
        model: the checkpoint's model.
        rows: of ``strangers.csv``: digits with and without an ``accent``, ``several`` digits, other ``numbers``.
        seed: of rooms, breath and codecs.

    Returns:
        ``voices``: by accent and condition how many, how many of them right (``accuracy``, with its 95 % Wilson
        ``interval``) and how many wrong and yet called clear. ``no_digit``: how many other numbers, and how many of
        them are called clear. ``several``: how many recordings of several digits, in how many more than one is heard
        (``told``), in how many exactly those that are said (``exact``), and how many are called clear.
    """
    predictor = Predictor(model, model.device)
    digits = rows[rows["label"] != OUTLIER]
    throat = digits["throat"].astype(float)
    groups = {
        "plain": digits["accent"] == "",
        "indian": digits["accent"] == "indian",
        "accents": ~digits["accent"].isin(["", "indian"]),
        "child": throat >= CHILD,
    }
    voices = {name: _voices(predictor, digits[which], None, seed) for name, which in groups.items() if which.any()}
    grown = digits[throat < CHILD]
    voices |= {name: _voices(predictor, grown, change, seed) for name, change in CONDITIONS.items() if len(grown)}
    numbers, several = (rows[rows["kind"] == kind] for kind in ("numbers", "several"))
    heard = [(predictor.predict(audio=row.audio), row.heard) for row in several.itertuples()]
    counted = [(result.inputs["audio"].doubt, said.split()) for result, said in heard]
    told = [(said, doubt.values["words"].split(", ")) for doubt, said in counted if doubt and "words" in doubt.values]
    return {
        "seed": seed,
        "voices": voices,
        "no_digit": {
            "n": len(numbers),
            "called_clear": _share([predictor.predict(audio=file).level == "clear" for file in numbers["audio"]]),
        },
        "several": {
            "n": len(several),
            "told": round(len(told) / max(len(several), 1), 4),
            "exact": round(sum(said == words for said, words in told) / max(len(several), 1), 4),
            "called_clear": _share([result.level == "clear" for result, _ in heard]),
        },
    }


def _voices(predictor: Predictor, rows: pd.DataFrame, change: Change | None, seed: int) -> dict:
    """How some digits are understood, all changed in one way."""
    right, wrong_and_clear = [], []
    for place, row in enumerate(rows.itertuples()):
        samples = decode(row.audio)
        if change:
            samples = change(samples, np.random.default_rng([seed, place]))
        result = predictor.predict(audio=(SAMPLE_RATE, samples))
        right.append(bool(result.used) and result.label == row.label)
        wrong_and_clear.append(result.level == "clear" and not right[-1])
    return {**share_right(right), "wrong_and_clear": _share(wrong_and_clear)}


def _share(which: Sequence[bool]) -> float:
    return round(sum(which) / max(len(which), 1), 4)
