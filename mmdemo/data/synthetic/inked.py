"""Ink on its ground: with the grain of a tool, cut by the frame, and redrawn as the reader does when it finds it whole.

Whoever learns from squares must learn from those that the reader makes. What was drawn here is known to the pixel, so
the square is made without looking for the ink: it is right whatever the finder would have found.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mmdemo.data.synthetic.backdrops import Rng, clouds
from mmdemo.image.ink import Candidate
from mmdemo.image.mnist_style import to_square

TOOLS = {  # width of the strokes as a share of the ink's longest side; how flat and how soft the nib is; how grainy
    "ball pen": ((0.02, 0.045), 0.0, 0.3, 0.0),
    "pen": ((0.03, 0.08), 0.7, 0.2, 0.0),
    "pencil": ((0.02, 0.05), 0.0, 0.8, 0.5),
    "felt tip": ((0.07, 0.17), 0.0, 0.5, 0.1),
    "brush": ((0.08, 0.16), 0.85, 0.3, 0.0),
    "chalk": ((0.05, 0.12), 0.0, 0.6, 0.9),
    "screen": ((0.03, 0.14), 0.0, 0.0, 0.0),
}
LIGHT = ("chalk",)  # always on dark ground
SIDES = ("left", "right", "top", "bottom")
CUT = {"left": 0.14, "right": 0.14, "top": 0.05, "bottom": 0.06}  # of the side: how much may lie beyond the frame
CUT_OFF = (0.4, 0.6)  # the same of a digit that cannot be told any more
CANNOT_BE_TOLD = {  # from which sides: half of an eight is a nought, and half of a seven a one, but these are nothing
    **{0: SIDES, 2: ("top", "right"), 3: ("right",), 4: ("bottom", "right"), 5: ("bottom", "right")},
    **{6: ("right",), 8: ("right",), 9: ("right",)},
}


@dataclass(frozen=True, eq=False)
class Inked:
    """A picture of ink.

    Attributes:
        picture: uint8 (H, W, 3).
        cover: float32 (H, W), how much of each pixel is ink, 0 to 1.
        dark: dark ink on light ground; otherwise light on dark.
    """

    picture: NDArray[np.uint8]
    cover: NDArray[np.float32]
    dark: bool


def grainy(cover: NDArray, grain: float, rng: Rng) -> NDArray[np.float32]:
    """Ink that stays on the heights of its ground only: the more grain, the more gaps."""
    if not grain:
        return np.asarray(cover, np.float32)
    tall, wide = cover.shape
    heights = rng.standard_normal((tall, wide)).astype(np.float32)
    heights = cv2.GaussianBlur(heights, (0, 0), max(0.5, 0.008 * max(tall, wide)))
    heights /= float(heights.std()) + 1e-6
    return (cover * np.clip(1 - grain * (0.25 + 0.35 * heights), 0.1, 1)).astype(np.float32)


def on_ground(cover: NDArray, rng: Rng, light_ink: bool | None = None, room: tuple[float, float] = (0.0, 0.8)) -> Inked:
    """Ink on paper, a board or a screen.

    Args:
        cover: float (h, w) in 0..1, cut to the ink.
        rng: chooses colours, margins and light.
        light_ink: on dark ground; by chance if not given.
        room: the least and the most that a margin has, as a share of the ink's longest side.
    """
    margins = np.round(rng.uniform(*room, 4) * max(cover.shape)).astype(int).tolist()
    cover = cv2.copyMakeBorder(np.asarray(cover, np.float32), *margins, cv2.BORDER_CONSTANT)
    tall, wide = cover.shape
    light_ink = bool(rng.random() < 0.3) if light_ink is None else light_ink
    paper, ink = rng.uniform(190, 255, 3) * rng.uniform(0.8, 1), rng.uniform(0, 90, 3)
    if rng.random() < 0.4:  # as drawing programs have it
        paper, ink = np.full(3, 255.0), np.zeros(3)
    if light_ink:
        paper, ink = ink * 0.6, paper
    ground = paper * (1 + 0.03 * rng.random() * clouds(wide, tall, rng, 4, 3)[:, :, None])
    picture = ground + rng.uniform(0.6, 1) * cover[:, :, None] * (ink - ground)
    picture = picture + rng.uniform(0, 4) * rng.standard_normal(picture.shape)
    return Inked(np.clip(picture + 0.5, 0, 255).astype(np.uint8), cover, not light_ink)


def cut(inked: Inked, side: str, share: float) -> Inked:
    """The same picture, its frame moved inwards from one side so far that this share of the ink's side is beyond it."""
    rows, columns = (np.flatnonzero((inked.cover > 0.3).any(axis=axis)) for axis in (1, 0))
    across = side in ("left", "right")
    ends = columns if across else rows
    gone = share * (ends[-1] - ends[0] + 1)
    first, last = (round(ends[0] + gone), None) if side in ("left", "top") else (0, round(ends[-1] + 1 - gone))
    kept = (slice(None), slice(first, last)) if across else (slice(first, last), slice(None))
    return Inked(inked.picture[kept], inked.cover[kept], inked.dark)


def inside(inked: Inked) -> Inked | None:
    """The ground that the ink encloses as if it were ink, such as the inside of a nought; None where there is none."""
    solid = (inked.cover > 0.3).view(np.uint8)
    around = cv2.copyMakeBorder(1 - solid, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    cv2.floodFill(around, None, (0, 0), 0)
    hole = cv2.erode(around[1:-1, 1:-1], np.ones((3, 3), np.uint8))
    if hole.sum() < 0.04 * solid.size:
        return None
    return Inked(inked.picture, hole.astype(np.float32), not inked.dark)


def redrawn(inked: Inked, size: int = 28) -> NDArray[np.float32]:
    """The square that the reader makes of the ink if it finds all of it, (size, size) in 0..1."""
    mask = (inked.cover > 0.3).view(np.uint8)
    left, top, wide, tall = cv2.boundingRect(mask)
    box = (float(left), float(top), float(left + wide), float(top + tall))
    candidate = Candidate(box, 1.0, inked.dark, mask[top : top + tall, left : left + wide])
    return to_square(inked.picture, candidate, size)[0]
