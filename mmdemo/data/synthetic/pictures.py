"""Pictures to train on: photos of digits on paper, digits by other hands than MNIST's, and pictures without a digit.

``python -m mmdemo pictures --out FOLDER`` writes a folder of pictures with a manifest. Photos composed from those MNIST
digits that train are for training only. Digits by other hands (:mod:`mmdemo.data.synthetic.penned`) are in all splits,
and are reported apart. What is no digit carries the label ``OUTLIER`` and its ``kind``: scenes with nothing written in
them, letters, clothes, drawings, fragments of digits, faces, textures, noise. What of it is in the test split is of
other fonts, shapes, backdrops and pieces of clothing than what is in the others.

What is drawn depends on the seed and the number of the picture alone. So a run that was interrupted goes on where it
stopped, and a larger count keeps what is there.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from mmdemo.data.manifest.manifest import OUTLIER
from mmdemo.data.sentences.vocabulary import DIGITS
from mmdemo.data.sources.digits import MNIST_VALIDATION
from mmdemo.data.sources.handwriting import Handwriting
from mmdemo.data.sources.idx import read_idx
from mmdemo.data.synthetic.backdrops import backdrop, clouds
from mmdemo.data.synthetic.camera import QUALITY, as_jpeg, blur, light, sensor
from mmdemo.data.synthetic.inked import CANNOT_BE_TOLD
from mmdemo.data.synthetic.letters import (
    DOUBLES,
    DRAWN,
    LETTERS,
    LOOK_ALIKES,
    as_plain,
    as_square,
    drawing,
    letter,
    missing_families,
    typefaces,
)
from mmdemo.data.synthetic.paper import compose
from mmdemo.data.synthetic.penned import (
    APART,
    AS_PICTURE,
    COPIES,
    a_style,
    as_file,
    cut_picture,
    digit_picture,
)
from mmdemo.data.synthetic.penned import (
    DRAWN as DRAWN_DIGITS,
)
from mmdemo.data.synthetic.scenes import draw_scene
from mmdemo.data.synthetic.takes import MANIFEST, draw, file_name, make_missing

COUNT = 20_000

# How often each is drawn: what it shows, in which split what is no digit is, how what is written looks.
KINDS = {
    **{"photo": 25, "empty": 7, "letter": 28, "look-alike": 2.5, "fashion": 19},
    **{"drawing": 4, "noise": 2, "texture": 2.5, "face": 1},
    **{"hand": 60, "segments": 10, "font": 16, "cut": 11, "fragment": 7},
}
SPLITS = {"train": 70, "validation": 10, "test": 20}
RARELY = {"train": 40, "validation": 10, "test": 50}  # look-alikes: taught too often, they would cost digits
LOOKS = {"square": 45, "plain": 40, "photo": 15}
DIGIT_SPLITS = {"train": 85, "validation": 5, "test": 10}  # of digits by other hands that are drawn here

NOISE = {"train": ("white", "clouds"), "test": ("white", "clouds", "specks")}
TEXTURES = {"train": ("grating", "checker", "wall"), "test": ("rings", "dots", "wall")}
WIDEST = 640  # pixels: of a training photo's frame, for larger ones teach no more and take longer


@dataclass(frozen=True)
class Take:
    """One picture to make.

    Attributes:
        name: its number, with which its file's name begins.
        label: a digit's name, or ``OUTLIER``.
        split: one of the manifest's.
        kind: one of ``KINDS``.
        shows: a letter, a shape, a pattern, a way to write, or the place of a picture in its data set.
        typeface: of a letter: its family and, after a slash, which of its typefaces.
        look: one of ``LOOKS``; nothing where there is only one.
        made: by whom a digit beside MNIST's is: ``people``, or ``program``.
    """

    name: str
    label: str
    split: str
    kind: str
    shows: str = ""
    typeface: str = ""
    look: str = ""
    made: str = ""


def plan(count: int, seed: int, digits: NDArray, fashion: int) -> list[Take]:
    """The first ``count`` pictures of a seed.

    Args:
        count: how many.
        seed: of everything random.
        digits: the classes of MNIST's training set.
        fashion: how many pictures Fashion-MNIST's training set has; its test set has 10,000.
    """
    digits = digits[: len(digits) - MNIST_VALIDATION]
    return [_take(number, np.random.default_rng([seed, number]), digits, fashion) for number in range(count)]


def people_plan(people: Mapping[str, Handwriting]) -> list[Take]:
    """Every digit of the sets by other people: those that train several times, each with another nib."""
    takes = []
    for kind, hands in people.items():
        for number, (digit, split) in enumerate(zip(hands.digits.tolist(), hands.splits.tolist(), strict=True)):
            trains = split == "train"
            for copy in range(COPIES[kind] if trains else 1):
                look = "square" if trains else "plain"
                name = f"{kind}-{number:05d}-{copy}"
                takes.append(Take(name, DIGITS[digit], split, kind, f"{number}/{copy}", look=look, made="people"))
    return takes


def make_pictures(
    out: Path,
    mnist: Path,
    fashion: Path,
    people: Mapping[str, Handwriting] | None = None,
    *,
    count: int = COUNT,
    seed: int = 0,
    jobs: int | None = None,
    say: Callable[[str], None] = print,
) -> Path:
    """Make what is missing of the pictures, with a progress bar, and write their manifest.

    Args:
        out: the folder to write to.
        mnist: MNIST's folder, as ``fetch_mnist`` gives it.
        fashion: Fashion-MNIST's, as ``fetch_fashion`` gives it.
        people: sets of digits by other people, by kind; each of their digits is made besides.
        count: how many pictures to draw.
        seed: of everything random.
        jobs: processes; one for each core if not given.
        say: told which fonts are not installed.

    Returns:
        The manifest.
    """
    for sentence in missing_families():
        say(sentence)
    digits = read_idx(mnist / "train-labels-idx1-ubyte.gz")
    people = people or {}
    drawn = plan(count, seed, digits, len(read_idx(fashion / "train-images-idx3-ubyte.gz")))
    takes = people_plan(people) + drawn  # if this is interrupted, the people's digits are there
    make_missing(
        takes,
        partial(_file, out),
        partial(_make, out=out, mnist=mnist, fashion=fashion, people=people, seed=seed),
        out / MANIFEST,
        modality="image",
        columns=["text", "image", "audio", "label", "split", "kind", "shows", "typeface", "look", "made"],
        title="pictures",
        jobs=jobs,
        prepare=partial(cv2.setNumThreads, 1),
    )
    return out / MANIFEST


def _take(number: int, rng: Generator, digits: NDArray, fashion: int) -> Take:
    name, kind = f"{number:05d}", draw(KINDS, rng)
    if kind == "photo":
        which = int(rng.integers(len(digits)))
        return Take(name, DIGITS[digits[which]], "train", kind, str(which))
    if kind in DRAWN_DIGITS or kind == "cut":
        return _digit(name, kind, rng)
    split = draw(RARELY if kind == "look-alike" else SPLITS, rng)
    side = "test" if split == "test" else "train"
    shows = typeface = look = ""
    if kind in ("letter", "look-alike"):
        split, typeface = _typeface(split, rng)
        known = [one for one in LOOK_ALIKES if split == "test" or one not in DOUBLES]
        shows = str(rng.choice(list(LETTERS) if kind == "letter" else known))
    elif kind == "drawing":
        shows = str(rng.choice(DRAWN[split]))
    elif kind == "fragment":
        digit = int(rng.choice(list(CANNOT_BE_TOLD)))
        shows, look = f"{digit}/{a_style(digit, rng)}", "square"
    elif kind == "fashion":
        start, end = {"train": (0, 55_000), "validation": (55_000, fashion), "test": (0, 10_000)}[split]
        shows = str(rng.integers(start, end))
    elif kind in ("noise", "texture"):
        shows = str(rng.choice((NOISE if kind == "noise" else TEXTURES)[side]))
    if kind in ("letter", "look-alike", "drawing"):
        look = draw(LOOKS, rng)
    return Take(name, OUTLIER, split, kind, shows, typeface, look)


def _digit(name: str, kind: str, rng: Generator) -> Take:
    """A digit that is drawn here: mostly as a square where it trains, as a picture where it tests."""
    digit, split, typeface = int(rng.integers(10)), draw(DIGIT_SPLITS, rng), ""
    if kind == "cut":  # its frame cuts it, which the finder has to forgive first
        split, look = "train", "square"
    else:
        look = "square" if split == "train" and rng.random() >= AS_PICTURE else "plain"
    if kind == "font":
        split, typeface = _typeface(split, rng)
    shows = a_style(digit, rng) if kind in ("hand", "cut") else ""
    return Take(name, DIGITS[digit], split, kind, shows, typeface, look, "program")


def _typeface(split: str, rng: Generator) -> tuple[str, str]:
    """A typeface of a split, and the split: training, if there is no font for the test."""
    families = typefaces(split) or typefaces(split := "train")
    family = str(rng.choice(sorted(families)))
    return split, f"{family}/{Path(str(rng.choice(families[family]))).stem}"


def _make(take: Take, out: Path, mnist: Path, fashion: Path, people: Mapping[str, Handwriting], seed: int) -> None:
    """Make one picture, whole or not at all."""
    rng = np.random.default_rng([seed, *take.name.encode(), 1])
    if take.kind == "photo":
        square = read_idx(mnist / "train-images-idx3-ubyte.gz")[int(take.shows)] / np.float32(255)
        made = _photo(square, take.split, rng)
    elif take.kind == "empty":
        made = _photo(None, take.split, rng)
    elif take.kind == "fashion":
        file = "t10k" if take.split == "test" else "train"
        made = _as_png(_clothes(read_idx(fashion / f"{file}-images-idx3-ubyte.gz")[int(take.shows)], rng))
    elif take.kind in APART:
        face = _path(take) if take.typeface else ""
        digit = DIGITS.index(take.label)
        inked = digit_picture(take.kind, take.shows, digit, face, people.get(take.kind), rng)
        made = as_file(inked, take.look == "square")
    elif take.kind == "cut":
        made = as_file(cut_picture(DIGITS.index(take.label), take.shows, False, rng), square=True)
    elif take.kind == "fragment":
        digit, style = take.shows.split("/")
        made = as_file(cut_picture(int(digit), style, True, rng), square=True)
    elif take.kind == "face":
        made = _face(take.split, rng)
    elif take.kind in ("noise", "texture"):
        made = _as_png(_pattern(take.shows, rng))
    else:
        ink = drawing(take.shows, rng) if take.kind == "drawing" else letter(take.shows, _path(take), rng)
        if take.look == "plain":
            made = _as_png(as_plain(ink, rng))
        else:
            square = as_square(ink, rng)
            made = _photo(square, take.split, rng) if take.look == "photo" else _as_png(_bytes(255 * square))
    file = _file(out, take)
    part = file.with_suffix(".part")
    part.write_bytes(made)
    part.replace(file)


def _path(take: Take) -> str:
    """Where a letter's typeface lies, on this machine."""
    family, name = take.typeface.split("/")
    return next(path for path in typefaces(take.split)[family] if Path(path).stem == name)


