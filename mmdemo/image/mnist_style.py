"""Draw found ink again the way MNIST's publishers drew theirs: a small square, bright on black, centred by its mass."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from mmdemo.image.ink import Candidate
from mmdemo.image.strokes import stroke_width

BOX = 20 / 28  # of the square: the longest side of the ink
STROKE = 0.115  # of the longest side: thinner strokes are thickened to this, about MNIST's thinner ones
WORK_SIDE = 112  # pixels: the ink is cut out at about this size
FINE = 4  # the square is drawn this many times finer and then averaged, so that edges are smooth


def ready_square(picture: np.ndarray, size: int) -> np.ndarray | None:
    """A picture that is such a square already, as MNIST's are, only as numbers in 0..1 and never dark on light.

    Args:
        picture: uint8 (H, W, 3).
        size: pixels of the square.

    Returns:
        float32 (size, size), or None where anything about it is different: another size, ground that is not plain,
        ink that is not centred or not as large as ``BOX``.
    """
    if picture.shape[:2] != (size, size):
        return None
    grey = picture[:, :, 1]
    rim = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    light = np.median(rim) > 127
    ink = 255 - grey if light else grey
    if np.median(ink) > 8 or ink.max() < 128 or not np.array_equal(picture[:, :, 0], picture[:, :, 2]):
        return None
    rows, columns = np.flatnonzero((ink > 32).any(axis=1)), np.flatnonzero((ink > 32).any(axis=0))
    longest = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    weights = ink.astype(np.float32)
    across, down = weights.sum(axis=0), weights.sum(axis=1)
    places = np.arange(size, dtype=np.float32) + 0.5
    off = np.array([across @ places, down @ places]) / across.sum() - size * 14.5 / 28
    if abs(longest - BOX * size) > 2.5 or np.abs(off).max() > 1.5:
        return None
    return weights / ink.max()


def to_square(picture: np.ndarray, candidate: Candidate, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut a candidate out of its picture and redraw it.

    Between the ground around it (0) and its own ink (1) every pixel is graded, so edges stay smooth; strokes much
    thinner than MNIST's are thickened; the longest side becomes ``BOX`` of the square, the centre of mass its centre.

    Args:
        picture: uint8 (H, W, 3), what the candidate was found in.
        candidate: from :func:`mmdemo.image.ink.find_ink`.
        size: pixels of the square.

    Returns:
        The square, float32 (size, size) in 0..1 with bright ink on black, and the 2x3 matrix that takes points of the
        picture to points of the square.
    """
    crop, mask, to_crop = _cut_out(picture, candidate)
    ink = _grade(crop, mask, candidate.dark)
    solid = (ink > 0.5).view(np.uint8)
    if not solid.any():  # specks that vanish when they are graded: draw them as they were found
        solid, ink = mask, mask.astype(np.float32)
    _, _, wide, tall = cv2.boundingRect(solid)
    missing = STROKE * max(wide, tall) - stroke_width(solid)
    if missing >= 0.5:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (round(missing) + 1,) * 2)
        # the anchor of an even kernel lies beside its centre; half a pixel at this scale is a tenth in the square
        ink = cv2.dilate(ink, kernel)
        solid = (ink > 0.5).view(np.uint8)
    left, top, wide, tall = cv2.boundingRect(solid)
    scale = BOX * size / max(wide, tall)
    moments = cv2.moments(ink)
    centre = np.array([moments["m10"], moments["m01"]]) / moments["m00"] + 0.5
    low, high = np.array([left, top]), np.array([left + wide, top + tall])
    # MNIST's centre of mass is the middle of pixel 14 of 0 to 27; never so far that the ink would leave the square
    shift = np.clip(size * 14.5 / 28 - scale * centre, -scale * low, size - scale * high)
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    fine = cv2.warpAffine(ink, _of_indices(FINE * matrix), (FINE * size, FINE * size), flags=cv2.INTER_LINEAR)
    square = cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA)
    square /= max(float(square.max()), 1e-6)
    return square, matrix @ np.vstack([to_crop, [0, 0, 1]])


