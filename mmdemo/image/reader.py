"""A picture becomes the square that the model reads in vertical slices, each with its box in the original picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mmdemo.config import ImageConfig
from mmdemo.image.decode import open_picture
from mmdemo.image.face import cut_out, find_faces, near_face, ready_face
from mmdemo.image.ink import Box, Candidate, cut_off, find_ink
from mmdemo.image.mnist_style import ready_square, turned_square
from mmdemo.messages import Note
from mmdemo.modality import ModalityInput
from mmdemo.worker_pool import run_in_worker

TOO_DARK = 24  # of 255: a picture whose brighter parts stay under this is too dark to read
CERTAIN = 0.85  # a score from which on ink is ink; below, it may be somebody's brows and mouth
UNCERTAIN = 0.5  # a score under which ink may be no digit; without any in them, photos hold little that is better
KEPT = 9  # candidates that a visitor may choose from
PLAIN = {"ink": "image.blank", "face": "image.blank_face"}  # what is said of a picture that is one plain colour...
NOT_FOUND = {"ink": "image.nothing", "face": "image.nothing_face"}  # ...and of one that holds something else
SAME = np.array([[1.0, 0, 0], [0, 1.0, 0]])  # the map of a picture that is the square already


@dataclass(frozen=True, eq=False)
class ImageInput(ModalityInput):
    """What the model sees of a picture. ``len()`` is the number of steps, 0 where the picture counts as absent.

    Attributes:
        picture: uint8 (H, W, 3), upright RGB; reduced where the original is very large (see ``scale``).
        size: (width, height) of the upright original.
        kind: ``"paper"`` (dark ink on light), ``"dark"`` (light ink on a dark board or screen), ``"face"`` or
            ``"nothing"``; where ink is looked for, a face is nothing to read.
        box: (left, top, right, bottom) of what was found in pixels of the upright original; None where nothing was.
        pixels: float32 (size, size), 0..1: bright ink on black, normalised like MNIST, or a face framed like FER2013's.
        boxes: float (slices, 4), the box of every step in pixels of the upright original, within the picture.
        candidates: (box, score) of everything that may be what is looked for, best first. Of faces, the score is their
            size against the largest.
        chosen: which of them was read.
        notes: what to tell the person besides.
        absent: why the picture counts as absent; None where it does not.
        doubt: why the answer may not be called clear.
        found: the ink that the candidates are; none where the picture was taken as it is, and of faces.
        asked: whether a person asked for the one that was read.
        turned: by how many quarters to the left it was turned before it was read.
    """

    picture: np.ndarray
    size: tuple[int, int]
    kind: str
    box: Box | None
    pixels: np.ndarray
    boxes: np.ndarray
    candidates: tuple[tuple[Box, float], ...] = ()
    chosen: int = 0
    notes: tuple[Note, ...] = ()
    absent: Note | None = None
    doubt: Note | None = None
    found: tuple[Candidate, ...] = ()
    asked: bool = False
    turned: int = 0

    def __len__(self) -> int:
        return 0 if self.absent else len(self.boxes)

    @property
    def scale(self) -> float:
        """Pixels of ``picture`` for one pixel of the original."""
        return self.picture.shape[1] / self.size[0]


def read_image(
    source: str | Path | bytes | Image.Image | np.ndarray,
    config: ImageConfig | None = None,
    candidate: int | None = None,
) -> ImageInput:
    """Open a picture, find what the task looks for in it, and normalise that.

    Args:
        source: whatever :func:`mmdemo.image.decode.open_picture` takes.
        config: what is looked for, size of the square and number of slices.
        candidate: which of the candidates to read; the last where there are not so many. If it is not given, the best
            ink is read, until :func:`mmdemo.image.weigh.weigh` knows better, or the largest face.

    Returns:
        What the model sees; ``absent`` says why where there is nothing to see.

    Raises:
        InputError: missing, unreadable, or over the limits in :mod:`mmdemo.image.decode`.
    """
    config = config or ImageConfig()
    picture, size = open_picture(source)
    if config.subject == "face":
        return _read_face(picture, size, config, candidate or 0)
    return _read_ink(picture, size, config, candidate)


def take(given: ImageInput, config: ImageConfig, chosen: int, turned: int = 0) -> ImageInput:
    """A picture in which another of the candidates is read, or the same one turned by so many quarters to the left."""
    if (chosen, turned) == (given.chosen, given.turned):
        return given
    return _of_ink(given.picture, given.size, config, given.found, chosen, asked=given.asked, turned=turned)


def _read_ink(picture: np.ndarray, size: tuple[int, int], config: ImageConfig, candidate: int | None) -> ImageInput:
    """The ink in a picture, redrawn like MNIST."""
    if (square := ready_square(picture, config.size)) is not None:
        rows, columns = np.flatnonzero((square > 0.1).any(axis=1)), np.flatnonzero((square > 0.1).any(axis=0))
        box = (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
        kind = "dark" if np.median(picture[0]) < 128 else "paper"
        return ImageInput(picture, size, kind, box, square, _slice_boxes(SAME, size, config), ((box, 1.0),))
    found = run_in_worker(find_ink, picture)[:KEPT]
    face = None
    if not found or found[0].score < CERTAIN:
        face = run_in_worker(near_face, picture)
        found = [one for one in found if face is None or not _within(one.box, face)]
    if not found:
        return _absent(picture, size, config, face is not None)
    chosen = min(max(candidate or 0, 0), len(found) - 1)
    return _of_ink(picture, size, config, tuple(found), chosen, asked=candidate is not None)


def _of_ink(
    picture: np.ndarray,
    size: tuple[int, int],
    config: ImageConfig,
    found: tuple[Candidate, ...],
    chosen: int,
    *,
    asked: bool,
    turned: int = 0,
) -> ImageInput:
    """A picture in which one candidate is read."""
    one = found[chosen]
    square, matrix = turned_square(picture, one, config.size, turned)
    candidates = tuple((_in_original(other.box, picture, size), other.score) for other in found)
    return ImageInput(
        picture,
        size,
        "paper" if one.dark else "dark",
        candidates[chosen][0],
        square,
        _slice_boxes(_from_original(matrix, picture, size), size, config),
        candidates,
        chosen,
        doubt=_doubt(one, picture),
        found=found,
        asked=asked,
        turned=turned,
    )


def _doubt(candidate: Candidate, picture: np.ndarray) -> Note | None:
    """Why a candidate may be no digit, or not all of one."""
    if cut_off(candidate, picture):
        return Note("image.cut_off")
    return Note("image.uncertain") if candidate.alone < UNCERTAIN else None


def _read_face(picture: np.ndarray, size: tuple[int, int], config: ImageConfig, candidate: int) -> ImageInput:
    """A face in a picture, upright and framed like FER2013's: the largest one if no other is asked for."""
    if (square := ready_face(picture, config.size)) is not None:
        if _why_nothing(picture, config)[1].key != NOT_FOUND[config.subject]:
            return _absent(picture, size, config)
        box = (0.0, 0.0, float(size[0]), float(size[1]))
        return ImageInput(picture, size, "face", box, square, _slice_boxes(SAME, size, config), ((box, 1.0),))
    found = run_in_worker(find_faces, picture)[:KEPT]
    if not found:
        return _absent(picture, size, config)
    chosen = min(max(candidate, 0), len(found) - 1)
    square, matrix = cut_out(picture, found[chosen], config.size)
    candidates = tuple((_inside(_in_original(one.box, picture, size), size), one.side / found[0].side) for one in found)
    boxes = _slice_boxes(_from_original(matrix, picture, size), size, config)
    return ImageInput(picture, size, "face", candidates[chosen][0], square, boxes, candidates, chosen)


