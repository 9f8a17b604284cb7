"""The digits recipe: published splits kept, no file or sentence in two of them, beliefs that lead to the label."""

import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from mmdemo.data.manifest.manifest import OUTLIER, load_image_cell, read_manifest, write_manifest
from mmdemo.data.sources.idx import read_idx
from mmdemo.data.tasks.digits import LABELS, digits_manifest, made, strange_voices

COUNTS = {"train": 300, "validation": 40, "test": 60}
TALK = {"train": 30, "validation": 10, "test": 20}
COMMENTS = {"train": 25, "validation": 8, "test": 15}
UNLIKE = {"train": 36, "validation": 12, "test": 24}
WORLD = {"train": 60, "validation": 10, "test": 20}


@pytest.fixture(scope="module")
def digits(data_dir, tmp_path_factory):
    """The recipe's rows with few sentences, read back as anybody's manifest is."""
    out = tmp_path_factory.mktemp("digits") / "digits.parquet"
    digits_manifest(data_dir, out, 0, COUNTS, TALK, COMMENTS, UNLIKE, WORLD)
    rows, problems = read_manifest(out, labels=LABELS)
    assert not problems
    return rows


def test_made_digits_are_never_tested_on(tmp_path):
    (tmp_path / "a.flac").write_bytes(b"")
    row = {"audio": str(tmp_path / "a.flac"), "speaker": "kokoro"}
    rows = [row | {"label": "one", "split": "train"}, row | {"label": OUTLIER, "split": "test"}]
    write_manifest(pd.DataFrame(rows), tmp_path / "manifest.csv")
    assert list(made(tmp_path)["label"]) == ["one", OUTLIER]
    (tmp_path / "a.png").write_bytes(b"")
    drawn = {"image": str(tmp_path / "a.png"), "label": "one", "split": "test"}
    write_manifest(pd.DataFrame([drawn | {"kind": "hand"}]), tmp_path / "manifest.csv")
    assert list(made(tmp_path)["split"]) == ["test"]  # told from the published ones by its kind
    write_manifest(pd.DataFrame([drawn]), tmp_path / "manifest.csv")
    with pytest.raises(ValueError, match="without a kind"):
        made(tmp_path)
    write_manifest(pd.DataFrame([row | {"label": "one", "split": "test", "kind": "x"}]), tmp_path / "manifest.csv")
    with pytest.raises(ValueError, match="without a kind"):
        made(tmp_path)


@pytest.mark.data
def test_sentences_without_a_number_belong_to_no_class(digits):
    idle = digits[digits["label"] == OUTLIER]
    assert {"talk", "comment", "large", "several", "withdrawn"} < set(idle["kind"])
    counts = dict(idle["split"][~idle["kind"].isin(["talk", "comment"])].value_counts())
    assert counts.pop("validation") < UNLIKE["validation"]  # those that rules doubt are left out
    assert counts == {split: UNLIKE[split] for split in ("train", "test")}
    for kind, counts in (("talk", TALK), ("comment", COMMENTS)):
        assert dict(idle["split"][idle["kind"] == kind].value_counts()) == counts


@pytest.mark.data
def test_splits_are_the_published_ones(digits):
    counts = Counter(zip(digits["split"], (digits[["image", "audio", "text"]] != "").idxmax(axis=1), strict=True))
    texts = {split: sum(made[split] for made in (COUNTS, TALK, COMMENTS, UNLIKE, WORLD)) for split in COUNTS}
    doubted = texts["validation"] - counts[("validation", "text")]
    assert 0 < doubted < UNLIKE["validation"]
    assert counts == {
        ("train", "image"): 55_000,
        ("validation", "image"): 5_000,
        ("test", "image"): 10_000,
        ("train", "audio"): 6 * 10 * 42,
        ("validation", "audio"): 6 * 10 * 3,
        ("test", "audio"): 6 * 10 * 5,
        ("train", "text"): texts["train"],
        ("validation", "text"): texts["validation"] - doubted,
        ("test", "text"): texts["test"],
    }


@pytest.mark.data
def test_every_row_has_one_input_and_no_input_is_in_two_rows(digits):
    inputs = digits[["text", "image", "audio"]]
    assert ((inputs != "").sum(axis=1) == 1).all()
    used = inputs.max(axis=1)  # the one that is not empty
    in_splits = digits.assign(used=used).groupby("used")["split"].nunique()
    assert (in_splits == 1).all()
    assert used[digits["text"] == ""].is_unique


@pytest.mark.data
def test_pictures_and_sounds_have_the_labels_of_their_files(digits, data_dir):
    pictures = digits[digits["image"] != ""]
    truth = np.concatenate(
        [read_idx(data_dir / "mnist" / f"{name}-labels-idx1-ubyte.gz") for name in ("train", "t10k")]
    )
    assert list(pictures["label"]) == [LABELS[digit] for digit in truth]
    last = pictures.iloc[-1]
    expected = read_idx(data_dir / "mnist" / "t10k-images-idx3-ubyte.gz")[-1]
    assert last["split"] == "test" and np.array_equal(load_image_cell(last["image"]), expected)

    sounds = digits[digits["audio"] != ""]
    parts = sounds["audio"].str.extract(r"(?P<digit>\d)_(?P<speaker>[a-z]+)_(?P<index>\d+)\.wav$")
    assert list(sounds["label"]) == [LABELS[int(digit)] for digit in parts["digit"]]
    assert list(sounds["speaker"]) == list(parts["speaker"])
    assert set(parts["index"][sounds["split"] == "test"].astype(int)) == set(range(5))
    assert set(parts["index"][sounds["split"] == "validation"].astype(int)) == {5, 6, 7}


@pytest.mark.data
def test_what_is_believed_at_the_end_of_a_sentence_is_its_label(digits):
    texts = digits[(digits["text"] != "") & (digits["label"] != OUTLIER)]
    assert {kind.split()[0] for kind in texts["kind"]} == {"sentence", "correction", "language"}
    for row in texts.itertuples():
        offsets, labels = zip(*json.loads(row.belief), strict=True)
        assert labels[-1] == row.label
        assert list(offsets) == sorted(offsets) and offsets[-1] <= len(row.text)


@pytest.mark.data
def test_templates_of_one_split_are_in_no_other(digits):
    texts = digits[digits["template"] != ""]
    assert (texts.groupby("template")["split"].nunique() == 1).all()


@pytest.mark.data
def test_the_same_seed_gives_the_same_manifest(digits, data_dir, tmp_path):
    out = tmp_path / "again.parquet"
    again = pd.read_parquet(digits_manifest(data_dir, out, 0, COUNTS, TALK, COMMENTS, UNLIKE, WORLD))
    assert list(again["text"]) == list(digits["text"]) and list(again["belief"]) == list(digits["belief"])


def test_strange_voices_are_those_of_every_folder_that_has_some(tmp_path, monkeypatch):
    row = {"audio": str(tmp_path / "a.flac"), "label": "one", "split": "test", "accent": "indian"}
    (tmp_path / "a.flac").write_bytes(b"")
    (tmp_path / "some").mkdir()
    (tmp_path / "none").mkdir()
    write_manifest(pd.DataFrame([row]), tmp_path / "some" / "strangers.csv")
    monkeypatch.setenv("MMDEMO_EXTRA_DATA", f"{tmp_path / 'none'}:{tmp_path / 'some'}")
    assert list(strange_voices()["accent"]) == ["indian"]
    monkeypatch.setenv("MMDEMO_EXTRA_DATA", str(tmp_path / "none"))
    assert strange_voices().empty
