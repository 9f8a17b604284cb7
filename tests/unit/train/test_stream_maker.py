"""Streams: what comes when, and what is to be believed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.io import wavfile
from sounds import between, word
from tiny import CONFIG, features, listener, with_outliers

from mmdemo.config import ModelConfig
from mmdemo.modality import StepTarget
from mmdemo.train.recipes import StreamConfig
from mmdemo.train.samples import PLAIN, MultimodalSamples
from mmdemo.train.stream_maker import FADE, HOLD, StreamMaker, has_clock, stream_targets

SHORT = StreamConfig(count=3, seconds=16.0, vary=False)


def says(label, *weights):
    return StepTarget(np.full(len(weights), label), np.array(weights, np.float32))


def maker(config=SHORT, of=features, rows=None):
    known = of()
    samples = MultimodalSamples(known, CONFIG, pair=True, sampling=PLAIN, seed=0, length=64)
    rows = pd.DataFrame({"text": [""] * len(known.labels)}) if rows is None else rows
    return StreamMaker(listener(), samples, rows, config)


def test_an_input_is_believed_while_it_is_read_and_for_a_moment_after():
    clock = np.arange(3 + HOLD + FADE + 3)
    found = stream_targets([("audio", np.array([1, 2]), says(2, 0.5, 1))], clock, 4)
    assert found.sum(1) == pytest.approx(1)
    assert found[:4, 2] == pytest.approx([0.25, 0.5 + 0.5 / 4, 1, 1])
    assert found[2 + HOLD, 2] == pytest.approx(1)
    assert 0.25 < found[2 + HOLD + 1, 2] < 1
    assert found[2 + HOLD + FADE :] == pytest.approx(0.25)


def test_another_input_of_the_same_kind_takes_its_place_and_one_of_another_kind_stands_beside_it():
    clock = np.arange(6)
    first = ("audio", np.array([0, 1]), says(0, 1, 1))
    same = stream_targets([first, ("audio", np.array([2, 3]), says(1, 0.5, 1))], clock, 2)
    assert same[:4, 0] == pytest.approx([1, 1, 0.5, 0])
    other = stream_targets([first, ("image", np.array([2, 3]), says(1, 0.5, 1))], clock, 2)
    assert other[:4, 0] == pytest.approx([1, 1, 1 / 1.5, 0.5])
    agreeing = stream_targets([first, ("image", np.array([2, 3]), says(0, 0.5, 1))], clock, 2)
    assert agreeing[:4, 0] == pytest.approx(1)


def test_time_stands_still_while_words_and_pictures_are_read():
    """Steps between those of the clock take no time, however many they are."""
    clock = np.zeros(30, np.int64)
    found = stream_targets([("text", np.array([0]), says(1, 1)), ("image", np.array([1]), says(1, 0))], clock, 2)
    assert found[:, 1] == pytest.approx(1)


def test_a_stream_has_its_inputs_in_order_and_the_clock_s_steps_between():
    streams = maker().make(1)
    again = maker().make(1)
    assert all(torch.equal(one.x, other.x) for one, other in zip(streams, again, strict=True))
    for stream in streams:
        assert len(stream.x) == len(stream.taught) > 200  # 16 s, and the steps of words and pictures
        assert torch.allclose(stream.taught.sum(1), torch.ones(len(stream.x)), atol=1e-5)
        assert len(stream.inputs) > 4
        assert {each.modality for each in stream.inputs} <= {"text", "image"}  # no manifest, no recordings
        for each in stream.inputs:
            assert 0 <= each.first <= each.last <= each.until < len(stream.x)
            assert int(stream.taught[each.last].argmax()) == each.label or stream.taught[each.last].max() < 0.6


def test_recordings_come_where_the_clock_s_own_steps_are(tmp_path):
    known = features()
    said = between(word(0.5), 0.25, 0.25)
    wavfile.write(tmp_path / "word.wav", 16_000, (said / np.abs(said).max() * 2**14).astype(np.int16))
    rows = pd.DataFrame({"audio": [str(tmp_path / "word.wav")] * len(known.labels)})
    stream = maker(replace(SHORT, modalities=("audio",), again=0), rows=rows).make(0)[0]
    assert len(stream.x) == 200  # 16 s of 80 ms
    assert len({each.label for each in stream.inputs}) == 3
    assert all(5 <= each.last - each.first <= 8 for each in stream.inputs)  # half a second, without the quiet around
    loud = torch.zeros(200, dtype=torch.bool)
    for each in stream.inputs:
        loud[each.first : each.last + 1] = True
    step = (stream.x[1:] - stream.x[:-1]).norm(dim=1)
    assert step[loud[1:]].mean() > 1.5 * step[~loud[1:]].mean()


def test_what_is_of_no_class_is_never_believed():
    stream = maker(replace(SHORT, strange=1.0), of=with_outliers).make(0)[0]
    strange = [each for each in stream.inputs if each.label < 0]
    assert len(strange) == len(stream.inputs) > 0
    assert torch.allclose(stream.taught, torch.tensor(1 / 3), atol=1e-6)


def test_a_task_of_words_and_pictures_alone_lives_in_no_stream():
    assert has_clock(CONFIG) and not has_clock(ModelConfig("own", ["a", "b"], without=["audio"]))
