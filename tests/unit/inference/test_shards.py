"""A manifest explained in shards: complete, true, the same however it is divided, and whole after a kill."""

import shutil

import numpy as np
import pandas as pd
import pytest
import torch

from mmdemo.config import ModelConfig
from mmdemo.inference import shards
from mmdemo.inference.predictor import Predictor
from mmdemo.inference.shards import TABLES, Shard, explain_all
from mmdemo.messages import InputError
from mmdemo.model.multimodal_lstm import MultimodalLSTM

WORDS = [f"word {k}, no wait, {['one', 'two', 'three'][k % 3]}" for k in range(11)]


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A checkpoint, and a manifest of eleven sentences and a picture that is not there."""
    folder = tmp_path_factory.mktemp("given")
    torch.manual_seed(0)
    MultimodalLSTM(ModelConfig("numbers", ["one", "two", "three"])).save_pretrained(folder / "checkpoint")
    rows = [(words, "") for words in WORDS] + [("", "missing.png")]
    pd.DataFrame(rows, columns=["text", "image"]).to_csv(folder / "manifest.csv", index=False)
    return folder / "checkpoint", folder / "manifest.csv"


@pytest.fixture(scope="module")
def predictor(given):
    return Predictor.load(given[0], "cpu")


def read(out):
    return {name: pd.read_parquet(out / name).sort_values(list(TABLES[name].names[:2])) for name in TABLES}


def files(out):
    return {path.relative_to(out): path.stat().st_mtime_ns for path in out.rglob("*.parquet")}


def test_every_row_is_there_and_adds_up(given, predictor, tmp_path):
    assert explain_all(predictor, *given, tmp_path, Shard(0, 1)) == (12, 1)
    tables = read(tmp_path)
    predictions = tables["predictions"].set_index("row")
    assert list(predictions.index) == list(range(12))
    assert predictions["note"][11] and predictions["predicted"].isna().tolist() == [False] * 11 + [True]
    for row in range(11):
        answer = predictions.loc[row]
        steps = tables["ledger"].query("row == @row")
        assert len(steps) == steps["step"].nunique() > 3
        np.testing.assert_allclose(np.stack(steps["evidences"]).sum(0) + answer["bias"], answer["logits"], atol=1e-4)
        of_all = np.stack(tables["shares"].query("row == @row")["shares"]).sum(0) + answer["prior"]
        np.testing.assert_allclose(of_all, answer["probabilities"], atol=1e-5)
    alone = predictor.predict(text=WORDS[4])
    np.testing.assert_allclose(predictions["probabilities"][4], alone.probabilities, atol=1e-6)


def test_any_division_says_the_same(given, predictor, tmp_path, monkeypatch):
    explain_all(predictor, *given, tmp_path / "one", Shard(0, 1))
    monkeypatch.setattr(shards, "PART", 2)
    for index in (2, 0, 1):  # in any order
        explain_all(predictor, *given, tmp_path / "three", Shard(index, 3))
    one, three = read(tmp_path / "one"), read(tmp_path / "three")
    for name in TABLES:
        pd.testing.assert_frame_equal(one[name].reset_index(drop=True), three[name].reset_index(drop=True))


@pytest.mark.parametrize("damage", ["missing", "emptied", "cut short", "garbage"])
def test_what_is_done_is_not_done_again_and_what_is_damaged_is(given, predictor, tmp_path, monkeypatch, damage):
    monkeypatch.setattr(shards, "PART", 5)
    explain_all(predictor, *given, tmp_path, Shard(0, 1))
    before = files(tmp_path)
    lost = next(path for path in before if "ledger" in str(path))
    if damage == "missing":
        (tmp_path / lost).unlink()
    else:
        whole = (tmp_path / lost).read_bytes()
        damaged = {"emptied": b"", "cut short": whole[: len(whole) // 2], "garbage": b"PAR1" * 99}[damage]
        (tmp_path / lost).write_bytes(damaged)
    assert explain_all(predictor, *given, tmp_path, Shard(0, 1))[0] in (2, 5)
    after = files(tmp_path)
    assert before.keys() == after.keys()
    assert sum(before[path] != after[path] for path in before) == len(TABLES)


def test_another_checkpoint_or_division_is_refused(given, predictor, tmp_path):
    explain_all(predictor, *given, tmp_path / "out", Shard(0, 2))
    with pytest.raises(InputError, match="another"):
        explain_all(predictor, *given, tmp_path / "out", Shard(0, 3))
    shutil.copytree(given[0], tmp_path / "other")
    (tmp_path / "other" / "config.json").write_text((given[0] / "config.json").read_text() + "\n")
    with pytest.raises(InputError, match="another"):
        explain_all(predictor, tmp_path / "other", given[1], tmp_path / "out", Shard(1, 2))
