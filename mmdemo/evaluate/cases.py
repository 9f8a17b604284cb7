"""The test cases behind an evaluation: what was answered to each, and where it lies, so that a person can look at it.

No input is stored but a text, which is its own reference: a picture or a sound is named by its path within the folder
of the data sets (``mnist/t10k-images-idx3-ubyte.gz#123``), and is shown where that folder is.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from mmdemo.data.sources.idx import read_pictures
from mmdemo.messages import InputError

FILE = "cases.json"
LIMIT = 300_000  # bytes of the file; if there are too many mistakes, only the surest of each cell are kept
FEWER = (200, 100, 50, 25, 12, 6, 3, 1)  # how many those are


def write_cases(folder: Path, cases: dict[str, Any]) -> None:
    """Write ``cases.json`` into a checkpoint's folder, with fewer mistakes of each cell if it would be too large."""
    text = _packed(cases)
    for most in FEWER:
        if len(text.encode()) <= LIMIT:
            break
        text = _packed({**cases, "cases": {name: _first(some, most) for name, some in cases["cases"].items()}})
    (folder / FILE).write_text(text, encoding="utf-8")


def read_cases(folder: Path) -> dict[str, list[list[Any]]]:
    """The cases of each modality; none where the checkpoint has no ``cases.json``."""
    file = folder / FILE
    return json.loads(file.read_text(encoding="utf-8"))["cases"] if file.is_file() else {}


def fetch(reference: str, folder: Path) -> Path | np.ndarray:
    """The file that a reference names, or the picture in it, which must lie in the folder of the data sets.

    Raises:
        InputError: there is none, it lies elsewhere, or it has not so many pictures.
    """
    name, number = re.fullmatch(r"(.*?)(?:#(\d+))?", reference, re.DOTALL).groups()
    root = folder.resolve()
    file = (root / name).resolve()
    if not reference or not file.is_relative_to(root) or not file.is_file():
        raise InputError("evaluate.no_data", variable="MMDEMO_DATA")
    if number is None:
        return file
    pictures = read_pictures(file)
    if int(number) >= len(pictures):
        raise InputError("evaluate.no_data", variable="MMDEMO_DATA")
    return pictures[int(number)]


def _first(cases: list[list[Any]], most: int) -> list[list[Any]]:
    """At most so many cases of each cell; they are sorted by cell."""
    counts: dict[tuple[int, int], int] = {}
    some = []
    for case in cases:
        cell = case[0], case[1]
        counts[cell] = counts.get(cell, 0) + 1
        if counts[cell] <= most:
            some.append(case)
    return some


def _packed(cases: dict[str, Any]) -> str:
    return json.dumps(cases, ensure_ascii=False, separators=(",", ":"))
