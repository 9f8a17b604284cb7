"""A small square of handwriting as a pen would have left it: strokes of any size and width, with smooth edges."""

from __future__ import annotations

import cv2
import numpy as np

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
