"""Letters and shapes as if written by hand: inputs that look like digits but are none.

Letters come from fonts, bent a little: sheared, widened, thickened, turned. Those of training and validation are fonts
that matplotlib ships (DejaVu: free, by Bitstream and others; STIX: SIL OFL 1.1; Computer Modern: free, by Donald Knuth
and the AMS) and OpenCV's Hershey fonts (public domain). Those of the test are installed with the system, of families
that training never has (Roboto and Caladea: Apache 2.0; the others: SIL OFL 1.1).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from string import ascii_letters

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mmdemo.data.synthetic.backdrops import Rng

DOUBLES = "OoIl|"  # written by hand, these are a zero and a one
LOOK_ALIKES = DOUBLES + "iSsZzBbgq"
LETTERS = "".join(letter for letter in ascii_letters if letter not in LOOK_ALIKES)

HERSHEY = {
    "simplex": cv2.FONT_HERSHEY_SIMPLEX,
    "plain": cv2.FONT_HERSHEY_PLAIN,
    "duplex": cv2.FONT_HERSHEY_DUPLEX,
    "complex": cv2.FONT_HERSHEY_COMPLEX,
    "triplex": cv2.FONT_HERSHEY_TRIPLEX,
    "script": cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    "script-bold": cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
}
SHIPPED = {  # of matplotlib's font files, by how their names begin
    "train": ("DejaVuSans", "DejaVuSerif", "cmr10", "cmmi10", "cmtt10", "cmb10"),
    "validation": ("STIXGeneral", "cmss10"),
}
FAMILIES = {  # of the system, for the test: the family, how its files' names begin, and Debian's package
    "Roboto": ("Roboto", "fonts-roboto"),
    "Caladea": ("Caladea", "fonts-crosextra-caladea"),
    "Comic Neue": ("ComicNeue", "fonts-comic-neue"),
    "Dancing Script": ("DancingScript", "fonts-dancingscript"),
    "Lato": ("Lato", "fonts-lato"),
    "Cantarell": ("Cantarell", "fonts-cantarell"),
    "EB Garamond": ("EBGaramond", "fonts-ebgaramond"),
}
SIDE = 160  # pixels: how large ink is drawn
BODY, SQUARE = 20, 28  # MNIST's: the longest side of the ink, and the side of the square
TILT = 15.0  # degrees, to either side


@cache
def typefaces(split: str) -> dict[str, tuple[str, ...]]:
    """The families that a split may use, each with its typefaces: ``hershey NAME`` or a font file's path.

    Raises:
        ModuleNotFoundError: matplotlib, which ships fonts and finds others, is not installed.
    """
    import matplotlib
    from matplotlib.font_manager import findSystemFonts

    if split == "test":
        files = [Path(file) for file in sorted(findSystemFonts())]
        begins = {family: begin for family, (begin, _) in FAMILIES.items()}
    else:
        files = sorted(Path(matplotlib.get_data_path(), "fonts", "ttf").glob("*.ttf"))
        files = [file for file in files if not file.stem.endswith("Display")]  # it has symbols only
        begins = {begin: begin for begin in SHIPPED[split]}
    found = {name: tuple(str(file) for file in files if file.stem.startswith(begin)) for name, begin in begins.items()}
    if split == "train":
        found["Hershey"] = tuple(f"hershey {name}" for name in HERSHEY if not name.startswith("script"))
    elif split == "validation":
        found["Hershey"] = tuple(f"hershey {name}" for name in HERSHEY if name.startswith("script"))
    return {name: faces for name, faces in found.items() if faces}


def missing_families() -> list[str]:
    """What to say of every family of the test that is not installed."""
    there = typefaces("test")
    return [
        f"The font {family} is not installed (Debian's {package}): no test letter is in it."
        for family, (_, package) in FAMILIES.items()
        if family not in there
    ]


def letter(character: str, typeface: str, rng: Rng) -> NDArray[np.float32]:
    """A letter's ink, bent a little, float32 in 0..1 and cut to the ink; its longest side is about ``SIDE``.

    Args:
        character: one letter.
        typeface: one of ``typefaces``.
        rng: bends it.
    """
    if typeface.startswith("hershey "):
        ink = np.zeros((4 * SIDE, 4 * SIDE), np.float32)
        face, thick = HERSHEY[typeface.split()[1]], int(rng.integers(4, 17))
        scale = SIDE / 14 if typeface.endswith("plain") else SIDE / 30
        cv2.putText(ink, character, (SIDE, 3 * SIDE), face, scale, 1.0, thick, cv2.LINE_AA)
    else:
        sheet = Image.new("L", (4 * SIDE, 4 * SIDE))
        ImageDraw.Draw(sheet).text((SIDE, SIDE), character, 255, _font(typeface))
        ink = np.asarray(sheet, np.float32) / 255
    return bent(_cut(ink), rng)


def bent(ink: NDArray[np.float32], rng: Rng) -> NDArray[np.float32]:
    """The same ink thicker or thinner, wider or narrower, sheared and turned; cut to the ink."""
    thick = int(rng.integers(-3, 8))
    ink = cv2.copyMakeBorder(ink, 8, 8, 8, 8, cv2.BORDER_CONSTANT)
    if abs(thick) > 1:
        nib = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(thick) - 1,) * 2)
        changed = cv2.dilate(ink, nib) if thick > 0 else cv2.erode(ink, nib)
        if changed.max() > 0.9 and (changed > 0.5).sum() > 0.4 * (ink > 0.5).sum():  # thin strokes do not survive
            ink = changed
    angle = np.radians(rng.uniform(-TILT, TILT) * rng.choice([0.2, 1]))
    wide, shear = np.exp(rng.uniform(-0.3, 0.3)), rng.uniform(-0.25, 0.25)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.array([[wide, shear], [0, 1]])
    tall, across = ink.shape
    side = int(2.5 * max(ink.shape))
    shift = np.array([side / 2, side / 2]) - matrix @ np.array([across / 2, tall / 2])
    return _cut(cv2.warpAffine(ink, np.column_stack([matrix, shift]), (side, side), flags=cv2.INTER_LINEAR))


def as_square(ink: NDArray[np.float32], rng: Rng) -> NDArray[np.float32]:
    """Ink as MNIST has it: 28 by 28, white on black, in a box of 20 whose centre of mass is in the middle."""
    scale = BODY / max(ink.shape)
    size = tuple(max(1, round(scale * n)) for n in ink.shape[::-1])
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    small = np.clip(small * max(rng.uniform(1.0, 1.6), 0.6 / small.max()), 0, 1)  # hairlines, too, can be seen
    y, x = np.mgrid[: small.shape[0], : small.shape[1]]
    middle = [float((axis * small).sum() / small.sum()) for axis in (x, y)]
    shift = [np.clip(round(SQUARE / 2 - 0.5 - at), 0, SQUARE - n) for at, n in zip(middle, size, strict=True)]
    square = np.zeros((SQUARE, SQUARE), np.float32)
    square[shift[1] : shift[1] + size[1], shift[0] : shift[0] + size[0]] = small
    return square


def as_plain(ink: NDArray[np.float32], rng: Rng) -> NDArray[np.uint8]:
    """Ink as on a clean page or a drawing board, (H, W) or, coloured, (H, W, 3): of any size, dark on light or not."""
    tall = int(np.exp(rng.uniform(np.log(24), np.log(320))))
    width = max(2, round(ink.shape[1] * tall / ink.shape[0]))
    small = cv2.resize(ink, (width, tall), interpolation=cv2.INTER_AREA)
    margins = (rng.uniform(0.1, 1.2, 4) * tall).astype(int)
    cover = cv2.copyMakeBorder(small, *margins.tolist(), cv2.BORDER_CONSTANT)
    light, dark = rng.uniform(225, 255), rng.uniform(0, 50)
    if rng.random() < 0.5:
        light, dark = (255.0, 0.0)
    if rng.random() < 0.35:
        light, dark = dark, light
    if rng.random() < 0.25:
        dark = np.clip(dark + rng.uniform(-60, 60, 3), 0, 255)
        cover = cover[:, :, None]
    return np.clip(light + cover * (dark - light) + 0.5, 0, 255).astype(np.uint8)


def drawing(shape: str, rng: Rng) -> NDArray[np.float32]:
    """The ink of one of ``SHAPES``, drawn by an unsteady hand; as ``letter`` gives it."""
    ink, thick = np.zeros((2 * SIDE, 2 * SIDE), np.float32), int(rng.integers(5, 15))
    for line in SHAPES[shape](rng):
        unsteady = line + rng.normal(0, 0.015, line.shape)
        points = (unsteady * SIDE / 2 + SIDE).round().astype(np.int32)
        cv2.polylines(ink, [points.reshape(-1, 1, 2)], False, 1.0, thick, cv2.LINE_AA)
    return bent(_cut(ink), rng)


@cache
def _font(file: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(file, SIDE)


def _cut(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """The part of a picture in which there is ink."""
    rows, columns = np.flatnonzero((ink > 0.2).any(axis=1)), np.flatnonzero((ink > 0.2).any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _lines(*lines: list[tuple[float, float]]) -> list[NDArray]:
    return [np.array(line, float) for line in lines]


def _arc(x: float, y: float, radius: float, start: float, end: float, squeeze: float = 1) -> NDArray:
    """Points of an arc, from and to an angle in degrees, clockwise from the right."""
    angle = np.radians(np.linspace(start, end, 24))
    return np.column_stack([x + radius * np.cos(angle), y + squeeze * radius * np.sin(angle)])


def _star(rng: Rng) -> list[NDArray]:
    points = int(rng.integers(5, 8))
    angle = np.linspace(0, 2 * np.pi, 2 * points + 1) - np.pi / 2
    radius = np.where(np.arange(2 * points + 1) % 2, 0.42, 1)
    return [np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])]


def _scribble(rng: Rng) -> list[NDArray]:
    """Two smooth walks, to and fro."""
    at = np.linspace(0, 1, 60)
    waves = rng.normal(size=(2, 2, 5, 2))
    steps = np.arange(1, 6)[:, None] * 2 * np.pi * at
    return [np.column_stack([w[:, 0] @ np.sin(steps) + w[:, 1] @ np.cos(steps) for w in walk]) / 3 for walk in waves]


SHAPES: dict[str, Callable[[Rng], list[NDArray]]] = {
    "smiley": lambda rng: [
        _arc(0, 0, 1, 0, 370),
        _arc(-0.35, -0.3, 0.08, 0, 360),
        _arc(0.35, -0.3, 0.08, 0, 360),
        _arc(0, 0.1, 0.5, 20, 160),
    ],
    "arrow": lambda rng: _lines([(-1, 0), (1, 0)], [(0.5, -0.5), (1, 0), (0.5, 0.5)]),
    "cross": lambda rng: _lines([(-0.8, -1), (0.8, 1)], [(0.8, -1), (-0.8, 1)]),
    "star": _star,
    "scribble": _scribble,
    "house": lambda rng: _lines(
        [(-0.8, 1), (-0.8, -0.1), (0, -1), (0.8, -0.1), (0.8, 1), (-0.8, 1)],
        [(-0.2, 1), (-0.2, 0.4), (0.2, 0.4), (0.2, 1)],
    ),
    "flower": lambda rng: [
        _arc(0, -0.4, 0.2, 0, 360),
        *(_arc(0.4 * np.cos(a), -0.4 + 0.4 * np.sin(a), 0.22, 0, 360) for a in range(6)),
        *_lines([(0, 0.2), (0, 1)]),
    ],
    "grid": lambda rng: _lines(
        *([(-1, y), (1, y)] for y in (-0.33, 0.33)), *([(x, -1), (x, 1)] for x in (-0.33, 0.33))
    ),
    "tree": lambda rng: _lines(
        [(0, -1), (-0.7, 0.5), (0.7, 0.5), (0, -1)], [(-0.1, 0.5), (-0.1, 1)], [(0.1, 0.5), (0.1, 1)]
    ),
    "sun": lambda rng: [
        _arc(0, 0, 0.45, 0, 365),
        *_lines(*([(0.6 * np.cos(a), 0.6 * np.sin(a)), (np.cos(a), np.sin(a))] for a in np.arange(0, 6.28, 0.785))),
    ],
    "heart": lambda rng: [
        np.column_stack([np.sin(t) ** 3, -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t)) / 16])
        for t in [np.linspace(0, 6.4, 50)]
    ],
    "tick": lambda rng: _lines([(-0.7, 0.1), (-0.2, 0.7), (0.9, -0.8)]),
    "fish": lambda rng: [_arc(-0.2, 0, 0.8, 20, 340, 0.6), *_lines([(0.55, -0.16), (1, 0.5), (1, -0.5), (0.55, 0.16)])],
    "triangle": lambda rng: _lines([(0, -0.9), (0.9, 0.8), (-0.9, 0.8), (0, -0.9)]),
    "umbrella": lambda rng: [
        _arc(0, 0, 1, 180, 360),
        *_lines([(-1, 0), (1, 0)], [(0, -1), (0, 0.8)]),
        _arc(-0.2, 0.8, 0.2, 0, 180),
    ],
    "stick figure": lambda rng: [
        _arc(0, -0.7, 0.28, 0, 365),
        *_lines([(0, -0.4), (0, 0.35)], [(-0.5, -0.1), (0.5, -0.1)], [(-0.4, 1), (0, 0.35), (0.4, 1)]),
    ],
}
DRAWN = {
    "train": ("smiley", "arrow", "cross", "star", "scribble", "house", "flower", "grid"),
    "validation": ("tree", "sun"),
    "test": ("heart", "tick", "fish", "triangle", "umbrella", "stick figure"),
}
