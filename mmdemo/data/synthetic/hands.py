"""Shapes like a hand that holds a sheet: an arm from the frame's edge, and fingers, in a skin colour."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mmdemo.data.synthetic.backdrops import Rng, clouds

SKINS = np.array([[236, 188, 160], [224, 172, 138], [198, 140, 105], [160, 105, 75], [110, 70, 50], [78, 50, 38]])
FREE = 0.12  # of the ink's longest side: how far fingers stay away from it


@dataclass(frozen=True, eq=False)
class Hand:
    """What to lay over a frame: how much of each pixel, float32 (H, W) in 0..1, and its colours, float32 (H, W, 3)."""

    cover: np.ndarray
    colours: np.ndarray


def draw_hand(width: int, height: int, box: tuple[float, float, float, float] | None, rng: Rng) -> Hand | None:
    """A hand that reaches in from an edge of the frame and does not touch the ink; None where there is no room."""
    for _ in range(6):
        hand = _draw(width, height, rng)
        if box is None:
            return hand
        margin = FREE * max(box[2] - box[0], box[3] - box[1]) + 4
        left, top = max(0, int(box[0] - margin)), max(0, int(box[1] - margin))
        if not hand.cover[top : int(box[3] + margin) + 1, left : int(box[2] + margin) + 1].any():
            return hand
    return None


def _draw(width: int, height: int, rng: Rng) -> Hand:
    size = np.array([width, height])
    side = rng.choice(["left", "right", "bottom"], p=[0.3, 0.3, 0.4])
    along = rng.uniform(0.25, 0.9)
    start = {"left": (0, along), "right": (1, along), "bottom": (along, 1)}[str(side)] * size
    inward = np.array({"left": (1, -0.4), "right": (-1, -0.4), "bottom": (0, -1)}[str(side)])
    inward = inward + rng.normal(0, 0.25, 2)
    inward /= np.linalg.norm(inward)
    finger = rng.uniform(0.055, 0.095) * height  # its thickness
    palm = start + inward * rng.uniform(0, 2.2) * finger
    across = np.array([-inward[1], inward[0]]) * rng.choice([-1, 1])
    flesh, sleeve = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)
    shade = np.zeros((height, width), np.float32)
    cuff = palm - inward * rng.uniform(2.5, 4) * finger
    _limb(sleeve, cuff, cuff - inward * height, 3.6 * finger)
    _limb(flesh, palm, cuff, 2.4 * finger)
    parts = [flesh.copy()]
    for number in range(3):  # fingers behind one another
        root = palm + across * finger * (number * 0.95 - 0.9)
        way = inward + across * rng.uniform(-0.15, 0.15)
        knuckle = root + way * finger * rng.uniform(1.0, 1.6)
        tip = knuckle + (way + across * rng.uniform(-0.3, 0.1)) * finger * rng.uniform(0.8, 1.6)
        parts.append(_bent(height, width, root, knuckle, tip, finger * rng.uniform(0.85, 1.0)))
    thumb = palm - across * finger * 1.1
    bend = thumb + (inward * 0.8 - across * 0.7) * finger * 1.2
    parts.append(_bent(height, width, thumb, bend, bend + (inward + 0.3 * across) * finger * 1.3, finger * 1.1))
    for part in parts:  # round, and darker towards its rim and between fingers
        near = cv2.distanceTransform(part, cv2.DIST_L2, 5)
        bulge = np.clip(near / (0.5 * finger), 0, 1)
        shade = np.where(part > 0, 0.62 + 0.38 * np.sqrt(1 - (1 - bulge) ** 2), shade).astype(np.float32)
        flesh |= part
    skin = SKINS[rng.integers(len(SKINS))] * rng.uniform(0.9, 1.1) + rng.uniform(-8, 8, 3)
    blush = 1 + 0.05 * clouds(width, height, rng, 6, 3)
    shade = cv2.GaussianBlur(shade, (0, 0), 0.06 * finger)
    colours = np.clip(shade * blush, 0, 1.1)[:, :, None] * skin
    cloth = rng.uniform(20, 230, 3) * (1 + 0.12 * clouds(width, height, rng, 8, 3)[:, :, None])
    cover = cv2.GaussianBlur((flesh | sleeve).astype(np.float32), (0, 0), 0.8)
    worn = cv2.GaussianBlur(sleeve.astype(np.float32), (0, 0), 0.8)[:, :, None]
    return Hand(cover, (colours * (1 - worn) + cloth * worn).astype(np.float32))


def _limb(mask: np.ndarray, start: np.ndarray, stop: np.ndarray, thick: float) -> None:
    """A thick line with round ends."""
    ends = [tuple(np.round(end).astype(int).tolist()) for end in (start, stop)]
    cv2.line(mask, *ends, 1, max(1, round(thick)), cv2.LINE_8)


def _bent(height: int, width: int, root: np.ndarray, knuckle: np.ndarray, tip: np.ndarray, thick: float) -> np.ndarray:
    """A finger of two bones, uint8 (height, width)."""
    mask = np.zeros((height, width), np.uint8)
    _limb(mask, root, knuckle, thick)
    _limb(mask, knuckle, tip, 0.9 * thick)
    return mask
