"""What is measured in streams, by hand."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.io import wavfile
from sounds import between, word
from tiny import CONFIG, with_outliers

from mmdemo.evaluate.streams import (
    USUAL,
    corrections,
    last_of_three,
    measure,
    music,
    one_by_one,
    settings,
    study_streams,
    write_streams,
)
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.samples import PLAIN, MultimodalSamples
from mmdemo.train.stream_maker import STEPS_PER_SECOND, Stream, StreamInput, StreamMaker


def believing(config=CONFIG):
    """An LSTM whose every step forgets all and keeps what it reads, of which the first three numbers are classes."""
    model = MultimodalLSTM(config).eval()
    size = config.hidden_size
    with torch.no_grad():
        for weight in model.lstm.parameters():
            weight.zero_()
        model.lstm.bias_ih_l0[:size] = 20  # i
        model.lstm.bias_ih_l0[size : 2 * size] = -20  # f
        model.lstm.bias_ih_l0[3 * size :] = 20  # o
        model.lstm.weight_ih_l0[2 * size : 2 * size + 3, :3] = 20 * torch.eye(3)
        model.dense.weight.zero_()
        model.dense.weight[:, :3] = 20 * torch.eye(3)
        model.dense.bias.zero_()
    return model


def stream_of(classes, inputs):
    """A stream that says these classes; None for nothing."""
    x = torch.zeros(len(classes), CONFIG.embedding_dim)
    for t, label in enumerate(classes):
        if label is not None:
            x[t, label] = 1
    return Stream(x, torch.zeros(len(classes), 3), inputs)


def test_right_before_and_false_alarms():
    classes = [None] * 5 + [0, 0] + [None] * 20 + [1, 1] + [None] * 20 + [2] + [None] * 9
    inputs = [StreamInput("text", 0, 5, 6, 26), StreamInput("text", 2, 27, 28, 58)]
    found = measure(believing(), [stream_of(classes, inputs)])
    assert found["inputs"] == 2
    assert found["right"] == found["clear_right"] == 0.5  # the second is taken for another
    assert found["before"] == round(1 / 3, 4)
    assert found["clear_others"] == round(1 / (len(classes) / 12.5 / 60), 2)  # class 1; class 2 is what came last
    assert found["cells_first"] == found["cells_last"]


def test_all_settings_are_measured_and_kept(tmp_path):
    features = with_outliers()
    rows = pd.DataFrame({"text": [""] * len(features.labels)})
    short = replace(USUAL, count=1, seconds=6.0)
    found = study_streams(believing(), features, rows, pair=True, seed=0, usual=short)
    assert set(found) == {*settings(CONFIG.modalities), "music"}
    assert found["silence"]["inputs"] == 0 and found["silence"]["right"] is None
    assert found["nothing known"]["inputs"] == 0
    write_streams(tmp_path, found)
    assert "short gaps" in (tmp_path / "streams.json").read_text()


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