def _photo(square: NDArray | None, split: str, rng: Generator) -> bytes:
    """A webcam photo as a JPEG file; see :func:`mmdemo.data.synthetic.paper.compose`."""
    scene = draw_scene(rng, split="test" if split == "test" else "train")
    if split != "test" and max(scene.size) > WIDEST:
        scene = replace(scene, size=(640, 480))
    return as_jpeg(compose(square, rng, scene).pixels, int(rng.integers(*QUALITY)))


def _face(split: str, rng: Generator) -> bytes:
    """A photo of a face by itself."""
    width, height = (int(n) for n in rng.integers(200, 560, 2))
    picture, _ = backdrop("test" if split == "test" else "train", width, height, rng, face=True)
    picture = picture * light(width, height, rng.uniform(1, 3), 0, rng)[:, :, None]
    picture = blur(picture, rng.uniform(0.4, 2.5), 0, rng)
    return as_jpeg(sensor(picture, rng.uniform(1, 8), rng), int(rng.integers(*QUALITY)))


def _clothes(picture: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    """A picture of Fashion-MNIST: as it is or larger, white on black or black on white."""
    if rng.random() < 0.35:
        side = int(rng.integers(56, 281))
        picture = cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC)
    return 255 - picture if rng.random() < 0.25 else picture


