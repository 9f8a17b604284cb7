"""Find the faces in a picture, and cut one out upright as a small grey square, framed like the pictures of FER2013.

The finder is BlazeFace (Bazarevsky and others 2019, arXiv 1907.05047), MediaPipe's network for the back camera, run
by OpenCV. ``tools/port_blazeface.py`` makes ``assets/blazeface.onnx``; ``assets/README.md`` credits it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from mmdemo.image.ink import Box
from mmdemo.resources import ASSETS

NETWORK = ASSETS / "blazeface.onnx"
OUTPUTS = ("scores_16", "places_16", "scores_8", "places_8")  # of two grids
GRIDS = ((16, 2), (32, 6))  # pixels of a cell of each, and guesses in it
FAR, CLOSE = 256, 128  # pixels of the square that the whole picture is brought to, and what is around one face
BORDERS = (0.0, 0.5)  # of the length: ground around the picture, the wide one for faces that fill it
AROUND = 2.0  # of a face's width: the side of the square that is looked at closely
GUESS = -0.85  # log-odds of a face at the first look that is worth a close one: 0.3
SURE = 0.4  # mean log-odds over the first, the close and its mirrored look from which on it is a face...
SURER = 1.0  # ...and from which on it is one where something else is looked for
GUESSES = 60  # the likeliest ones, that are looked at at all
SHORTEST = 40  # pixels: no near face is looked for in a picture that is smaller
NEAR = 0.2  # of the picture's length: the width of a near face
FRAME = 1.19  # FER2013's square over BlazeFace's: the median of 300 of its training pictures
ABOVE = 0.08  # of FER2013's square: how far above the centre of BlazeFace's its own lies
GIVES = 0.2  # of its side: how far a square that sticks out of the picture is made smaller, and moved, to lie in it
BRIGHT = 0.8  # the square's brightest parts (99 of 100 are darker) are brought up to this where the light was dim
FINE = 8  # times, at most: a large face is cut out this much finer and then averaged


@dataclass(frozen=True)
class Face:
    """A face in a picture: a square, turned about its centre.

    Attributes:
        centre: (x, y) in pixels.
        side: of the square from the brows to the chin, in pixels.
        turn: degrees that the face leans to its left (anticlockwise, as it is seen), 0 where it is upright.
    """

    centre: tuple[float, float]
    side: float
    turn: float = 0.0

    @property
    def box(self) -> Box:
        """The square as if it were upright."""
        (x, y), half = self.centre, self.side / 2
        return x - half, y - half, x + half, y + half


@dataclass(frozen=True)
class Glimpse:
    """What the network says of one face: how likely it is one, and where.

    Attributes:
        score: log-odds.
        centre: (x, y) of its box.
        eyes: the one on the left of the picture and the other, (2, 2).
        mouth: (x, y) of its middle.
        width: of its box.
    """

    score: float
    centre: np.ndarray
    eyes: np.ndarray
    mouth: np.ndarray
    width: float

    @property
    def turn(self) -> float:
        """Degrees that the line of the eyes leans anticlockwise."""
        across, down = self.eyes[1] - self.eyes[0]
        return float(np.degrees(np.arctan2(-down, across)))


def find_faces(picture: np.ndarray) -> list[Face]:
    """All faces in a picture, the largest first.

    What may be a face at the first look is looked at closely, upright, and once more in the mirror: a digit or a cup
    seldom looks like a face three times.

    Args:
        picture: uint8 (H, W, 3), RGB.
    """
    return sorted((_framed(looks, picture) for looks in _found(picture)), key=lambda face: -face.side)


def largest_face(picture: np.ndarray) -> Glimpse | None:
    """What is known of the largest face in a picture, to be followed through those that come after it."""
    return max((_mean(looks) for looks in _found(picture)), key=lambda one: one.width, default=None)


def same_face(picture: np.ndarray, before: Glimpse) -> Glimpse | None:
    """The face that was at about the same place a moment ago; None where none is there any more."""
    looks = _closer(picture, before)
    return _mean(looks) if np.mean([look.score for look in looks]) > SURE else None


def _found(picture: np.ndarray) -> list[tuple[Glimpse, Glimpse]]:
    """The close looks at all that is surely a face."""
    for border in BORDERS:
        seen = [one for one in _apart(_look(picture, FAR, border)) if one.score > GUESS]
        closer = [(one, _closer(picture, one)) for one in seen]
        if found := [looks for one, looks in closer if _sure(one, looks) > SURE]:
            return found
    return []


def near_face(picture: np.ndarray) -> Box | None:
    """The largest face, at least a fifth of the picture's length wide, where something else is looked for.

    Quicker than :func:`find_faces`, and in doubt it is no face.
    """
    if min(picture.shape[:2]) < SHORTEST:
        return None
    wide = NEAR * max(picture.shape[:2])
    seen = [one for one in _apart(_look(picture, CLOSE, 0.0)) if one.score > GUESS and one.width > wide]
    closer = [(one, _closer(picture, one)) for one in seen]
    faces = [_framed(looks, picture).box for one, looks in closer if _sure(one, looks) > SURER]
    return max(faces, key=lambda box: box[2] - box[0], default=None)


def cut_out(picture: np.ndarray, face: Face, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A face as the square that the model reads: upright, grey, from the brows to the chin.

    Args:
        picture: uint8 (H, W, 3).
        face: in it.
        size: pixels of the square.

    Returns:
        float32 (size, size) in 0..1, and the 2x3 matrix that takes points of the picture to points of the square.
    """
    matrix = _upright(face, size)
    times = int(np.clip(np.ceil(face.side / size), 1, FINE))
    fine = matrix * times
    fine[:, 2] += fine[:, :2] @ [0.5, 0.5] - 0.5  # OpenCV's points are pixels, whose centres are at their halves
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    large = cv2.warpAffine(grey, fine, (size * times,) * 2, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    square = cv2.resize(large, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    brightest = max(float(np.percentile(square, 99)), 1 / 255)
    return np.clip(square * max(1.0, BRIGHT / brightest), 0, 1), matrix


def ready_face(picture: np.ndarray, size: int) -> np.ndarray | None:
    """A grey picture that has the square's size is the square itself, as FER2013's are, only as numbers in 0..1."""
    grey = picture[:, :, 1]
    if grey.shape != (size, size) or np.any(picture != grey[:, :, None]):
        return None
    return grey.astype(np.float32) / 255


@lru_cache
def _network() -> cv2.dnn.Net:
    return cv2.dnn.readNetFromONNX(str(NETWORK))


@lru_cache
def _anchors(size: int) -> np.ndarray:
    """The middles of the cells that the guesses belong to, (N, 2) in shares of the square's side."""
    found = []
    for cell, guesses in GRIDS:
        middles = (np.arange(size // cell) + 0.5) * cell / size
        grid = np.stack(np.meshgrid(middles, middles), axis=-1)  # (rows, columns, 2)
        found.append(np.repeat(grid.reshape(-1, 2), guesses, axis=0))
    return np.concatenate(found)


def _glimpses(square: np.ndarray, back: np.ndarray) -> list[Glimpse]:
    """What the network says of a square, uint8 (size, size, 3); ``back``: the map (2, 3) from it to the picture."""
    size = len(square)
    network = _network()
    network.setInput(cv2.dnn.blobFromImage(square, 1 / 127.5, mean=(127.5,) * 3))
    maps = [np.moveaxis(found[0], 0, -1) for found in network.forward(OUTPUTS)]  # (rows, columns, guesses * numbers)
    scores = np.concatenate([maps[0].ravel(), maps[2].ravel()])  # (N,)
    places = np.concatenate([maps[1].reshape(-1, 16), maps[3].reshape(-1, 16)])  # a box and six points
    points = places[:, [0, 1, 4, 5, 6, 7, 10, 11]].reshape(-1, 4, 2) + size * _anchors(size)[:, None]  # (N, 4, 2)
    points = points @ back[:, :2].T + back[:, 2]
    widths = places[:, 2] * np.hypot(*back[:, 0])
    best = np.argsort(-scores)[:GUESSES]
    return [Glimpse(float(scores[k]), points[k, 0], points[k, 1:3], points[k, 3], float(widths[k])) for k in best]


def _look(picture: np.ndarray, size: int, border: float) -> list[Glimpse]:
    """The likeliest faces in a whole picture with a border around it, in a square of so many pixels."""
    height, width = picture.shape[:2]
    ratio = size / (max(height, width) * (1 + 2 * border))
    small = cv2.resize(
        picture, (max(1, round(width * ratio)), max(1, round(height * ratio))), interpolation=cv2.INTER_AREA
    )
    top, left = (size - small.shape[0]) // 2, (size - small.shape[1]) // 2
    below, right = size - small.shape[0] - top, size - small.shape[1] - left
    square = cv2.copyMakeBorder(small, top, below, left, right, cv2.BORDER_REPLICATE)
    return _glimpses(square, np.array([[1 / ratio, 0, -left / ratio], [0, 1 / ratio, -top / ratio]]))


def _closer(picture: np.ndarray, one: Glimpse) -> tuple[Glimpse, Glimpse]:
    """The same face upright and large, as it is and in the mirror: what is likeliest there."""
    side = AROUND * max(one.width, 1.0)
    matrix = cv2.getRotationMatrix2D(one.centre.tolist(), -one.turn, CLOSE / side)
    matrix[:, 2] += CLOSE / 2 - one.centre
    square = cv2.warpAffine(picture, matrix, (CLOSE, CLOSE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    back = cv2.invertAffineTransform(matrix)
    mirror = np.array([[-1.0, 0, CLOSE], [0, 1, 0], [0, 0, 1]])
    looks = []
    for seen, way in ((square, back), (np.ascontiguousarray(square[:, ::-1]), back @ mirror)):
        near = [found for found in _glimpses(seen, way) if _distance(found, one) < 0.3 * one.width]
        looks.append(max(near, key=lambda found: found.score, default=replace(one, score=-9.0)))
    plain, mirrored = looks
    return plain, replace(mirrored, eyes=mirrored.eyes[::-1])


def _distance(one: Glimpse, other: Glimpse) -> float:
    return float(np.hypot(*(one.centre - other.centre)))


def _sure(one: Glimpse, looks: Sequence[Glimpse]) -> float:
    """The mean of the log-odds of all looks at a face."""
    return float(np.mean([one.score, *(look.score for look in looks)]))


def _framed(looks: Sequence[Glimpse], picture: np.ndarray) -> Face:
    """The square that FER2013 would have of a face.

    A square that sticks out a little is made smaller and moved into the picture, since there is nothing to be seen
    beyond its edge.
    """
    eyes = np.mean([look.eyes for look in looks], axis=0)
    turn = replace(looks[0], eyes=eyes).turn
    side = FRAME * float(np.mean([look.width for look in looks]))
    lean = np.radians(turn)
    up = np.array([-np.sin(lean), -np.cos(lean)])
    centre = np.mean([look.centre for look in looks], axis=0) + ABOVE * side * up
    size = np.array(picture.shape[1::-1], float)
    side = min(side, max((1 - GIVES) * side, float(size.min())))
    inside = np.clip(centre, side / 2, np.maximum(size - side / 2, side / 2))
    centre = centre + np.clip(inside - centre, -GIVES * side, GIVES * side)
    return Face(tuple(centre.tolist()), side, turn)


def _upright(face: Face, size: int) -> np.ndarray:
    """The map (2, 3) from the picture to the face's square of a number of pixels."""
    matrix = cv2.getRotationMatrix2D(face.centre, -face.turn, size / face.side)
    matrix[:, 2] += size / 2 - np.array(face.centre)
    return matrix


def _apart(found: list[Glimpse]) -> list[Glimpse]:
    """Of several that lie on each other, the likeliest, their places averaged."""
    kept: list[list[Glimpse]] = []
    for one in found:  # the likeliest first
        group = next((group for group in kept if _distance(group[0], one) < 0.5 * max(group[0].width, one.width)), None)
        if group is None:
            kept.append([one])
        elif one.score > GUESS:
            group.append(one)
    return [_mean(group) for group in kept]


def _mean(group: Sequence[Glimpse]) -> Glimpse:
    """One face from several guesses at it, by how likely each is."""
    weights = 1 / (1 + np.exp(-np.array([one.score for one in group])))
    weights /= weights.sum()
    centre, eyes, mouth = (
        sum(weight * getattr(one, part) for weight, one in zip(weights, group, strict=True))
        for part in ("centre", "eyes", "mouth")
    )
    width = float(weights @ [one.width for one in group])
    return Glimpse(group[0].score, centre, eyes, mouth, width)
