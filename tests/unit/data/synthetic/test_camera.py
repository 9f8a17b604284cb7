"""What a camera does to a scene."""

import numpy as np
import pytest

from mmdemo.data.synthetic.camera import as_jpeg, light
from mmdemo.image.decode import open_picture


@pytest.mark.parametrize("uneven", [1.0, 2.0, 3.0])
def test_light_is_as_uneven_as_it_is_told(uneven):
    lit = light(320, 240, uneven, 0.0, np.random.default_rng(1))
    assert lit.max() == pytest.approx(1) and lit.max() / lit.min() == pytest.approx(uneven, rel=1e-4)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_orientations_are_undone(orientation):
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:10, :10] = 255
    picture, _ = open_picture(as_jpeg(pixels, 95, orientation))
    assert picture.shape == pixels.shape and picture[:8, :8].mean() > 200 and picture[20:, 20:].mean() < 20
