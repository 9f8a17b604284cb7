"""What light and a webcam do to what is in front of them: shadows, blur, noise, JPEG."""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import ExifTags, Image

from mmdemo.data.synthetic.backdrops import Rng, clouds

QUALITY = (45, 95)  # of the JPEG
UNTURN = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}


def light(width: int, height: int, uneven: float, shadow: float, rng: Rng) -> np.ndarray:
    """The light on every part of a frame, float32 (height, width), 1 where it is brightest.

    Args:
        uneven: the brightest place over the darkest, shadows apart.
        shadow: the share of it that something between the lamp and the sheet takes away; its edge is soft.
    """
    y, x = np.mgrid[:height, :width].astype(np.float32) / height
    if rng.random() < 0.6:  # a window on one side
        angle = rng.uniform(0, 2 * np.pi)
        field = np.cos(angle) * x + np.sin(angle) * y
    else:  # a lamp above
        field = -np.hypot(x - rng.uniform(0, width / height), y - rng.uniform(0, 1))
    field = (field - field.max()) / max(float(np.ptp(field)), 1e-6)  # -1..0
    total = np.exp(field * np.log(uneven))
    if shadow:
        edge = rng.uniform(0.004, 0.06) * height
        angle = rng.uniform(0, 2 * np.pi)
        away = np.cos(angle) * (x - rng.uniform(0.2, 1.0)) + np.sin(angle) * (y - rng.uniform(0.2, 0.8))
        away = away + 0.06 * clouds(width, height, rng, 2, 2)
        total = total * (1 - shadow * np.clip(0.5 - away * height / edge / 2, 0, 1))
    return total.astype(np.float32)


def blur(picture: np.ndarray, defocus: float, motion: float, rng: Rng) -> np.ndarray:
    """Out of focus by ``defocus`` pixels, and moved by ``motion`` pixels while the shutter was open."""
    if defocus > 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), defocus)
    if motion > 1:
        angle, side = rng.uniform(0, np.pi), int(motion) // 2 * 2 + 3
        way = np.array([np.cos(angle), np.sin(angle)]) * motion / 2
        kernel = np.zeros((side, side), np.float32)
        ends = [tuple(((side // 2 + sign * way) * 16).round().astype(int).tolist()) for sign in (-1, 1)]
        cv2.line(kernel, *ends, 1.0, 1, cv2.LINE_AA, 4)
        picture = cv2.filter2D(picture, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
    return picture


def sensor(picture: np.ndarray, noise: float, rng: Rng) -> np.ndarray:
    """Noise, more of it in the light than in the dark and smoothed a little as cameras do, and 8 bits.

    Args:
        picture: float32 (H, W, 3) in 0..255.
        noise: standard deviation of a mid-grey pixel, in grey levels.
    """
    grain = rng.standard_normal(picture.shape, np.float32)
    grain = 0.6 * grain + 0.8 * cv2.GaussianBlur(grain, (0, 0), 0.8)
    spread = noise * np.sqrt((picture + 40) / 168)
    return np.clip(picture + grain * spread + 0.5, 0, 255).astype(np.uint8)


def as_jpeg(pixels: np.ndarray, quality: int, orientation: int = 1) -> bytes:
    """A JPEG file of an upright picture, stored as a camera held another way stores it.

    Args:
        pixels: uint8 (H, W, 3).
        quality: 1 to 95.
        orientation: EXIF's: 1 upright, 3 upside down, 6 and 8 on its side.
    """
    image, stream = Image.fromarray(pixels), io.BytesIO()
    exif = Image.Exif()
    if orientation != 1:
        image = image.transpose(UNTURN[orientation])
        exif[ExifTags.Base.Orientation] = orientation
    image.save(stream, "JPEG", quality=quality, exif=exif)
    return stream.getvalue()
