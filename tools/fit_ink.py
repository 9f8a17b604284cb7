"""Fit the small network that tells written digits from everything else in a picture (``mmdemo/image/ink.npz``).

    python tools/fit_ink.py --photos 1350 --jobs 2

Photos are composed from MNIST's training digits with training backdrops (``mmdemo.data.synthetic.paper``), one in six
without a digit; beside them stand photos cropped to the digit, tiny pictures, the cells of puzzles, digits on plain
grounds, one or two to a picture, enlarged scans, and what is none: shadows, rules, and the faces of FER2013 where the
data folder has it.
All groups of strokes that ``mmdemo.image.ink`` finds in them are measured. The network learns how much of a digit each
of them is, one by one and as a choice among all of a picture's groups and "nothing" (listwise: Cao et al. 2007,
"Learning to rank"). The seed settles everything; a second a photo on one core.
"""

from __future__ import annotations

import argparse
import io
import math
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.random import Generator
from PIL import Image
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from mmdemo.data.sources.digits import fetch_mnist
from mmdemo.data.sources.folder import data_folder
from mmdemo.data.sources.idx import read_idx
from mmdemo.data.synthetic.camera import QUALITY, as_jpeg
from mmdemo.data.synthetic.nib import pen_strokes
from mmdemo.data.synthetic.paper import compose
from mmdemo.data.synthetic.scenes import KINDS, draw_scene
from mmdemo.image.ink import JUDGE, Box, Found, groups, overlap

DIGITS = 50_000  # of MNIST's training set; the others are for trying out
EMPTY = 6  # every so many photos show no digit
PHOTOS = 1350  # composed; they show all of a room
OTHERS = {
    "close": 900,
    "tiny": 600,
    "cell": 500,
    "nothing": 240,
    "plain": 150,
    "scan": 560,
    "face": 80,
}  # pictures of the other kinds
HIDDEN, EPOCHS, RATE, DECAY, JITTER = 48, 14, 1e-2, 0.02, 0.05
NONE, WHOLE = 0.55, 0.9  # how much of a digit a group has to be: none up to here, all of one from there
AT_ONCE = 8  # pictures in a batch
FARTHEST = 6.0  # standard deviations; ``mmdemo.image.ink.judge`` clips there, too

Digit = tuple[Box, np.ndarray]  # its box, and how much of every pixel of the picture it covers, uint8 (H, W)
Shown = tuple[np.ndarray, list[Digit]]  # a picture and the digits in it
Examples = tuple[np.ndarray, np.ndarray]  # measures (N, MEASURES) of a picture's groups, and what part each is, (N,)


@cache
def scans() -> np.ndarray:
    """MNIST's training digits, uint8 (DIGITS, 28, 28)."""
    return read_idx(fetch_mnist(data_folder()) / "train-images-idx3-ubyte.gz")[:DIGITS]


