from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from tiny import CONFIG, features

from mmdemo.evaluate import fusion, speakers
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.recipes import Recipe
from mmdemo.train.samples import PLAIN

RECIPE = Recipe(epochs=2, validation=30, batch_size=32, sampling=replace(PLAIN, modality_counts=(1, 0, 0)))


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return MultimodalLSTM(CONFIG).eval()


def test_degrading_is_repeatable_by_row_and_leaves_alone_what_it_should(model):
    split = features()
    rows = pd.DataFrame({"text": [""] * 90, "image": "", "audio": ""})
    change = fusion.Degrade(rows, {"text": 0.5, "image": 0.5}, model, seed=0)
    square = split.item("image", 30)
    assert np.array_equal(change("image", square, 30), change("image", square, 30))
    assert not np.array_equal(change("image", square, 30), change("image", square, 31))
    assert np.abs(change("image", square, 30) - square).mean() > 0.05
    assert change("text", ("something", "rather", "long"), 0) != ("something", "rather", "long")
    sound = split.item("audio", 60)
    assert change("audio", sound, 60) is sound  # no level, no change


def test_only_the_chosen_rows_remain():
    split = features()
    kept = split.only(split.labels == 1)
    assert set(kept.labels) == {1}
    assert all(len(column.index) == 30 and len(column.rows) == 10 for column in kept.columns.values())


def test_each_speaker_is_left_out_in_turn(tmp_path, monkeypatch):
    monkeypatch.setattr(speakers, "SOUNDS_PER_EPOCH", 400)
    split = features()
    names = np.array(["ann", "bob"])[np.arange(90) // 3 % 2].tolist()
    said = []
    found = speakers.leave_one_out(
        [(split, names)], CONFIG, tmp_path, recipe=RECIPE, seed=0, people=["ann", "bob"], say=said.append
    )
    assert set(found["by_speaker"]) == {"ann", "bob"}
    assert found["mean"] == pytest.approx(np.mean(list(found["by_speaker"].values())), abs=1e-4)
    assert len(said) == 2 and "15 recordings" in said[0]
