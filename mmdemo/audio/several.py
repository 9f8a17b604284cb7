"""How many of a task's words were said in one sound, from what a model reads in short pieces of it.

The LSTM is taught single words, and to a sound with two of them it often gives one of both as a sure answer. But what
it reads in a window that is shorter than most words tells them apart. Window and confidence were chosen on recordings
of the validation split, single ones at six tenths to twice the usual pace, and two or three digits one after another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

WINDOW = 5  # steps: 0.4 s
CONFIDENCE = 0.75  # from this probability on a window counts

Ask = Callable[[Sequence[NDArray]], NDArray]
"""Embedded sounds, each (T, size) -> what a model answers to each of them alone, (N, C)."""


class Word(NamedTuple):
    """One of several words: the steps in which it is said, from ``start`` to before ``stop``, and what it is."""

    start: int
    stop: int
    label: int
    confidence: float


def words_in(sound: NDArray, breaks: Sequence[int], ask: Ask) -> list[Word]:
    """The words in a sound that are told apart by what they are, or by a pause; none if there are not at least two.

    Args:
        sound: embedded, (T, size).
        breaks: the steps before which there is a pause.
        ask: reads sounds.
    """
    if len(sound) < 2 * WINDOW:
        return []
    starts = np.arange(len(sound) - WINDOW + 1)
    answers = ask([sound[start : start + WINDOW] for start in starts])  # (N, C)
    confidence, label = answers.max(axis=1), answers.argmax(axis=1)
    taken: list[int] = []
    for start in np.argsort(-confidence, kind="stable"):
        if confidence[start] >= CONFIDENCE and all(abs(start - other) >= WINDOW for other in taken):
            taken.append(int(start))

    spans: list[tuple[int, int]] = []  # of all neighbouring windows that say the same
    for start in sorted(taken):
        last = spans[-1] if spans else None
        paused = last is not None and any(last[1] <= at + WINDOW // 2 and at <= start + WINDOW // 2 for at in breaks)
        if last is not None and label[last[0]] == label[start] and not paused:
            spans[-1] = (last[0], int(start) + WINDOW)
        else:
            spans.append((start, start + WINDOW))
    if len(spans) < 2:
        return []
    edges = [0, *((one[1] + other[0]) // 2 for one, other in pairwise(spans)), len(sound)]
    pieces = list(pairwise(edges))
    read = ask([sound[start:stop] for start, stop in pieces])
    return [Word(*piece, int(p.argmax()), float(p.max())) for piece, p in zip(pieces, read, strict=True)]