def photo(rng: Generator, number: int) -> Shown:
    """A composed webcam photo, as its file has it."""
    square = scans()[rng.integers(DIGITS)] / np.float32(255)
    scene = draw_scene(rng, KINDS[number % len(KINDS)], "train")
    made = compose(None if number // len(KINDS) % EMPTY == number % EMPTY else square, rng, scene)
    file = as_jpeg(made.pixels, int(rng.integers(*QUALITY)))
    picture = np.asarray(Image.open(io.BytesIO(file)))
    return picture, [(made.box, (255 * made.cover).astype(np.uint8))] if made.box else []


def close(rng: Generator, number: int) -> Shown:
    """A composed photo cropped to its digit, with little ground around it, none, or the digit's end cut off."""
    picture, digits = photo(rng, number)
    height, width = picture.shape[:2]
    if digits:
        box, sides = np.array(digits[0][0]), np.subtract(digits[0][0][2:], digits[0][0][:2])
        reach = float(rng.choice([0.0, 0.12, 0.12, 0.5]))
        margins = rng.uniform(0, reach, 4) if number % 2 else np.full(4, rng.uniform(0, reach))
        if number % 6 == 5:
            margins[rng.integers(4)] = -rng.uniform(0.02, 0.2)
        of = np.where(margins < 0, np.tile(sides, 2), sides.max())  # a cut leaves something of a narrow digit, too
        left, top, right, bottom = box + np.array([-1, -1, 1, 1]) * margins * of
    else:
        wide, tall = rng.uniform(0.1, 0.5, 2) * min(height, width)
        left, top = rng.uniform(0, width - wide), rng.uniform(0, height - tall)
        right, bottom = left + wide, top + tall
    part = slice(max(0, int(top)), math.ceil(bottom)), slice(max(0, int(left)), math.ceil(right))
    picture, covers = picture[part], [cover[part] for _, cover in digits]
    if number % 4 == 1 and max(picture.shape) > 100:  # a thumbnail
        size = np.array(picture.shape[1::-1]) * rng.uniform(24, 100) / max(picture.shape)
        size = tuple(np.maximum(1, size.round().astype(int)).tolist())
        picture, *covers = (cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in (picture, *covers))
    return np.ascontiguousarray(picture), [_digit(cover) for cover in covers if cover.max() > 120]


def tiny(rng: Generator, number: int) -> Shown:
    """A few pixels cut out around a digit of MNIST's, grey or black and white, their sides' ratio kept or lost."""
    cover = _tight(scans()[rng.integers(DIGITS)])
    side = int(rng.choice([16, 16, 20, 24, 28, 28, 32, 32, 48, 64]))
    size = np.array(cover.shape[::-1]) * side / max(cover.shape) if number % 2 else np.full(2, side)
    cover = cv2.resize(cover, tuple(size.round().astype(int).tolist()), interpolation=cv2.INTER_CUBIC)
    if number % 3 == 0:
        cover = np.where(cover > rng.uniform(60, 180), 255, 0).astype(np.uint8)
    margins = rng.integers(0, 1 + side // 8, 4) if number % 5 < 2 else np.full(4, rng.integers(0, 3) * (number % 5 < 4))
    cover = cv2.copyMakeBorder(cover, *margins.tolist(), cv2.BORDER_CONSTANT)
    ground, ink = (255, 0) if number % 4 < 2 else rng.permutation([rng.uniform(0, 90), rng.uniform(150, 255)])
    ground, ink = (ink, ground) if number % 7 < 3 else (ground, ink)
    picture = ground + (ink - ground) * np.dstack([cover / 255] * 3)
    if number % 6 == 5:
        picture += rng.normal(0, rng.uniform(1, 8), picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8), [_digit(cover)]


def cell(rng: Generator, number: int) -> Shown:
    """A cell of a puzzle, a little askew, as it is cut out of its photo: lines of the grid along some of its edges."""
    side = int(rng.integers(28, 160))
    fine = 4 * side
    lines, cover = np.zeros((fine, fine), np.float32), np.zeros((fine, fine), np.float32)
    thick = rng.uniform(0.01, 0.07)
    for edge in np.flatnonzero(rng.random(4) < 0.6):
        off, slant = rng.uniform(-0.02, 0.09), rng.uniform(-0.02, 0.02)
        a, b = ([x * fine for x in ends] for ends in ((-0.1, off - slant), (1.1, off + slant)))
        if edge % 2:
            a, b = a[::-1], b[::-1]
        if edge > 1:
            a, b = ([fine - x for x in one] for one in (a, b))
        cv2.line(lines, *(tuple(int(x) for x in one) for one in (a, b)), 1, max(1, int(thick * fine)), cv2.LINE_AA)
    if number % 8:
        drawn = int(fine * rng.uniform(0.4, 0.9) * 28 / 20)
        square = scans()[rng.integers(DIGITS)] / np.float32(255)
        drawn = _cut(pen_strokes(square, drawn, float(rng.uniform(0.04, 0.14)), rng).astype(np.float32))
        drawn = drawn[:fine, :fine]
        top, left = (int((fine - n) * (0.5 + 0.5 * rng.uniform(-0.9, 0.9))) for n in drawn.shape)
        cover[top : top + drawn.shape[0], left : left + drawn.shape[1]] = drawn
    lines, cover = (cv2.resize(one, (side, side), interpolation=cv2.INTER_AREA) for one in (lines, cover))
    paper = rng.uniform(120, 255, 3) if number % 2 else np.full(3, rng.uniform(150, 255))
    ink, ruling = paper * rng.uniform(0, 0.6), paper * rng.uniform(0, 0.75)
    picture = paper + (ruling - paper) * lines[:, :, None]
    picture = picture + (ink - picture) * cover[:, :, None]
    picture *= np.linspace(1, rng.uniform(0.7, 1), side)[:, None, None]
    picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.2)) + rng.normal(0, rng.uniform(0, 6), picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8), [_digit((255 * cover).astype(np.uint8))] if number % 8 else []


