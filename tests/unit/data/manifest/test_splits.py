"""Splits are fair, and share no speaker."""

from collections import Counter

import pandas as pd

from mmdemo.data.manifest.splits import assign_splits


def test_three_rows_of_a_class_are_enough_for_all_splits():
    rows = pd.DataFrame({"label": ["a"] * 3 + ["b"] * 4})
    splits = assign_splits(rows)
    assert set(splits[:3]) == set(splits[3:]) == {"train", "validation", "test"}


def test_no_speaker_is_in_two_splits():
    speakers = [name for name in "abcdefghij" for _ in range(20)]
    rows = pd.DataFrame({"label": ["x", "y"] * 100, "speaker": speakers})
    splits = assign_splits(rows)
    assert Counter(splits) == {"train": 160, "validation": 20, "test": 20}
    assert all(len(set(splits[rows["speaker"] == speaker])) == 1 for speaker in "abcdefghij")
    rows.loc[:, "speaker"] = ""  # unknown speakers are not one speaker
    assert Counter(assign_splits(rows)) == {"train": 160, "validation": 20, "test": 20}
