"""Seven-segment displays: lit ones (LED) and dark ones (LCD), whose segments that are off can often be seen, too."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mmdemo.data.synthetic.backdrops import Rng, clouds
from mmdemo.data.synthetic.inked import Inked

LIT = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")
OTHERWISE = {6: "fgedc", 7: "fabc", 9: "abcfg"}  # how some displays show these
ENDS = {  # of each segment in a box 1 wide and 2 high
    **{"a": ((0, 0), (1, 0)), "b": ((1, 0), (1, 1)), "c": ((1, 1), (1, 2)), "d": ((0, 2), (1, 2))},
    **{"e": ((0, 1), (0, 2)), "f": ((0, 0), (0, 1)), "g": ((0, 1), (1, 1))},
}
LAMPS = np.array([[255, 40, 30], [60, 255, 70], [70, 130, 255], [255, 170, 30], [235, 245, 255]], np.float32)
OFF = 0.22  # of its light: the most that a segment that is off has


def display(digit: int, rng: Rng) -> Inked:
    """A digit on a display; what is ink of it is the segments that are on."""
    tall = int(np.exp(rng.uniform(np.log(40), np.log(220))))
    thick, gap = rng.uniform(0.12, 0.26), rng.uniform(0.0, 0.08)
    slant, wide = rng.uniform(0, 0.18) * (rng.random() < 0.6), rng.uniform(0.75, 1.05)
    on = OTHERWISE[digit] if digit in OTHERWISE and rng.random() < 0.3 else LIT[digit]
    margin = rng.uniform(0.25, 0.9, 2)
    scale = tall / 2
    size = (int((wide + 2 * slant + thick + 2 * margin[0]) * scale), int((2 + thick + 2 * margin[1]) * scale))
    lit, unlit = (np.zeros(size[::-1], np.float32) for _ in range(2))
    for name, ends in ENDS.items():
        _segment(lit if name in on else unlit, np.array(ends, float), thick, gap, slant, wide, margin, scale)
    soft = rng.uniform(0.4, 0.02 * tall + 0.5)
    lit, unlit = (cv2.GaussianBlur(one, (0, 0), soft) for one in (lit, unlit))
    off = float(rng.choice([0, rng.uniform(0.03, OFF)]))
    seen = np.clip(lit + off * unlit, 0, 1)[:, :, None]
    shade = 1 + 0.05 * clouds(*size, rng, 3, 2)[:, :, None]
    led = bool(rng.random() < 0.6)
    if led:
        lamp, back = LAMPS[rng.integers(len(LAMPS))], rng.uniform(2, 40) + rng.uniform(0, 12, 3)
        glow = cv2.GaussianBlur(lit, (0, 0), 0.08 * tall)[:, :, None] * rng.uniform(0, 0.3)
        picture = back * shade + (seen + glow) * (lamp - back) * rng.uniform(0.6, 1)
    else:
        back = np.array([[178, 190, 165], [200, 205, 200], [150, 175, 120], [120, 150, 190]][rng.integers(4)], float)
        picture = back * shade * (1 - seen * rng.uniform(0.55, 0.9))
    picture = picture + rng.uniform(0, 5) * rng.standard_normal(picture.shape)
    return Inked(np.clip(picture + 0.5, 0, 255).astype(np.uint8), lit, not led)


def _segment(
    sheet: NDArray,
    ends: NDArray,
    thick: float,
    gap: float,
    slant: float,
    wide: float,
    margin: NDArray,
    scale: float,
) -> None:
    """One segment with pointed ends; all lengths as shares of half the display's height."""
    way = np.diff(ends, axis=0)[0]
    way, half = way / np.linalg.norm(way), thick / 2
    across = np.array([way[1], -way[0]]) * half
    start, stop = ends[0] + way * gap, ends[1] - way * gap
    points = [start, start + way * half + across, stop - way * half + across]
    points += [stop, stop - way * half - across, start + way * half - across]
    corners = np.array(points) * [wide, 1]
    corners[:, 0] += slant * (2 - corners[:, 1])
    corners = (corners + margin + half) * scale
    cv2.fillPoly(sheet, [(corners * 16).round().astype(np.int32)], 1.0, cv2.LINE_AA, 4)
