"""Pictures around the squares of a data set of faces: cropped tight, and somewhere in a room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mmdemo.data.synthetic.backdrops import SURFACES

ENLARGED = 5  # times, a square that is a picture by itself
ROOM = (480, 640)  # pixels, height and width
SIDES = (0.2, 0.65)  # of the room's height: how large a face is in it


@dataclass(frozen=True)
class Portrait:
    """A picture of a face.

    Attributes:
        kind: ``"square"``, as in the data set; ``"tight"``, the same enlarged; or ``"room"``, in front of a surface.
        pixels: uint8, (H, W) or (H, W, 3).
        label: what the face expresses.
    """

    kind: str
    pixels: NDArray[np.uint8]
    label: str


def portraits(squares: Sequence[NDArray[np.uint8]], labels: Sequence[str], seed: int) -> Iterator[Portrait]:
    """Every square in each kind of picture, one kind after the other.

    Args:
        squares: grey faces, each (size, size).
        labels: of each.
        seed: of the rooms.
    """
    for square, label in zip(squares, labels, strict=True):
        yield Portrait("square", square, label)
    for square, label in zip(squares, labels, strict=True):
        yield Portrait(
            "tight", cv2.resize(square, None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC), label
        )
    for number, (square, label) in enumerate(zip(squares, labels, strict=True)):
        yield Portrait("room", _in_a_room(square, np.random.default_rng([seed, number])), label)


def _in_a_room(square: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    height, width = ROOM
    surfaces = SURFACES["test"]
    room = surfaces[str(rng.choice(sorted(surfaces)))](width, height, rng)
    side = int(height * rng.uniform(*SIDES))
    left, top = int(rng.integers(width - side)), int(rng.integers(height - side))
    room[top : top + side, left : left + side] = cv2.resize(square, (side, side), interpolation=cv2.INTER_CUBIC)[
        ..., None
    ]
    return np.clip(room, 0, 255).astype(np.uint8)
