"""Digits beside MNIST's, as pictures: other people's (Semeion, pen strokes), our own hands, displays, printed ones.

What trains is mostly given as squares that the reader would make of the picture, and what tests as the picture itself,
in which the ink must be found.
"""

from __future__ import annotations

import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmdemo.data.sources.handwriting import Handwriting, pen_lifts
from mmdemo.data.synthetic.backdrops import Rng
from mmdemo.data.synthetic.handwriting import STYLES, hand_drawn, smooth
from mmdemo.data.synthetic.inked import (
    CANNOT_BE_TOLD,
    CUT,
    CUT_OFF,
    LIGHT,
    TOOLS,
    Inked,
    cut,
    grainy,
    inside,
    on_ground,
    redrawn,
)
from mmdemo.data.synthetic.letters import letter
from mmdemo.data.synthetic.nib import pen_strokes, trace
from mmdemo.data.synthetic.segments import display

PEOPLE = ("semeion", "pendigits")  # each of their digits is there, once or more
DRAWN = ("hand", "segments", "font")
APART = (*PEOPLE, *DRAWN)  # kinds of digits that may test, since they are reported apart from MNIST
COPIES = {"semeion": 6, "pendigits": 1}  # of a digit that trains, every one with another nib
PLAIN_SIDE = 6  # pixels of the picture for one of Semeion's
NARROW = (0.45, 1.05)  # both sets were stretched to squares: how wide they are made again
AS_PICTURE = 0.12  # share of the digits that train in whose pictures the ink must be found


def digit_picture(kind: str, shows: str, digit: int, typeface: str, people: Handwriting | None, rng: Rng) -> Inked:
    """A digit's picture.

    Args:
        kind: one of ``APART``.
        shows: a style of ``STYLES`` for ``"hand"``; the place in its set, and whether as published, for ``PEOPLE``.
        digit: 0 to 9.
        typeface: its file or name for ``"font"``.
        people: the set, for one of ``PEOPLE``.
        rng: everything else.
    """
    if kind == "segments":
        return display(digit, rng)
    tool = str(rng.choice(list(TOOLS)))
    (thin, thick), flat, soft, grain = TOOLS[tool]
    width, light_ink = rng.uniform(thin, thick), True if tool in LIGHT else None
    side = int(np.exp(rng.uniform(np.log(60), np.log(260))))
    nib = {"flat": flat * rng.random(), "soft": soft * rng.random()}
    if kind == "font":
        ink = letter(str(digit), typeface, rng)
        cover = cv2.resize(ink, None, fx=side / max(ink.shape), fy=side / max(ink.shape), interpolation=cv2.INTER_AREA)
    elif kind == "hand":
        cover = trace(hand_drawn(digit, shows, rng), side, width, rng, **nib)
    else:
        number, _, copy = shows.partition("/")
        given = people.inputs[int(number)]
        narrow = rng.uniform(*NARROW) * (0.55 if digit == 1 and kind == "pendigits" else 1)
        if kind == "semeion" and copy in ("", "0"):
            return as_published(given)
        if kind == "semeion":
            square = np.pad(given.astype(np.float32), 4)
            drawn = pen_strokes(square, side, None if rng.random() < 0.3 else width, rng)
            drawn = cv2.resize(drawn, (max(8, round(side * narrow)), side), interpolation=cv2.INTER_AREA)
            cover = drawn[_inked(drawn.max(1))][:, _inked(drawn.max(0))]
        else:
            strokes = [smooth(stroke * [narrow, -1]) for stroke in pen_lifts(given, digit)]
            cover = trace(strokes, side, width, rng, **nib)
    return on_ground(grainy(cover, grain, rng), rng, light_ink)


def as_published(square: NDArray[np.uint8]) -> Inked:
    """One of Semeion's squares, black on white, large enough to be a picture, with a margin."""
    cover = np.kron(np.pad(square, 4), np.ones((PLAIN_SIDE, PLAIN_SIDE), np.uint8)).astype(np.float32)
    return Inked(np.repeat((255 * (1 - cover)).astype(np.uint8)[:, :, None], 3, axis=2), cover, dark=True)


def cut_picture(digit: int, style: str, fragment: bool, rng: Rng) -> Inked:
    """A digit of our own that the frame cuts off a little; or, as a fragment, so far that nobody could tell it.

    A fragment may also be the ground that a digit encloses, found instead of it.
    """
    whole = digit_picture("hand", style, digit, "", None, rng)
    if not fragment:
        side = str(rng.choice(list(CUT)))
        return cut(whole, side, rng.uniform(0, CUT[side]))
    if rng.random() < 0.4 and (hole := inside(whole)) is not None:
        return hole
    return cut(whole, str(rng.choice(CANNOT_BE_TOLD[digit])), rng.uniform(*CUT_OFF))


def as_file(inked: Inked, square: bool) -> bytes:
    """A PNG file: of the square that the reader would make, or of the picture."""
    pixels = np.round(255 * redrawn(inked)).astype(np.uint8) if square else inked.picture
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def a_style(digit: int, rng: Rng) -> str:
    """One of the ways to write a digit."""
    return str(rng.choice(sorted(STYLES[digit])))


def _inked(profile: NDArray) -> slice:
    """From the first to the last place with ink."""
    there = np.flatnonzero(profile > 0.2)
    return slice(there[0], there[-1] + 1)
