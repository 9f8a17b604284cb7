"""Backdrops for photos of paper: rooms, tables and people, different ones for training and for the test.

The photographs come with packages from PyPI (``requirements-train.txt``), are read where those packages lie, and are
never copied into this project:

* training: scikit-image's sample pictures, CC0 or public domain as ``skimage.data`` says of each (the astronaut's face
  is NASA's);
* test: scikit-learn's ``china.jpg`` and ``flower.jpg``, CC BY 2.0 (danielbuechele; vultilion), and matplotlib's
  ``grace_hopper.jpg``, public domain (US Navy), a face.

The surfaces are computed; those in the test are of other kinds than those in training.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

Rng = np.random.Generator

SAMPLES = (
    "astronaut.png camera.png chelsea.png coffee.png rocket.jpg motorcycle_left.png brick.png gravel.png grass.png"
)
PHOTOS = {
    "train": [f"skimage/data/{name}" for name in SAMPLES.split()],
    "test": [
        "sklearn/datasets/images/china.jpg",
        "sklearn/datasets/images/flower.jpg",
        "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
    ],
}
FACES = {  # (left, top, right, bottom) of the face, as shares of the photo's sides
    "skimage/data/astronaut.png": (0.29, 0.08, 0.60, 0.42),
    "matplotlib/mpl-data/sample_data/grace_hopper.jpg": (0.25, 0.12, 0.72, 0.62),
}


def backdrop(split: str, width: int, height: int, rng: Rng, face: bool = False) -> tuple[np.ndarray, str]:
    """A picture to stand behind everything else.

    Args:
        split: ``"train"`` or ``"test"``; they have nothing in common.
        width, height: in pixels.
        rng: chooses it, and the part of it that is seen.
        face: show a photograph with a face, and the face in it.

    Returns:
        float32 (height, width, 3) in 0..255, and the name of what it shows.

    Raises:
        ModuleNotFoundError: the package that brings the photograph is not installed.
    """
    if face:
        name = str(rng.choice([path for path in PHOTOS[split] if path in FACES]))
        return _part_of(_photo(name), width, height, rng, FACES[name]), name
    if rng.random() < 0.5:
        name = str(rng.choice(PHOTOS[split]))
        picture = _part_of(_photo(name), width, height, rng)
        return cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 0.008 * height)), name
    name = str(rng.choice(sorted(SURFACES[split])))
    return SURFACES[split][name](width, height, rng), name


@lru_cache(maxsize=16)
def _photo(path: str) -> np.ndarray:
    """A package's sample picture, uint8 (H, W, 3)."""
    package, inside = path.split("/", 1)
    spec = find_spec(package)
    if spec is None:
        raise ModuleNotFoundError(f"{package} is not installed: pip install -r requirements-train.txt")
    with Image.open(Path(spec.submodule_search_locations[0]) / inside) as image:
        return np.asarray(image.convert("RGB"))