def _absent(picture: np.ndarray, size: tuple[int, int], config: ImageConfig, face: bool = False) -> ImageInput:
    """A picture without what is looked for; ``face``: whether there is a face in it instead."""
    kind, why = _why_nothing(picture, config, face)
    empty = np.zeros((config.size, config.size), np.float32)
    return ImageInput(picture, size, kind, None, empty, np.zeros((0, 4)), absent=why)


def _in_original(box: Box, picture: np.ndarray, size: tuple[int, int]) -> Box:
    """A box of the reduced picture in pixels of the original."""
    return tuple((np.array(box) * ([size[0] / picture.shape[1], size[1] / picture.shape[0]] * 2)).tolist())


def _inside(box: Box, size: tuple[int, int]) -> Box:
    """The part of a box that lies in the picture."""
    return tuple(np.clip(box, 0, size * 2).tolist())


def _from_original(matrix: np.ndarray, picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The same map (2, 3), but from the original instead of the reduced picture."""
    return matrix @ np.diag([picture.shape[1] / size[0], picture.shape[0] / size[1], 1])


def _slice_boxes(matrix: np.ndarray, size: tuple[int, int], config: ImageConfig) -> np.ndarray:
    """The boxes around the slices in the original, (slices, 4), from the map (2, 3) from the original to the square."""
    edges = np.linspace(0, config.size, config.slices + 1)
    ends = np.array([[[x, y, 1.0] for x in edges] for y in (0, config.size)])  # (2, slices + 1, 3)
    back = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))
    points = np.clip(ends @ back[:2].T, 0, size)  # (2, slices + 1, 2)
    corners = np.concatenate([points[:, :-1], points[:, 1:]])  # (4, slices, 2)
    return np.concatenate([corners.min(axis=0), corners.max(axis=0)], axis=1)


def _why_nothing(picture: np.ndarray, config: ImageConfig, face: bool = False) -> tuple[str, Note]:
    """The kind of a picture without what is looked for, and what to tell the person."""
    if face:
        return "face", Note("image.face")
    if np.percentile(picture[::4, ::4], 99) < TOO_DARK:
        return "nothing", Note("image.dark")
    if float(picture[::4, ::4].std(axis=(0, 1)).max()) < 6:
        return "nothing", Note(PLAIN[config.subject])
    return "nothing", Note(NOT_FOUND[config.subject])


def _within(box: Box, face: Box) -> bool:
    """Whether a box's centre lies in a face."""
    across, down = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return face[0] <= across <= face[2] and face[1] <= down <= face[3]
