"""What is ink on paper, and what is not."""

import cv2
import numpy as np
import pytest
from pictures import seven

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
    assert called >= 5  # the cascade misses about half of these cut-outs
