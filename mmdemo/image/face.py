"""Find the faces in a picture, and cut one out upright as a small grey square, framed like the pictures of FER2013."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from mmdemo.image.ink import Box

SEARCHED = 400  # pixels: a longer picture is reduced to this length before faces are looked for
SMALLEST = 0.09  # of the height: the side of the smallest face that is looked for...
FILLING = 0.4  # ...and of the shorter side, of the smallest that counts as filling the picture
TURNS = (0, -20, 20)  # degrees: the cascade knows upright faces, so the picture is turned for it
BORDER = 1 / 3  # of the length: ground put around a picture in which nothing was found, for faces that fill it
NEIGHBOURS = 4  # windows around a face that must agree on it
FRAME = 1.03  # FER2013's square over the cascade's: the median of 200 of its pictures that the cascade finds
EYES = (0.40, 0.39)  # how far down FER2013's eyes lie, and how far apart, in shares of the cascade's square
BRIGHT = 0.8  # the square's brightest parts (99 of 100 are darker) are brought up to this where the light was dim
FINE = 8  # times, at most: a large face is cut out this much finer and then averaged
NEAR_SIDE = 200  # pixels; a near face is looked for in a picture of this length, where it is still 40 wide


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


def find_faces(picture: np.ndarray) -> list[Face]:
    """All faces in a picture, the largest first (Viola & Jones 2001, OpenCV's second alternative cascade).

    Local contrast is evened out first (CLAHE, Zuiderveld 1994): it finds far more of the faces in dim and uneven light
    than evening out the whole.

    Args:
        picture: uint8 (H, W, 3), RGB.
    """
    height, width = picture.shape[:2]
    ratio = min(1.0, SEARCHED / max(height, width))
    size = max(1, round(width * ratio)), max(1, round(height * ratio))
    grey = cv2.cvtColor(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    for border, smallest in ((0, SMALLEST * size[1]), (round(BORDER * max(size)), FILLING * min(size))):
        ground = cv2.copyMakeBorder(grey, *[border] * 4, cv2.BORDER_REPLICATE)
        even = cv2.createCLAHE(4.0, (8, 8)).apply(ground)
        found = [one for turn in TURNS for one in _turned_faces(even, turn, max(20, round(smallest)))]
        if faces := _apart(found):
            moved = [_by_the_eyes(even, face) for face in faces]
            return [
                Face(((f.centre[0] - border) / ratio, (f.centre[1] - border) / ratio), f.side / ratio, f.turn)
                for f in moved
            ]
    return []


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
def _cascade(name: str) -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_{name}.xml")


def _upright(face: Face, size: int) -> np.ndarray:
    """The map (2, 3) from the picture to the face's square of a number of pixels."""
    matrix = cv2.getRotationMatrix2D(face.centre, -face.turn, size / (FRAME * face.side))
    matrix[:, 2] += size / 2 - np.array(face.centre)
    return matrix


def _turned_faces(grey: np.ndarray, turn: float, smallest: int) -> list[tuple[int, Face]]:
    """The faces that lean by about ``turn`` degrees, each with how many windows around it agree on it."""
    height, width = grey.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -turn, 1)
    upright = cv2.warpAffine(grey, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE) if turn else grey
    cascade = _cascade("frontalface_alt2")
    boxes, counts = cascade.detectMultiScale2(upright, 1.1, NEIGHBOURS, minSize=(smallest, smallest))
    back = cv2.invertAffineTransform(matrix)
    centres = [tuple((back @ [x + w / 2, y + w / 2, 1]).tolist()) for x, y, w, _ in boxes]
    sides = [float(w) for _, _, w, _ in boxes]
    return [(int(n), Face(c, w, turn)) for n, c, w in zip(counts, centres, sides, strict=True)]


def _apart(found: list[tuple[int, Face]]) -> list[Face]:
    """The largest first, and of several that lie on each other the one on which most windows agree."""
    kept: list[Face] = []
    for _, face in sorted(found, key=lambda one: -one[0]):
        if all(np.hypot(*np.subtract(face.centre, one.centre)) > 0.5 * max(face.side, one.side) for one in kept):
            kept.append(face)
    return sorted(kept, key=lambda face: -face.side)


def _by_the_eyes(grey: np.ndarray, face: Face) -> Face:
    """The face turned, moved and sized so that its eyes lie where FER2013's do; as it was if they are not both seen."""
    size = 120
    matrix = _upright(face, size)
    square = cv2.warpAffine(grey, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE)
    eyes = _cascade("eye").detectMultiScale(
        square[: int(0.65 * size)], 1.05, 3, minSize=(size // 8,) * 2, maxSize=(size // 3,) * 2
    )
    places = [(x + w / 2, y + h / 2, w) for x, y, w, h in eyes]
    sides = [[eye for eye in places if (eye[0] < size / 2) == left] for left in (True, False)]
    if not all(sides):
        return face
    left, right = (np.array(max(side, key=lambda eye: eye[2])[:2]) for side in sides)
    across, down = right - left
    lean = float(np.arctan2(-down, across))
    unit = size / FRAME  # pixels of the face's own side
    wide = float(np.hypot(across, down) / (EYES[1] * unit))
    if abs(lean) > np.radians(20) or not 0.7 < wide < 1.4:
        return face  # a brow, a nostril, or the corner of a mouth
    grown = (1 + wide) / 2  # between what the cascade says and what the eyes say
    below = (0.5 - EYES[0]) * unit * grown * np.array([np.sin(lean), np.cos(lean)])
    centre = cv2.invertAffineTransform(matrix) @ [*((left + right) / 2 + below), 1]
    return Face(tuple(centre.tolist()), face.side * grown, face.turn + float(np.degrees(lean)))


def near_face(picture: np.ndarray) -> Box | None:
    """The largest face, at least a fifth of the picture's length, for a picture in which something else is looked for.

    Quicker than :func:`find_faces`, and blind to faces that are turned, dark or far.
    """
    height, width = picture.shape[:2]
    ratio = min(1.0, NEAR_SIDE / max(height, width))
    small = cv2.resize(
        picture, (max(1, round(width * ratio)), max(1, round(height * ratio))), None, 0, 0, cv2.INTER_AREA
    )
    if min(small.shape[:2]) < 40:
        return None
    grey = cv2.equalizeHist(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
    faces = _cascade("frontalface_default").detectMultiScale(grey, 1.1, 5, minSize=(40, 40))
    if len(faces) == 0:
        return None
    left, top, wide, tall = (float(n) / ratio for n in max(faces, key=lambda face: face[2]))
    return left, top, left + wide, top + tall
