"""A nib draws as wide as it is."""

import cv2
import numpy as np
import pytest

from mmdemo.data.synthetic.nib import pen_strokes
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
