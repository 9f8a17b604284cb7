"""Several words in one sound: counted, in their order, and never made of one long one."""

from itertools import pairwise

import numpy as np
import pytest

from mmdemo.audio.several import WINDOW, words_in

CLASSES = 4


def said(*words, length=9):
    """Words as a sound of which each step says which word it is of: (T, CLASSES)."""
    return np.concatenate([np.tile(np.eye(CLASSES)[word], (length, 1)) for word in words])


def ask(sounds):
    """Firm where all steps are of one word, undecided where they are of several."""
    return np.array([sound.mean(axis=0) for sound in sounds])


@pytest.mark.parametrize("words", [(1, 2), (3, 0, 1), (2, 1, 2)])
def test_words_that_differ_are_told_apart(words):
    found = words_in(said(*words), [], ask)
    assert tuple(word.label for word in found) == words
    assert [word.start for word in found] == pytest.approx([9 * k for k in range(len(words))], abs=2)
    assert found[0].start == 0 and found[-1].stop == 9 * len(words)
    assert all(one.stop == other.start for one, other in pairwise(found))


def test_one_word_however_long_is_one():
    assert words_in(said(1), [], ask) == words_in(said(1, length=40), [], ask) == []


def test_the_same_word_twice_is_two_where_there_is_a_pause():
    assert words_in(said(1, 1), [], ask) == []
    assert [word.label for word in words_in(said(1, 1), [9], ask)] == [1, 1]


def test_what_is_read_without_confidence_is_no_word():
    unsure = 0.6 * said(1, 2) + 0.1
    assert words_in(unsure, [], ask) == []


def test_a_short_sound_is_not_even_asked_about():
    assert words_in(said(1, length=2 * WINDOW - 1), [], None) == []