def _pattern(name: str, rng: Generator) -> NDArray[np.uint8]:
    """Noise, or a texture, of any size, (H, W) or (H, W, 3)."""
    width, height = np.exp(rng.uniform(np.log(40), np.log(480), 2)).astype(int).tolist()
    if rng.random() < 0.25:
        width = height = 28
    low, high = np.sort(rng.uniform(0, 255, 2))
    high = max(high, min(255, low + 40))
    angle = rng.uniform(0, np.pi)
    y, x = np.mgrid[:height, :width].astype(np.float32) / max(width, height)
    u, v = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    waves = rng.uniform(2, 14)
    if name == "white":
        shade = rng.random((height, width, 3) if rng.random() < 0.5 else (height, width))
    elif name == "clouds":
        shade = 0.5 + 0.5 * clouds(width, height, rng, rng.uniform(2, 8), 5)
    elif name == "specks":
        shade = (rng.random((height, width)) < rng.uniform(0.01, 0.3)).astype(float)
    elif name == "grating":
        shade = 0.5 + 0.5 * np.sin(2 * np.pi * waves * u)
        shade = shade > 0.5 if rng.random() < 0.4 else shade
    elif name == "checker":
        shade = (np.floor(waves * u) + np.floor(waves * v)) % 2
    elif name == "rings":
        shade = 0.5 + 0.5 * np.sin(2 * np.pi * waves * np.hypot(x - rng.random(), y - rng.random()))
    elif name == "dots":
        shade = np.sin(2 * np.pi * waves * u) * np.sin(2 * np.pi * waves * v) > 0.5
    else:  # a wall
        shade = 0.5 + rng.uniform(0, 0.5) * u + 0.02 * rng.standard_normal((height, width))
    return _bytes(low + (high - low) * np.asarray(shade, np.float32))


def _bytes(picture: NDArray) -> NDArray[np.uint8]:
    return np.clip(picture + 0.5, 0, 255).astype(np.uint8)


def _as_png(picture: NDArray[np.uint8]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


def _file(out: Path, take: Take) -> Path:
    photo = take.kind in ("photo", "empty", "face") or take.look == "photo"
    return out / file_name(take, "jpg" if photo else "png")
