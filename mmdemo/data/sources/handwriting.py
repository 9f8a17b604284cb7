"""Digits by people of other countries than MNIST's: Semeion (Italy) and Pen-Based Recognition (Turkey).

Both are in the UCI repository, under CC BY 4.0. They are laid out as it publishes them, and are fetched from it where
they are missing::

    semeion/semeion.data       a digit a line: 16 x 16 zeros and ones, then ten for the class
    pendigits/pendigits.tra    a digit a line: 8 points (x, y) of the pen, 0 to 100, and the class

Of Semeion's 1,593 digits only the first 1,000 are used. Of the other set the training part is used, 7,494 digits of 30
people.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmdemo.data.sources.download import download
from mmdemo.messages import InputError

UCI = "https://archive.ics.uci.edu/ml/machine-learning-databases"
SEMEION, SEMEION_URL = "semeion/semeion.data", f"{UCI}/semeion/semeion.data"
PENDIGITS, PENDIGITS_URL = "pendigits/pendigits.tra", f"{UCI}/pendigits/pendigits.tra"
AS_TABLE = "pendigits/pendigits.csv"  # the same with a heading, and with the number of each row before it

SEMEION_ROWS = 1_000
# of the numbers as bytes, for the same ones may be written in many ways:
SEMEION_SHA256 = "ae76c320e6d0e67a4389168a92fc13c97502b26bcbdde3e0d5db0366e6b45db5"
PENDIGITS_SHA256 = "cbc52923bac9f4b90a33acb326ca5fe2147eee4ab0ad272cc6bf195f58aefbc9"

# Semeion's rows come in blocks, from the zeros to the nines of ten people; each wrote every digit twice, once with care
# and once in a hurry. The last block is of more people, and of the rows that are used it ends within the fives.
BLOCK_SPLITS = ("train", "validation", "test", "train", "train")
PEN_SPLITS = {"train": 6_000, "validation": 494, "test": 1_000}  # rows from the top: nothing says who wrote which


@dataclass(frozen=True, eq=False)
class Handwriting:
    """N digits by people.

    Attributes:
        inputs: squares, uint8 (N, 16, 16), 1 where ink is; or points of the pen, uint8 (N, 8, 2), 0 to 100, y upwards.
        digits: their classes, (N,).
        splits: the name of each one's split, (N,).
    """

    inputs: NDArray[np.uint8]
    digits: NDArray[np.int64]
    splits: NDArray[np.str_]


def read_semeion(folder: Path) -> Handwriting:
    """Semeion's first 1,000 digits, in splits by person.

    Args:
        folder: that of the data sets; Semeion is fetched into it if it is missing.

    Raises:
        InputError: it cannot be fetched, or is not what was published.
    """
    file = folder / SEMEION
    if not file.is_file():
        download([SEMEION_URL], file)
    rows = _numbers(file, 266)[:SEMEION_ROWS]
    _check(rows, SEMEION_SHA256, file)
    digits = rows[:, 256:].argmax(1)
    block = np.r_[0, np.cumsum(np.diff(digits) < 0)]  # every one begins anew with zero
    return Handwriting(rows[:, :256].reshape(-1, 16, 16), digits, np.array(BLOCK_SPLITS)[block])


def read_pendigits(folder: Path) -> Handwriting:
    """The 7,494 digits of the pen-based set's training part. The same person may be in several splits.

    Args:
        folder: that of the data sets; the set is fetched into it if it is missing.

    Raises:
        InputError: it cannot be fetched, or is not what was published.
    """
    table = folder / AS_TABLE
    file = table if table.is_file() else folder / PENDIGITS
    if not file.is_file():
        download([PENDIGITS_URL], file)
    rows = _numbers(file, 17, heading=int(file == table))
    _check(rows, PENDIGITS_SHA256, file)
    splits = np.repeat(list(PEN_SPLITS), list(PEN_SPLITS.values()))
    return Handwriting(rows[:, :16].reshape(-1, 8, 2), rows[:, 16].astype(np.int64), splits)


def pen_lifts(points: NDArray, digit: int) -> list[NDArray]:
    """The strokes of one of the pen-based digits, without the ways that the pen took through the air.

    The set joins a digit's strokes to one line. Where a four, a five or a seven has two, the line goes back up to where
    the second one begins: that part is left out. A three, say, has no such part.

    Args:
        points: (8, 2), y upwards.
        digit: what was written.

    Returns:
        One or two arrays of points (n, 2), in order.
    """
    x, y = points[:, 0].astype(float), points[:, 1].astype(float)
    ends: tuple[int, int] | None = None  # the last point of the first stroke, the first of the second one
    if digit == 4:  # down, to the right, then the stem from its top
        corner = int(x[:5].argmin())
        right = corner + 1 + int(np.argmax(x[corner + 1 : 6])) if corner < 5 else corner
        top = right + int(y[right:].argmax())
        if right < top < 7 and y[top] - y[right] > 12:
            ends = right, top
    elif digit == 5:  # the belly, then the bar from its left
        low = int(y.argmin())
        near = [k for k in range(max(low, 3) + 1, 8) if np.hypot(*(points[k].astype(float) - points[0])) < 30]
        if near and y[0] > 60:
            ends = _corner(x, y, low), near[-1] if near[-1] < 7 else 7
    elif digit == 7:  # down, then the bar through it from its left
        low = int(y.argmin())
        if 2 < low < 7 and y[low + 1 :].max() > 20:
            ends = low, low + 1 + int(x[low + 1 :].argmin())
    if ends is None:
        return [points]
    first, second = points[: ends[0] + 1], points[ends[1] :]
    return [first, second] if len(second) > 1 else [first]


def _corner(x: NDArray, y: NDArray, low: int) -> int:
    """Where a five's belly ends: the point furthest to the left among those that are low."""
    lower = [k for k in range(low, 8) if y[k] < y[low] + 30]
    return min(lower, key=lambda k: x[k])


def _numbers(file: Path, columns: int, heading: int = 0) -> NDArray[np.uint8]:
    """The last ``columns`` numbers of every line, (N, columns); they are separated by spaces or commas."""
    try:
        lines = file.read_text(encoding="ascii").splitlines()[heading:]
        rows = [[float(one) for one in re.findall(r"[\d.]+", line)[-columns:]] for line in lines]
        return np.array([row for row in rows if row]).astype(np.uint8)
    except ValueError as error:  # lines of different lengths, or something else than numbers
        raise InputError("data.damaged", file=str(file)) from error


def _check(rows: NDArray[np.uint8], checksum: str, file: Path) -> None:
    if hashlib.sha256(rows.tobytes()).hexdigest() != checksum:
        raise InputError("data.damaged", file=str(file))
