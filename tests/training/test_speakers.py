"""Speakers: each is left out of the training in turn, and measured on the voice that was never heard."""

from dataclasses import replace

import numpy as np
import pytest
from tiny import CONFIG, features

from mmdemo.evaluate import speakers
from mmdemo.train.recipes import Recipe
from mmdemo.train.samples import PLAIN

RECIPE = Recipe(epochs=2, validation=30, batch_size=32, sampling=replace(PLAIN, modality_counts=(1, 0, 0)))


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
