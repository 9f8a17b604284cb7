"""Digits as people of many countries write them, from our own templates: strokes that an unsteady hand varies.

What MNIST has hardly any of is here: ones with an upstroke, with a foot and without; sevens with a bar through them;
open and closed fours; nines whose stem is straight, bent or ends in a hook; noughts with a slash or a dot; twos with a
loop; threes with a flat top.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mmdemo.data.synthetic.backdrops import Rng

UNSTEADY = 0.022  # of the height: how far points lie beside their place
SLANT = (-0.15, 0.42)  # sideways, as a share of the height: to the left and to the right
WIDE = (0.75, 1.25)
TURN = 7.0  # degrees
STEPS = 10  # points for each part of a curve

Strokes = list[NDArray[np.float64]]


def hand_drawn(digit: int, style: str, rng: Rng) -> Strokes:
    """The strokes of a digit, x to the right and y down, about 1 high.

    Args:
        digit: 0 to 9.
        style: one of ``STYLES[digit]``.
        rng: the writer's hand.
    """
    strokes = [_curve(_shaken(np.array(stroke, float), rng)) for stroke in STYLES[digit][style](rng)]
    angle, slant = np.radians(rng.normal(0, TURN / 2)), rng.uniform(*SLANT) * rng.choice([0.3, 1])
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = matrix @ np.array([[rng.uniform(*WIDE), -slant], [0, 1]])
    return [stroke @ matrix.T for stroke in strokes]


def smooth(points: NDArray) -> NDArray:
    """A curve through points (n, 2), such as eight places where a pen was seen; see :func:`_curve`."""
    return _curve(np.asarray(points, float))


def _shaken(points: NDArray, rng: Rng) -> NDArray:
    """Points beside their places; those that are twice there, as corners are, stay together."""
    same = np.r_[False, (np.abs(np.diff(points, axis=0)) < 1e-9).all(axis=1)]
    moved = points + rng.normal(0, UNSTEADY, points.shape)
    moved[same] = moved[np.flatnonzero(same) - 1]
    return moved


def _curve(points: NDArray) -> NDArray:
    """Catmull & Rom's spline (1974) through points; one that is there twice is a corner."""
    corners = np.flatnonzero((np.abs(np.diff(points, axis=0)) < 1e-9).all(axis=1)) + 1
    return np.concatenate([_spline(part) for part in np.split(points, corners)])


def _spline(points: NDArray) -> NDArray:
    if len(points) < 3:
        return points
    padded = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]])
    t = np.linspace(0, 1, STEPS)[:, None]
    parts = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        parts.append(b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))))
    return np.concatenate(parts)


def _oval(x: float, y: float, wide: float, tall: float, start: float = -90, turn: float = 360) -> list:
    """Points on an ellipse from an angle in degrees on, counter-clockwise as most people write a nought."""
    angles = np.radians(start - np.linspace(0, turn, 11))
    return [(x + wide * np.cos(a), y + tall * np.sin(a)) for a in angles]


def _nought(rng: Rng) -> list:
    return _oval(0.3, 0.5, rng.uniform(0.2, 0.36), 0.5, rng.uniform(-130, -50), rng.uniform(335, 400))


def _slash(rng: Rng) -> list:
    out = rng.uniform(-0.12, 0.12)
    return [(0.08 - out, 0.9 + out), (0.52 + out, 0.1 - out)]


def _one(rng: Rng, foot: bool = False, long: bool = False) -> list:
    """Up and down: the upstroke is never as flat as a seven's bar."""
    down = rng.uniform(0.5, 0.95) if long else rng.uniform(0.15, 0.45)
    left = down * np.tan(np.radians(rng.uniform(20, 52)))
    top, lean = (0.4, 0.0), rng.normal(0, 0.03)
    bend = rng.normal(0, 0.02)
    upstroke = [(0.4 - left, down), (0.4 - left / 2 + bend, down / 2 + bend), top]
    strokes = [[*upstroke, top, (0.4 + lean / 2, 0.5), (0.4 + lean, 1.0)]]
    if foot:
        half = rng.uniform(0.12, 0.3)
        strokes.append([(0.4 - half, 1.0), (0.4 + half, 1.0 + rng.normal(0, 0.02))])
    return strokes


