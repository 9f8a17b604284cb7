"""How much a group of strokes looks like one written digit: soft conditions on its shape, its edges and its ground."""

from __future__ import annotations

import cv2
import numpy as np

MARGIN = 0.12  # of the longest side: how much of the ground around a group is looked at
WORTH = 0.05  # a group whose shape scores less is not looked at any closer


def stroke_width(mask: np.ndarray) -> float:
    """Mean width of a mask's strokes in pixels: four times the mean distance to the edge."""
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 3)
    return 4 * float(distance.sum()) / max(1, int(mask.sum())) - 1  # pixels' centres lie half a pixel inside the edge


def likeness(box: tuple[int, int, int, int], mask: np.ndarray, ink: np.ndarray, contrast: np.ndarray) -> float:
    """How much a group of strokes looks like one written digit.

    Args:
        box: (left, top, right, bottom) of the group in pixels.
        mask: uint8, the size of the box, 1 where the group is.
        ink: uint8 (H, W), 1 wherever there is ink at this level of contrast.
        contrast: float32 (H, W), log contrast to the ground, above 0 where there is ink.

    Returns:
        0 to 1.
    """
    height, width = ink.shape
    left, top, right, bottom = box
    tall, wide = bottom - top, right - left
    long = max(tall, wide)
    stroke = stroke_width(mask)
    rim = max(2, round(MARGIN * long))
    x0, y0, x1, y1 = max(0, left - rim), max(0, top - rim), min(width, right + rim), min(height, bottom + rim)
    area, own = cv2.countNonZero(ink[top:bottom, left:right]), cv2.countNonZero(mask)
    foreign = (cv2.countNonZero(ink[y0:y1, x0:x1]) - area) / max(1, (y1 - y0) * (x1 - x0) - tall * wide)
    cut = (top == 0) * cv2.countNonZero(mask[:1]) + (bottom == height) * cv2.countNonZero(mask[-1:])
    cut += (left == 0) * cv2.countNonZero(mask[:, 0]) + (right == width) * cv2.countNonZero(mask[:, -1])
    off_centre = ((left + right) / width - 1) ** 2 + ((top + bottom) / height - 1) ** 2  # 2 in a corner
    shape = (
        min(1.0, tall / height / 0.3) ** 0.5
        * (1 - 0.25 * off_centre)
        * _fall(wide / tall, 1.4, 2.2)
        * _fall(stroke / long, 0.26, 0.36)
        * min(1.0, stroke / long / 0.02)
        * _fall(foreign, 0.0, 0.25)
        * _fall((area - own) / own, 0.0, 0.5)
        * _fall(cut / long, 0.0, 0.4)  # the picture's edge goes through it
    )
    if shape < WORTH:
        return 0.0
    mask = cv2.copyMakeBorder(mask, top - y0, y1 - bottom, left - x0, x1 - right, cv2.BORDER_CONSTANT)
    contrast = contrast[y0:y1, x0:x1]
    full = cv2.mean(contrast, mask)[0]
    soft = full / _slope(contrast, mask)
    ground = 1 - cv2.dilate(mask, np.ones((7, 7), np.uint8))
    unrest = cv2.mean(cv2.absdiff(contrast, 0.0), ground)[0] / full
    return (
        shape
        * min(1.0, full / 0.8) ** 0.5
        * _fall(soft, 3 + 0.3 * stroke, 5 + 0.7 * stroke)  # the edges of a cheek are as wide as itself...
        * _fall(soft / long, 0.1, 0.25)  # ...and a shadow's wider
        * _fall(unrest, 0.07, 0.25)  # paper is plain; faces and rooms are not
    )


def _slope(contrast: np.ndarray, mask: np.ndarray) -> float:
    """How steeply the contrast rises at the edge of a mask, per pixel."""
    edge = mask - cv2.erode(mask, np.ones((3, 3), np.uint8))
    across, down = (cv2.Sobel(contrast, cv2.CV_32F, *way, scale=0.125) for way in ((1, 0), (0, 1)))
    return cv2.mean(cv2.magnitude(across, down), edge)[0] + 1e-6


def _fall(value: float, full: float, none: float) -> float:
    """1 up to ``full``, then falling to nearly 0 at ``none``."""
    return min(1.0, max(0.02, (none - value) / (none - full)))
