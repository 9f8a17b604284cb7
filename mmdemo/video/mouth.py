"""Follow a face through a film and cut its mouth out: steadied, grey and small, 25 times a second.

The face is looked for now and then, its place in between is interpolated, and all of it is smoothed, so that what is
cut out goes along with the head but not with the lips. Nothing in this module may need PyTorch or SciPy: it runs in
worker processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mmdemo.image.face import Glimpse, largest_face, same_face
from mmdemo.image.ink import Box
from mmdemo.video.decode import Film, decode_here

FRAMES_PER_SECOND = 25
HEIGHT, WIDTH = 32, 48  # pixels of what is cut out
ACROSS = 0.66  # of the width of a face's box: what is cut out, from one cheek to the other
LOWER = 0.06  # of the same: how far below the middle of the mouth that of the cutting lies, so that the chin is in it
EVERY = 0.16  # seconds from one look for the face to the next
STEADY, STEADIER = 0.25, 0.6  # seconds, standard deviation of the smoothing: of the place, and of size and slant
SEEN = 0.6  # of the looks have to find the face
FINE = 8  # times, at most: a large mouth is cut out this much finer and then averaged


@dataclass(frozen=True)
class Mouth:
    """A mouth in motion, and the sound that was recorded with it.

    Attributes:
        pictures: uint8 (N, HEIGHT, WIDTH), 25 a second from the film's beginning on; none where no face was found.
        seconds: of the film.
        box: of what is cut out, in the first picture, in pixels of the original; None where no face was found.
        size: (width, height) of the original, upright.
        rate: of the sound, Hz.
        sound: (n,) float32, mono, from the film's beginning to its end.
    """

    pictures: NDArray[np.uint8]
    seconds: float
    box: Box | None
    size: tuple[int, int]
    rate: int
    sound: NDArray[np.float32]


@dataclass(frozen=True)
class _Path:
    """Where a mouth is in each of N pictures: its middle (N, 2), the width (N,) of what is cut out, its slant (N,)."""

    centres: NDArray[np.float64]
    widths: NDArray[np.float64]
    turns: NDArray[np.float64]


def read_mouth(source: Path | bytes) -> Mouth:
    """The mouth in a video whose file's size has been checked.

    Raises:
        InputError: as for :func:`mmdemo.video.decode.decode`.
    """
    film = decode_here(source)
    if not (found := follow(film)):
        blank = np.zeros((0, HEIGHT, WIDTH), np.uint8)
        return Mouth(blank, film.seconds, None, film.size, film.rate, film.sound)
    path = _steadied(film.times, found)
    cut = [
        _cut_out(picture, centre, width, turn)
        for picture, centre, width, turn in zip(film.pictures, path.centres, path.widths, path.turns, strict=True)
    ]
    scale = film.size[0] / film.pictures[0].shape[1]
    (x, y), half = path.centres[0] * scale, path.widths[0] * scale / 2
    box = float(x - half), float(y - half * HEIGHT / WIDTH), float(x + half), float(y + half * HEIGHT / WIDTH)
    even = _evenly(film.times, np.stack(cut), film.seconds)
    return Mouth(even, film.seconds, box, film.size, film.rate, film.sound)


def follow(film: Film) -> list[tuple[float, Glimpse]]:
    """When the face was seen, and where; nothing if it was seen too seldom."""
    found: list[tuple[float, Glimpse]] = []
    looks, due = 0, 0.0
    for time, picture in zip(film.times.tolist(), film.pictures, strict=True):
        if time < due:
            continue
        looks, due = looks + 1, time + EVERY
        face = same_face(picture, found[-1][1]) if found else None
        if face := face or largest_face(picture):
            found.append((time, face))
    return found if len(found) >= SEEN * looks else []


def _steadied(times: NDArray[np.float64], found: list[tuple[float, Glimpse]]) -> _Path:
    """The smoothed place of the mouth at each time."""
    seen = np.array([time for time, _ in found])
    faces = [face for _, face in found]
    slow, slower = (_kernel(times, seen, spread) for spread in (STEADY, STEADIER))
    turns = slower @ np.array([face.turn for face in faces])
    widths = ACROSS * (slower @ np.array([face.width for face in faces]))
    lean = np.radians(turns)
    down = np.stack([np.sin(lean), np.cos(lean)], axis=1)  # (N, 2)
    centres = slow @ np.array([face.mouth for face in faces]) + LOWER * widths[:, None] * down
    return _Path(centres, widths, turns)


def _kernel(times: NDArray[np.float64], seen: NDArray[np.float64], spread: float) -> NDArray[np.float64]:
    """Weights (N, K) of what was seen for each time: nearer ones count more, by a normal curve."""
    distance = (times[:, None] - seen) / spread
    weights = np.exp(-0.5 * (distance**2 - (distance**2).min(axis=1, keepdims=True)))  # never all nothing
    return weights / weights.sum(axis=1, keepdims=True)


def _cut_out(picture: NDArray[np.uint8], centre: NDArray[np.float64], width: float, turn: float) -> NDArray[np.uint8]:
    """One mouth, upright, (HEIGHT, WIDTH)."""
    times = int(np.clip(np.ceil(width / WIDTH), 1, FINE))
    matrix = cv2.getRotationMatrix2D(centre.tolist(), -turn, WIDTH * times / width)
    matrix[:, 2] += np.array([WIDTH, HEIGHT]) * times / 2 - centre
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    size = (WIDTH * times, HEIGHT * times)
    large = cv2.warpAffine(grey, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cv2.resize(large, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


def _evenly(times: NDArray[np.float64], pictures: NDArray[np.uint8], seconds: float) -> NDArray[np.uint8]:
    """Pictures 25 times a second, each blended of those before and after it; at the end, the last one stays."""
    wanted = np.arange(int(seconds * FRAMES_PER_SECOND + 1e-6)) / FRAMES_PER_SECOND
    places = np.interp(wanted, times, np.arange(len(times)))
    before = np.floor(places).astype(int)
    after = np.minimum(before + 1, len(times) - 1)
    share = (places - before)[:, None, None]
    return np.rint((1 - share) * pictures[before] + share * pictures[after]).astype(np.uint8)
