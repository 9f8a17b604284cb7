"""Find what was written in a picture, wherever it is.

Strokes are thin, and that tells them from everything else in a room: a closing (Serra 1982) with a disc wider than a
stroke fills dark strokes and leaves the edges of sheets, hands and shadows as they are, so that ink is where the
logarithm of (light after / light before) is far from zero, in whichever colour shows it best. For light strokes on dark
ground an opening does the same. Uneven light cancels. Wide strokes are found in the same way, in a smaller picture.
What was found is measured, and a small network that has seen thousands of such groups says which of them are digits.

Beyond the picture's edge lies what lies along it: the ground goes on there, so that ink which reaches the edge is as
thin as any other. Most pictures are plain enough at a quarter or half of their size; only where nothing there is a
digit for certain the larger ones are searched, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from pathlib import Path

import cv2
import numpy as np

from mmdemo.image.frame import without_frame
from mmdemo.image.strokes import BEYOND, View, measure, stroke_width

SEARCH_SIDE = 640  # pixels; ink is searched for in a picture of at most this length, and in halves of it
ENLARGED_TO = 160  # pixels: so that strokes of two pixels are wide enough to be measured
SMALLEST_SIDE = 30  # pixels: the shorter side of the smallest picture that is searched
NIB = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (11, 11))  # wider than any stroke that is looked for at one size
NOISE_FLOOR = 16.0  # grey levels added before the logarithm, so that the grain of black areas stays small
FAINTEST = 0.05  # the smallest log contrast that is looked at: about 5 % darker than the paper
RIM_POINTS, ROUNDS, FLAT = 48, 5, 0.2  # of every edge; of the fit of the ground's slope, and how flat that is at first
GRAIN = 0.06  # log contrast: as much is grain in most pictures
LADDER = 1.6  # every level of contrast is this many times the one before
SAME = 0.95  # of its ink is left at a higher level: the same group, which need not be measured again
MOST = 150  # strokes at one level of contrast, the largest ones
MOST_GROUPS = 200  # groups, the most digit-like ones, among which candidates are looked for
SMALLEST = 0.05  # of the picture's height: the height of the smallest group
ENOUGH = 0.95, 24  # score and height in pixels of a candidate from which on no larger picture needs to be searched
ACCEPT = 0.12  # candidates scoring less are not called ink
LINED = 0.1  # of a group, at least, is lines along the picture's edges where it is a frame
CUT_GAPS = 0.01, 0.06  # of its longest side: ink that is nearer to an edge, and farther from the opposite, is cut off
JUDGE = Path(__file__).with_name("ink.npz")  # the network's weights; tools/fit_ink.py makes them
_LOG = np.log(np.arange(256, dtype=np.float32) + NOISE_FLOOR)

Box = tuple[float, float, float, float]
Found = tuple[Box, bool, np.ndarray, int, list[float]]  # a group's box, polarity, mask, reduction and measures
Grounds = dict[bool, np.ndarray]  # by whether the ink is dark: the light along the rim as a plane, see ``_ground``


@dataclass(frozen=True, eq=False)
class Candidate:
    """A group of strokes that may be a digit.

    Attributes:
        box: (left, top, right, bottom) in pixels of the picture it was found in.
        score: how digit-like it is, 0 to 1.
        dark: dark ink on light ground; otherwise light on dark.
        mask: uint8, 1 where its ink is; the size of the box in pixels of the *searched* picture.
        alone: its score before it was less for lying within another.
    """

    box: Box
    score: float
    dark: bool
    mask: np.ndarray
    alone: float = 1.0


def find_ink(picture: np.ndarray) -> list[Candidate]:
    """All groups of strokes that may be a digit, best first.

    Args:
        picture: uint8 (H, W, 3).

    Returns:
        Candidates with boxes in pixels of ``picture``.
    """
    height, width = picture.shape[:2]
    sizes = list(enumerate(_sizes(picture)))
    grounds = _grounds(sizes[0][1])
    found: list[Found] = []
    scores, best = np.zeros(0, np.float32), []
    for some in (sizes[2:], sizes[1:2], sizes[:1]):
        more, theirs = _judged(some, grounds)
        found, scores = [*more, *found], np.concatenate([theirs, scores])
        if _settled(best := _best(found, scores, width, height)):
            break
    return best


def _settled(found: list[Candidate]) -> bool:
    """Whether a larger picture would hardly show more: one is a digit for certain, and no other as tall may be one."""
    certain = [one for one in found if one.score >= ENOUGH[0] and len(one.mask) >= ENOUGH[1]]
    if not certain:
        return False
    tall = certain[0].box[3] - certain[0].box[1]
    return not any(
        one.alone < ENOUGH[0] and 0.5 < (one.box[3] - one.box[1]) / tall < 2 and overlap(one.box, certain[0].box) == 0
        for one in found
    )


def _judged(sizes: list[tuple[int, np.ndarray]], grounds: Grounds) -> tuple[list[Found], np.ndarray]:
    """The groups in some of a picture's sizes, and how digit-like they are."""
    found = [group for number, search in sizes for group in _groups(number, search, grounds)]
    return found, judge(np.array([one[-1] for one in found], np.float32)) if found else np.zeros(0, np.float32)