def _two(rng: Rng, kind: str) -> list:
    shoulder = [(0.04, 0.25), (0.2, 0.03), (0.42, 0.03), (0.55, 0.22), (0.42, 0.5)]
    if kind == "looped":
        size = rng.uniform(0.06, 0.14)
        loop = [(0.12, 0.9), (0.03, 1 - size / 2), (0.08, 0.98 - 1.6 * size), (0.2, 0.9), (0.38, 0.99), (0.62, 0.93)]
        return [[*shoulder, *loop]]
    if kind == "wave":
        return [[*shoulder, (0.02, 0.95), (0.02, 0.95), (0.18, 0.9), (0.4, 1.0), (0.62, 0.92)]]
    if kind == "angular":
        return [[(0.0, 0.22), (0.14, 0.06), (0.52, 0.04), (0.52, 0.04), (0.02, 0.97), (0.02, 0.97), (0.58, 0.98)]]
    return [[*shoulder, (0.02, 0.97), (0.02, 0.97), (0.3, 0.97), (0.6, 0.97)]]


def _three(rng: Rng, kind: str) -> list:
    belly = [(0.5, 0.56), (0.56, 0.76), (0.4, 0.98), (0.18, 0.99), (0.02, rng.uniform(0.78, 0.95))]
    waist = (rng.uniform(0.18, 0.36), 0.46)
    if kind == "flat":
        return [[(0.05, 0.03), (0.5, 0.02), (0.5, 0.02), (0.22, 0.42), (0.22, 0.42), *belly]]
    if kind == "looped":
        return [[(0.06, 0.14), (0.3, 0.0), (0.5, 0.16), (0.34, 0.42), (0.2, 0.46), (0.24, 0.38), (0.38, 0.46), *belly]]
    return [[(0.05, 0.16), (0.28, 0.0), (0.5, 0.16), (0.42, 0.4), waist, waist, (0.36, 0.48), *belly]]


def _four(rng: Rng, kind: str) -> list:
    bar, stem = rng.uniform(0.55, 0.72), rng.uniform(0.34, 0.46)
    past = rng.uniform(0.04, 0.24)
    if kind == "closed":
        top = (stem, 0.0)
        return [[top, (0.0, bar), (0.0, bar), (stem + past, bar)], [top, (stem + rng.normal(0, 0.02), 1.0)]]
    if kind == "one stroke":  # like a nine with a corner
        return [[(stem, 0.03), (0.0, bar), (0.0, bar), (stem, bar - 0.05), (stem, bar - 0.05), (stem, 0.02)],
                [(stem, 0.02), (stem, 1.0)]]  # fmt: skip
    if kind == "cup":  # its left side is round
        return [[(0.06, 0.02), (0.0, 0.36), (0.08, 0.52), (0.26, 0.52), (0.46, 0.42)], [(0.5, 0.0), (0.46, 1.0)]]
    left = rng.uniform(0.05, 0.3)
    reach = rng.uniform(-0.05, 0.3)
    return [[(left, 0.02), (0.02, bar), (0.02, bar), (0.4 + past, bar)], [(0.4, bar - reach - 0.12), (0.38, 1.0)]]


def _five(rng: Rng, kind: str) -> list:
    belly = [(0.3, 0.38), (0.52, 0.5), (0.52, 0.78), (0.3, 0.99), (0.02, rng.uniform(0.85, 0.96))]
    if kind == "one stroke":
        return [[(0.55, 0.03), (0.14, 0.03), (0.14, 0.03), (0.08, 0.42), (0.08, 0.42), *belly]]
    if kind == "curved":
        return [[(0.52, 0.06), (0.24, 0.03), (0.1, 0.24), (0.24, 0.42), *belly[1:]]]
    gap = rng.uniform(-0.02, 0.05)
    bar = [(0.14 + gap, 0.02 - gap / 2), (rng.uniform(0.45, 0.68), rng.uniform(-0.03, 0.03))]
    return [[(0.13, 0.04), (0.08, 0.42), (0.08, 0.42), *belly], bar]


def _six(rng: Rng, kind: str) -> list:
    size = rng.uniform(0.2, 0.3)
    y = 1 - size
    loop = [(0.0, y), (0.14, 1.0), (0.36, 0.98), (0.46, y), (0.32, y - size), (0.12, y - 0.6 * size)]
    if kind == "straight":
        return [[(rng.uniform(0.3, 0.5), 0.0), (0.12, 0.42), *loop, (0.0, y)]]
    return [[(0.44, 0.04), (0.22, 0.1), (0.06, 0.4), *loop, (0.03, y + 0.02)]]


