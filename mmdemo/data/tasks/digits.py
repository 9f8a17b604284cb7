"""The ``digits`` task's recipe: write it (MNIST), say it (FSDD), type it (our own grammar).

No row has more than one input: training lends the others from rows of the same class and split. To know what is no
digit, it has sentences without a number (our own, and people's comments from GoEmotions), and whatever the folders that
``MMDEMO_EXTRA_DATA`` names say so of: those that ``python -m mmdemo voices`` writes, or any with a ``manifest.csv``.
Synthetic digits are only trained on, but for those by voices kept for validation, and for pictures that have a kind:
their test figures are reported apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmdemo.data.manifest.manifest import OUTLIER, read_inputs, write_manifest
from mmdemo.data.sentences.grammar import DIGITS, plain_talk, sentences
from mmdemo.data.sentences.unlike import unlike, words_of_the_world
from mmdemo.data.sources.digits import MNIST_VALIDATION, fetch_fsdd, fetch_mnist
from mmdemo.data.sources.emotion import fetch_goemotions
from mmdemo.data.sources.folder import extra_data_folders
from mmdemo.data.sources.goemotions import comments
from mmdemo.data.sources.idx import read_idx
from mmdemo.data.synthetic.takes import STRANGERS
from mmdemo.text.numbers import doubt_about
from mmdemo.text.reader import tokenize

if TYPE_CHECKING:
    from mmdemo.data.synthetic.paper import Shot

LABELS = DIGITS
NUMBERS = ("numbers", "several", "foreign")  # kinds of sounds that are never put beside a digit: what is meant is open
FSDD_TEST = range(5)  # indices of every speaker's recordings of a digit, as published
FSDD_VALIDATION = range(5, 8)  # ours, out of the published training set
SENTENCES = {"train": 90_000, "validation": 3_000, "test": 2_000}  # half of them corrections
PHOTOS = 600  # of the test set, a quarter of a second each
UNLIKE = {"train": 36_000, "validation": 1_200, "test": 2_400}  # numbers that are no digit, several, none
WORLD = {"train": 18_000, "validation": 500, "test": 1_000}  # digits by words of other languages
TALK = {"train": 12_000, "validation": 200, "test": 500}  # sentences without a number
COMMENTS = {"train": 12_000, "validation": 300, "test": 1_000}  # the same, by people


def digits_manifest(
    data: Path,
    out: Path,
    seed: int = 0,
    sentence_counts: dict[str, int] = SENTENCES,
    talk_counts: dict[str, int] = TALK,
    comment_counts: dict[str, int] = COMMENTS,
    unlike_counts: dict[str, int] = UNLIKE,
    world_counts: dict[str, int] = WORLD,
) -> Path:
    """Write the manifest of the ``digits`` task.

    Args:
        data: folder of the data sets; what is missing in it is fetched from its publisher.
        out: the manifest to write.
        seed: of the sentences.
        sentence_counts: how many of them in each split.
        talk_counts: how many without a number.
        comment_counts: how many comments without a number.
        unlike_counts: how many texts with numbers that are not one digit.
        world_counts: how many texts with a word of another language for a digit.

    Returns:
        ``out``. The columns are those of any manifest and ``speaker``, ``belief``, ``kind``, ``template``, ``made``
        (by which program a recording was, or by whom a picture), ``label_span`` and ``alone``.

    Raises:
        InputError: a data set is missing and cannot be fetched, or is damaged.
    """
    texts = [
        _texts(sentence_counts, talk_counts, unlike_counts, world_counts, seed),
        _comments(fetch_goemotions(data), comment_counts, seed),
    ]
    parts = [_pictures(fetch_mnist(data)), _sounds(fetch_fsdd(data)), *texts]
    rows = pd.concat([*parts, *(made(folder) for folder in extra_data_folders())])
    columns = [
        "text",
        "image",
        "audio",
        "label",
        "split",
        "speaker",
        "belief",
        "kind",
        "template",
        "made",
        "label_span",
        "alone",
    ]
    rows["alone"] = rows.get("kind", pd.Series("", index=rows.index)).isin(NUMBERS).map({True: "yes", False: ""})
    return write_manifest(rows.reindex(columns=columns).astype(object).fillna(""), out)


def digit_photos(data: Path, seed: int, count: int = PHOTOS) -> Iterator[Shot]:
    """Webcam photos of MNIST's test digits; see :mod:`mmdemo.data.synthetic.paper`.

    Raises:
        InputError: MNIST is missing and cannot be fetched, or is damaged.
    """
    from mmdemo.data.synthetic.paper import shots  # its backdrops come with packages that only an evaluation needs

    folder = fetch_mnist(data)
    squares, digits = (read_idx(folder / f"t10k-{name}-ubyte.gz") for name in ("images-idx3", "labels-idx1"))
    return shots(squares, digits, count, seed)


def _pictures(folder: Path) -> pd.DataFrame:
    """MNIST: the published test set, and the end of the training set for validation."""
    parts = []
    for name, split in (("train", "train"), ("t10k", "test")):
        pictures = folder / f"{name}-images-idx3-ubyte.gz"
        digits = read_idx(folder / f"{name}-labels-idx1-ubyte.gz")
        part = pd.DataFrame({"label": np.array(LABELS)[digits], "split": split})
        part["image"] = [f"{pictures}#{n}" for n in range(len(part))]
        parts.append(part)
    train, test = parts
    train.loc[len(train) - MNIST_VALIDATION :, "split"] = "validation"
    return pd.concat([train, test])


def _sounds(folder: Path) -> pd.DataFrame:
    """FSDD: ``{digit}_{speaker}_{index}.wav``."""
    rows = []
    for file in sorted(folder.glob("*.wav")):
        digit, speaker, index = file.stem.split("_")
        split = "test" if int(index) in FSDD_TEST else "validation" if int(index) in FSDD_VALIDATION else "train"
        rows.append({"audio": str(file), "label": LABELS[int(digit)], "split": split, "speaker": speaker})
    return pd.DataFrame(rows)


def _texts(
    counts: dict[str, int], talk: dict[str, int], others: dict[str, int], world: dict[str, int], seed: int
) -> pd.DataFrame:
    """Sentences with what a reader who stops anywhere in them should answer, and texts that have no answer."""
    said = [sentence for split, count in counts.items() for sentence in sentences(split, count, seed)]
    said += [sentence for split, count in world.items() for sentence in words_of_the_world(split, count, seed)]
    idle = [sentence for split, count in talk.items() for sentence in plain_talk(split, count, seed)]
    strange = [sentence for split, count in others.items() for sentence in unlike(split, count, seed)]
    idle += [sentence for sentence in strange if sentence.split != "validation" or not _is_doubted(sentence.text)]
    rows = [sentence.as_row() for sentence in said]
    return pd.DataFrame(rows + [sentence.as_row() | {"label": OUTLIER} for sentence in idle])


def _is_doubted(text: str) -> bool:
    """Whether rules keep its answer from being called clear; thresholds are chosen on what is left to the model."""
    return doubt_about(text, tokenize(text)) is not None


def _comments(folder: Path, counts: dict[str, int], seed: int) -> pd.DataFrame:
    """GoEmotions: comments without a number, in the published splits."""
    rows = [(text, split) for split, count in counts.items() for text in comments(folder, split, count, seed)]
    return pd.DataFrame(rows, columns=["text", "split"]).assign(label=OUTLIER, kind="comment")


def made(folder: Path) -> pd.DataFrame:
    """The usable rows of a folder of synthetic data: digits, some of them to report apart, and inputs of no class.

    Raises:
        InputError: it has no readable ``manifest.csv``.
        ValueError: a digit of it is in the test split and has no kind, by which it could be told from the published
            tests.
    """
    rows, problems = read_inputs(folder / "manifest.csv")
    rows = rows[~rows["line"].isin([problem.line for problem in problems])].drop(columns="line")
    kinds = rows.get("kind", pd.Series("", index=rows.index)).where(rows["image"] != "", "") if "image" in rows else ""
    if ((rows["label"] != OUTLIER) & (rows["split"] == "test") & (kinds == "")).any():
        raise ValueError(f"{folder / 'manifest.csv'}: made digits without a kind may not be in the split test")
    return rows


def strange_voices() -> pd.DataFrame:
    """The digits by made voices that nobody learns from, of all folders of synthetic data that have some."""
    files = [folder / STRANGERS for folder in extra_data_folders()]
    found = [read_inputs(file)[0] for file in files if file.is_file()]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()
