"""Handwriting as a pen would have left it, from a small square or from strokes: of any width, with smooth edges."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mmdemo.data.synthetic.backdrops import Rng, clouds
from mmdemo.image.strokes import stroke_width

FINE = 8  # strokes are followed at this many times the square's resolution
WAVER = 0.12  # of a stroke's width: how much it varies as it goes


def pen_strokes(square: np.ndarray, side: int, width: float | None, rng: Rng) -> np.ndarray:
    """Redraw a square of handwriting with a nib of one's own.

    Args:
        square: float (n, n) in 0..1, bright ink on black.
        side: pixels of the square to make.
        width: of the strokes, as a share of the longest side of the ink; never wider than they are written. None
            keeps the strokes as they are.
        rng: makes the width waver.

    Returns:
        float32 (side, side), 0..1: how much of each pixel is covered.
    """
    large = len(square) * FINE
    smooth = cv2.resize(square.astype(np.float32), (large, large), interpolation=cv2.INTER_CUBIC)
    smooth = cv2.GaussianBlur(smooth, (0, 0), 0.55 * FINE)
    level = 0.45 * float(np.percentile(smooth[smooth > 0.25], 80)) if (smooth > 0.25).any() else 0.45
    solid = (smooth > level).view(np.uint8)
    _, _, wide, tall = cv2.boundingRect(solid)
    own = stroke_width(solid)
    inside = cv2.distanceTransform(solid, cv2.DIST_L2, 5) - cv2.distanceTransform(1 - solid, cv2.DIST_L2, 5)
    if width is None or width * max(wide, tall) > 0.9 * own:
        depth = inside
        radius = own / 2
    else:
        from skimage.morphology import skeletonize  # only training and its tests need it

        line = skeletonize(solid.astype(bool))
        radius = width * max(wide, tall) / 2
        depth = radius - cv2.distanceTransform(1 - line.view(np.uint8), cv2.DIST_L2, 5)
    depth = cv2.GaussianBlur(
        depth + WAVER * radius * clouds(large, large, rng, 5, 2), (0, 0), min(0.25 * FINE, 0.4 * radius)
    )
    scale = side / large
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    if scale < 1:  # covered first and then averaged, so that thin strokes fade instead of breaking
        return cv2.resize(np.clip(depth + 0.5, 0, 1), (side, side), interpolation=flags)
    return np.clip(cv2.resize(depth * scale, (side, side), interpolation=flags) + 0.5, 0, 1)


def trace(strokes: Sequence[NDArray], side: int, width: float, rng: Rng, flat: float = 0, soft: float = 0) -> NDArray:
    """Follow strokes with a nib.

    Args:
        strokes: each a line through points (n, 2), x to the right and y down; of any scale.
        side: pixels of the longest side of what is drawn.
        width: of the strokes, as a share of the longest side.
        rng: makes the width waver, and turns a flat nib.
        flat: 0 for a round nib, up to 1 for one that is so wide and has no thickness, held aslant.
        soft: 0 for a hard nib, 1 for one whose ink fades over a third of its width.

    Returns:
        float32 (h, w), 0..1: how much of each pixel is covered; cut to the strokes and their width.
    """
    low, high = (bound([bound(stroke, axis=0) for stroke in strokes], axis=0) for bound in (np.min, np.max))
    fine, pen = 2, width * side
    scale = fine * max(side - pen, 1) / max(float((high - low).max()), 1e-6)
    reach = int(fine * pen) + 3
    wide, tall = (np.ceil((high - low) * scale).astype(int) + 2 * reach).tolist()
    lines = np.zeros((tall, wide), np.uint8)
    for stroke in strokes:
        points = ((np.asarray(stroke) - low) * scale + reach) * 16  # OpenCV's sub-pixels
        cv2.polylines(lines, [points.round().astype(np.int32).reshape(-1, 1, 2)], False, 1, 1, cv2.LINE_8, 4)
    if flat:  # strokes along the nib's edge stay thin
        length = max(1, round(flat * fine * pen / 2))
        angle = np.radians(rng.uniform(25, 60))
        edge = np.zeros((2 * length + 1,) * 2, np.uint8)
        tip = (length * np.array([np.cos(angle), -np.sin(angle)])).round().astype(int)
        cv2.line(edge, tuple((length - tip).tolist()), tuple((length + tip).tolist()), 1)
        lines = cv2.dilate(lines, edge)
    radius = fine * pen * (1 - 0.8 * flat) / 2
    away = cv2.distanceTransform(1 - lines, cv2.DIST_L2, 5)
    depth = radius - away + WAVER * radius * clouds(wide, tall, rng, 5, 2)
    cover = np.clip(depth / max(1.0, 2 * soft * radius / 1.5) + 0.5, 0, 1)
    size = (max(1, round(wide / fine)), max(1, round(tall / fine)))
    return cv2.resize(cover.astype(np.float32), size, interpolation=cv2.INTER_AREA)
