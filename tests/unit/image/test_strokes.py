"""The width of strokes, by hand."""

import numpy as np
import pytest

from mmdemo.image.strokes import stroke_width


def test_stroke_width_by_hand():
    bar = np.zeros((100, 60), np.uint8)
    bar[10:90, 20:28] = 1
    assert stroke_width(bar) == pytest.approx(8, abs=1)
