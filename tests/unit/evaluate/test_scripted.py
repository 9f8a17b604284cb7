"""Streams that are told what comes: in which order, with which pauses."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.io import wavfile
from sounds import between, word
from tiny import CONFIG, believing, with_outliers

from mmdemo.evaluate.scripted import corrections, last_of_three, music, one_by_one
from mmdemo.evaluate.streams import USUAL
from mmdemo.train.samples import PLAIN, MultimodalSamples
from mmdemo.train.stream_maker import STEPS_PER_SECOND, StreamMaker


@pytest.fixture
def maker():
    features = with_outliers()
    samples = MultimodalSamples(features, CONFIG, pair=True, sampling=PLAIN, seed=0)
    return StreamMaker(believing(), samples, pd.DataFrame({"text": [""] * len(features.labels)}), USUAL)


@pytest.fixture
def said(tmp_path):
    """Two recordings, each of a class of its own."""
    for label in (0, 1):
        samples = between(word(0.4 + 0.2 * label), 0.25, 0.25)
        wavfile.write(tmp_path / f"{label}.wav", 16_000, (samples / np.abs(samples).max() * 2**14).astype(np.int16))
    return [(str(tmp_path / f"{label}.wav"), label) for label in (0, 1)]


def test_recordings_come_one_by_one(maker, said):
    stream = one_by_one(maker, said, 250, np.random.default_rng(0))
    assert len(stream.x) == 250 and len(stream.inputs) > 5
    assert {each.label for each in stream.inputs} == {0, 1}
    for before, after in pairwise(stream.inputs):
        assert after.first - before.last > 0.5 * STEPS_PER_SECOND
    assert not one_by_one(maker, [("nowhere.wav", 0)], 100, np.random.default_rng(0)).inputs


def test_a_correction_is_two_recordings_of_different_classes_with_a_word_between(maker, said):
    stream = corrections(maker, said, 400, np.random.default_rng(0))
    assert [each.modality for each in stream.inputs[:3]] == ["audio", "text", "audio"]
    assert len(stream.inputs) % 3 == 0 and len(stream.x) == 400 + len(stream.inputs) // 3
    for first, no, second in zip(*(stream.inputs[k::3] for k in range(3)), strict=True):
        assert {first.label, second.label} == {0, 1} and no.label == -1
    ends = last_of_three(stream)
    assert [each.label for each in ends.inputs] == [each.label for each in stream.inputs[2::3]]


def test_music_has_no_pause_and_no_class(maker):
    given = music(maker, 100, np.random.default_rng(0))
    assert all(before.at + before.steps == after.at for before, after in pairwise(given))
    assert given[-1].at + given[-1].steps == 100 and {one.label for one in given} == {-1}
