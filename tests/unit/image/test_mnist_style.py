"""What is found is drawn as MNIST would have it, whatever it is; more of that is in ``test_image.py``."""

import numpy as np
import pytest

from mmdemo.image.ink import Candidate
from mmdemo.image.mnist_style import to_square


@pytest.mark.parametrize("side", [4, 400])
def test_specks_that_vanish_when_they_are_graded_are_drawn_as_they_were_found(side):
    mask = np.zeros((side, side), np.uint8)  # at most a thousandth of the box
    mask[side // 2, side // 2] = 1
    picture = np.full((60, 60, 3), 200, np.uint8)  # nothing in it is darker than the rest
    square, matrix = to_square(picture, Candidate((20.0, 20.0, 24.0, 24.0), 1.0, True, mask), 28)
    assert square.shape == (28, 28) and np.isfinite(square).all() and square.max() == 1
    assert np.isfinite(matrix).all()
