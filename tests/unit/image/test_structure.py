"""Files that are all work are refused before anything is decoded; what cameras and programs write is not."""

import io
import time
from contextlib import suppress

import numpy as np
import pytest
from hostile import WORK, box, scans
from PIL import Image, PngImagePlugin

from mmdemo.image import structure
from mmdemo.image.decode import MAX_BYTES, open_picture
from mmdemo.image.structure import check_structure
from mmdemo.worker_pool import TooMuchWork

PIXELS = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)


@pytest.mark.parametrize("name", WORK)
def test_what_is_all_work_is_refused_at_once(name):
    contents = WORK[name]()
    assert len(contents) < MAX_BYTES
    begun = time.process_time()
    with pytest.raises(TooMuchWork):
        open_picture(contents)
    assert time.process_time() - begun < 1


def saved(kind, **how):
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, kind, **how)
    return file.getvalue()


def exif():
    notes = Image.Exif()
    notes[0x010E] = "a" * 60_000
    return notes


@pytest.mark.parametrize(
    "contents",
    [
        saved("JPEG", progressive=True, quality=95, exif=exif(), icc_profile=b"\xff\xda" * 200_000),
        saved("JPEG", quality=100) + b"\xff\xda\xff\xe1" * 100_000,  # a film after the picture
        saved("PNG", exif=exif(), icc_profile=b"a" * 500_000),
        saved("WEBP", exif=exif()),
        saved("AVIF", exif=exif(), speed=10),
        saved("HEIF", exif=exif()),
        saved("GIF", comment=b"a" * 50_000),
        saved("GIF", save_all=True, append_images=[Image.fromarray(PIXELS[::-1])] * 20),
        saved("TIFF"),
        saved("BMP"),
    ],
    ids=["progressive JPEG", "JPEG and film", "PNG", "WebP", "AVIF", "HEIC", "GIF", "animation", "TIFF", "BMP"],
)
def test_what_cameras_and_programs_write_is_read(contents):
    picture, size = open_picture(contents)
    assert size == (640, 480) and picture.shape == (480, 640, 3)


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_tiles_and_boxes_are_counted(kind):
    """As many tiles as a phone's photo of 48 megapixels has, and then too many."""
    whole = saved(kind)
    for count in (500, structure.MAX_TILES + 1):
        references = box(b"iref", bytes(4) + box(b"dimg", bytes(4) + bytes(2 * count)))
        changed = whole + box(b"meta", bytes(4) + references + box(b"iinf", bytes(6) + box(b"infe") * 500))
        if count == 500:
            check_structure(changed)
        else:
            with pytest.raises(TooMuchWork):
                check_structure(changed)


def test_many_text_chunks_are_read():
    info = PngImagePlugin.PngInfo()
    for n in range(500):
        info.add_text(f"key {n}", "value")
    assert open_picture(saved("PNG", pnginfo=info))[1] == (640, 480)


@pytest.mark.parametrize("count", [structure.MAX_SCANS // 2, 2 * structure.MAX_SCANS])
def test_scans_are_counted(count):
    contents = scans(64, count)
    if count < structure.MAX_SCANS:
        check_structure(contents)
    else:
        with pytest.raises(TooMuchWork):
            check_structure(contents)


@pytest.mark.parametrize(
    "start", [b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"GIF89a", b"\0\0\0\x08ftyp"]
)
def test_garbage_is_passed_over(start):
    rng = np.random.default_rng(1)
    for _ in range(200):
        contents = start + rng.integers(0, 256, rng.integers(0, 3000), np.uint8).tobytes()
        with suppress(TooMuchWork):
            check_structure(contents)