def cut_off(candidate: Candidate, picture: np.ndarray) -> bool:
    """Whether the picture's edge seems to cut off a part of a candidate.

    Ink that reaches one edge but not the opposite one goes on beyond it; where it reaches both, or nearly so, the
    picture was cut to fit.
    """
    height, width = picture.shape[:2]
    left, top, right, bottom = candidate.box
    gaps = np.array([left, top, width - right, height - bottom]) / max(right - left, bottom - top)
    near = (gaps < CUT_GAPS[0]) & (np.roll(gaps, 2) > CUT_GAPS[1])
    if not near.any():
        return False
    solid = _solid(candidate, picture)
    ends = (solid[:, 0], solid[0], solid[:, -1], solid[-1])
    across = np.array([np.count_nonzero(end) for end in ends]) >= 0.5 * stroke_width(solid)
    return bool((across & near).any())


def _solid(candidate: Candidate, picture: np.ndarray) -> np.ndarray:
    """A candidate's mask without what is hardly darker, or lighter, than the ground: the grain beside its strokes."""
    left, top, right, bottom = (round(edge) for edge in candidate.box)
    mask = candidate.mask
    crop = cv2.resize(picture[top:bottom, left:right], mask.shape[::-1], interpolation=cv2.INTER_AREA).astype(float)
    ink = np.percentile(crop[mask > 0], 25 if candidate.dark else 75, axis=0)  # (3,)
    ground = np.median(crop[mask == 0], axis=0) if (mask == 0).any() else np.full(3, 255.0 * candidate.dark)
    best = int(np.abs(ink - ground).argmax())  # the colour that shows it best
    share = (crop[:, :, best] - ground[best]) / ((ink - ground)[best] or 1)
    return mask * (share > 0.5)


def groups(picture: np.ndarray) -> Iterator[Found]:
    """Everything of about a digit's size and proportions, at every scale and level of contrast.

    The contrast is cut at several levels, as in maximally stable extremal regions (Matas et al. 2002): faint lines of
    the paper, which join everything at the lowest level, are gone at a higher one, where the pen is still there.

    Args:
        picture: uint8 (H, W, 3).

    Yields:
        The box in shares of the picture's sides, whether the ink is dark, its mask, by what the picture was reduced
        against the largest that is searched, and its measures.
    """
    sizes = list(enumerate(_sizes(picture)))
    grounds = _grounds(sizes[0][1])
    for number, search in sizes:
        yield from _groups(number, search, grounds)


def _groups(number: int, search: np.ndarray, grounds: Grounds) -> Iterator[Found]:
    """The groups in the picture that is ``number`` times halved."""
    smooth = search if number else cv2.GaussianBlur(search, (3, 3), 0)
    logs = _logs(smooth)
    light = reduce(cv2.add, logs) / 3
    bright = float(np.percentile(light[::4, ::4], 90))
    for dark, plane in grounds.items():
        filled, ground = _without_strokes(smooth, dark, plane)
        strength = reduce(cv2.max, map(cv2.absdiff, _logs(filled), logs))
        view = View(strength, light, bright, ground, dark)
        quarter, grain = np.percentile(strength[::3, ::3], (25, 50))
        if grain > GRAIN:  # by so much more than the lower quarter only where half of what is seen is ink
            grain = min(grain, max(GRAIN, 2.2 * quarter))
        level = max(FAINTEST, 2.5 * float(grain))
        top, lines, seen = float(strength.max()), {}, {}
        while level < top:
            ink = (strength > level).view(np.uint8)
            within = without_frame(ink, lines, level)
            for some in (ink,) if within is ink else (ink, within):
                for box, mask, measures in _in(some, within, view, seen):
                    yield box, dark, mask, 2**number, measures
            level *= LADDER


