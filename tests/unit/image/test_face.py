"""Faces are found, put upright and framed: on a portrait in all kinds of frames, and on FER2013's in rooms."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mmdemo.config import ImageConfig
from mmdemo.image.face import cut_out, find_faces, near_face, ready_face
from mmdemo.image.reader import read_image

FACES = ImageConfig(size=48, slices=12, subject="face")
PORTRAIT = np.asarray(Image.open(Path(__file__).parents[3] / "assets" / "examples" / "emotion" / "smile.jpg"))
HEAD = PORTRAIT[10:230, 110:330]  # 220 pixels high; the face's centre lies at (113, 105) and it is some 105 wide
CENTRE, SIDE = np.array([113.0, 103.0]), 105.0


def frame(heads, size=(640, 480), ground=150, light=1.0):
    """A room of one colour with the portrait's head in it, each at (x, y) of its centre, its side, and its turn."""
    picture = np.full((size[1], size[0], 3), ground, np.float32)
    oval = cv2.ellipse(np.zeros(HEAD.shape[:2], np.float32), (113, 108), (95, 106), 0, 0, 360, 1, -1)
    oval = cv2.GaussianBlur(oval, (0, 0), 4)
    for x, y, side, turn in heads:
        matrix = cv2.getRotationMatrix2D(CENTRE.tolist(), turn, side / SIDE)
        matrix[:, 2] += np.array([x, y]) - CENTRE
        flags = cv2.INTER_AREA if side < SIDE else cv2.INTER_CUBIC
        head = cv2.warpAffine(HEAD.astype(np.float32), matrix, size, flags=flags)
        cover = cv2.warpAffine(oval, matrix, size)[:, :, None]
        picture += (head - picture) * cover
    return np.clip(picture * light, 0, 255).astype(np.uint8)


def lies(seen, x, y, side):
    """Whether what was read is the face that was put there."""
    left, top, right, bottom = seen.box
    off = np.hypot((left + right) / 2 - x, (top + bottom) / 2 - y)
    return off < 0.2 * side and 0.7 < (right - left) / side < 1.4


def alike(one, other):
    return np.corrcoef(one.ravel(), other.ravel())[0, 1]


REFERENCE = read_image(PORTRAIT, FACES)


def test_the_portrait():
    assert REFERENCE.kind == "face" and lies(REFERENCE, 223, 113, SIDE) and len(REFERENCE) == 12
    assert REFERENCE.pixels.shape == (48, 48) and REFERENCE.pixels.dtype == np.float32
    assert REFERENCE.pixels.min() >= 0 and REFERENCE.pixels.max() <= 1
    eyes, cheeks = REFERENCE.pixels[14:24, 8:40].min(), np.median(REFERENCE.pixels[24:36, 10:38])
    assert eyes < 0.5 * cheeks  # where FER2013's are


@pytest.mark.parametrize("turn", [-20, -10, 10, 20])
def test_a_tilted_head_is_put_upright(turn):
    seen = read_image(frame([(320, 240, 150, turn)]), FACES)
    assert lies(seen, 320, 240, 150) and alike(seen.pixels, REFERENCE.pixels) > 0.8


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (480, 640)])
def test_a_small_face(size):
    side = 0.12 * size[1]
    seen = read_image(frame([(0.3 * size[0], 0.6 * size[1], side, 0)], size), FACES)
    assert lies(seen, 0.3 * size[0], 0.6 * size[1], side)


def test_dim_light_is_made_up_for():
    seen = read_image(frame([(320, 240, 150, 0)], light=0.2), FACES)
    assert lies(seen, 320, 240, 150) and alike(seen.pixels, REFERENCE.pixels) > 0.8
    assert 0.7 < np.percentile(seen.pixels, 99) <= 1


def test_of_several_people_the_nearest_and_a_visitor_may_choose():
    picture = frame([(150, 300, 90, 10), (420, 200, 170, -15), (590, 330, 75, 0)])
    first = read_image(picture, FACES)
    assert lies(first, 420, 200, 170) and len(first.candidates) == 3 and first.chosen == 0
    scores = [score for _, score in first.candidates]
    assert scores[0] == 1 and scores == sorted(scores, reverse=True)
    second = read_image(picture, FACES, candidate=1)
    assert lies(second, 150, 300, 90) and second.chosen == 1 and second.candidates == first.candidates


def test_a_face_that_fills_the_picture():
    """As in the data sets: nothing around it."""
    seen = read_image(cv2.resize(HEAD[45:165, 50:175], (480, 480), interpolation=cv2.INTER_CUBIC), FACES)
    assert seen.kind == "face" and alike(seen.pixels, REFERENCE.pixels) > 0.6


@pytest.mark.parametrize(
    "picture, key",
    [
        (np.full((480, 640, 3), 180, np.uint8), "image.blank_face"),
        (np.zeros((480, 640, 3), np.uint8), "image.dark"),
        (np.full((48, 48), 7, np.uint8), "image.dark"),
        (np.full((48, 48), 200, np.uint8), "image.blank_face"),
        (np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8), "image.nothing_face"),
        (PORTRAIT[300:], "image.nothing_face"),  # shoulders and a flag
        (np.tile(np.arange(200, dtype=np.uint8), (3, 1)), "image.nothing_face"),
    ],
)
def test_no_face_is_said_kindly(picture, key):
    seen = read_image(picture, FACES)
    assert seen.absent.key == key and len(seen) == 0 and seen.box is None and seen.boxes.shape == (0, 4)
    assert "face" in str(seen.absent) or key == "image.dark"