def plain(rng: Generator, number: int) -> Shown:
    """One digit or two, written on a plain ground, the light perhaps uneven and the picture perhaps grainy."""
    sizes = ((640, 480), (320, 240), (480, 640), (280, 280), (800, 600), (640, 360))
    width, height = sizes[rng.integers(len(sizes))]
    ground = rng.uniform(0, 255, 3) if number % 2 else np.full(3, rng.uniform(150, 255))
    dark, two = ground.mean() > 110, number % 3 == 0
    ink = ground * rng.uniform(0, 0.75, 3) if dark else ground + (255 - ground) * rng.uniform(0.35, 1, 3)
    picture, digits = np.ones((height, width, 3)) * ground, []
    for _ in range(1 + two):
        share = float(np.exp(rng.uniform(np.log(0.12), np.log(0.45 if two else 0.98))))
        side = int(share * min(width, height) * 28 / 20)
        square = scans()[rng.integers(DIGITS)] / np.float32(255)
        drawn = pen_strokes(square, max(40, min(side, 600)), float(rng.uniform(0.02, 0.12)), rng).astype(np.float32)
        drawn = _cut(cv2.resize(drawn, (side, side), interpolation=cv2.INTER_AREA).clip(0, 1))
        tall, wide = drawn.shape
        if tall > height - 2 or wide > width - 2:
            continue
        left, top = int(rng.integers(1, width - wide)), int(rng.integers(1, height - tall))
        box = (left, top, left + wide, top + tall)
        if any(_near(box, other, 0.4 * max(tall, wide)) for other, _ in digits):
            continue
        cover = np.zeros((height, width), np.float32)
        cover[top : top + tall, left : left + wide] = drawn
        picture = picture * (1 - cover[:, :, None]) + cover[:, :, None] * ink
        digits.append((box, (255 * cover).astype(np.uint8)))
    if not two:
        picture *= np.linspace(1, rng.uniform(0.35, 1), width)[None, :, None]
    if number % 4 == 2:
        picture += rng.normal(0, rng.uniform(1, 10), picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8), digits