def _without_strokes(picture: np.ndarray, dark: bool, plane: np.ndarray) -> tuple[np.ndarray, float]:
    """A picture whose dark or light strokes are filled with the ground beside them, also where they reach the edge.

    Args:
        picture: uint8 (H, W, 3).
        dark: which strokes.
        plane: the ground beyond the edge, see ``_ground``.

    Returns:
        The picture, and the log of the light of the ground.
    """
    wider = cv2.copyMakeBorder(picture, *(BEYOND,) * 4, cv2.BORDER_REPLICATE)
    across, down = (np.linspace(-1, 1, n)[:, None] for n in wider.shape[1::-1])
    rows, columns = plane[0] + across * plane[1], down * plane[2]  # (W, 3), (H, 3)
    for edge in (slice(BEYOND), slice(-BEYOND, None)):
        wider[edge] = np.clip(rows + columns[edge, None], 0, 255)
        wider[:, edge] = np.clip(rows[edge] + columns[:, None], 0, 255)
    filled = cv2.morphologyEx(wider, cv2.MORPH_CLOSE if dark else cv2.MORPH_OPEN, NIB)
    light = float(np.log(np.clip(plane[0], 0, 255) + NOISE_FLOOR).mean())
    return filled[BEYOND:-BEYOND, BEYOND:-BEYOND], light


def _grounds(picture: np.ndarray) -> Grounds:
    """The ground on which dark strokes lie at the picture's edge, and that on which light ones do."""
    return {dark: _ground(picture, dark) for dark in (True, False)}


def _ground(picture: np.ndarray, dark: bool) -> np.ndarray:
    """The light of the ground along the rim as a plane, (3, 3): its height, its slope to the right, and downwards.

    Three quarters of the rim are darker than this plane, or lighter where light strokes are looked for, so that so much
    of the rim may be ink (Koenker & Bassett 1978, "Regression quantiles"; by rounds of weighted least squares).
    """
    height, width = picture.shape[:2]
    x, y = (np.linspace(-1, 1, n)[np.linspace(0, n - 1, RIM_POINTS).astype(int)] for n in (width, height))
    places = [(x, -1 + 0 * x), (x, 1 + 0 * x), (-1 + 0 * y, y), (1 + 0 * y, y)]
    points = np.concatenate([np.column_stack([1 + 0 * a, a, b]) for a, b in places])  # (N, 3)
    ys, xs = (((points[:, k] + 1) / 2 * (n - 1)).round().astype(int) for k, n in ((2, height), (1, width)))
    light = picture[ys, xs].astype(np.float64)  # (N, 3)
    share = 0.75 if dark else 0.25
    plane = np.zeros((3, 3))
    plane[0] = np.percentile(light, 100 * share, axis=0)
    for _ in range(ROUNDS):
        off = light - points @ plane
        weights = np.where(off > 0, share, 1 - share) / np.maximum(np.abs(off), 2.0)  # (N, 3)
        moments = np.einsum("ni,nc,nj->cij", points, weights, points) + FLAT * np.diag([0, 1, 1])  # (3, 3, 3)
        plane = np.linalg.solve(moments, np.einsum("ni,nc->ci", points, weights * light)[:, :, None])[:, :, 0].T
    return plane


def _logs(picture: np.ndarray) -> list[np.ndarray]:
    """The logarithm of the light in each colour, apart, which is faster than as one array."""
    return [cv2.LUT(colour, _LOG) for colour in cv2.split(picture)]


def _sizes(picture: np.ndarray) -> Iterator[np.ndarray]:
    """The picture at most ``SEARCH_SIDE`` long, or enlarged if it is tiny; then each half as long as the one before."""
    height, width = picture.shape[:2]
    longest = max(height, width)
    ratio = np.clip(1.0, ENLARGED_TO / longest, SEARCH_SIDE / longest)
    first = True
    while first or min(width * ratio, height * ratio) >= SMALLEST_SIDE:
        size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
        how = cv2.INTER_CUBIC if ratio > 1 else cv2.INTER_AREA
        picture = cv2.resize(picture, size, None, 0, 0, how) if size != picture.shape[1::-1] else picture
        yield picture
        ratio, first = ratio / 2, False


def _in(
    ink: np.ndarray, within: np.ndarray, view: View, seen: dict[tuple, int]
) -> Iterator[tuple[Box, np.ndarray, list[float]]]:
    """Groups of strokes in the ink at one level of contrast: box in shares of the sides, mask, measures.

    Args:
        ink: uint8 (H, W), 1 where the contrast is above the level.
        within: the same without lines along the picture's edges.
        view: the picture.
        seen: how many pixels of ink there were in a box when it was last measured; what is hardly less is passed over.
    """
    height, width = ink.shape
    smallest = max(8, SMALLEST * height)
    if cv2.boundingRect(ink)[3] < smallest:  # as it is at high levels
        return
    # named, because the usual one takes three times as long where it may not use several cores
    count, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(ink, 8, cv2.CV_32S, cv2.CCL_GRANA)
    stats, names = stats[1:], np.arange(1, count)
    keep = stats[:, 4] >= 6
    stats, names = stats[keep], names[keep]
    order = np.argsort(-stats[:, 2:4].max(axis=1))[:MOST]
    stats, names = stats[order], names[order]
    large = int((stats[:, 2:4].max(axis=1) >= 0.6 * smallest).sum())
    for members in _join(stats, large):
        left, top = stats[members, :2].min(axis=0).tolist()
        right, bottom = (stats[members, :2] + stats[members, 2:4]).max(axis=0).tolist()
        tall, wide = bottom - top, right - left
        if tall < smallest or wide > 2.2 * tall:
            continue
        box, area = (left, top, right, bottom), int(stats[members, 4].sum())
        if area > SAME * seen.get(box, width * height):
            continue
        seen[box] = area
        member = np.zeros(count, np.uint8)
        member[names[members]] = 1
        mask = member[labels[top:bottom, left:right]]
        lined = 0.0 if ink is within else 1 - (mask & within[top:bottom, left:right]).sum() / mask.sum()
        if (measures := measure(box, mask, ink, float(lined), view)) is not None:
            yield (left / width, top / height, right / width, bottom / height), mask, measures


