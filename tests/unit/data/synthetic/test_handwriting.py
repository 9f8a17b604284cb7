"""Our own hands: every style of every digit, and ones that are no sevens."""

import numpy as np
import pytest

from mmdemo.data.synthetic.handwriting import STYLES, hand_drawn, smooth


@pytest.mark.parametrize(("digit", "style"), [(digit, style) for digit, styles in STYLES.items() for style in styles])
def test_a_digit_is_about_one_high_and_never_twice_the_same(digit, style):
    first, second = (hand_drawn(digit, style, np.random.default_rng(seed)) for seed in (1, 2))
    for strokes in (first, second):
        points = np.concatenate(strokes)
        assert np.isfinite(points).all() and 0.8 < np.ptp(points[:, 1]) < 1.4
        assert all(stroke.ndim == 2 and len(stroke) > 1 for stroke in strokes)
    assert not np.array_equal(np.concatenate(first)[0], np.concatenate(second)[0])
    again = hand_drawn(digit, style, np.random.default_rng(1))
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))


def test_the_upstroke_of_a_one_is_steeper_than_the_bar_of_a_seven():
    def rise(strokes):
        way = strokes[0][9] - strokes[0][0]
        return -way[1] / abs(way[0])

    ones = [rise(hand_drawn(1, "upstroke", np.random.default_rng(seed))) for seed in range(60)]
    sevens = [rise(hand_drawn(7, "plain", np.random.default_rng(seed))) for seed in range(60)]
    assert np.quantile(ones, 0.1) > np.quantile(sevens, 0.9)


def test_a_crossed_seven_has_a_bar_of_its_own():
    assert len(hand_drawn(7, "crossed", np.random.default_rng(0))) == 2
    assert len(hand_drawn(7, "plain", np.random.default_rng(0))) == 1


def test_a_curve_goes_through_its_points_and_a_corner_stays_sharp():
    points = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])
    curve = smooth(points)
    assert all(np.abs(curve - point).sum(1).min() < 1e-9 for point in points)
    sharp = smooth(np.array([[0, 0], [1, 0], [1, 0], [1, 1.0]]))
    assert np.array_equal(sharp, [[0, 0], [1, 0], [1, 0], [1, 1]])
