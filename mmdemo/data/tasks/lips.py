"""The ``lips`` task's recipe: does this voice belong to this face? From the sentences of GRID.

Drawn faces that ``python -m mmdemo faces`` writes are in training, too, if ``MMDEMO_EXTRA_DATA`` names their folder.

A row is a part of a video with a sound that is its own, or its own at another time, or that of another sentence of the
same speaker. Rows come in fours: whatever lips and whatever voice is in a pair that does not belong together is, at the
same place, in one that does. So neither of them alone, nor its place in the sentence, tells anything.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.random import Generator

from mmdemo.data.manifest.manifest import write_manifest
from mmdemo.data.sources.folder import extra_data_folders
from mmdemo.data.sources.grid import grid_clips
from mmdemo.data.synthetic.takes import MANIFEST
from mmdemo.video.reader import View

IN_SYNC, OUT_OF_SYNC = "in sync", "out of sync"
SPLITS = {"test": ("s2", "s31"), "validation": ("s32",)}  # men and women are in training, too; all others are
FOLDS = (("s1", "s30", "s31", "s33"), ("s2", "s3", "s4", "s32"))  # of the evaluation, each with men and women
FOURS = 300  # of every speaker, however many sentences there are
LENGTH = 37  # steps of 80 ms in a sentence of three seconds
WIDTHS = (12, 25)  # steps of a row: one second to two
LATE = (2, 6)  # steps by which the sound is moved, earlier or later: 160 to 480 ms


def lips_manifest(data: Path, out: Path, seed: int = 0) -> Path:
    """Write the manifest of the ``lips`` task.

    Args:
        data: folder of the data sets.
        out: the manifest to write.
        seed: of what is drawn.

    Returns:
        ``out``. The columns are ``video``, ``label``, ``split``, ``speaker`` and ``kind``: ``own``, ``shifted`` or
        ``another`` for a sound that is the video's own, its own at another time, or that of another sentence.

    Raises:
        InputError: GRID is not there.
    """
    split_of = {speaker: split for split, speakers in SPLITS.items() for speaker in speakers}
    rows = []
    for speaker, clips in {**grid_clips(data), **_drawn()}.items():
        rng = np.random.default_rng([seed, *speaker.encode()])
        about = {"speaker": speaker, "split": split_of.get(speaker, "train")}
        for k in range(FOURS):
            clip = clips[k % len(clips)]
            drawn = _moved(clip, rng) if k // len(clips) % 2 else _exchanged(clip, clips, rng)
            rows += [row | about for row in drawn]
    columns = ["video", "label", "split", "speaker", "kind"]
    return write_manifest(pd.DataFrame(rows, columns=columns), out)


def _drawn() -> dict[str, list[Path]]:
    """Each drawn speaker's videos, in the folders of data made for training; others have no column of videos."""
    found: dict[str, list[Path]] = {}
    for folder in extra_data_folders():
        rows = pd.read_csv(folder / MANIFEST, keep_default_na=False, dtype=str)
        for file, speaker in zip(rows.get("video", []), rows.get("speaker", []), strict=False):
            found.setdefault(speaker, []).append(folder / file)
    return found


def _moved(clip: Path, rng: Generator) -> list[dict[str, str]]:
    """Two moments of a sentence, each with its own sound, and each with the other's."""
    width = int(rng.integers(WIDTHS[0], WIDTHS[1] + 1))
    away = int(rng.integers(LATE[0], LATE[1] + 1))
    first = int(rng.integers(0, LENGTH - width - away + 1))
    second = first + away
    own = [_row(clip, View(start, start + width), IN_SYNC, "own") for start in (first, second)]
    pairs = ((first, second), (second, first))
    return own + [_row(clip, View(lips, lips + width, lips - voice), OUT_OF_SYNC, "shifted") for lips, voice in pairs]


def _exchanged(clip: Path, clips: list[Path], rng: Generator) -> list[dict[str, str]]:
    """The same moment of two sentences, each with its own sound, and each with the other's."""
    width = int(rng.integers(WIDTHS[0], WIDTHS[1] + 1))
    start = int(rng.integers(0, LENGTH - width + 1))
    other = clips[(clips.index(clip) + int(rng.integers(1, len(clips)))) % len(clips)]
    own = [_row(one, View(start, start + width), IN_SYNC, "own") for one in (clip, other)]
    pairs = ((clip, other), (other, clip))
    return own + [
        _row(lips, View(start, start + width, sound=str(voice)), OUT_OF_SYNC, "another") for lips, voice in pairs
    ]


def _row(clip: Path, view: View, label: str, kind: str) -> dict[str, str]:
    return {"video": f"{clip}#{view}", "label": label, "kind": kind}