def _join(stats: np.ndarray, large: int) -> Iterator[np.ndarray]:
    """Strokes that belong together: indices of every large stroke alone, and of it with what lies close to it."""
    low, high = stats[:, :2], stats[:, :2] + stats[:, 2:4]  # (n, 2) each
    length = stats[:, 2:4].max(axis=1)
    box_low, box_high = low[:large], high[:large]  # (large, 2): what was joined so far
    members = alone = np.eye(large, len(stats), dtype=bool)
    for _ in range(3):  # what was joined may touch more
        reach = (box_high - box_low).max(axis=1)[:, None]
        away = np.maximum(np.maximum(low - box_high[:, None], box_low[:, None] - high), 0)  # (large, n, 2)
        close = (away[:, :, 0] < 0.05 * reach) & (away[:, :, 1] < 0.12 * reach) & (length <= reach)
        before, members = members, close | alone
        if (members == before).all():
            break
        box_low = np.where(members[:, :, None], low, 1 << 20).min(axis=1)
        box_high = np.where(members[:, :, None], high, 0).max(axis=1)
    seen: set[bytes] = set()
    for first in range(large):
        for group in (alone[first], members[first]):
            if (key := group.tobytes()) not in seen:
                seen.add(key)
                yield group.nonzero()[0]


@lru_cache
def _weights() -> dict[str, np.ndarray]:
    with np.load(JUDGE) as file:
        return dict(file)


def judge(measures: np.ndarray) -> np.ndarray:
    """How digit-like groups are, (N,) in 0..1, from their measures, (N, MEASURES): one hidden layer, one output."""
    weights = _weights()
    x = np.clip((measures - weights["mean"]) / weights["spread"], -6, 6)
    hidden = np.maximum(x @ weights["hidden"] + weights["hidden_bias"], 0)
    return 1 / (1 + np.exp(-(hidden @ weights["output"] + weights["output_bias"])))


@dataclass
class _Kept:
    """A group that is kept of all that overlap with it: see ``Candidate``, and ``Found`` for ``reduced``."""

    box: Box
    score: float
    dark: bool
    mask: np.ndarray
    reduced: int
    lined: bool
    alone: float


def _best(found: list[Found], scores: np.ndarray, width: int, height: int) -> list[Candidate]:
    """Of those that overlap only one; best first."""
    kept: list[_Kept] = []
    for number in np.argsort(-scores)[:MOST_GROUPS]:
        (left, top, right, bottom), dark, mask, reduced, measures = found[number]
        box, score = (left * width, top * height, right * width, bottom * height), float(scores[number])
        for other in kept:
            if (shared := overlap(box, other.box)) > 0.5:
                fuller = np.count_nonzero(mask) * reduced**2 > np.count_nonzero(other.mask) * other.reduced**2
                alike = shared > 0.8 and dark == other.dark and reduced <= other.reduced and score > 0.6 * other.score
                if alike and fuller:  # a lower level shows the strokes' faint ends too
                    other.box, other.mask, other.reduced = box, mask, reduced
                break
        else:
            kept.append(_Kept(box, score, dark, mask, reduced, measures[-1] > LINED, score))
    for inner in kept:  # the inside of a nought is no digit, nor is a part of one; but what lies within a frame may be
        for outer in (one for one in kept if not one.lined):
            worse = 0.3 if outer.dark != inner.dark else 0.6
            if outer.score > worse * inner.score and _contains(outer.box, inner.box):
                inner.score *= worse / 2
                break
    candidates = [Candidate(one.box, one.score, one.dark, one.mask, one.alone) for one in kept]
    return sorted((one for one in candidates if one.score >= ACCEPT), key=lambda one: -one.score)


def _contains(outer: Box, inner: Box) -> bool:
    """Whether a box lies in another and is not the same."""
    return all(outer[n] <= inner[n] and outer[n + 2] >= inner[n + 2] for n in (0, 1)) and outer != inner


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes."""
    shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)
