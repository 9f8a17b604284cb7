"""Seven-segment displays: the right segments are on, and those that are off are seen but are no ink."""

import numpy as np
import pytest

from mmdemo.data.synthetic.segments import LIT, OTHERWISE, display


@pytest.mark.parametrize("digit", range(10))
def test_a_display_is_lit_where_its_ink_is(digit):
    for seed in range(6):
        inked = display(digit, np.random.default_rng(seed))
        assert inked.picture.shape == (*inked.cover.shape, 3) and inked.picture.dtype == np.uint8
        light = inked.picture.astype(float).mean(2)
        on, off = light[inked.cover > 0.8].mean(), light[inked.cover < 0.05].mean()
        assert (on < off) if inked.dark else (on > off)


def test_no_two_digits_are_shown_alike():
    shown = [set(one) for one in LIT] + [set(one) for one in OTHERWISE.values()]
    assert all(shown[a] != shown[b] for a in range(len(shown)) for b in range(a))


def test_more_segments_are_more_ink():
    eights, ones = (
        sum(display(digit, np.random.default_rng(seed)).cover.mean() for seed in range(8)) for digit in (8, 1)
    )
    assert eights > 2 * ones
