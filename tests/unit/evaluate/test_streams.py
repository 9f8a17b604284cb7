"""What is measured in streams, by hand."""

from dataclasses import replace

import pandas as pd
import torch
from tiny import CONFIG, believing, with_outliers

from mmdemo.evaluate.streams import USUAL, measure, settings, study_streams
from mmdemo.train.stream_maker import Stream, StreamInput


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


def test_all_settings_are_measured():
    features = with_outliers()
    rows = pd.DataFrame({"text": [""] * len(features.labels)})
    short = replace(USUAL, count=1, seconds=6.0)
    found = study_streams(believing(), features, rows, pair=True, seed=0, usual=short)
    assert set(found) == {*settings(CONFIG.modalities), "music"}
    assert found["silence"]["inputs"] == 0 and found["silence"]["right"] is None
    assert found["nothing known"]["inputs"] == 0
