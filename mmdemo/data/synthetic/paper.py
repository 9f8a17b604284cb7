"""Webcam photos of handwritten digits, composed from MNIST's: on paper, a whiteboard or a phone, held up in a room.

The sheet is a plane in space that a camera sees at an angle. On it lie the strokes, redrawn as a pen would draw them
(:mod:`mmdemo.data.synthetic.nib`); behind it a room (:mod:`mmdemo.data.synthetic.backdrops`), before it perhaps a hand;
and then come the light and the camera (:mod:`mmdemo.data.synthetic.camera`). What is where is known exactly, so that
finding can be measured apart from reading. The limits are in :mod:`mmdemo.data.synthetic.scenes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from mmdemo.data.synthetic.backdrops import Rng, backdrop, clouds
from mmdemo.data.synthetic.camera import QUALITY, UNTURN, as_jpeg, blur, light, sensor
from mmdemo.data.synthetic.hands import Hand, draw_hand
from mmdemo.data.synthetic.nib import pen_strokes
from mmdemo.data.synthetic.scenes import KINDS, Scene, draw_scene

FOCUS = 1.1  # of the frame's longer side: the camera's focal length, as a webcam's
INK = 0.35  # covered more than this, a pixel counts as ink for the box
TURNED = 10  # every so many photos of a test set lie on their side or head in their file
RULES = np.array([[150, 175, 215], [165, 170, 180], [200, 165, 175], [140, 190, 190]], np.float32)


@dataclass(frozen=True, eq=False)
class Photo:
    """A composed photo and what is known about it.

    Attributes:
        pixels: uint8 (H, W, 3), RGB, upright.
        box: (left, top, right, bottom) of the ink in pixels; None in an empty scene.
        cover: float32 (H, W), how much of every pixel is ink, 0 to 1.
        corners: float (4, 2), where the corners of the digit's square are: left top, right top, right bottom, left
            bottom.
        kind: of the scene.
        scene: all of it.
    """

    pixels: np.ndarray
    box: tuple[float, float, float, float] | None
    cover: np.ndarray
    corners: np.ndarray
    kind: str
    scene: Scene


@dataclass(frozen=True, eq=False)
class Shot:
    """A photo of a test set as its file, with the class of what is written in it."""

    photo: Photo
    file: bytes
    orientation: int
    label: int


def compose(square: np.ndarray | None, rng: Rng, scene: Scene | None = None) -> Photo:
    """A photo of a digit in a scene.

    Args:
        square: float (28, 28) in 0..1, bright ink on black; None for the same scene with nothing written in it.
        rng: fills in the details; the same square, seed and scene give the same photo.
        scene: one at random if not given.
    """
    scene = scene or draw_scene(rng)
    width, height = scene.size
    extent = _extent(square)
    plane = _plane(scene, extent)  # 3x3, from the square's plane (-0.5 to 0.5) to pixels
    u, v = _plane_of_pixels(plane, width, height)
    pixel = 1 / _scale(plane)  # of the plane's unit, at the ink
    cover = np.zeros((height, width), np.float32)
    if square is not None:
        cover = _strokes(square, scene, u, v, pixel, rng)
    picture, _ = backdrop(scene.split, width, height, rng, scene.face)
    picture = _lay_sheet(picture, cover, scene, extent, u, v, pixel, rng)
    box = _box(cover)
    if scene.hand and (hand := draw_hand(width, height, box, rng)) is not None:
        picture = _over(picture, hand)
    lit = light(width, height, scene.uneven, scene.shadow, rng) * scene.level
    if scene.kind == "phone":  # a screen shines by itself
        sheet = _sheet(scene, extent, u, v, pixel)
        lit = lit + sheet * (np.maximum(scene.level, 0.7) - lit) * 0.7
    tint = 1 + rng.uniform(-0.07, 0.07, 3).astype(np.float32)
    picture = picture * lit[:, :, None] * tint
    tall = scene.share * height
    picture = blur(picture, max(0.4, scene.defocus * tall), scene.motion * tall, rng)
    corners = cv2.perspectiveTransform(np.array([[[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]]), plane)[0]
    return Photo(sensor(picture, scene.noise, rng), box, cover, corners, scene.kind, scene)


def shots(squares: np.ndarray, labels: np.ndarray, count: int, seed: int = 0) -> Iterator[Shot]:
    """A reproducible test set: test backdrops, kinds of scene in turn, every tenth file turned by EXIF.

    Args:
        squares: uint8 (N, 28, 28), digits that training never saw, such as MNIST's test set.
        labels: (N,) their classes.
        count: how many photos; the digits are taken at random.
        seed: with the number of a photo it settles the photo, so that a larger set begins with the smaller.
    """
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        which = int(rng.integers(len(squares)))
        scene = draw_scene(rng, KINDS[number % len(KINDS)], "test")
        photo = compose(squares[which] / np.float32(255), rng, scene)
        orientation = int(rng.choice(list(UNTURN))) if number % TURNED == TURNED - 1 else 1
        file = as_jpeg(photo.pixels, int(rng.integers(*QUALITY)), orientation)
        yield Shot(photo, file, orientation, int(labels[which]))


def _extent(square: np.ndarray | None) -> tuple[float, float, float, float]:
    """The ink's box in the square's plane; the usual place of a digit where there is none."""
    if square is None:
        return (-0.2, -0.36, 0.2, 0.36)
    rows, columns = np.flatnonzero((square > 0.3).any(axis=1)), np.flatnonzero((square > 0.3).any(axis=0))
    side = len(square)
    return (columns[0] / side - 0.5, rows[0] / side - 0.5, (columns[-1] + 1) / side - 0.5, (rows[-1] + 1) / side - 0.5)


def _plane(scene: Scene, extent: tuple[float, float, float, float]) -> np.ndarray:
    """The homography that puts the ink where the scene wants it, as large as it wants it."""
    width, height = scene.size
    focus = FOCUS * max(width, height)
    turn, tilt, axis = np.radians([scene.turn, scene.tilt, scene.axis])
    spin, _ = cv2.Rodrigues(np.array([0, 0, turn]))
    lean, _ = cv2.Rodrigues(tilt * np.array([np.cos(axis), np.sin(axis), 0.0]))
    turned = lean @ spin
    left, top, right, bottom = extent
    ring = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]])
    size = 100.0
    for _ in range(4):  # perspective makes its height on the frame not quite proportional to its size
        flat = np.diag([focus, focus, 1.0]) @ np.column_stack([size * turned[:, :2], [0, 0, focus]])
        seen = cv2.perspectiveTransform(ring, flat)[0]
        wide, tall = np.ptp(seen, axis=0)
        size *= min(scene.share * height / tall, 0.9 * width / wide)
    flat = np.diag([focus, focus, 1.0]) @ np.column_stack([size * turned[:, :2], [0, 0, focus]])
    seen = cv2.perspectiveTransform(ring, flat)[0]
    margin = 0.03 * height
    room = np.array([width, height]) - np.ptp(seen, axis=0) - 2 * margin
    shift = margin + np.maximum(room, 0) * scene.place - seen.min(axis=0)
    return np.array([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1]]) @ flat


def _scale(plane: np.ndarray) -> float:
    """Pixels of the frame for one unit of the plane, at the ink."""
    origin, right, down = cv2.perspectiveTransform(np.array([[[0.0, 0], [0.01, 0], [0, 0.01]]]), plane)[0]
    return 100 * float(np.sqrt(np.linalg.norm(right - origin) * np.linalg.norm(down - origin)))


def _plane_of_pixels(plane: np.ndarray, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Where on the plane every pixel's centre looks, two float32 (height, width)."""
    inverse = np.linalg.inv(plane)
    y, x = np.mgrid[:height, :width].astype(np.float32) + np.float32(0.5)
    u, v, w = (row[0] * x + row[1] * y + row[2] for row in inverse.astype(np.float32))
    w = np.where(np.abs(w) < 1e-6, 1e-6, w)
    return u / w, v / w


