import io
from importlib.util import find_spec

import cv2
import numpy as np
import pytest
from PIL import Image

from mmdemo.image.decode import open_picture

if not (find_spec("skimage") and find_spec("matplotlib")):  # only training brings them
    pytest.skip("needs scikit-image and matplotlib", allow_module_level=True)

from mmdemo.data.synthetic.backdrops import FACES, PHOTOS, SURFACES, backdrop
from mmdemo.data.synthetic.camera import as_jpeg, light
from mmdemo.data.synthetic.nib import pen_strokes
from mmdemo.data.synthetic.paper import compose, shots
from mmdemo.data.synthetic.scenes import KINDS, SHARE, TILT, TURN, UNEVEN, draw_scene
from mmdemo.image.strokes import stroke_width


def seven():
    """A seven in a square like MNIST's."""
    square = np.zeros((28, 28), np.float32)
    cv2.polylines(square, [np.array([[8, 5], [19, 5], [12, 23]])], False, 1.0, 2, cv2.LINE_AA)
    return square


def scene(kind="white", **changes):
    """A plain, well-lit scene with nothing in the way, and with what a test changes about it."""
    plain = draw_scene(np.random.default_rng(3), kind, "train")
    calm = {"size": (640, 480), "turn": 0.0, "tilt": 0.0, "share": 0.4, "place": (0.5, 0.5), "uneven": 1.0}
    calm |= {"level": 1.0, "shadow": 0.0, "defocus": 0.0, "motion": 0.0, "noise": 1.0, "hand": False, "face": False}
    calm |= {"width": 0.08, "strength": 1.0, "margins": (90.0,) * 4}
    calm |= {"ink": (20.0, 20.0, 20.0), "paper": (240.0, 240.0, 240.0)}
    return type(plain)(**(vars(plain) | calm | changes))


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


def test_scenes_stay_within_the_stated_limits():
    drawn = [draw_scene(np.random.default_rng(n)) for n in range(600)]
    share, turn = np.array([one.share for one in drawn]), np.array([one.turn for one in drawn])
    assert share.min() >= SHARE[0] and share.max() <= SHARE[1] and share.min() < 0.1 and share.max() > 0.7
    assert 18 < np.abs(turn).max() <= TURN
    assert 32 < max(one.tilt for one in drawn) <= TILT
    assert all(1 <= one.uneven <= UNEVEN for one in drawn) and max(one.uneven for one in drawn) > 2.7
    assert {one.kind for one in drawn} == set(KINDS)
    assert {one.tool for one in drawn} == {"pen", "pencil", "marker", "screen"}
    assert any(one.hand for one in drawn) and any(one.face for one in drawn)
    assert all((one.kind == "phone") == (one.tool == "screen") for one in drawn)


@pytest.mark.parametrize("uneven", [1.0, 2.0, 3.0])
def test_light_is_as_uneven_as_it_is_told(uneven):
    lit = light(320, 240, uneven, 0.0, np.random.default_rng(1))
    assert lit.max() == pytest.approx(1) and lit.max() / lit.min() == pytest.approx(uneven, rel=1e-4)


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


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_orientations_are_undone(orientation):
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:10, :10] = 255
    picture, _ = open_picture(as_jpeg(pixels, 95, orientation))
    assert picture.shape == pixels.shape and picture[:8, :8].mean() > 200 and picture[20:, 20:].mean() < 20


def test_an_empty_scene_is_the_same_without_ink():
    written = compose(seven(), np.random.default_rng(0), scene())
    empty = compose(None, np.random.default_rng(0), scene())
    assert empty.box is None and written.box is not None
    assert empty.pixels.min() > 120 > written.pixels.min()


def test_training_and_test_backdrops_share_nothing():
    assert not set(PHOTOS["train"]) & set(PHOTOS["test"])
    assert not set(SURFACES["train"]) & set(SURFACES["test"])
    assert not set(SURFACES["train"].values()) & set(SURFACES["test"].values())
    rng = np.random.default_rng(0)
    shown = {split: {backdrop(split, 64, 48, rng, n % 8 == 0)[1] for n in range(120)} for split in PHOTOS}
    assert not shown["train"] & shown["test"]
    for split, names in shown.items():
        assert names == set(PHOTOS[split]) | set(SURFACES[split])
        assert any(name in FACES for name in names)


@pytest.mark.parametrize("width", [0.03, 0.06, 0.1])
def test_a_nib_draws_as_wide_as_it_is(width):
    square = np.zeros((28, 28), np.float32)
    square[4:24, 12:16] = 1
    drawn = pen_strokes(square, 560, width, np.random.default_rng(0))
    assert drawn.shape == (560, 560) and drawn.min() >= 0 and drawn.max() <= 1
    solid = (drawn > 0.5).view(np.uint8)
    tall = cv2.boundingRect(solid)[3]
    assert stroke_width(solid) / tall == pytest.approx(width, rel=0.35)
    assert 290 < tall < 430  # a thin nib ends where the wide stroke was still round
