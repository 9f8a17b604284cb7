"""The ``emotion`` task's recipe: say it (RAVDESS), show it (FER2013), write it (GoEmotions).

No row has more than one input: training lends the others from rows of the same class and split. Voices are split by
actor, faces so that no photo is on two sides, texts as their publisher split them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmdemo.data.manifest.manifest import load_image_cell, write_manifest
from mmdemo.data.sources.emotion import (
    FEELINGS,
    fetch_fer2013,
    fetch_goemotions,
    fetch_ravdess,
    ravdess_clips,
    read_goemotions,
)
from mmdemo.data.sources.fer2013 import face_splits

if TYPE_CHECKING:
    from mmdemo.data.synthetic.portraits import Portrait

PICTURES = 900  # faces of the test set that are looked for in pictures
ACTORS = {  # odd ones are men, even ones women; all others are trained on
    "test": ("19", "20", "21", "22"),
    "validation": ("16", "17", "18"),
}
ACTED = {  # RAVDESS's numbers; calm counts as neutral
    **{"01": "neutral", "02": "neutral", "03": "joy", "04": "sadness"},
    **{"05": "anger", "06": "fear", "07": "disgust", "08": "surprise"},
}
SHOWN = {"angry": "anger", "happy": "joy", "sad": "sadness"}  # FER2013's other names are ours
WRITTEN = {"train": "train", "dev": "validation", "test": "test"}


def emotion_manifest(data: Path, out: Path, seed: int = 0) -> Path:
    """Write the manifest of the ``emotion`` task.

    Args:
        data: folder of the data sets; what is missing in it is fetched from its publisher.
        out: the manifest to write.
        seed: of the faces' splits.

    Returns:
        ``out``. The columns are those of any manifest and ``speaker``, ``group`` and ``place``.

    Raises:
        InputError: a data set is missing and cannot be fetched, or is damaged.
    """
    texts = _texts(fetch_goemotions(data))
    rows = pd.concat([texts, _faces(fetch_fer2013(data), seed), _voices(fetch_ravdess(data))])
    columns = ["text", "image", "audio", "label", "split", "speaker", "group", "place"]
    return write_manifest(rows.reindex(columns=columns).astype(object).fillna(""), out)


def face_pictures(rows: pd.DataFrame, seed: int) -> Iterator[Portrait]:
    """Some of a split's faces in pictures in which they have to be found.

    Args:
        rows: of the manifest.
        seed: chooses the faces, and what is around them.
    """
    from mmdemo.data.synthetic.portraits import portraits  # only the evaluation needs it

    faces = rows[rows["image"] != ""]
    faces = faces.sample(min(PICTURES, len(faces)), random_state=seed)
    return portraits([load_image_cell(cell) for cell in faces["image"]], faces["label"].tolist(), seed)


def _texts(folder: Path) -> pd.DataFrame:
    """GoEmotions' comments with one label, each once; a text that is in several splits stays where it is measured.

    The texts contain profanity and were written by real people, so later only their place is shown.
    """
    rows, seen = [], set()
    for split in ("test", "dev", "train"):
        for number, (text, labels) in enumerate(read_goemotions(folder / f"{split}.tsv"), 1):
            if len(labels) == 1 and text.strip().lower() not in seen:
                seen.add(text.strip().lower())
                place = f"{folder.name}/{split}.tsv#{number}"
                rows.append({"text": text, "label": FEELINGS[labels[0]], "split": WRITTEN[split], "place": place})
    return pd.DataFrame(rows)


def _faces(file: Path, seed: int) -> pd.DataFrame:
    """FER2013, the same photo never on two sides."""
    with np.load(file, allow_pickle=False) as archive:
        faces, labels, classes = archive["images"], archive["labels"], archive["classes"]
    splits, groups = face_splits(faces, seed)
    names = [SHOWN.get(name, name) for name in classes.tolist()]
    return pd.DataFrame(
        {
            "image": [f"{file}#{n}" for n in range(len(faces))],
            "label": [names[label] for label in labels],
            "split": splits,
            "group": [f"face {group}" for group in groups],
        }
    )


def _voices(folder: Path) -> pd.DataFrame:
    """RAVDESS: ``03-01-EMOTION-INTENSITY-STATEMENT-REPETITION-ACTOR``."""
    split_of = {actor: split for split, actors in ACTORS.items() for actor in actors}
    rows = []
    for file in ravdess_clips(folder):
        _, _, emotion, _, _, _, actor = file.stem.split("-")
        split = split_of.get(actor, "train")
        rows.append({"audio": str(file), "label": ACTED[emotion], "split": split, "speaker": f"actor {actor}"})
    return pd.DataFrame(rows)