def _strokes(square: np.ndarray, scene: Scene, u: np.ndarray, v: np.ndarray, pixel: float, rng: Rng) -> np.ndarray:
    """How much of every pixel of the frame is covered with ink, float32 (H, W)."""
    side = int(np.clip(1.3 / pixel, 40, 1000))
    drawn = pen_strokes(square, side, None if scene.width > 0.13 else scene.width, rng)
    if scene.tool == "pencil":  # graphite stays on the paper's heights only
        drawn = drawn * np.clip(0.8 + 0.5 * rng.standard_normal(drawn.shape), 0.2, 1)
    drawn = drawn.astype(np.float32)
    at = [((one + 0.5) * side - 0.5).astype(np.float32) for one in (u, v)]
    return cv2.remap(drawn, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def _sheet(scene: Scene, extent: tuple, u: np.ndarray, v: np.ndarray, pixel: float, more: float = 0) -> np.ndarray:
    """How much of every pixel is sheet, float32 (H, W); ``more`` widens it by shares of the ink's height."""
    left, top, right, bottom = extent
    tall = bottom - top
    grow = np.array(scene.margins) + more
    edges = (left - grow[0] * tall, top - grow[1] * tall, right + grow[2] * tall, bottom + grow[3] * tall)
    inside = np.minimum(np.minimum(u - edges[0], edges[2] - u), np.minimum(v - edges[1], edges[3] - v))
    return np.clip(inside / pixel + 0.5, 0, 1)


def _lay_sheet(
    picture: np.ndarray,
    cover: np.ndarray,
    scene: Scene,
    extent: tuple,
    u: np.ndarray,
    v: np.ndarray,
    pixel: float,
    rng: Rng,
) -> np.ndarray:
    """The sheet with its rules and its ink, laid on the picture behind it."""
    height, width = u.shape
    texture = 1 + 0.012 * clouds(width, height, rng, 60, 2) + 0.02 * clouds(width, height, rng, 3, 2)
    ground = np.array(scene.paper, np.float32) * texture[:, :, None]
    tall = extent[3] - extent[1]
    if scene.kind in ("lined", "squared"):
        pitch = max(tall * float(np.exp(rng.uniform(np.log(0.1), np.log(1.1)))), 9 * pixel)
        thick, colour = rng.uniform(0.5, 1.3) * max(pixel, 0.012 * pitch), RULES[rng.integers(len(RULES))]
        strength, offset = rng.uniform(0.4, 1), rng.uniform(0, 1, 2)
        rules = _rules(v / pitch + offset[1], thick / pitch, pixel / pitch)
        if scene.kind == "squared":
            rules = np.maximum(rules, _rules(u / pitch + offset[0], thick / pitch, pixel / pitch))
        ground = ground * (1 - (strength * rules)[:, :, None] * (1 - colour / 255))
    if scene.kind == "whiteboard":  # a lamp mirrored in it
        y, x = np.mgrid[:height, :width].astype(np.float32) / height
        glare = np.exp(-(((x - rng.uniform(0, 1.4)) / 0.25) ** 2) - ((y - rng.uniform(0, 1)) / 0.15) ** 2)
        ground = ground + rng.uniform(0, 25) * glare[:, :, None]
    ink = (scene.strength * cover)[:, :, None]
    if scene.kind == "phone":
        ground = ground * (1 - ink) + ink * np.array(scene.ink, np.float32)
        frame = _sheet(scene, extent, u, v, pixel, more=0.08)[:, :, None]
        picture = picture * (1 - frame) + frame * rng.uniform(10, 60)
    else:
        ground = ground * (1 - ink * (1 - np.array(scene.ink, np.float32) / 255))
    sheet = _sheet(scene, extent, u, v, pixel)
    depth = rng.uniform(2, 12) * height / 480
    cast = np.roll(cv2.GaussianBlur(sheet, (0, 0), depth), (int(depth), int(depth * rng.uniform(-1, 1))), (0, 1))
    picture = picture * (1 - 0.45 * cast[:, :, None])
    return picture * (1 - sheet[:, :, None]) + ground * sheet[:, :, None]


def _rules(place: np.ndarray, thick: float, pixel: float) -> np.ndarray:
    """Lines at every whole number of ``place``, 0..1, as a camera's pixels see them; all as shares of their pitch."""
    away = np.abs(place - np.round(place))
    return np.clip((thick / 2 - away) / pixel + 0.5, 0, 1) * min(1.0, thick / pixel + 0.3)


def _over(picture: np.ndarray, hand: Hand) -> np.ndarray:
    """A hand, and the shadow that it casts, laid over a picture."""
    cast = np.roll(cv2.GaussianBlur(hand.cover, (0, 0), 0.02 * len(picture)), (6, 4), (0, 1))
    picture = picture * (1 - 0.35 * cast[:, :, None])
    return picture * (1 - hand.cover[:, :, None]) + hand.colours * hand.cover[:, :, None]


def _box(cover: np.ndarray) -> tuple[float, float, float, float] | None:
    """The box of the ink; pixels that are covered for the most part, or the best covered ones of very thin strokes."""
    ink = cover > min(INK, 0.6 * float(cover.max()))
    if not ink.any():
        return None
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
