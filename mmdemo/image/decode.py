"""Open any picture safely: a file, its bytes, a PIL image or an array becomes an upright 8-bit RGB array."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
from PIL import AvifImagePlugin, ExifTags, Image, ImageOps, ImageSequence

from mmdemo.image.structure import MAX_NOTES, check_structure
from mmdemo.messages import InputError
from mmdemo.worker_pool import TooMuchWork, run_in_worker

MAX_PIXELS = 51_000_000  # width times height, read from the header before anything is decoded; phones have up to 50
MAX_BYTES = 32_000_000  # of a file: a photo of 50 megapixels in full quality takes 15 to 25 MB
KEPT_SIDE = 1280  # pixels; a longer picture is reduced to this, which is plenty for a digit and quick to search
Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # wherever else a picture may be opened: Pillow refuses twice as many
FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "HEIF", "GIF", "BMP", "TIFF", "PPM")  # nothing that runs a program
ANIMATED = ("GIF", "WEBP", "PNG", "AVIF")
MAX_FRAMES = 32  # of an animation that are looked at, for one with something in it; together MAX_PIXELS at most
BLANK = (
    24  # levels of 255; a frame whose brightness spans less is one plain colour, but for what compression makes of it
)

pillow_heif.register_heif_opener(decode_threads=1, depth_images=False, aux_images=False)
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # as above: visitors are served side by side, and each thread takes memory


def open_picture(source: str | Path | bytes | Image.Image | np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """Read a picture whatever it comes as, turn it upright and flatten it to RGB.

    Rotation noted by the camera (EXIF) is applied. Transparency is laid on white, or on black where what is drawn is
    light. Sixteen-bit and float values are scaled, palettes resolved, and of an animation the first frame is taken that
    shows anything.

    Args:
        source: a path, the bytes of a file, a PIL image, or an array (H, W), (H, W, 1), (H, W, 2) with alpha,
            (H, W, 3) or (H, W, 4) with alpha: bool, 8-bit, 16-bit, or float in 0..1 or 0..255.

    Returns:
        The picture, uint8 (H, W, 3), at most ``KEPT_SIDE`` long, and (width, height) of the upright original.

    Raises:
        InputError: missing, not a picture, damaged, over ``MAX_BYTES`` or ``MAX_PIXELS``, or too much work.
    """
    if isinstance(source, np.ndarray):
        pixels = _flatten(_from_array(source))
        return _reduce(pixels), pixels.shape[1::-1]
    if isinstance(source, Image.Image):
        _check_size(*source.size)
        return _decode(source)
    if isinstance(source, bytes):
        size = len(source)
    else:
        source = Path(source)
        if not source.is_file():
            raise InputError("image.missing", name=source.name)
        size = source.stat().st_size
    if size > MAX_BYTES:
        raise InputError("image.heavy", megabytes=round(size / 1e6, 1), limit=MAX_BYTES // 1_000_000)
    return run_in_worker(_open_file, source)  # it may take for ever, or crash


def _open_file(source: Path | bytes) -> tuple[np.ndarray, tuple[int, int]]:
    """Decode a file, or its bytes, whose length has been checked."""
    try:
        contents = source if isinstance(source, bytes) else source.read_bytes()
    except FileNotFoundError as error:  # an upload, deleted while it waited for its turn
        raise InputError("image.missing", name=source.name) from error
    check_structure(contents)
    try:
        Image.init()  # else Pillow knows only the commonest of the formats
        image = Image.open(io.BytesIO(contents), formats=FORMATS)
    except Image.DecompressionBombError as error:  # Pillow's own limit, far above ours
        limit = MAX_PIXELS // 1_000_000
        raise InputError(
            "image.large", megapixels=f"over {2 * Image.MAX_IMAGE_PIXELS // 10**6}", limit=limit
        ) from error
    except Exception as error:  # Pillow's readers raise nearly anything on a damaged header
        raise InputError("image.unreadable") from error
    with image:
        _check_size(*image.size)
        return _decode(image)


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise InputError("image.large", megapixels=round(width * height / 1e6, 1), limit=MAX_PIXELS // 1_000_000)
    if width * height == 0:
        raise InputError("image.unreadable")


def _decode(image: Image.Image) -> tuple[np.ndarray, tuple[int, int]]:
    """Decode a PIL image whose size has been checked."""
    original = image.size
    try:
        if len(image.info.get("exif") or b"") > MAX_NOTES:
            raise TooMuchWork
        if image.getexif().get(ExifTags.Base.Orientation, 1) >= 5:  # these lie on their side
            original = original[::-1]
        image.draft("RGB", (KEPT_SIDE, KEPT_SIDE))  # a JPEG is decoded at half or a quarter where that is enough
        pixels = _pixels(image)
        if image.format in ANIMATED and _is_blank(pixels):
            pixels = next((later for later in _later_frames(image) if not _is_blank(later)), pixels)
    except TooMuchWork:
        raise
    except MemoryError as error:
        raise TooMuchWork from error
    except Exception as error:  # as above: truncated, wrong lengths, broken compression, lying headers
        raise InputError("image.broken") from error
    return pixels, original


def _pixels(image: Image.Image) -> np.ndarray:
    """A picture, or the frame of an animation at which it stands, upright, flat and not too large."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):  # 16-bit, 32-bit and float grey: Pillow would clip them at 255
        values = np.asarray(image)
        values = values.astype(np.uint16 if values.dtype.itemsize == 2 else np.float32)  # OpenCV reduces no others
        return _flatten(_from_array(_reduce(values)))
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode != "RGB":
        image = image.convert("RGB")
    if (times := max(image.size) // KEPT_SIDE) > 1:
        image = image.reduce(times)  # before transparency is laid on anything, which takes much memory
    return _reduce(_flatten(np.asarray(image)))


def _later_frames(image: Image.Image) -> Iterator[np.ndarray]:
    """The frames of an animation after the first, as far as they are looked at; what is damaged ends it."""
    most = min(MAX_FRAMES, MAX_PIXELS // (image.width * image.height))
    with suppress(EOFError, OSError, SyntaxError, ValueError):
        for frame in islice(ImageSequence.Iterator(image), 1, most):
            yield _pixels(frame)


def _is_blank(pixels: np.ndarray) -> bool:
    return int(pixels.max()) - int(pixels.min()) < BLANK


def _from_array(array: np.ndarray) -> np.ndarray:
    """Check an array's shape and bring its values to 8 bits."""
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 2, 3, 4)):
        raise InputError("image.shape", shape=str(array.shape))
    _check_size(array.shape[1], array.shape[0])
    if array.dtype == np.uint8:
        return array
    if array.dtype == bool:
        return array.astype(np.uint8) * 255
    if array.dtype.kind not in "iuf":
        raise InputError("image.shape", shape=f"{array.shape} {array.dtype}")
    values = np.nan_to_num(array.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    top = float(values.max())
    if array.dtype.kind == "f" and top <= 1:
        values = values * 255
    elif top > 255:  # 16-bit; a range that a 12-bit camera leaves unused is not taken for darkness
        values = values * (255 / (4095 if top <= 4095 else max(top, 65535)))
    return np.clip(values + 0.5, 0, 255).astype(np.uint8)


def _flatten(pixels: np.ndarray) -> np.ndarray:
    """Grey to RGB, and transparency laid on whichever of white and black makes what is drawn visible."""
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    colours, alpha = (pixels[:, :, :-1], pixels[:, :, -1:]) if pixels.shape[2] in (2, 4) else (pixels, None)
    if alpha is not None and alpha.min() < 255:
        weight = alpha.astype(np.float32) / 255
        light = float((colours.mean(axis=2, keepdims=True) * weight).sum()) > 127.5 * float(weight.sum())
        colours = (colours * weight + (0 if light else 255) * (1 - weight) + 0.5).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(colours, (*colours.shape[:2], 3)))


def _reduce(pixels: np.ndarray) -> np.ndarray:
    """Reduce what is longer than ``KEPT_SIDE``."""
    height, width = pixels.shape[:2]
    if max(width, height) > KEPT_SIDE:
        ratio = KEPT_SIDE / max(width, height)
        small = (max(1, round(width * ratio)), max(1, round(height * ratio)))
        pixels = cv2.resize(pixels, small, interpolation=cv2.INTER_AREA)
    return pixels
