"""What is ink on paper, and what is not."""

import cv2
import numpy as np
import pytest
from pictures import far, seven

from mmdemo.image.face import near_face
from mmdemo.image.ink import find_ink
from mmdemo.image.reader import read_image


def test_strokes_that_do_not_touch_are_joined():
    """A five whose bar was written apart."""
    picture = np.full((480, 640, 3), 235, np.uint8)
    body = np.array([[300, 150], [295, 220], [340, 215], [370, 245], [345, 300], [290, 300]])
    cv2.polylines(picture, [body], False, (20, 20, 60), 12, cv2.LINE_AA)
    cv2.line(picture, (322, 150), (375, 146), (20, 20, 60), 12, cv2.LINE_AA)
    np.testing.assert_allclose(read_image(picture).box, (284, 140, 381, 306), atol=4)


def test_the_largest_and_most_central_of_several_comes_first():
    picture = seven(left=260, top=140)
    picture = np.minimum(picture, seven(left=30, top=20, tall=60, thick=5))
    seen = read_image(picture)
    assert len(seen.candidates) >= 2
    assert seen.box[0] > 200 and seen.candidates[1][0][2] < 100
    assert seen.candidates[0][1] > seen.candidates[1][1]


@pytest.mark.parametrize("seed", range(3))
def test_noise_and_shadows_are_not_ink(seed):
    rng = np.random.default_rng(seed)
    grain = rng.integers(0, 256, (240, 320, 3), np.uint8)
    assert read_image(grain).absent.key == "image.nothing"
    wall = np.clip(180 + rng.normal(0, 15, (480, 640, 3)), 0, 255).astype(np.uint8)
    assert read_image(wall).absent is not None
    shadow = np.full((480, 640, 3), 220, np.float32)
    cv2.ellipse(shadow, (320, 240), (60, 130), 20 * seed, 0, 360, (140, 140, 140), -1)
    assert read_image(cv2.GaussianBlur(shadow, (0, 0), 25).astype(np.uint8)).absent is not None


def test_an_empty_ruled_sheet_holds_no_digit():
    sheet = np.full((480, 640, 3), 235, np.uint8)
    sheet[20::40] = (150, 170, 210)
    assert read_image(sheet).absent is not None
    sheet[:, 20::40] = (150, 170, 210)
    assert read_image(sheet).absent is not None


def test_no_face_in_a_plain_picture():
    assert near_face(seven()) is None
    assert find_ink(np.full((100, 100, 3), 200, np.uint8)) == []


@pytest.mark.data
def test_a_face_is_no_ink(data_dir):
    faces = np.load(data_dir / "fer2013" / "fer2013.npz")
    happy = faces["images"][faces["labels"] == list(faces["classes"]).index("happy")][:20]
    oval = cv2.ellipse(np.zeros((300, 300), np.float32), (150, 150), (125, 150), 0, 0, 360, 1, -1)
    oval = cv2.GaussianBlur(oval, (0, 0), 15)
    called = 0
    for face in happy:
        picture = np.full((480, 640), 150, np.float32)
        large = cv2.resize(face, (300, 300), interpolation=cv2.INTER_LINEAR)
        picture[90:390, 170:470] += (large - 150.0) * oval
        seen = read_image(np.clip(picture, 0, 255).astype(np.uint8))
        if seen.kind == "face":
            called += 1
            assert seen.absent.key == "image.face" and len(seen) == 0
    assert called >= 15


def cropped(margin, **options):
    """A seven with so many pixels of ground around its ink, none of which is cut off."""
    picture = seven(**options)
    ink = np.abs(picture.astype(int) - picture[0, 0]).sum(axis=2) > 30
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    rows, columns = (slice(max(0, one[0] - margin), one[-1] + 1 + margin) for one in (rows, columns))
    return np.ascontiguousarray(picture[rows, columns])


@pytest.mark.parametrize("margin", [0, 2, 6, 12, 20])
@pytest.mark.parametrize("colours", [{}, {"ink": (230, 230, 220), "ground": (30, 60, 45)}])
def test_a_seven_that_fills_the_picture_is_the_same_seven(margin, colours):
    seen = read_image(cropped(margin, **colours))
    assert far(seen.pixels, read_image(seven(**colours)).pixels) < 0.25
    assert seen.doubt is None  # the picture was cut to fit: nothing of it is missing


@pytest.mark.parametrize("side", [16, 20, 28, 32, 48])
@pytest.mark.parametrize("margin", [0, 10])
def test_a_seven_of_a_few_pixels_is_the_same_seven(side, margin):
    picture = cropped(margin, thick=22)
    size = (round(side * picture.shape[1] / picture.shape[0]), side)
    seen = read_image(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
    assert far(seen.pixels, read_image(seven(thick=22)).pixels) < 0.35


def test_light_that_fades_to_one_side_ends_at_the_edge_and_is_no_ink():
    picture = cropped(3) * np.linspace(1, 0.35, cropped(3).shape[1])[None, :, None]
    assert far(read_image(picture.astype(np.uint8)).pixels, read_image(seven()).pixels) < 0.25


@pytest.mark.parametrize("edge", ["left", "right", "top", "bottom"])
def test_what_the_frame_cuts_off_is_doubtful(edge):
    whole = cropped(40)
    tall, wide = (n - 80 for n in whole.shape[:2])
    part = {
        "left": whole[:, 40 + wide // 3 :],
        "right": whole[:, : 40 + 2 * wide // 3],
        "top": whole[40 + tall // 3 :],
        "bottom": whole[: 40 + 2 * tall // 3],
    }[edge]
    assert read_image(whole).doubt is None
    assert read_image(np.ascontiguousarray(part)).doubt.key == "image.cut_off"


def test_a_line_along_the_edge_is_no_digit():
    """A cell of a puzzle that was cut out together with a line of the grid."""
    cell = cropped(30)
    cell[:, :5] = cell[-5:] = (40, 40, 40)
    assert far(read_image(cell).pixels, read_image(seven()).pixels) < 0.2
    cell[:] = 235
    cell[:, :5] = cell[-5:] = (40, 40, 40)
    assert read_image(cell).absent is not None
