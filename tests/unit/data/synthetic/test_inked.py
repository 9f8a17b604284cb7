"""Ink that is known to the pixel: redrawn as the reader does it, cut by the frame, and the ground that it encloses."""

import cv2
import numpy as np
import pytest

from mmdemo.data.synthetic.inked import SIDES, cut, grainy, inside, on_ground, redrawn
from mmdemo.image.reader import read_image


@pytest.fixture
def ring():
    cover = np.zeros((121, 91), np.float32)
    cv2.ellipse(cover, (45, 60), (36, 50), 0, 0, 360, 1.0, 9, cv2.LINE_AA)
    return cover[4:117, 3:88]


@pytest.mark.parametrize("light_ink", [False, True])
def test_the_square_is_the_readers(ring, light_ink):
    inked = on_ground(ring, np.random.default_rng(0), light_ink, room=(0.5, 0.6))
    read = read_image(inked.picture)
    assert read.kind == ("dark" if light_ink else "paper")
    assert np.abs(redrawn(inked) - read.pixels).mean() < 0.03


@pytest.mark.parametrize("side", SIDES)
def test_the_frame_cuts_off_as_much_as_it_is_told_to(ring, side):
    inked = on_ground(ring, np.random.default_rng(1), room=(0.2, 0.3))
    rest = cut(inked, side, 0.25)
    axis = side in ("left", "right")

    def extent(cover):
        return (
            np.ptp(np.flatnonzero((cover > 0.3).any(axis=1 - axis)))
            if axis
            else np.ptp(np.flatnonzero((cover > 0.3).any(axis=1)))
        )

    assert extent(rest.cover) == pytest.approx(0.75 * extent(inked.cover), abs=2)
    edge = {"left": rest.cover[:, 0], "right": rest.cover[:, -1], "top": rest.cover[0], "bottom": rest.cover[-1]}[side]
    assert edge.max() > 0.3 and rest.picture.shape[:2] == rest.cover.shape


def test_the_inside_of_a_ring_is_found_and_a_bar_has_none(ring):
    hole = inside(on_ground(ring, np.random.default_rng(2), False))
    assert not hole.dark and redrawn(hole).shape == (28, 28)
    assert redrawn(hole)[14, 14] > 0.5
    assert inside(on_ground(np.ones((80, 12), np.float32), np.random.default_rng(2))) is None


def test_grain_takes_ink_away_and_no_grain_nothing(ring):
    assert np.array_equal(grainy(ring, 0.0, np.random.default_rng(0)), ring)
    assert grainy(ring, 0.9, np.random.default_rng(0)).sum() < 0.95 * ring.sum()
