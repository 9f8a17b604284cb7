"""Pictures of things written: the same square whatever they come as, each slice with its box in the original."""

import cv2
import numpy as np
import pytest
from pictures import far, png, seven
from PIL import Image

from mmdemo.config import ImageConfig
from mmdemo.image.reader import read_image

REFERENCE = read_image(seven()).pixels


def test_a_stroke_at_a_known_place_gives_its_box():
    picture = np.full((480, 640, 3), 240, np.uint8)
    picture[100:300, 400:412] = 30
    seen = read_image(picture)
    assert seen.kind == "paper" and seen.absent is None and len(seen) == 14
    assert seen.size == (640, 480) and seen.scale == 1
    np.testing.assert_allclose(seen.box, (400, 100, 412, 300), atol=2)
    assert seen.candidates[0][0] == seen.box


def test_slices_tile_the_picture_from_left_to_right_around_the_ink():
    seen = read_image(seven())
    boxes = seen.boxes
    assert boxes.shape == (14, 4)
    np.testing.assert_allclose(boxes[1:, 0], boxes[:-1, 2])  # each begins where the one before ends
    left, top, right, bottom = seen.box
    assert boxes[0, 0] < left and boxes[-1, 2] > right
    assert (boxes[:, 1] < top).all() and (boxes[:, 3] > bottom).all()
    pixel = (bottom - top) / 20
    np.testing.assert_allclose(boxes[:, 2] - boxes[:, 0], 2 * pixel, rtol=0.05)


@pytest.mark.parametrize("turned", [False, True])
def test_every_slice_shows_the_ink_of_its_box(turned):
    """Two routes to the ink in a slice: summed in the square, and counted in its box of the original."""
    picture = seven(2400, 1800, left=700, top=300, tall=900, thick=60)
    seen = read_image(picture[::-1, ::-1].copy() if turned else picture)
    dark = (picture if not turned else picture[::-1, ::-1]).mean(axis=2) < 128
    counted = [dark[round(y0) : round(y1), round(x0) : round(x1)].mean() for x0, y0, x1, y1 in seen.boxes]
    summed = seen.pixels.reshape(28, 14, 2).mean(axis=(0, 2))
    assert np.corrcoef(counted, summed)[0, 1] > 0.97


def test_slices_beyond_the_picture_end_at_its_edge():
    picture = np.full((200, 60, 3), 240, np.uint8)
    picture[20:180, 26:34] = 30
    boxes = read_image(picture).boxes
    assert boxes.min() >= 0 and boxes[:, 2].max() <= 60 and boxes[:, 3].max() <= 200
    assert boxes[0, 2] == 0  # the square reaches far beyond this narrow picture


@pytest.mark.parametrize("slices, size", [(7, 28), (28, 28), (16, 32)])
def test_the_config_says_size_and_slices(slices, size):
    seen = read_image(seven(), ImageConfig(size=size, slices=slices))
    assert seen.pixels.shape == (size, size) and seen.boxes.shape == (slices, 4)


