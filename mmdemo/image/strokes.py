"""What can be measured of a group of strokes that may be a digit: its shape, its edges and the ground around it."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

BEYOND = 6  # pixels of ground that are added at every edge: a little more than half of ``mmdemo.image.ink.NIB``
THREE, FIVE = (np.ones((n, n), np.uint8) for n in (3, 5))
RIM = 0.15  # of the longest side: how much of the ground around a group is looked at
MEASURES = 30  # numbers that say what a group is like
# no digit has more than this (twice what was seen in composed photos):
MOST_OTHER = 0.7  # other ink in its box, as a share of its own
MOST_FOREIGN = 0.3  # of the rim around its box that is ink
MOST_CUT = 0.9  # of its length that lies on the picture's edge
MOST_UNREST = 2.5  # the spread of the light around it, against its own contrast
MOST_AROUND = 0.6  # the contrast of the ground around it, against its own


def stroke_width(mask: np.ndarray) -> float:
    """Mean width of a mask's strokes in pixels: four times the mean distance to the edge."""
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 3)
    return 4 * float(distance.sum()) / max(1, int(mask.sum())) - 1  # pixels' centres lie half a pixel inside the edge


class View(NamedTuple):
    """A picture in which dark or light strokes are looked for.

    Attributes:
        contrast: float32 (H, W), log contrast to the ground, above 0 where there is ink.
        light: float32 (H, W), log of the picture's light.
        bright: log of the light of the picture's bright parts.
        ground: log of the light that goes on beyond the picture's edges.
        dark: the ink is darker than its ground.
    """

    contrast: np.ndarray
    light: np.ndarray
    bright: float
    ground: float
    dark: bool


def measure(
    box: tuple[int, int, int, int], mask: np.ndarray, ink: np.ndarray, lined: float, view: View
) -> list[float] | None:
    """What distinguishes a written digit from everything else, as ``MEASURES`` numbers.

    Args:
        box: (left, top, right, bottom) of the group in pixels.
        mask: uint8, the size of the box, 1 where the group is.
        ink: uint8 (H, W), 1 wherever there is ink at this level of contrast.
        lined: how much of the group is lines along the picture's edges, 0 to 1.
        view: the picture.

    Returns:
        The numbers, or None for what is no digit for certain: a blot, a tangle, a line that ends beyond the picture.
    """
    contrast, light, bright, beyond, dark = view
    height, width = ink.shape
    left, top, right, bottom = box
    tall, wide = bottom - top, right - left
    long = max(tall, wide)
    own, area = cv2.countNonZero(mask), cv2.countNonZero(ink[top:bottom, left:right])
    rim = max(2, round(RIM * long))
    x0, y0, x1, y1 = max(0, left - rim), max(0, top - rim), min(width, right + rim), min(height, bottom + rim)
    foreign = (cv2.countNonZero(ink[y0:y1, x0:x1]) - area) / max(1, (y1 - y0) * (x1 - x0) - tall * wide)
    ends = [(top == 0, mask[:1]), (bottom == height, mask[-1:]), (left == 0, mask[:, 0]), (right == width, mask[:, -1])]
    cut = sum(cv2.countNonZero(end) for touches, end in ends if touches)
    if area - own > MOST_OTHER * own or foreign > MOST_FOREIGN:
        return None
    stroke = max(0.7, stroke_width(mask))
    length = own / (stroke * long)
    if stroke > 0.4 * long or length > 8 or cut > MOST_CUT * length * long:
        return None
    mask = cv2.copyMakeBorder(mask, top - y0, y1 - bottom, left - x0, x1 - right, cv2.BORDER_CONSTANT)
    contrast, light = contrast[y0:y1, x0:x1], light[y0:y1, x0:x1]
    if min(left, top, width - right, height - bottom) < BEYOND:  # where there may be no ground else
        mask, contrast = (cv2.copyMakeBorder(one, *(BEYOND,) * 4, cv2.BORDER_CONSTANT) for one in (mask, contrast))
        light = cv2.copyMakeBorder(light, *(BEYOND,) * 4, cv2.BORDER_CONSTANT, value=beyond)
        x0, y0 = x0 - BEYOND, y0 - BEYOND
    ground = 1 - cv2.dilate(mask, FIVE)
    if cv2.countNonZero(ground) < 8:
        return None
    full, uneven = (float(one[0, 0]) for one in cv2.meanStdDev(contrast, mask=mask))
    paper, unrest = (float(one[0, 0]) for one in cv2.meanStdDev(light, mask=ground))
    around = cv2.mean(contrast, ground)[0]
    if unrest > MOST_UNREST * full or around > MOST_AROUND * full:
        return None
    within = np.zeros_like(ground)  # the ground between the strokes, as opposed to around them
    within[top - y0 : bottom - y0, left - x0 : right - x0] = ground[top - y0 : bottom - y0, left - x0 : right - x0]
    inner, outer = (
        cv2.mean(light, one)[0] if cv2.countNonZero(one) > 3 else paper for one in (within, ground - within)
    )
    soft = full / slope(contrast, mask)
    off_centre = ((left + right) / width - 1) ** 2 + ((top + bottom) / height - 1) ** 2  # 2 in a corner
    shape = math.log(tall / height), math.log(wide / tall), math.log(stroke / long), math.log(length)
    return [
        *shape,
        *(one**2 for one in shape),
        math.log(tall),
        off_centre,
        foreign,
        (area - own) / own,
        cut / long,
        cut / (length * long),
        math.log(wide / width),
        float(tall == height or wide == width),
        math.log(full),
        math.log(full) ** 2,
        math.log(soft / stroke),
        math.log(soft / long),
        math.log(unrest / full + 0.02),
        math.log(around / full + 0.01),
        math.log(uneven / full + 0.02),
        abs(inner - outer) / full,
        float(_holes(mask, stroke)),
        float(dark),
        (paper - bright) * dark,
        (paper - bright) * (not dark),
        paper,
        lined,
    ]


def _holes(mask: np.ndarray, stroke: float) -> int:
    """How many parts of the ground a group encloses, those apart that are hardly larger than a dot."""
    ground = 1 - cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    cv2.floodFill(ground, None, (0, 0), 0)  # from ground: what is left is enclosed
    left, top, wide, tall = cv2.boundingRect(ground)
    if not wide:
        return 0
    _, _, stats, _ = cv2.connectedComponentsWithStats(ground[top : top + tall, left : left + wide], connectivity=4)
    return int((stats[1:, 4] > max(3, stroke * stroke / 2)).sum())


def slope(contrast: np.ndarray, mask: np.ndarray) -> float:
    """How steeply the contrast rises at the edge of a mask, per pixel."""
    edge = mask - cv2.erode(mask, THREE)
    across, down = (cv2.Sobel(contrast, cv2.CV_32F, *way, scale=0.125) for way in ((1, 0), (0, 1)))
    return cv2.mean(cv2.magnitude(across, down), edge)[0] + 1e-6
