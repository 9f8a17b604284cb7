"""Sounds as a sense: what is made of several words where the task expects one."""

import numpy as np
import pytest
from sounds import between, word

from mmdemo.audio import modality
from mmdemo.audio.modality import Audio
from mmdemo.config import SAMPLE_RATE, AudioConfig

ONE_WORD = AudioConfig(one_word=True)
LABELS = ("zero", "one", "two")


@pytest.fixture
def two(monkeypatch):
    """A recording of two words, and a model that tells one before its middle from two after it."""
    sound = np.concatenate([between(word(0.4), 0.5, 0.3), between(word(0.4), 0.3, 0.5)])
    given = Audio().read((SAMPLE_RATE, sound), ONE_WORD)
    middle = len(given) // 2
    marks = np.where(np.arange(len(given)) < middle, 1, 2)
    monkeypatch.setattr(modality, "_embedded", lambda heard: marks[:, None])

    def ask(items):
        share = np.array([(item == 2).mean() for item in items])
        return np.stack([0 * share, 0.8 * (1 - share), share], axis=1)

    return given, ask


def test_of_several_words_the_firmest_is_read_and_all_are_named(two):
    given, ask = two
    heard = Audio().consider(given, ONE_WORD, LABELS, ask)
    assert heard.doubt.key == "audio.several"
    assert heard.doubt.values == {"count": 2, "words": "one, two", "label": "two"}
    assert 0 < len(heard) < len(given)
    assert heard.spans[-1, 1] == given.spans[-1, 1] and heard.spans[0, 0] > given.spans[0, 0]
    assert str(heard.doubt).startswith("2 ")


def test_where_a_task_expects_more_than_a_word_nobody_counts(two):
    given, _ = two
    assert Audio().consider(given, AudioConfig(), LABELS, None) is given


def test_what_is_not_told_apart_is_left_as_it_is(two):
    given, _ = two
    assert Audio().consider(given, ONE_WORD, LABELS, lambda items: np.full((len(items), 3), 1 / 3)) is given


def test_the_same_word_twice_with_a_pause_between_is_two(two):
    given, _ = two
    heard = Audio().consider(given, ONE_WORD, LABELS, lambda items: np.tile([0, 1, 0], (len(items), 1)))
    assert heard.doubt.values["words"] == "one, one"
