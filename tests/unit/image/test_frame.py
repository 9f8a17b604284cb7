"""Lines along the edges go, what is written stays."""

import cv2
import numpy as np
import pytest

from mmdemo.image.frame import without_frame


def ring(side=100):
    """A nought in the middle."""
    return cv2.ellipse(np.zeros((side, side), np.uint8), (side // 2, side // 2), (20, 28), 0, 0, 360, 1, 5)


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("askew", [0, 3])
def test_a_line_along_any_edge_goes_and_the_digit_stays(turn, askew):
    line = cv2.line(np.zeros((100, 100), np.uint8), (0, 3), (99, 3 + askew), 1, 3)
    ink = np.ascontiguousarray(np.rot90(np.maximum(ring(), line), turn))
    before = ink.copy()
    left = without_frame(ink, {}, 0.1)
    assert (left == np.rot90(ring(), turn)).mean() > 0.998
    assert (ink == before).all()


def test_all_of_a_frame_goes_where_a_stroke_touches_it_too():
    ink = cv2.rectangle(ring(), (2, 2), (97, 97), 1, 4)
    cv2.line(ink, (50, 0), (50, 22), 1, 5)  # from the nought to the frame
    left = without_frame(ink, {}, 0.1)
    count, _, stats, _ = cv2.connectedComponentsWithStats(left)
    assert count == 2 and stats[1, 1] in range(3, 9)  # one group, which begins just below the frame


def test_ink_without_a_line_is_the_same_array():
    assert without_frame(ink := ring(), {}, 0.1) is ink
    full = np.ascontiguousarray(ring()[20:80, 27:73])  # cut to fit: it touches every edge
    assert without_frame(full, {}, 0.1) is full


def test_the_bar_of_a_seven_that_fills_the_picture_is_no_frame():
    ink = cv2.polylines(np.zeros((60, 40), np.uint8), [np.array([[0, 2], [37, 2], [14, 59]])], False, 1, 5)
    assert without_frame(ink, {}, 0.1) is ink
    cell = np.zeros((100, 60), np.uint8)  # in a cell there is ground below, and then it is one
    cell[:60, 10:50] = ink
    cell[:5] = 1
    assert without_frame(cell, {}, 0.1) is not cell


def test_a_line_is_remembered_while_it_fades():
    lines = {}
    whole = np.maximum(ring(), cv2.line(np.zeros((100, 100), np.uint8), (0, 3), (99, 3), 1, 3))
    without_frame(whole, lines, 0.1)
    pieces = whole.copy()
    pieces[:8, 20:70] = 0
    assert without_frame(pieces, lines, 0.2)[:8].sum() == 0
    assert without_frame(pieces, lines, 0.8) is pieces  # what was faint has no pieces at such a contrast
