"""Find what was written in a picture, wherever it is, and draw it again the way MNIST does.

Everything is measured against the light that falls on the paper around it: the background is a median over a window
much wider than a stroke, and ink is where the logarithm of (light here / light of the background) is far from zero, in
whichever colour shows it best. Shadows and uneven light cancel, and dark ink and light ink differ only by the sign.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from mmdemo.strokes import likeness

SEARCH_SIDE = 512  # pixels; ink is searched for in a picture of at most this length
NOISE_FLOOR = 16.0  # grey levels added before the logarithm, so that the grain of black areas stays small
FAINTEST = 0.10  # the smallest log contrast that is looked at: about 10 % darker than the paper
LADDER = 2.0  # every level of contrast is this many times the one before
ACCEPT = 0.12  # candidates scoring less are not called ink

Box = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Candidate:
    """A group of strokes that may be a digit.

    Attributes:
        box: (left, top, right, bottom) in pixels of the picture it was found in.
        score: how digit-like it is, 0 to 1.
        dark: dark ink on light ground; otherwise light on dark.
        mask: uint8, 1 where its ink is; the size of the box in pixels of the *searched* picture.
    """

    box: Box
    score: float
    dark: bool
    mask: np.ndarray


def background_of(picture: np.ndarray, window: float) -> np.ndarray:
    """The picture without its ink: a median over ``window`` times its shorter side, on a quarter of its resolution.

    Args:
        picture: uint8 (H, W, 3).
        window: a fraction; ink must cover less than half of such a square.

    Returns:
        uint8 (H, W, 3).
    """
    height, width = picture.shape[:2]
    ratio = min(1.0, 128 / max(height, width))
    small = cv2.resize(
        picture, (max(1, round(width * ratio)), max(1, round(height * ratio))), None, 0, 0, cv2.INTER_AREA
    )
    kernel = max(3, int(window * min(small.shape[:2])) | 1)
    return cv2.resize(cv2.medianBlur(small, kernel), (width, height), None, 0, 0, cv2.INTER_LINEAR)


_LOG = np.log(np.arange(256, dtype=np.float32) + NOISE_FLOOR)


def log_contrast(picture: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Log of background over picture by channel, float32 (H, W, 3): above zero where the picture is darker."""
    return cv2.LUT(background, _LOG) - cv2.LUT(picture, _LOG)


def find_ink(picture: np.ndarray) -> list[Candidate]:
    """All groups of strokes that may be a digit, best first.

    The contrast is cut at several levels, as in maximally stable extremal regions (Matas et al. 2002): faint lines of
    the paper, which join everything at the lowest level, are gone at a higher one, where the pen is still there; and a
    group that stays the same over levels has sharp edges, which shadows have not.

    Args:
        picture: uint8 (H, W, 3).

    Returns:
        Candidates with boxes in pixels of ``picture``.
    """
    height, width = picture.shape[:2]
    reduced = max(1.0, max(height, width) / SEARCH_SIDE)
    size = (max(1, round(width / reduced)), max(1, round(height / reduced)))
    search = cv2.resize(picture, size, None, 0, 0, cv2.INTER_AREA) if reduced > 1 else picture
    smooth = cv2.GaussianBlur(search, (3, 3), 0) if min(size) > 64 else search
    found: list[tuple[Box, float, bool, np.ndarray]] = []
    for window in (0.45, 0.9, 1.6):
        contrast = log_contrast(smooth, background_of(smooth, window))
        noise = 1.4826 * float(np.median(np.abs(contrast[::3, ::3])))
        lowest = max(FAINTEST, 3.5 * noise)
        for dark in (True, False):
            signed = contrast if dark else -contrast
            strength = cv2.max(cv2.max(signed[:, :, 0], signed[:, :, 1]), signed[:, :, 2])
            level, top = lowest, float(strength.max())
            while level < top:
                found += [(box, score, dark, mask) for box, score, mask in _groups(strength, level)]
                level *= LADDER
        if any(score > 0.6 and max(box[2] - box[0], box[3] - box[1]) < 0.4 * min(size) for box, score, _, _ in found):
            break  # small strokes need no wider window
    return _best(found, width / size[0], height / size[1])


