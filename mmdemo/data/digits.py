"""The ``digits`` task's recipe: write it (MNIST), say it (FSDD), type it (our own grammar).

No row has more than one input: training lends the others from rows of the same class and split.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mmdemo.data.download import fetch_fsdd, fetch_mnist
from mmdemo.data.grammar import DIGITS, sentences
from mmdemo.data.idx import read_idx
from mmdemo.data.manifest import write_manifest

LABELS = DIGITS
MNIST_VALIDATION = 5_000  # the last ones of MNIST's training set
FSDD_TEST = range(5)  # indices of every speaker's recordings of a digit, as published
FSDD_VALIDATION = range(5, 8)  # ours, out of the published training set
SENTENCES = {"train": 90_000, "validation": 3_000, "test": 2_000}  # half of them corrections


def digits_manifest(data: Path, out: Path, seed: int = 0, sentence_counts: dict[str, int] = SENTENCES) -> Path:
    """Write the manifest of the ``digits`` task.

    Args:
        data: folder of the data sets; what is missing in it is fetched from its publisher.
        out: the manifest to write.
        seed: of the sentences.
        sentence_counts: how many of them in each split.

    Returns:
        ``out``. The columns are those of any manifest and ``speaker``, ``belief``, ``kind`` and ``template``.

    Raises:
        InputError: a data set is missing and cannot be fetched, or is damaged.
    """
    rows = pd.concat([_pictures(fetch_mnist(data)), _sounds(fetch_fsdd(data)), _texts(sentence_counts, seed)])
    columns = ["text", "image", "audio", "label", "split", "speaker", "belief", "kind", "template"]
    return write_manifest(rows.reindex(columns=columns).astype(object).fillna(""), out)


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


def _texts(counts: dict[str, int], seed: int) -> pd.DataFrame:
    """Sentences with what a reader who stops anywhere in them should answer."""
    made = (sentence for split, count in counts.items() for sentence in sentences(split, count, seed))
    return pd.DataFrame([sentence.as_row() for sentence in made])