def _seven(rng: Rng, crossed: bool, serif: bool) -> list:
    tilt = rng.uniform(-0.05, 0.08)
    corner = (0.54, tilt)
    head = [(0.02, 0.02)]
    if serif:
        head = [(rng.uniform(-0.02, 0.03), rng.uniform(0.1, 0.3)), (0.03, 0.02), (0.03, 0.02)]
    if rng.random() < 0.3:  # a wave instead of a straight bar
        head.append((0.25, 0.06))
    foot = rng.uniform(0.08, 0.38)
    stem = [(0.4 + rng.normal(0, 0.03), 0.4), (foot, 1.0)]
    strokes = [[*head, corner, corner, *stem]]
    if crossed:
        y, half = rng.uniform(0.42, 0.6), rng.uniform(0.12, 0.24)
        x = 0.54 + (foot - 0.54) * y
        strokes.append([(x - half, y + rng.normal(0, 0.03)), (x + half, y + rng.normal(-0.02, 0.03))])
    return strokes


def _eight(rng: Rng, kind: str) -> list:
    small = rng.uniform(0.16, 0.24)
    if kind == "two rounds":
        upper = _oval(0.3, 0.24, small, 0.24, rng.uniform(0, 180), 372)
        return [upper, _oval(0.3, 0.73, rng.uniform(0.2, 0.3), 0.26, rng.uniform(-120, -60), 372)]
    end = (0.48, 0.1) if kind == "open" else (0.5, 0.2)
    curve = [(0.5, 0.14), (0.28, 0.0), (0.08, 0.2), (0.28, 0.46), (0.5, 0.74), (0.28, 1.0), (0.05, 0.78), (0.3, 0.48)]
    return [[*curve, end]] if kind == "open" else [[*curve, end, (0.46, 0.08)]]


def _nine(rng: Rng, kind: str) -> list:
    size, right = rng.uniform(0.19, 0.28), 0.5
    closes = rng.uniform(-0.06, 0.04)  # how far the loop stays open
    loop = [(right - 0.03, size * 0.6), (0.3, 0.0), (0.06, size), (0.24, 2 * size), (right + closes, size)]
    if kind == "straight":
        return [[*loop, (right + 0.02, size * 0.5), (right + 0.02, size * 0.5), (right - rng.uniform(-0.02, 0.1), 1.0)]]
    stem = [(right + 0.02, 0.35), (right + 0.02, 0.62)]
    if kind == "bent":  # goes off to the left in an even bend
        return [[*loop, *stem, (0.32, 0.9), (rng.uniform(0.02, 0.15), 1.0)]]
    if kind == "hooked":
        return [[*loop, *stem, (0.4, 0.94), (0.18, 1.0), (0.0, rng.uniform(0.78, 0.9))]]
    start = rng.uniform(0.25, 0.42)  # written like an S: the loop is left open above
    return [[(right, 0.1), (start, 0.0), (0.08, size), (0.2, 2 * size), (0.44, 1.5 * size), (0.5, size * 0.6),
             (0.5, size * 0.6), (0.5, 0.6), (0.34, 0.92), (0.04, rng.uniform(0.84, 1.0))]]  # fmt: skip


STYLES: dict[int, dict[str, Callable[[Rng], Sequence]]] = {
    0: {
        "plain": lambda rng: [_nought(rng)],
        "slashed": lambda rng: [_nought(rng), _slash(rng)],
        "dotted": lambda rng: [_nought(rng), [(0.3, 0.5), (0.31, 0.51)]],
    },
    1: {
        "bar": lambda rng: [[(0.3, 0.0), (0.3 + rng.normal(0, 0.02), 0.5), (0.3, 1.0)]],
        "upstroke": _one,
        "long upstroke": lambda rng: _one(rng, long=True),
        "foot": lambda rng: _one(rng, foot=True),
    },
    2: {kind: lambda rng, kind=kind: _two(rng, kind) for kind in ("plain", "looped", "wave", "angular")},
    3: {kind: lambda rng, kind=kind: _three(rng, kind) for kind in ("round", "flat", "looped")},
    4: {kind: lambda rng, kind=kind: _four(rng, kind) for kind in ("open", "closed", "cup", "one stroke")},
    5: {kind: lambda rng, kind=kind: _five(rng, kind) for kind in ("two strokes", "one stroke", "curved")},
    6: {kind: lambda rng, kind=kind: _six(rng, kind) for kind in ("curved", "straight")},
    7: {
        "plain": lambda rng: _seven(rng, crossed=False, serif=False),
        "crossed": lambda rng: _seven(rng, crossed=True, serif=False),
        "serif": lambda rng: _seven(rng, crossed=False, serif=True),
        "crossed serif": lambda rng: _seven(rng, crossed=True, serif=True),
    },
    8: {kind: lambda rng, kind=kind: _eight(rng, kind) for kind in ("figure", "two rounds", "open")},
    9: {kind: lambda rng, kind=kind: _nine(rng, kind) for kind in ("straight", "bent", "hooked", "open")},
}
"""Ways to write each digit: name -> (generator) -> strokes, each a list of points in a box 0.6 wide and 1 high."""
