"""A picture made worse: out of focus, or taken in less light."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from mmdemo.config import check_range

BLUR = 0.03  # of the picture's longer side: sigma of the blur at 1
STOPS = 7.0  # by how many halvings of the light the picture is darker at 1
FULL_WELL = 3000.0  # electrons of a white pixel in full light: a small sensor's
READ_NOISE = 6.0  # electrons, standard deviation
FOCUS = 2.0  # distance of the camera from a tilted picture, in lengths of the picture


def worsen_picture(picture: NDArray[np.uint8], blur: float = 0.0, darkness: float = 0.0, seed: int = 0) -> NDArray:
    """A picture out of focus, and taken in less light.

    Less light means fewer electrons in every pixel, so the noise that counting them brings grows against the picture
    (shot noise, and the noise of reading them out: Foi et al. 2008, "Practical Poissonian-Gaussian noise modeling and
    fitting for single-image raw-data"). Only the noise that the darkness adds is added: the photo has its own already.

    Args:
        picture: uint8 (H, W, 3), sRGB.
        blur: 0 to 1, where the Gaussian's sigma is 3 % of the longer side.
        darkness: 0 to 1, where a 128th of the light is left.
        seed: of the sensor's noise.

    Returns:
        uint8 (H, W, 3).

    Raises:
        ValueError: blur or darkness is not within 0..1.
    """
    check_range("blur", blur, 0.0, 1.0)
    check_range("darkness", darkness, 0.0, 1.0)
    if blur:
        picture = _blur(picture, BLUR * blur * max(picture.shape[:2]))
    if darkness:
        left = 2.0 ** (-STOPS * darkness)  # of the light
        light = _to_light()  # of each code, as everything here: there are far fewer codes than pixels
        variance = (left - left**2) * light / FULL_WELL + (1 - left**2) * (READ_NOISE / FULL_WELL) ** 2
        grain = np.random.default_rng(seed).standard_normal(picture.shape, np.float32)
        darker = (left * light).astype(np.float32)[picture] + np.sqrt(variance).astype(np.float32)[picture] * grain
        picture = _to_codes()[(65535 * darker.clip(0, 1)).astype(np.uint16)]
    return picture


def tilt(picture: NDArray[np.uint8], degrees: float, axis: float) -> NDArray[np.uint8]:
    """A flat picture as a camera in front of it sees it once it is tilted; what lies beside it has its edge's colours.

    Args:
        picture: uint8 (H, W, 3).
        degrees: how far it is tilted.
        axis: about which line through its middle, in radians; 0 is the horizontal one.
    """
    height, width = picture.shape[:2]
    focus = FOCUS * max(height, width)
    turned, _ = cv2.Rodrigues(np.radians(degrees) * np.array([np.cos(axis), np.sin(axis), 0.0]))
    to_middle = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
    seen = np.column_stack([turned[:, :2], [0, 0, focus]])  # the plane, so far away that upright it keeps its size
    camera = np.array([[focus, 0, width / 2], [0, focus, height / 2], [0, 0, 1]])
    return cv2.warpPerspective(picture, camera @ seen @ to_middle, (width, height), borderMode=cv2.BORDER_REPLICATE)


def grain(side: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A picture of nothing but coloured grain, finer or coarser: uint8 (side, side, 3)."""
    noise = rng.standard_normal((side, side, 3)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), float(rng.uniform(0.5, 8)))
    return np.clip(127 + 50 * noise / noise.std(), 0, 255).astype(np.uint8)


def _blur(picture: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    """A Gaussian of sigma pixels. A wide one is computed on a smaller picture: what that loses is far finer."""
    height, width = picture.shape[:2]
    ratio = max(1, int(sigma / 4))
    if ratio == 1:
        return cv2.GaussianBlur(picture, (0, 0), sigma)
    small = cv2.resize(picture, (-(-width // ratio), -(-height // ratio)), interpolation=cv2.INTER_AREA)
    return cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma / ratio), (width, height), interpolation=cv2.INTER_LINEAR)


@lru_cache
def _to_light() -> NDArray[np.float64]:
    """Linear light, 0 to 1, of each of the 256 codes of sRGB (IEC 61966-2-1)."""
    code = np.arange(256) / 255
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


@lru_cache
def _to_codes() -> NDArray[np.uint8]:
    """The code of each of 65536 even levels of linear light."""
    light = np.arange(65536) / 65535
    return np.rint(255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)).astype(
        np.uint8
    )