def nothing(rng: Generator, number: int) -> Shown:
    """Plain ground with soft shadows, smudges or rules on it, or nothing but grain."""
    width, height = ((640, 480), (320, 240), (280, 280), (120, 160), (64, 64))[rng.integers(5)]
    ground = rng.uniform(30, 255)
    picture = np.full((height, width), ground, np.float32)
    if number % 4 < 2:  # shadows and smudges
        for _ in range(int(rng.integers(1, 4))):
            spot, middle = np.zeros((height, width), np.float32), (rng.uniform(0, 1, 2) * (width, height)).astype(int)
            axes = (rng.uniform(0.03, 0.3, 2) * height).astype(int)
            cv2.ellipse(spot, middle.tolist(), axes.tolist(), rng.uniform(0, 180), 0, 360, 1, -1)
            spot = cv2.GaussianBlur(spot, (0, 0), rng.uniform(0.15, 0.7) * axes.min() + 0.5)
            picture += rng.uniform(-0.6, 0.4) * ground * spot
    elif number % 4 == 2:  # rules
        pitch, thick = rng.uniform(0.06, 0.3) * height, int(rng.integers(1, 1 + max(2, height // 60)))
        for place in np.arange(rng.uniform(0, pitch), max(width, height), pitch).astype(int):
            cv2.line(picture, (0, place), (width, place + int(0.02 * width)), 0.7 * ground, thick, cv2.LINE_AA)
            if number % 8 == 2:
                cv2.line(picture, (place, 0), (place - int(0.02 * height), height), 0.7 * ground, thick, cv2.LINE_AA)
    grain = rng.uniform(0, 60) if number % 4 == 3 else rng.uniform(0, 6) * (number % 3 > 0)
    picture = np.dstack([picture + rng.normal(0, grain, picture.shape)] * 3)
    return np.clip(picture, 0, 255).astype(np.uint8), []


def scan(rng: Generator, number: int) -> Shown:
    """A digit of MNIST's as it is, only larger: its strokes are wide, and it fills the picture."""
    side = int(rng.choice([112, 140, 200, 280, 280, 420, 560]))
    how = int(rng.choice([cv2.INTER_CUBIC, cv2.INTER_CUBIC, cv2.INTER_NEAREST, cv2.INTER_LINEAR]))
    large = cv2.resize(scans()[rng.integers(DIGITS)], (side, side), interpolation=how)
    if number % 4 == 3:
        large = cv2.copyMakeBorder(large, *(int(n) for n in rng.integers(0, side, 4)), cv2.BORDER_CONSTANT)
    return np.dstack([large if number % 3 else 255 - large] * 3), [_digit(large)]


def face(rng: Generator, number: int) -> Shown:
    """A face of FER2013's before a plain wall, every third one cut out as a square."""
    faces = np.load(data_folder() / "fer2013" / "fer2013.npz")["images"]
    side, wall = int(rng.integers(120, 400)), float(rng.uniform(60, 230))
    oval = np.ones((side, side), np.float32)
    if number % 3:
        middle, axes = (side // 2, side // 2), (side * 5 // 12, side // 2)
        oval = cv2.GaussianBlur(cv2.ellipse(0 * oval, middle, axes, 0, 0, 360, 1, -1), (0, 0), side / 20)
    picture = np.full((480, 640), wall, np.float32)
    left, top = int(rng.integers(0, 640 - side)), int(rng.integers(0, 480 - side))
    large = cv2.resize(faces[rng.integers(len(faces))], (side, side), interpolation=cv2.INTER_CUBIC)
    picture[top : top + side, left : left + side] += (large - wall) * oval
    return np.dstack([np.clip(picture, 0, 255).astype(np.uint8)] * 3), []


def part_of(group: Found, digit: Digit, width: int, height: int) -> float:
    """How much of a digit a group is, 0 to 1: as box, as what it has of the strokes, and as what is strokes of it."""
    (left, top, right, bottom), _, mask, _, _ = group
    shared = overlap((left * width, top * height, right * width, bottom * height), digit[0])
    if shared < 0.25:
        return 0.0
    scale = mask.shape[1] / ((right - left) * width)  # of what was searched
    wide, tall = max(1, round(width * scale)), max(1, round(height * scale))
    cover = cv2.resize(digit[1], (wide, tall), interpolation=cv2.INTER_AREA)
    strokes = (cover > min(90, 0.6 * cover.max())).view(np.uint8)
    own, (x, y) = np.zeros((tall + 4, wide + 4), np.uint8), (round(left * wide), round(top * tall))
    own[y : y + mask.shape[0], x : x + mask.shape[1]] = mask
    own, near = own[:tall, :wide], np.ones((3, 3), np.uint8)
    has = (cv2.dilate(own, near) * strokes).sum() / max(1, strokes.sum())
    true = (own * cv2.dilate(strokes, near)).sum() / max(1, own.sum())
    return float(min(has, true, 1.2 * shared))


def examples(kind_and_number: tuple[str, int], seed: int) -> Examples:
    """One picture's groups."""
    kind, number = kind_and_number
    cv2.setNumThreads(1)
    rng = np.random.default_rng([seed, list(MAKERS).index(kind), number])
    picture, digits = MAKERS[kind](rng, number)
    height, width = picture.shape[:2]
    found = list(groups(picture))
    parts = [max((part_of(group, digit, width, height) for digit in digits), default=0.0) for group in found]
    return np.array([group[-1] for group in found], np.float32), np.array(parts, np.float32)


MAKERS = {
    "photo": photo,
    "close": close,
    "tiny": tiny,
    "cell": cell,
    "nothing": nothing,
    "plain": plain,
    "scan": scan,
    "face": face,
}


def fit(pictures: list[Examples], seed: int) -> dict[str, np.ndarray]:
    """The network's weights, as ``mmdemo.image.ink.judge`` takes them."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    every = np.concatenate([measures for measures, _ in pictures])
    mean, spread = every.mean(axis=0), every.std(axis=0) + 1e-6
    inputs = [torch.from_numpy((m - mean) / spread).clamp(-FARTHEST, FARTHEST) for m, _ in pictures]
    taught = [torch.from_numpy(np.clip((parts - NONE) / (WHOLE - NONE), 0, 1)) for _, parts in pictures]
    hidden, output = nn.Linear(every.shape[1], HIDDEN), nn.Linear(HIDDEN, 1)
    network = nn.Sequential(hidden, nn.ReLU(), output)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=DECAY)
    steps = len(pictures) // AT_ONCE
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=EPOCHS * steps)
    for _ in range(EPOCHS):
        for batch in np.array_split(rng.permutation(len(pictures))[: steps * AT_ONCE], steps):
            x, whole = torch.cat([inputs[k] for k in batch]), torch.cat([taught[k] for k in batch])
            odds = network(x + JITTER * torch.randn_like(x))[:, 0]
            loss = functional.binary_cross_entropy_with_logits(odds, whole, reduction="sum") / 64
            lengths = [len(inputs[k]) for k in batch]
            for own, parts in zip(odds.split(lengths), whole.split(lengths), strict=True):
                loss = loss + _choice(own, parts) / AT_ONCE
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    weights = {"mean": mean, "spread": spread, "hidden": hidden.weight.T, "hidden_bias": hidden.bias}
    weights |= {"output": output.weight[0], "output_bias": output.bias[0]}
    return {name: np.asarray(torch.as_tensor(value).detach(), np.float32) for name, value in weights.items()}


def _choice(odds: torch.Tensor, parts: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of choosing a group that is a digit, or, where there is none, nothing, whose odds are even."""
    right = parts > 0.05
    every = torch.logsumexp(torch.cat([odds, odds.new_zeros(1)]), 0)
    return every - torch.logsumexp(odds[right] + parts[right].log(), 0) if right.any() else every


def _cut(drawn: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero((drawn > 0.3).any(axis=1)), np.flatnonzero((drawn > 0.3).any(axis=0))
    return drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _tight(scan: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero((scan > 90).any(axis=1)), np.flatnonzero((scan > 90).any(axis=0))
    return scan[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _digit(cover: np.ndarray) -> Digit:
    """A digit with its box, from how much of every pixel it covers, uint8 (H, W)."""
    left, top, wide, tall = cv2.boundingRect((cover > 90).view(np.uint8))
    return (left, top, left + wide, top + tall), cover


def _near(a: Box, b: Box, gap: float) -> bool:
    return all(a[n] - gap <= b[n + 2] and b[n] - gap <= a[n + 2] for n in (0, 1))


def _planned(photos: int) -> Iterator[tuple[str, int]]:
    for kind, count in {"photo": photos, **OTHERS}.items():
        if kind != "face" or (data_folder() / "fer2013").is_dir():
            yield from ((kind, number) for number in range(math.ceil(count * photos / PHOTOS)))


def main() -> None:
    """Compose, measure, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=PHOTOS, help="composed ones; of the others, in proportion")
    parser.add_argument("--seed", type=int, default=4711)
    parser.add_argument("--jobs", type=int, default=None, help="processes; one for each core unless given")
    parser.add_argument("--out", type=Path, default=JUDGE)
    given = parser.parse_args()
    planned = list(_planned(given.photos))
    with ProcessPoolExecutor(given.jobs) as pool:
        work = pool.map(partial(examples, seed=given.seed), planned, chunksize=8)
        measured = [one for one in tqdm(work, "pictures", len(planned), leave=False) if len(one[0])]
    np.savez(given.out, **fit(measured, seed=1))
    print(f"{sum(len(parts) for _, parts in measured)} groups in {len(measured)} pictures -> {given.out}")


if __name__ == "__main__":
    main()
