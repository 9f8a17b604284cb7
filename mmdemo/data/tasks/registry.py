"""The tasks that come with a recipe for their data. Labels and sizes belong to a task, never to the code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mmdemo.config import INPUTS, MODALITIES, AudioConfig, ImageConfig, ModelConfig, TextConfig
from mmdemo.data.manifest.manifest import OUTLIER, read_manifest
from mmdemo.data.sources.emotion import FEELINGS
from mmdemo.data.tasks.digits import LABELS, digit_photos, digits_manifest, strange_voices
from mmdemo.data.tasks.emotion import emotion_manifest, face_pictures
from mmdemo.data.tasks.lips import FOLDS, IN_SYNC, OUT_OF_SYNC, lips_manifest
from mmdemo.messages import InputError

if TYPE_CHECKING:
    import pandas as pd

    from mmdemo.data.synthetic.paper import Shot
    from mmdemo.data.synthetic.portraits import Portrait

CARDS = Path(__file__).with_name("cards")


@dataclass(frozen=True)
class Task:
    """What there is to learn, and from what.

    Attributes:
        config: its name, its labels and the sizes of its model.
        make_manifest: (folder of the data sets, manifest to write, seed) -> the manifest.
        pair: whether the missing inputs of a row are lent by other rows of its class and split.
        split: in words, who made the split that is tested on; stands beside the figures.
        card: the model card, with a place for the figures.
        recipe: the one of ``mmdemo.train.recipes.RECIPES`` that it is trained with unless another is asked for.
        photos: (folder of the data sets, seed) -> webcam photos of its test set, where that makes sense.
        faces: (rows of its test set, seed) -> pictures in which their faces have to be found, where that makes sense.
        voices: the rows with made voices that nobody learns from, where there are some.
        folds: speakers who are left out together, where that is how the task is measured.
    """

    config: ModelConfig
    make_manifest: Callable[[Path, Path, int], Path]
    pair: bool
    split: str
    card: Path = CARDS / "own.md"
    recipe: str = "own"
    photos: Callable[[Path, int], Iterator[Shot]] | None = None
    faces: Callable[[pd.DataFrame, int], Iterator[Portrait]] | None = None
    voices: Callable[[], pd.DataFrame] | None = None
    folds: tuple[tuple[str, ...], ...] = ()

    @property
    def name(self) -> str:
        """The task's name, which is also that of its folder in ``checkpoints``."""
        return self.config.task


TASKS = {
    task.name: task
    for task in [
        Task(
            ModelConfig(
                "digits",
                list(LABELS),
                text=TextConfig(numbers=True),
                image=ImageConfig(channels=(16, 32, 64, 64)),
                audio=AudioConfig(one_word=True),
                dropout=0.3,
            ),
            digits_manifest,
            pair=True,
            split="those published with MNIST and FSDD; sentences from templates and cue phrases of their own",
            card=CARDS / "digits.md",
            photos=digit_photos,
            voices=strange_voices,
        ),
        Task(
            ModelConfig(
                "emotion",
                list(FEELINGS),
                text=TextConfig(buckets=4096, ids_per_token=16, words=24_000, word_dropout=0.2),
                image=ImageConfig(size=48, slices=12, subject="face", channels=(32, 32, 96, 192, 256)),
                audio=AudioConfig(prosody=True, voice=True, context=2, dropout=0.5, feature_dropout=0.2),
                dropout=0.3,
                right={"clear": 0.96, "likely": 0.8},  # people agree on a face's feeling less than on a digit
                expose_test_cases=False,
            ),
            emotion_manifest,
            pair=True,
            split="GoEmotions' own; FER2013 with no photo on two sides; RAVDESS's actors 19 to 22",
            card=CARDS / "emotion.md",
            recipe="warm",
            faces=face_pictures,
        ),
        Task(
            ModelConfig(
                "lips",
                [IN_SYNC, OUT_OF_SYNC],
                dropout=0.2,
                more={"video": {"channels": 128, "dropout": 0.3}},
                without=list(MODALITIES),
            ),
            lips_manifest,
            pair=False,
            split="GRID's speakers 2 and 31, who are not in training",
            card=CARDS / "lips.md",
            recipe="sync",
            folds=FOLDS,
        ),
    ]
}


def task_named(name: str) -> Task:
    """One of ``TASKS``.

    Raises:
        InputError: there is none of that name.
    """
    if name not in TASKS:
        raise InputError("manifest.no_task", name=name, names=", ".join(TASKS))
    return TASKS[name]


def task_of(config: ModelConfig, manifest: Path | None = None) -> Task:
    """The task that a checkpoint was trained on, with the checkpoint's own settings: it reads inputs as it learnt to.

    Args:
        config: the checkpoint's.
        manifest: of a task of one's own.

    Raises:
        InputError: there is no manifest, and none of ``TASKS`` has the checkpoint's name.
    """
    return own_task(config.task, manifest, config) if manifest else replace(task_named(config.task), config=config)


def own_task(name: str, manifest: Path, config: ModelConfig | None = None, like: Task | None = None) -> Task:
    """The task of a manifest of your own.

    Args:
        name: what to call it.
        manifest: its rows; they are paired if most of them have only one input.
        config: of a checkpoint, if there is one; otherwise the labels are those of the rows, in alphabetical order.
        like: a task whose sizes, ways of reading and recipe to use with these labels; the usual ones if not given.

    Raises:
        InputError: the manifest cannot be read, or has no usable row.
    """
    rows, _ = read_manifest(manifest, labels=config and config.labels)
    if rows.empty:
        raise InputError("manifest.no_rows", file=str(manifest))
    inputs = (rows.reindex(columns=list(INPUTS), fill_value="") != "").sum(axis=1)
    labels = sorted(set(rows["label"]) - {OUTLIER})
    fresh = ModelConfig(name, labels)
    if like:
        text = replace(like.config.text, numbers=like.config.text.numbers and labels == sorted(like.config.labels))
        fresh = replace(like.config, task=name, labels=labels, text=text)
    return Task(
        config or fresh,
        lambda data, out, seed: manifest,
        pair=bool((inputs == 1).mean() > 0.5),
        split=f"of {manifest.name}",
        recipe=like.recipe if like else "own",
    )
