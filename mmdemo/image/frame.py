"""Lines along the edges of a picture: the grid around the cell of a form or a puzzle, which is no part of what is
written in the cell, even where the pen touches it.
"""

from __future__ import annotations

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


Lines = dict[int, tuple[float, NDArray[np.intp]]]  # by edge: where a line begins, and where it ends in each column


def without_frame(ink: NDArray[np.uint8], lines: Lines) -> NDArray[np.uint8]:
    """Ink without the straight lines that run along edges of the picture; the same array where there are none.

    A single line stays where the other ink comes as close to the opposite edge: a picture that was cut to fit a seven
    has its bar along the upper edge.

    Args:
        ink: (H, W), 1 where there is ink; left as it is.
        lines: those that are known from lower levels of contrast, where a faint line is whole; new ones are added.
    """
    cleared = ink
    for turn in range(4):  # each edge in turn lies at the top
        turned = np.rot90(cleared, turn)
        if turn not in lines and (line := _line(turned[: int(DEPTH * len(turned))])) is not None:
            lines[turn] = line
        if turn in lines:
            if cleared is ink:
                cleared = ink.copy()
                turned = np.rot90(cleared, turn)
            turned[np.arange(len(turned))[:, None] < lines[turn][1]] = 0
    if len(lines) == 1:
        ((turn, (start, _)),) = lines.items()
        rows = np.flatnonzero(np.rot90(cleared, turn).any(axis=1))
        tall = ink.shape[turn % 2]
        if len(rows) and tall - 1 - rows[-1] < start + FITTED * tall:
            return ink
    return cleared


def _line(band: NDArray[np.uint8]) -> tuple[float, NDArray[np.intp]] | None:
    """Where a line along the upper edge of a band (D, W) begins, and its end in each column, (W,); None without one."""
    depth, width = band.shape
    if depth < 2 or np.count_nonzero(has := band.any(axis=0)) < ALONG * width:
        return None
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
    deep = np.where(straight, end, np.minimum(edge + 1, first + THICKER * thick + 1) * has).astype(np.intp)
    return float(np.median(first[straight])), deep