def _groups(strength: np.ndarray, level: float) -> Iterator[tuple[Box, float, np.ndarray]]:
    """Groups of strokes above one level of contrast, each with its score and its mask."""
    height, width = strength.shape
    ink = (strength > level).view(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    if count == 1:
        return
    stats, names = stats[1:], np.arange(1, count)
    keep = (stats[:, 4] >= 6) & (stats[:, 2] < 0.98 * width + 1) & (stats[:, 3] < 0.98 * height + 1)
    if min(height, width) <= 64:
        keep = stats[:, 4] >= 2  # the whole picture may be one digit
    stats, names = stats[keep], names[keep]
    order = np.argsort(-stats[:, 2:4].max(axis=1))[:40]
    stats, names = stats[order], names[order]
    for members in _join(stats):
        left, top = stats[members, :2].min(axis=0).tolist()
        right, bottom = (stats[members, :2] + stats[members, 2:4]).max(axis=0).tolist()
        if bottom - top < max(6, 0.05 * height) or right - left > 2.2 * (bottom - top):
            continue
        member = np.zeros(count, np.uint8)
        member[names[members]] = 1
        mask = member[labels[top:bottom, left:right]]
        score = likeness((left, top, right, bottom), mask, ink, strength)
        if score > 0.01:
            yield (left, top, right, bottom), score, mask


def _join(stats: np.ndarray) -> Iterator[list[int]]:
    """Strokes that belong together: one list of indices for every large stroke, with what lies close to it."""
    left, top = stats[:, 0], stats[:, 1]
    right, bottom = left + stats[:, 2], top + stats[:, 3]
    seen: set[frozenset[int]] = set()
    for first in range(min(len(stats), 12)):
        box = [left[first], top[first], right[first], bottom[first]]
        members = [first]
        for _ in range(3):  # what was joined may touch more
            reach = max(box[2] - box[0], box[3] - box[1])
            aside = np.maximum(np.maximum(left - box[2], box[0] - right), 0)
            above = np.maximum(np.maximum(top - box[3], box[1] - bottom), 0)
            close = (aside < 0.05 * reach) & (above < 0.12 * reach)
            close &= np.maximum(stats[:, 2], stats[:, 3]) <= reach
            now = sorted({first, *np.flatnonzero(close).tolist()})
            if now == members:
                break
            members = now
            box = [left[members].min(), top[members].min(), right[members].max(), bottom[members].max()]
        for group in ([first], members):
            if frozenset(group) not in seen:
                seen.add(frozenset(group))
                yield group


def _best(found: list[tuple[Box, float, bool, np.ndarray]], across: float, down: float) -> list[Candidate]:
    """Of those that overlap only one, with a bonus for being there at many levels; best first."""
    found.sort(key=lambda item: -item[1])
    chosen: list[list] = []
    for box, score, dark, mask in found[:80]:
        for other in chosen:
            overlap = _overlap(box, other[0])
            if overlap > 0.5:
                if overlap > 0.8 and dark == other[2]:
                    other[4] += 1
                    if score > 0.6 * other[1] and np.count_nonzero(mask) > np.count_nonzero(other[3]):
                        other[0], other[3] = box, mask  # a lower level shows the faint ends of the strokes too
                break
        else:
            chosen.append([box, score, dark, mask, 1])
    for inner in chosen:  # the inside of a nought is no digit, nor is a part of one
        for outer in chosen:
            worse = 0.3 if outer[2] != inner[2] else 0.6
            if outer[1] > worse * inner[1] and _contains(outer[0], inner[0]):
                inner[1] *= worse / 2
                break
    candidates = [
        Candidate(
            (box[0] * across, box[1] * down, box[2] * across, box[3] * down),
            score * (0.5 + 0.5 * min(1.0, times / 4)),
            dark,
            mask,
        )
        for box, score, dark, mask, times in chosen
    ]
    return sorted((c for c in candidates if c.score >= ACCEPT), key=lambda c: -c.score)


def _contains(outer: Box, inner: Box) -> bool:
    """Whether a box lies in another and is not the same."""
    return all(outer[n] <= inner[n] and outer[n + 2] >= inner[n + 2] for n in (0, 1)) and outer != inner


def _overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes."""
    shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)
