"""What is found is drawn as MNIST would have it, whatever it is."""

import gzip

import cv2
import numpy as np
import pytest
from pictures import far, seven

from mmdemo.image.ink import Candidate, find_ink
from mmdemo.image.mnist_style import to_square, turned_square
from mmdemo.image.reader import read_image
from mmdemo.image.strokes import stroke_width


@pytest.mark.parametrize("side", [4, 400])
def test_specks_that_vanish_when_they_are_graded_are_drawn_as_they_were_found(side):
    mask = np.zeros((side, side), np.uint8)  # at most a thousandth of the box
    mask[side // 2, side // 2] = 1
    picture = np.full((60, 60, 3), 200, np.uint8)  # nothing in it is darker than the rest
    square, matrix = to_square(picture, Candidate((20.0, 20.0, 24.0, 24.0), 1.0, True, mask), 28)
    assert square.shape == (28, 28) and np.isfinite(square).all() and square.max() == 1
    assert np.isfinite(matrix).all()


REFERENCE = read_image(seven()).pixels


def test_the_square_is_drawn_like_mnist():
    pixels = REFERENCE
    assert pixels.shape == (28, 28) and pixels.dtype == np.float32
    assert pixels.min() == 0 and pixels.max() == 1
    rows, columns = np.flatnonzero((pixels > 0.5).any(axis=1)), np.flatnonzero((pixels > 0.5).any(axis=0))
    assert rows[-1] - rows[0] + 1 in (19, 20, 21)  # the longest side
    assert columns[-1] - columns[0] + 1 in (10, 11, 12)
    centre = np.arange(28) @ pixels.sum(axis=1) / pixels.sum(), np.arange(28) @ pixels.sum(axis=0) / pixels.sum()
    np.testing.assert_allclose(centre, (14, 14), atol=0.3)


def test_thin_pens_come_out_about_as_thick_as_mnist():
    thick = [
        stroke_width((cv2.resize(read_image(seven(thick=n)).pixels, (112, 112)) > 0.5).view(np.uint8)) / 4
        for n in (2, 4, 8, 14)
    ]
    assert all(1.6 < one < 3.4 for one in thick), thick


@pytest.mark.data
def test_mnist_comes_through_unchanged(data_dir):
    raw = gzip.decompress((data_dir / "mnist" / "t10k-images-idx3-ubyte.gz").read_bytes())
    digits = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 28, 28)[:1000]
    apart = np.array([np.abs(read_image(one).pixels - one / np.float32(255)).max() for one in digits])
    assert apart.max() < 0.05 and (apart < 0.01).mean() > 0.98
    light = np.array([np.abs(read_image(255 - one).pixels - one / np.float32(255)).max() for one in digits[:50]])
    assert light.max() < 0.05
    # Enlarged tenfold they are searched for, cut out and drawn again, thin ones a little thicker.
    for one in digits[:60]:
        again = read_image(cv2.resize(one, (280, 280), interpolation=cv2.INTER_CUBIC)).pixels
        assert np.corrcoef(again.ravel(), one.ravel())[0, 1] > 0.75


@pytest.mark.parametrize("turned", [0, 1, 2, 3])
def test_a_turned_square_is_that_of_the_turned_picture_and_knows_where_it_came_from(turned):
    picture = seven(width=500)
    (found,) = find_ink(picture)
    (again,) = find_ink(np.ascontiguousarray(np.rot90(picture, -turned)))
    square, matrix = turned_square(np.ascontiguousarray(np.rot90(picture, -turned)), again, 28, turned)
    upright, _ = to_square(picture, found, 28)
    assert far(square, upright) < 0.15
    # the seven's left upper corner lies at the same place of the square, wherever it lies in the picture
    height, width = picture.shape[:2]
    corner = {0: (250, 120), 1: (height - 120, 250), 2: (width - 250, height - 120), 3: (120, width - 250)}[turned]
    np.testing.assert_allclose(matrix @ [*corner, 1], to_square(picture, found, 28)[1] @ [250, 120, 1], atol=0.3)
