"""A manifest explained and predicted in parts: complete, true, however it is divided, and whole after a kill."""

import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.io import wavfile

from mmdemo.config import ModelConfig
from mmdemo.inference import jobs, predictions
from mmdemo.inference.explanations import TABLES, Explanations
from mmdemo.inference.jobs import Done, alone, run
from mmdemo.inference.predictions import COLUMNS, Predictions
from mmdemo.inference.predictor import Predictor
from mmdemo.messages import InputError
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.worker_pool import TooMuchWork

WORDS = [f"word {k}, no wait, {['one', 'two', 'three'][k % 3]}" for k in range(11)]


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A manifest of eleven sentences and a picture that is not there, and a checkpoint."""
    folder = tmp_path_factory.mktemp("given")
    torch.manual_seed(0)
    MultimodalLSTM(ModelConfig("numbers", ["one", "two", "three"])).save_pretrained(folder / "checkpoint")
    rows = [(words, "") for words in WORDS] + [("", "missing.png")]
    pd.DataFrame(rows, columns=["text", "image"]).to_csv(folder / "manifest.csv", index=False)
    return folder / "manifest.csv", folder / "checkpoint"


@pytest.fixture
def in_parts(monkeypatch):
    def divide(rows):
        monkeypatch.setattr(jobs, "PART", rows)
        monkeypatch.setattr(predictions, "PART", rows)

    return divide


def read(out):
    return {name: pd.read_parquet(out / name).sort_values(list(TABLES[name].names[:2])) for name in TABLES}


def files(out):
    return {path.relative_to(out): path.stat().st_mtime_ns for path in out.rglob("*.parquet")}


def test_every_row_is_there_and_adds_up(given, tmp_path):
    assert run(Explanations(*given, tmp_path, "cpu")) == Done(12, 1)
    tables = read(tmp_path)
    predictions = tables["predictions"].set_index("row")
    assert list(predictions.index) == list(range(12))
    assert "missing.png" in predictions["note"][11]
    assert predictions["predicted"].isna().tolist() == [False] * 11 + [True]
    for row in range(11):
        answer = predictions.loc[row]
        steps = tables["ledger"].query("row == @row")
        assert len(steps) == steps["step"].nunique() > 3
        np.testing.assert_allclose(np.stack(steps["evidences"]).sum(0) + answer["bias"], answer["logits"], atol=1e-4)
        of_all = np.stack(tables["shares"].query("row == @row")["shares"]).sum(0) + answer["prior"]
        np.testing.assert_allclose(of_all, answer["probabilities"], atol=1e-5)
    alone = Predictor.load(given[1], "cpu").predict(text=WORDS[4])
    np.testing.assert_allclose(predictions["probabilities"][4], alone.probabilities, atol=1e-6)


def test_any_division_says_the_same(given, tmp_path, in_parts):
    run(Explanations(*given, tmp_path / "one", "cpu"))
    in_parts(5)
    backwards = lambda job, parts: alone(job, parts[::-1])  # noqa: E731 -- in any order
    run(Explanations(*given, tmp_path / "three", "cpu"), backwards)
    one, three = read(tmp_path / "one"), read(tmp_path / "three")
    assert len(files(tmp_path / "three")) == 3 * len(TABLES)
    for name in TABLES:
        pd.testing.assert_frame_equal(one[name].reset_index(drop=True), three[name].reset_index(drop=True))


@pytest.mark.parametrize("damage", ["missing", "emptied", "cut short", "garbage"])
def test_what_is_done_is_not_done_again_and_what_is_damaged_is(given, tmp_path, in_parts, damage):
    in_parts(5)
    job = Explanations(*given, tmp_path, "cpu")
    run(job)
    before = files(tmp_path)
    lost = next(path for path in before if "ledger" in str(path))
    if damage == "missing":
        (tmp_path / lost).unlink()
    else:
        whole = (tmp_path / lost).read_bytes()
        damaged = {"emptied": b"", "cut short": whole[: len(whole) // 2], "garbage": b"PAR1" * 99}[damage]
        (tmp_path / lost).write_bytes(damaged)
    assert run(job).rows in (2, 5)
    after = files(tmp_path)
    assert before.keys() == after.keys()
    assert sum(before[path] != after[path] for path in before) == len(TABLES)
    assert run(job) == Done(0, 0)


def test_another_checkpoint_or_manifest_is_refused(given, tmp_path):
    manifest, checkpoint = given
    run(Explanations(manifest, checkpoint, tmp_path / "out", "cpu"))
    (tmp_path / "other.csv").write_text("text\nseven\n")
    with pytest.raises(InputError, match="another"):
        run(Explanations(tmp_path / "other.csv", checkpoint, tmp_path / "out", "cpu"))
    shutil.copytree(checkpoint, tmp_path / "other")
    (tmp_path / "other" / "config.json").write_text((checkpoint / "config.json").read_text() + "\n")
    with pytest.raises(InputError, match="another"):
        run(Explanations(manifest, tmp_path / "other", tmp_path / "out", "cpu"))


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet"])
def test_predictions_come_as_one_table_however_often_it_was_begun(given, tmp_path, in_parts, ending):
    in_parts(5)
    job = Predictions(*given, tmp_path / f"out.{ending}", "cpu")

    def stopped(job, parts):
        yield from alone(job, parts[:2])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(job, stopped)
    assert not job.out.exists()
    assert run(job) == Done(2, 1)
    assert job.join() == 1
    assert [path.name for path in tmp_path.iterdir()] == [job.out.name]
    read = pd.read_parquet if ending == "parquet" else lambda file: pd.read_csv(file, sep=None, engine="python")
    table = read(job.out)
    assert list(table) == ["text", "image", *COLUMNS]
    assert table["text"].tolist()[:11] == WORDS
    assert table["predicted"].isna().tolist() == [False] * 11 + [True]
    assert table["probability"][:11].between(0.3, 1).all() and "missing.png" in table["note"][11]


def test_another_manifests_unfinished_predictions_are_thrown_away(given, tmp_path, in_parts):
    manifest, checkpoint = given
    in_parts(5)
    run(Predictions(manifest, checkpoint, tmp_path / "out.csv", "cpu"))
    (tmp_path / "other.csv").write_text("text\nseven\n")
    job = Predictions(tmp_path / "other.csv", checkpoint, tmp_path / "out.csv", "cpu")
    assert run(job) == Done(1, 0) and job.join() == 0
    assert len(pd.read_csv(job.out)) == 1


@pytest.mark.parametrize("kind", [Explanations, Predictions])
def test_a_table_without_rows_or_inputs(given, tmp_path, kind):
    (tmp_path / "none.csv").write_text("text,label\n")
    job = kind(tmp_path / "none.csv", given[1], tmp_path / "out.csv", "cpu")
    assert run(job) == Done(0, 0)
    if kind is Predictions:
        assert job.join() == 0 and list(pd.read_csv(job.out)) == ["text", "label", *COLUMNS]
    (tmp_path / "labels.csv").write_text("label\nseven\n")
    with pytest.raises(InputError, match="column"):
        run(kind(tmp_path / "labels.csv", given[1], tmp_path / "other.csv", "cpu"))


def test_a_file_that_takes_too_long_is_named_and_the_others_go_on(given, tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, "SECONDS", 1e-4)
    wavfile.write(tmp_path / "long.wav", 16_000, np.zeros(160_000, np.int16))
    (tmp_path / "both.csv").write_text("text,audio\n,long.wav\nseven,\n")
    job = Explanations(tmp_path / "both.csv", given[1], tmp_path / "out", "cpu")
    assert run(job) == Done(2, 1)
    assert read(job.out)["predictions"]["note"].tolist()[0] == str(TooMuchWork().note)
