"""A picture becomes the square that the model reads in vertical slices, each with its box in the original picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mmdemo.config import ImageConfig
from mmdemo.ink import Box, find_ink
from mmdemo.messages import Note
from mmdemo.picture import open_picture
from mmdemo.square import ready_square, to_square

TOO_DARK = 24  # of 255: a picture whose brighter parts stay under this is too dark to read
CERTAIN = 0.85  # a score from which on ink is ink; below, it may be somebody's brows and mouth
KEPT = 6  # candidates that a visitor may choose from
FACE_SIDE = 200  # pixels; faces are looked for in a picture of this length, where a near one is still 40 wide


@dataclass(frozen=True, eq=False)
class ImageInput:
    """What the model sees of a picture. ``len()`` is the number of steps, 0 where the picture counts as absent.

    Attributes:
        picture: uint8 (H, W, 3), upright RGB; reduced where the original is very large (see ``scale``).
        size: (width, height) of the upright original.
        kind: ``"paper"`` (dark ink on light), ``"dark"`` (light ink on a dark board or screen), ``"face"`` or
            ``"nothing"``.
        box: (left, top, right, bottom) of the ink in pixels of the upright original; None where there is none.
        pixels: float32 (size, size), 0..1, bright ink on black, normalised like MNIST.
        boxes: float (slices, 4), the box of every step in pixels of the upright original, within the picture.
        candidates: (box, score) of everything that may be a digit, best first.
        taken: which of them was read.
        notes: what to tell the person besides.
        absent: why the picture counts as absent; None where it does not.
    """

    picture: np.ndarray
    size: tuple[int, int]
    kind: str
    box: Box | None
    pixels: np.ndarray
    boxes: np.ndarray
    candidates: tuple[tuple[Box, float], ...] = ()
    taken: int = 0
    notes: tuple[Note, ...] = ()
    absent: Note | None = None

    def __len__(self) -> int:
        return 0 if self.absent else len(self.boxes)

    @property
    def scale(self) -> float:
        """Pixels of ``picture`` for one pixel of the original."""
        return self.picture.shape[1] / self.size[0]


def read_image(
    source: str | Path | bytes | Image.Image | np.ndarray, config: ImageConfig | None = None, take: int = 0
) -> ImageInput:
    """Open a picture, find the ink in it and normalise it like MNIST.

    Args:
        source: whatever :func:`mmdemo.picture.open_picture` takes.
        config: size of the square and number of slices.
        take: which of the candidates to read, the best one if not given; the last where there are not so many.

    Returns:
        What the model sees; ``absent`` says why where there is nothing to see.

    Raises:
        InputError: missing, unreadable, or over the limits in :mod:`mmdemo.picture`.
    """
    config = config or ImageConfig()
    picture, size = open_picture(source)
    if config.subject == "face":  # until the face finder is here
        grey = cv2.resize(
            cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (config.size, config.size), interpolation=cv2.INTER_AREA
        )
        scale = np.array([[config.size / size[0], 0, 0], [0, config.size / size[1], 0]])
        whole = (0.0, 0.0, float(size[0]), float(size[1]))
        return ImageInput(picture, size, "face", whole, grey / np.float32(255), _slice_boxes(scale, size, config))
    if (square := ready_square(picture, config.size)) is not None:
        matrix = np.array([[1.0, 0, 0], [0, 1.0, 0]])
        rows, columns = np.flatnonzero((square > 0.1).any(axis=1)), np.flatnonzero((square > 0.1).any(axis=0))
        box = (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
        kind = "dark" if np.median(picture[0]) < 128 else "paper"
        return ImageInput(picture, size, kind, box, square, _slice_boxes(matrix, size, config), ((box, 1.0),))
    found = find_ink(picture)[:KEPT]
    to_original = np.array([size[0] / picture.shape[1], size[1] / picture.shape[0]] * 2)
    face = None
    if not found or found[0].score < CERTAIN:
        face = find_face(picture)
        found = [one for one in found if face is None or not _within(one.box, face)]
    if not found:
        kind, absent = _why_nothing(picture, face is not None)
        empty = np.zeros((config.size, config.size), np.float32)
        return ImageInput(picture, size, kind, None, empty, np.zeros((0, 4)), absent=absent)
    taken = min(max(take, 0), len(found) - 1)
    square, matrix = to_square(picture, found[taken], config.size)
    matrix = matrix @ np.diag([*1 / to_original[:2], 1])  # from the original, not the reduced picture
    candidates = tuple((tuple((np.array(one.box) * to_original).tolist()), one.score) for one in found)
    boxes = _slice_boxes(matrix, size, config)
    kind = "paper" if found[taken].dark else "dark"
    return ImageInput(picture, size, kind, candidates[taken][0], square, boxes, candidates, taken)


def _slice_boxes(matrix: np.ndarray, size: tuple[int, int], config: ImageConfig) -> np.ndarray:
    """The boxes of the slices in the original, (slices, 4), from the map that takes the original to the square."""
    edges = np.linspace(0, config.size, config.slices + 1)
    across = np.clip((edges - matrix[0, 2]) / matrix[0, 0], 0, size[0])
    top, bottom = np.clip((np.array([0, config.size]) - matrix[1, 2]) / matrix[1, 1], 0, size[1])
    rows = np.ones(config.slices)
    return np.stack([across[:-1], top * rows, across[1:], bottom * rows], axis=1)


def _why_nothing(picture: np.ndarray, face: bool) -> tuple[str, Note]:
    """The kind of a picture without ink, and what to tell the person."""
    if face:
        return "face", Note("image.face")
    if np.percentile(picture[::4, ::4], 99) < TOO_DARK:
        return "nothing", Note("image.dark")
    if float(picture[::4, ::4].std(axis=(0, 1)).max()) < 6:
        return "nothing", Note("image.blank")
    return "nothing", Note("image.nothing")


@lru_cache
def _cascade() -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")


def find_face(picture: np.ndarray) -> Box | None:
    """The largest face in a picture (Viola & Jones 2001), at least a fifth of its length; None where there is none."""
    height, width = picture.shape[:2]
    ratio = min(1.0, FACE_SIDE / max(height, width))
    small = cv2.resize(
        picture, (max(1, round(width * ratio)), max(1, round(height * ratio))), None, 0, 0, cv2.INTER_AREA
    )
    if min(small.shape[:2]) < 40:
        return None
    grey = cv2.equalizeHist(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
    faces = _cascade().detectMultiScale(grey, 1.1, 5, minSize=(40, 40))
    if len(faces) == 0:
        return None
    left, top, wide, tall = (float(n) / ratio for n in max(faces, key=lambda face: face[2]))
    return left, top, left + wide, top + tall


def _within(box: Box, face: Box) -> bool:
    """Whether a box's centre lies in a face."""
    across, down = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return face[0] <= across <= face[2] and face[1] <= down <= face[3]