def test_the_square_itself_comes_through_unchanged():
    square = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    seen = read_image(square, FACES)
    np.testing.assert_array_equal(seen.pixels, square / np.float32(255))
    assert seen.box == (0, 0, 48, 48)
    np.testing.assert_array_equal(seen.boxes[:, 0], 4 * np.arange(12))
    assert ready_face(np.dstack([square, square, square[::-1]]), 48) is None  # colours
    assert ready_face(np.zeros((48, 49, 3), np.uint8), 48) is None


def test_slices_know_their_place_in_a_large_original():
    """Of a photo that is reduced before it is searched; the boxes around slices of a tilted face overlap."""
    large = cv2.resize(frame([(320, 240, 150, 20)]), (2560, 1920), interpolation=cv2.INTER_CUBIC)
    seen = read_image(large, FACES)
    assert lies(seen, 1280, 960, 600) and seen.size == (2560, 1920)
    assert (seen.boxes[:, 2] > seen.boxes[:, 0]).all() and (np.diff(seen.boxes[:, 0]) > 0).all()
    middle = (seen.boxes[:, :2] + seen.boxes[:, 2:]) / 2
    assert np.allclose(middle.mean(axis=0), [1280, 960], atol=120)
    rise = np.degrees(np.arctan2(-(middle[-1, 1] - middle[0, 1]), middle[-1, 0] - middle[0, 0]))
    assert 12 < rise < 28  # the slices climb as the head leans


def test_a_cut_out_square_by_hand():
    """A face of exactly the square's size, upright: every pixel is copied, but for the frame around it."""
    from mmdemo.image.face import Face

    picture = np.zeros((100, 100, 3), np.uint8)
    picture[30:70, 30:70] = 250
    square, matrix = cut_out(picture, Face((50.0, 50.0), 48), 48)
    np.testing.assert_allclose(matrix, [[1, 0, -26], [0, 1, -26]], atol=1e-9)
    expected = np.zeros((48, 48), np.float32)
    expected[4:44, 4:44] = 250 / 255
    np.testing.assert_allclose(square, expected, atol=0.01)


@pytest.mark.parametrize("side", [-1, 1])
def test_light_from_one_side(side):
    light = np.linspace(0.15, 1, 640)[::side][None, :, None]
    seen = read_image((frame([(320, 240, 200, 0)]) * light).astype(np.uint8), FACES)
    assert lies(seen, 320, 240, 200)


@pytest.mark.parametrize("cut", [0.25, 0.35])
def test_a_face_that_the_frame_cuts_off(cut):
    """The square stays where the face is; what lies beyond the frame is not known."""
    picture = frame([(320, 240, 200, 0)])[:, int(220 + 200 * cut) :]
    seen = read_image(picture, FACES)
    assert seen.kind == "face" and abs((seen.box[1] + seen.box[3]) / 2 - 240) < 40


@pytest.mark.parametrize("bright", [True, False])
def test_digits_are_no_faces(bright):
    """In all sizes, as in the cells of a puzzle, thick and thin."""
    for digit in "0123456789":
        for width in (2, 12):
            picture = np.full((240, 240, 3), 20 if bright else 230, np.uint8)
            colour = (235,) * 3 if bright else (30,) * 3
            cv2.putText(picture, digit, (50, 200), cv2.FONT_HERSHEY_SIMPLEX, 7, colour, width, cv2.LINE_AA)
            assert near_face(picture) is None and not find_faces(picture), digit


def test_a_near_face_is_found_where_something_else_is_looked_for():
    left, top, right, bottom = near_face(frame([(320, 240, 200, 0)]))
    assert left < 300 and right > 340 and top < 220 and bottom > 260
    assert near_face(frame([(320, 240, 40, 0)])) is None  # far
    assert near_face(PORTRAIT[:30, :30]) is None  # hardly a picture


@pytest.mark.parametrize("shape", [(1, 1), (2, 900), (900, 2), (41, 41)])
def test_pictures_of_odd_shapes_have_no_face(shape):
    noise = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)
    assert find_faces(noise) == [] and near_face(noise) is None


@pytest.mark.data
def test_faces_of_the_data_set_as_pictures(data_dir):
    """Tight, as people crop them: of training's faces, nineteen in twenty are found, and framed nearly as they were."""
    with np.load(data_dir / "fer2013" / "fer2013.npz") as archive:
        faces = archive["images"][::500]
    likeness = []
    for face in faces:
        seen = read_image(cv2.resize(face, (240, 240), interpolation=cv2.INTER_CUBIC), FACES)
        if len(seen):
            likeness.append(alike(seen.pixels, face))
    assert len(likeness) >= 0.93 * len(faces) and np.median(likeness) > 0.8


def test_a_subject_that_nothing_can_find():
    with pytest.raises(ValueError, match="ink, face"):
        ImageConfig(subject="cat")
