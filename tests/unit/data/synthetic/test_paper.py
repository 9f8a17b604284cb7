"""Webcam photos of digits on paper, made from squares: boxes that hold the ink, and the same again for a seed."""

import io
from importlib.util import find_spec

import cv2
import numpy as np
import pytest
from PIL import Image

from mmdemo.image.decode import open_picture

if not (find_spec("skimage") and find_spec("matplotlib")):  # only training brings them
    pytest.skip("needs scikit-image and matplotlib", allow_module_level=True)

from photos import scene, seven

from mmdemo.data.synthetic.paper import compose, shots
from mmdemo.data.synthetic.scenes import KINDS


@pytest.mark.parametrize("share", [0.08, 0.3, 0.8])
@pytest.mark.parametrize("tilt", [0.0, 35.0])
@pytest.mark.parametrize("turn", [-20.0, 0.0, 20.0])
def test_the_box_is_where_the_ink_is(share, tilt, turn):
    photo = compose(seven(), np.random.default_rng(0), scene(share=share, tilt=tilt, turn=turn, axis=70.0))
    grey = photo.pixels.min(axis=2)
    dark = cv2.morphologyEx((grey < 160).astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    left, top, wide, tall = cv2.boundingRect(dark)
    near = max(4, 0.04 * tall)
    np.testing.assert_allclose(photo.box, (left, top, left + wide, top + tall), atol=near)
    assert photo.box[0] >= 0 and photo.box[2] <= 640 and photo.box[1] >= 0 and photo.box[3] <= 480
    # seen straight on, its height is what the scene says; turned or tilted, the box of its corners, which the scene
    # means, is larger than the ink's: a seven has no ink in the lower right one
    low, high = (0.72, 1.05) if turn else (0.82, 1.1) if tilt else (0.9, 1.1)
    assert low * share * 480 - 3 < photo.box[3] - photo.box[1] < high * share * 480 + 3


def test_the_corners_turn_with_the_sheet():
    photo = compose(seven(), np.random.default_rng(0), scene(turn=20.0))
    right = photo.corners[1] - photo.corners[0]
    assert np.degrees(np.arctan2(right[1], right[0])) == pytest.approx(20)
    sides = np.linalg.norm(photo.corners - np.roll(photo.corners, 1, axis=0), axis=1)
    np.testing.assert_allclose(sides, sides[0], rtol=1e-6)  # seen from the front it is still a square
    tilted = compose(seven(), np.random.default_rng(0), scene(tilt=35.0, axis=0.0)).corners
    tall, wide = np.ptp(tilted[:, 1]), np.ptp(tilted[:, 0])
    assert tall / wide == pytest.approx(np.cos(np.radians(35)), abs=0.12)


def test_a_seed_gives_the_same_photos_and_a_larger_set_begins_with_the_smaller():
    squares, labels = np.stack([255 * seven()] * 3).astype(np.uint8), np.array([7, 7, 7])
    first = list(shots(squares, labels, 3, seed=5))
    again = list(shots(squares, labels, 4, seed=5))
    assert [one.file for one in first] == [one.file for one in again[:3]]
    assert first[0].file != next(shots(squares, labels, 1, seed=6)).file
    assert [one.photo.kind for one in again] == list(KINDS[:4]) and first[0].label == 7


def test_every_tenth_file_is_turned_by_exif_and_opens_upright():
    squares, labels = (255 * seven()).astype(np.uint8)[None], np.array([7])
    made = list(shots(squares, labels, 10, seed=2))
    assert [one.orientation != 1 for one in made] == [False] * 9 + [True]
    turned = made[-1]
    picture, size = open_picture(turned.file)
    assert size == turned.photo.scene.size
    upright = cv2.resize(turned.photo.pixels, picture.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(picture.astype(float) - upright).mean() < 8
    assert Image.open(io.BytesIO(turned.file)).getexif()[0x0112] == turned.orientation


def test_an_empty_scene_is_the_same_without_ink():
    written = compose(seven(), np.random.default_rng(0), scene())
    empty = compose(None, np.random.default_rng(0), scene())
    assert empty.box is None and written.box is not None
    assert empty.pixels.min() > 120 > written.pixels.min()