def turned_square(picture: np.ndarray, candidate: Candidate, size: int, turned: int) -> tuple[np.ndarray, np.ndarray]:
    """The same of a picture that is first turned by so many quarters to the left."""
    ahead = np.eye(3)  # from points of the picture to points of the turned one
    for _ in range(turned):
        width = picture.shape[1]
        left, top, right, bottom = candidate.box
        box = (top, width - right, bottom, width - left)
        candidate = replace(candidate, box=box, mask=np.ascontiguousarray(np.rot90(candidate.mask)))
        picture = np.rot90(picture)
        ahead = np.array([[0, 1, 0], [-1, 0, width], [0, 0, 1]]) @ ahead
    square, matrix = to_square(np.ascontiguousarray(picture), candidate, size)
    return square, matrix @ ahead


def _of_indices(matrix: np.ndarray) -> np.ndarray:
    """The same map for OpenCV, whose points are pixel indices: a pixel's centre is its index and a half."""
    half = np.array([0.5, 0.5])
    return np.column_stack([matrix[:, :2], matrix[:, :2] @ half + matrix[:, 2] - half])


def _cut_out(picture: np.ndarray, candidate: Candidate) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The candidate with some ground around it, its mask at the same scale, and the map from picture to crop."""
    height, width = picture.shape[:2]
    left, top, right, bottom = candidate.box
    longest = max(right - left, bottom - top)
    margin = 0.2 * longest + 2
    x0, y0 = max(0, int(left - margin)), max(0, int(top - margin))
    x1, y1 = min(width, int(right + margin) + 1), min(height, int(bottom + margin) + 1)
    scale = WORK_SIDE / longest
    crop, wide, tall = picture[y0:y1, x0:x1], max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
    crop = cv2.resize(crop, (wide, tall), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    across, down = wide / (x1 - x0), tall / (y1 - y0)
    to_crop = np.array([[across, 0, -x0 * across], [0, down, -y0 * down]])
    place = np.array(
        [
            [across * (right - left) / candidate.mask.shape[1], 0, across * (left - x0)],
            [0, down * (bottom - top) / candidate.mask.shape[0], down * (top - y0)],
        ]
    )
    mask = cv2.warpAffine(candidate.mask * np.uint8(255), _of_indices(place), (wide, tall), flags=cv2.INTER_LINEAR)
    inked = mask > min(100, int(mask.max()) - 1)  # however thin
    return crop.astype(np.float32), inked.view(np.uint8), to_crop


def _grade(crop: np.ndarray, mask: np.ndarray, dark: bool) -> np.ndarray:
    """How much of each pixel is ink, float32 in 0..1: 0 for the ground around it, 1 for the ink's usual colour."""
    near = cv2.dilate(mask, np.ones((7, 7), np.uint8))
    # the ground under the ink is a mean of the ground around it
    ground, window = (1 - near).astype(np.float32), (max(crop.shape) // 2 | 1,) * 2
    weight = cv2.blur(ground, window) + 1e-3 * float(ground.mean()) + 1e-6
    mean = np.array(cv2.mean(crop, 1 - near)[:3] if ground.any() else crop.max(axis=(0, 1)) * dark, np.float32)
    rest = (weight - cv2.blur(ground, window))[:, :, None]
    paper = (cv2.blur(crop * ground[:, :, None], window) + mean * rest) / weight[:, :, None]
    # ink on paper takes away a share of the light; chalk and screens add to it
    change = (paper - crop) / (paper + 8) if dark else crop - paper  # (h, w, 3)
    colour = np.maximum(np.array(cv2.mean(change, mask)[:3], np.float32), 0) + 1e-6
    amount = change @ (colour / colour.sum())  # (h, w): the colours in which it shows best count most
    full = max(float(np.percentile(amount[mask > 0], 70)), 1e-6)
    return np.clip((amount / full - 0.15) / 0.7, 0, 1).astype(np.float32) * near
