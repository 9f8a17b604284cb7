"""A nib draws as wide as it is."""

import cv2
import numpy as np
import pytest

from mmdemo.data.synthetic.nib import pen_strokes, trace
from mmdemo.image.strokes import stroke_width


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


def test_strokes_are_followed_by_a_nib_of_a_given_width():
    bar = [np.array([[0.0, 0.0], [0.0, 1.0]])]
    drawn = trace(bar, 300, 0.1, np.random.default_rng(0))
    solid = (drawn > 0.5).view(np.uint8)
    _, _, wide, tall = cv2.boundingRect(solid)
    assert tall == pytest.approx(300, abs=8) and wide == pytest.approx(30, abs=6)


def test_a_flat_nib_is_thin_along_its_edge_and_a_soft_one_fades():
    rng = np.random.default_rng
    ways = [[np.array([[0.0, 0.0], [x, y]])] for x, y in ((0.7, -0.7), (0.7, 0.7))]
    along, across = (stroke_width((trace(way, 300, 0.1, rng(0), flat=0.9) > 0.5).view(np.uint8)) for way in ways)
    assert across > 2 * along
    hard, soft = (trace(ways[0], 300, 0.1, rng(0), soft=soft) for soft in (0, 1))
    between = [((drawn > 0.1) & (drawn < 0.9)).mean() for drawn in (hard, soft)]
    assert between[1] > 2 * between[0]