def _part_of(photo: np.ndarray, width: int, height: int, rng: Rng, keep: tuple | None = None) -> np.ndarray:
    """A part of a photo in the shape that is wanted, float32; what is to be kept is in it as far as it fits."""
    tall, wide = photo.shape[:2]
    largest = min(wide / width, tall / height)
    ratio = largest * rng.uniform(0.6 if keep is None else 0.85, 1)
    x = rng.uniform(0, wide - ratio * width)
    y = rng.uniform(0, tall - ratio * height)
    if keep is not None:
        x = np.clip(x, keep[2] * wide - ratio * width, keep[0] * wide).clip(0, wide - ratio * width)
        y = np.clip(y, keep[3] * tall - ratio * height, keep[1] * tall).clip(0, tall - ratio * height)
    matrix = np.array([[ratio, 0, x], [0, ratio, y]])
    if keep is None and rng.random() < 0.5:
        matrix = matrix @ np.array([[-1, 0, width - 1], [0, 1, 0], [0, 0, 1]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    part = cv2.warpAffine(photo, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT)
    return part.astype(np.float32) * np.float32(rng.uniform(0.6, 1.05))


def clouds(width: int, height: int, rng: Rng, cells: float = 4, octaves: int = 4, stretch: float = 1) -> np.ndarray:
    """Smooth noise of many sizes, float32 (height, width), mean 0 and about -1..1.

    Args:
        cells: how many of the largest swellings lie along the height.
        octaves: sizes, each half the one before.
        stretch: how many times longer they are than high.
    """
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        down = max(2, round(cells * 2**octave))
        across = max(2, round(down * width / height / stretch))
        if down > height or across > width:
            break
        grid = rng.standard_normal((down + 2, across + 2)).astype(np.float32)
        total += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) / 2**octave
    return total / 2


def _coloured(shade: np.ndarray, colour: tuple[float, float, float], rng: Rng) -> np.ndarray:
    """A surface of one colour with lighter and darker places; shade is relative, (H, W)."""
    tint = np.array(colour, np.float32) * rng.uniform(0.75, 1.1) + rng.uniform(-12, 12, 3).astype(np.float32)
    return np.clip(tint * shade[:, :, None], 0, 255).astype(np.float32)


def _grid(width: int, height: int, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of a surface that lies turned, in shares of the height, each (height, width)."""
    angle = rng.uniform(-0.5, 0.5)
    y, x = np.mgrid[:height, :width].astype(np.float32) / height
    return np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x


def _wood(width: int, height: int, rng: Rng) -> np.ndarray:
    grain = clouds(width, height, rng, cells=18, octaves=4, stretch=14) + 0.5 * clouds(width, height, rng, 2, 2, 5)
    _, v = _grid(width, height, rng)
    boards = 1 - 0.3 * (np.abs((v * rng.uniform(1, 4)) % 1 - 0.5) > 0.49)
    colour = [(186, 140, 92), (140, 92, 56), (214, 182, 140), (92, 62, 44)][rng.integers(4)]
    return _coloured((1 + 0.12 * grain) * boards, colour, rng)


def _cloth(width: int, height: int, rng: Rng) -> np.ndarray:
    u, v = _grid(width, height, rng)
    threads = rng.uniform(60, 140)
    weave = np.sin(2 * np.pi * threads * u) * np.sin(2 * np.pi * threads * v)
    folds = clouds(width, height, rng, 2, 2)
    return _coloured(1 + 0.06 * weave + 0.12 * folds, tuple(rng.uniform(50, 200) + rng.uniform(-35, 35, 3)), rng)


def _wall(width: int, height: int, rng: Rng) -> np.ndarray:
    u, v = _grid(width, height, rng)
    slope = rng.uniform(-0.3, 0.3) * (u - 0.6) + rng.uniform(-0.3, 0.3) * (v - 0.5)
    colour = [(214, 208, 196), (190, 200, 208), (222, 214, 190), (168, 176, 160), (120, 124, 130)][rng.integers(5)]
    return _coloured(1 + slope + 0.02 * clouds(width, height, rng, 40, 2), colour, rng)


def _marble(width: int, height: int, rng: Rng) -> np.ndarray:
    u, v = _grid(width, height, rng)
    veins = np.abs(np.sin(3 * u + 2 * v + 2.2 * clouds(width, height, rng, 2, 5))) ** 0.3
    colour = [(226, 224, 220), (90, 96, 100), (205, 190, 172)][rng.integers(3)]
    return _coloured(0.72 + 0.28 * veins, colour, rng)


def _tiles(width: int, height: int, rng: Rng) -> np.ndarray:
    u, v = _grid(width, height, rng)
    count = rng.uniform(2, 7)
    row = np.floor(v * count)
    across = u * count * 0.6 + 0.5 * (row % 2)
    joint = np.minimum((0.5 - np.abs(across % 1 - 0.5)), (0.5 - np.abs(v * count % 1 - 0.5)))
    tone = 1 + 0.08 * np.sin(row * 12.9898 + np.floor(across) * 78.233)
    colour = [(205, 205, 198), (150, 84, 66), (120, 150, 160)][rng.integers(3)]
    return _coloured(tone * (1 - 0.25 * np.clip(1 - joint / 0.03, 0, 1)), colour, rng)


def _curtain(width: int, height: int, rng: Rng) -> np.ndarray:
    x = np.linspace(0, 1, width, dtype=np.float32)
    phase = 2 * np.pi * rng.uniform(3, 9) * x + 1.5 * clouds(width, 8, rng, 2, 2)[0]
    folds = np.tile(0.82 + 0.18 * np.sin(phase), (height, 1))
    return _coloured(
        folds + 0.03 * clouds(width, height, rng, 3, 4), tuple(rng.uniform(70, 205) + rng.uniform(-35, 35, 3)), rng
    )


SURFACES: dict[str, dict[str, Callable[[int, int, Rng], np.ndarray]]] = {
    "train": {"wood": _wood, "cloth": _cloth, "wall": _wall},
    "test": {"marble": _marble, "tiles": _tiles, "curtain": _curtain},
}
