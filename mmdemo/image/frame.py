"""Lines along the edges of a picture: the grid around the cell of a form or a puzzle, which is no part of what is
written in the cell, even where the pen touches it.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

DEPTH = 0.16  # of the picture: how deep a line may lie within it
ALONG = 0.75  # of an edge, at least, has the line beside it
STRAIGHT = 0.65  # of an edge, at least, has it where a straight line would be...
BENT = 0.015  # ...so far away from that at most, of the edge's length
FITTED = (
    0.05  # of the picture: how much more ground there is at the opposite edge, at most, where the picture was fitted
)
THICKER = 1.5  # times its usual thickness: where it is thicker, something touches it


FADED = 4.0  # times the level at which a line was last whole: it may still be there, in pieces


class Line(NamedTuple):
    """A line along an edge: where it begins, where it ends in each column, and at what level it was last seen whole."""

    start: float
    ends: NDArray[np.intp]
    level: float


def without_frame(ink: NDArray[np.uint8], lines: dict[int, Line], level: float) -> NDArray[np.uint8]:
    """Ink without the straight lines that run along edges of the picture; the same array where there are none.

    A single line stays where the other ink comes as close to the opposite edge: a picture that was cut to fit a seven
    has its bar along the upper edge.

    Args:
        ink: (H, W), 1 where there is ink; left as it is.
        lines: by edge, those that are known from lower levels of contrast; new ones are added.
        level: of the contrast at which this is ink.
    """
    cleared, seen = ink, []
    for turn in range(4):  # each edge in turn lies at the top
        if _has_ink_along(ink, turn):
            turned = np.rot90(cleared, turn)
            if (line := _line(turned[: int(DEPTH * len(turned))], level)) is not None:
                lines[turn] = line
        if turn in lines and level < FADED * lines[turn].level:
            cleared = ink.copy() if cleared is ink else cleared
            turned = np.rot90(cleared, turn)
            turned[np.arange(len(turned))[:, None] < lines[turn].ends] = 0
            seen.append(turn)
    if len(seen) == 1:
        rows = np.flatnonzero(np.rot90(cleared, seen[0]).any(axis=1))
        tall = ink.shape[seen[0] % 2]
        if len(rows) and tall - 1 - rows[-1] < lines[seen[0]].start + FITTED * tall:
            return ink
    return cleared


def _has_ink_along(ink: NDArray[np.uint8], turn: int) -> bool:
    """Whether there is ink beside most of the edge that lies at the top after so many quarter turns to the left."""
    height, width = ink.shape
    down, across = max(1, int(DEPTH * height)), max(1, int(DEPTH * width))
    band = (ink[:down], ink[:, width - across :], ink[height - down :], ink[:, :across])[turn]
    return cv2.countNonZero(cv2.reduce(band, turn % 2, cv2.REDUCE_MAX)) >= ALONG * ink.shape[1 - turn % 2]


def _line(band: NDArray[np.uint8], level: float) -> Line | None:
    """A line along the upper edge of a band (D, W); None without one."""
    depth, width = band.shape
    if depth < 2 or width < 8:
        return None
    has = band.any(axis=0)
    first = band.argmax(axis=0)
    ground = (band == 0) & (np.arange(depth)[:, None] >= first)
    end, place = ground.argmax(axis=0), np.arange(width)  # where the ground within begins
    whole = has & ground.any(axis=0)
    if np.count_nonzero(whole) < STRAIGHT * width:
        return None
    # a line through the medians of both halves: what touches it inside hardly moves those
    halves = np.array_split(np.flatnonzero(whole), 2)
    (x0, y0), (x1, y1) = ((np.median(half), np.median(end[half])) for half in halves)
    edge = y0 + (place - x0) * (y1 - y0) / (x1 - x0)
    straight = whole & (np.abs(end - edge) <= max(1.5, BENT * width))
    if np.count_nonzero(straight) < STRAIGHT * width:
        return None
    thick = float(np.median((end - first)[straight]))
    ends = np.where(straight, end, np.minimum(edge + 1, first + THICKER * thick + 1) * has).astype(np.intp)
    return Line(float(np.median(first[straight])), ends, level)