def same_picture_in_other_clothes():
    picture = seven()
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    ink = 255 - grey
    see_through = np.dstack([np.zeros_like(picture), ink])
    light_see_through = np.dstack([np.full_like(picture, 255), ink])
    yield "bytes", png(picture)
    yield "jpeg", png(picture, format="JPEG")
    yield "webp", png(picture, format="WEBP")
    yield "tiff", png(picture, format="TIFF")
    yield "inverted", 255 - picture
    yield "grey", grey
    yield "one channel", grey[:, :, None]
    yield "16-bit array", grey.astype(np.uint16) * 257
    yield "16-bit file", png(grey.astype(np.uint16) * 257)
    yield "12 of 16 bits", grey.astype(np.uint16) * 16
    yield "32-bit file", png(Image.fromarray(grey.astype(np.int32) * 257), format="TIFF")
    yield "float file", png(Image.fromarray(grey.astype(np.float32) / 255), format="TIFF")
    yield "float 0..1", picture / 255
    yield "float 0..255", picture.astype(np.float32)
    yield "int64", picture.astype(np.int64)
    yield "bool", grey > 128
    yield "1-bit file", png(Image.fromarray(grey).convert("1", dither=Image.Dither.NONE))
    yield "black on nothing", see_through
    yield "black on nothing, file", png(see_through)
    yield "white on nothing", light_see_through
    yield "grey with alpha", see_through[:, :, 2:]
    yield "grey with alpha, file", png(Image.fromarray(see_through).convert("LA"))
    yield "opaque", np.dstack([picture, np.full_like(grey, 255)])
    yield "palette", png(Image.fromarray(picture).quantize(32))
    yield "gif", png(Image.fromarray(picture), format="GIF")
    yield "cmyk", png(Image.fromarray(picture).convert("CMYK"), format="JPEG")
    yield "PIL", Image.fromarray(picture)
    yield "half the size", cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    yield "12 megapixels", cv2.resize(picture, (4000, 3000), interpolation=cv2.INTER_CUBIC)
    yield "elsewhere", seven(left=30, top=230)
    yield "small", seven(left=500, top=60, tall=80, thick=6)
    yield "large", seven(left=150, top=40, tall=390, thick=27)
    yield "red pen", seven(ink=(210, 40, 50))
    yield "blue on yellow", seven(ink=(40, 60, 160), ground=(230, 220, 120))
    yield "pencil", seven(ink=(165, 165, 165))
    yield "chalk", seven(ink=(200, 200, 190), ground=(30, 60, 45))
    slope = np.linspace(1, 1 / 3, 640)[None, :, None]
    yield "uneven light", (picture * slope).astype(np.uint8)
    yield "dim and uneven", (picture * slope * 0.3).astype(np.uint8)
    rng = np.random.default_rng(0)
    yield "grain", np.clip(picture + rng.normal(0, 12, picture.shape), 0, 255).astype(np.uint8)
    lined = picture.copy()
    lined[15::30] = np.minimum(lined[15::30], (170, 190, 225))
    yield "lined", lined
    lined[:, 15::30] = np.minimum(lined[:, 15::30], (170, 190, 225))
    yield "squared", lined


@pytest.mark.parametrize("source", [pytest.param(s, id=name) for name, s in same_picture_in_other_clothes()])
def test_the_same_seven_whatever_it_comes_as(source):
    seen = read_image(source)
    assert seen.absent is None
    assert far(seen.pixels, REFERENCE) < 0.2, far(seen.pixels, REFERENCE)


def test_another_digit_is_not_the_same():
    """The bound above means something: a seven upside down is far beyond it."""
    assert far(REFERENCE[::-1, ::-1], REFERENCE) > 1


def test_a_visitor_may_take_another():
    picture = np.minimum(seven(left=260, top=140), seven(left=30, top=20, tall=60, thick=5))
    first, second = read_image(picture), read_image(picture, candidate=1)
    assert (first.chosen, second.chosen) == (0, 1)
    assert second.candidates == first.candidates and second.box == first.candidates[1][0]
    assert far(first.pixels, second.pixels) < 0.3  # the same seven, smaller
    assert second.boxes[:, 2].max() < first.boxes[:, 0].min()
    assert read_image(picture, candidate=99).chosen == len(first.candidates) - 1
    assert read_image(picture, candidate=-1).chosen == 0


@pytest.mark.parametrize(
    "picture, key",
    [
        (np.zeros((480, 640, 3), np.uint8), "image.dark"),
        (np.full((480, 640, 3), 10, np.uint8), "image.dark"),
        (np.full((480, 640, 3), 255, np.uint8), "image.blank"),
        (np.full((480, 640), 60000, np.uint16), "image.blank"),
        (np.full((1, 1), 7, np.uint8), "image.dark"),
        (np.full((1, 1, 3), 200, np.uint8), "image.blank"),
        (np.full((28, 28), 255, np.uint8), "image.blank"),
        (np.zeros((28, 28), np.uint8), "image.dark"),
        (np.full((1, 20_000, 3), 180, np.uint8), "image.blank"),
        (np.full((20_000, 700), 180, np.uint8), "image.blank"),
        (np.full((50, 60), np.nan), "image.dark"),
        (np.zeros((40, 50, 4), np.uint8), "image.blank"),  # wholly transparent
    ],
)
def test_nothing_to_see_is_said_kindly(picture, key):
    seen = read_image(picture)
    assert seen.kind == "nothing" and seen.absent.key == key and len(seen) == 0
    assert seen.box is None and seen.boxes.shape == (0, 4) and not seen.pixels.any() and seen.candidates == ()
    assert len(str(seen.absent)) > 20
