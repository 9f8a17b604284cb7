"""A small picture of what was read, with a box around it, that travels within an answer."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image

from mmdemo.image.ink import Box
from mmdemo.image.reader import ImageInput

PHOTO = 480  # pixels, the longest side of the photo that is sent back with the box in it


def preview(given: ImageInput) -> dict[str, Any]:
    """The photo as a ``data:`` URL; what was found, in shares of its sides; and the square as it was read."""
    return {
        "photo": data_url(given.picture),
        "box": given.box and _shares(given.box, given.size),
        "candidates": [_shares(box, given.size) for box, _ in given.candidates],
        "taken": given.chosen,
        "pixels": np.rint(given.pixels * 255).astype(np.uint8).tolist(),
    }


def data_url(picture: np.ndarray) -> str:
    """A small JPEG of a picture (H, W, 3) that travels within the answer, so that nothing needs to be kept for it."""
    photo = Image.fromarray(picture)
    photo.thumbnail((PHOTO, PHOTO))
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"


def _shares(box: Box, size: tuple[int, int]) -> list[float]:
    """A box in shares of the picture's width and height."""
    return [round(edge / whole, 4) for edge, whole in zip(box, size * 2, strict=True)]
