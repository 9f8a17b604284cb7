"""The command line, on an untrained checkpoint: what is printed and written, and that every mistake is one line."""

import csv
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from mmdemo import cli
from mmdemo.cli import app
from mmdemo.config import LEVELS, ModelConfig
from mmdemo.inference.predictor import Predictor
from mmdemo.model.multimodal_lstm import MultimodalLSTM

LABELS = ["cat", "dog", "owl"]
KEYS = {"label", "probability", "probabilities", "level", "reason", "contradiction", "used", "ignored", "milliseconds"}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("checkpoint")
    MultimodalLSTM(ModelConfig("pets", LABELS)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def inputs(tmp_path_factory, checkpoint):
    """A folder with a picture of a stroke, a second of humming, and a second of silence."""
    folder = tmp_path_factory.mktemp("inputs")
    picture = Image.new("L", (120, 120), 255)
    ImageDraw.Draw(picture).line((60, 20, 60, 100), fill=0, width=10)
    picture.save(folder / "stroke.png")
    time = np.arange(16_000) / 16_000
    hum = sum(np.sin(2 * np.pi * 150 * k * time) / k for k in range(1, 20)) * 0.3  # like an open vowel
    soundfile.write(folder / "hum.wav", hum * np.exp(-(((time - 0.5) / 0.15) ** 2)), 16_000)
    soundfile.write(folder / "silence.wav", 0 * hum, 16_000)
    (folder / "broken.png").write_bytes(b"no picture at all")
    shutil.copytree(checkpoint, folder / "torn")
    (folder / "torn" / "model.safetensors").unlink()
    return folder


def test_help_answers_at_once_and_names_every_command():
    code = "import sys; sys.argv = ['mmdemo', '--help']; from mmdemo import cli\ntry: cli.main()\nfinally: "
    code += "print({'torch', 'gradio', 'pandas', 'numpy'} & set(sys.modules) or 'nothing heavy')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "nothing heavy" in done.stdout
    for command in ("serve", "train", "evaluate", "predict", "findings", "bench", "manifest"):
        assert command in done.stdout


def test_python_m_mmdemo_is_the_same_command_line():
    done = subprocess.run([sys.executable, "-m", "mmdemo", "predict"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "--text" in done.stderr and "Traceback" not in done.stderr


def test_json_says_what_the_predictor_says(run, checkpoint, inputs):
    status, out, _ = run(
        *("predict", "--checkpoint", checkpoint, "--json", "--text", "seven cats"),
        *("--image", inputs / "stroke.png", "--audio", inputs / "silence.wav"),
    )
    said = json.loads(out)
    assert status == 0 and set(said) >= KEYS
    assert list(said["probabilities"]) == LABELS and sum(said["probabilities"].values()) == pytest.approx(1)
    assert said["label"] == max(said["probabilities"], key=said["probabilities"].get)
    assert said["probability"] == max(said["probabilities"].values())
    assert said["used"] == ["text", "image"]
    assert list(said["ignored"]) == ["audio"] and "speech" in said["ignored"]["audio"]
    assert all(ms >= 0 for ms in said["milliseconds"].values())
    result = Predictor.load(checkpoint, "cpu").predict("seven cats", str(inputs / "stroke.png"))
    assert said["probability"] == pytest.approx(result.probability, abs=1e-5)


def test_without_json_it_is_said_in_words(run, checkpoint):
    status, out, _ = run("predict", "--checkpoint", checkpoint, "--text", "   ")
    assert status == 0 and any(label in out for label in LABELS)
    assert "There are no words in it" in out


def test_the_order_of_reading_can_be_chosen(run, checkpoint, inputs):
    given = ("predict", "--checkpoint", checkpoint, "--json", "--text", "owl", "--image", inputs / "stroke.png")
    status, out, _ = run(*given, "--order", "audio,image,text")
    assert status == 0 and json.loads(out)["used"] == ["image", "text"]


def test_the_trace_is_written_as_plain_arrays(run, checkpoint, inputs, tmp_path):
    file = tmp_path / "new" / "trace.data"
    status, _, _ = run(
        *("predict", "--checkpoint", checkpoint, "--text", "an owl", "--image", inputs / "stroke.png"),
        *("--trace", file),
    )
    assert status == 0
    with np.load(file, allow_pickle=False) as trace:
        steps = 2 + 14
        for name in "ifgoch":
            assert trace[name].shape == (steps, 128)
        assert np.allclose(trace["h"], trace["o"] * np.tanh(trace["c"]), atol=1e-5)
        assert trace["beliefs"].shape == (steps, 3) and np.allclose(trace["beliefs"].sum(1), 1, atol=1e-5)
        assert list(trace["labels"]) == LABELS
        assert list(trace["modality"]) == ["text"] * 2 + ["image"] * 14
        assert list(trace["word"][:3]) == ["an", "owl", ""]
        assert trace["span"][1, :2].tolist() == [3, 6] and np.isnan(trace["span"][1, 2:]).all()


def test_the_report_is_one_file_with_the_result_in_it(run, checkpoint, inputs, tmp_path):
    file = tmp_path / "new" / "report.html"
    status, out, _ = run(
        *("predict", "--checkpoint", checkpoint, "--json", "--text", "an </script> owl"),
        *("--image", inputs / "stroke.png", "--report", file),
    )
    assert status == 0
    page = file.read_text(encoding="utf-8")
    said = json.loads(page.partition('id="mm-reading">')[2].partition("</script>")[0])
    assert said["said"]["label"] == json.loads(out)["label"]
    assert "owl" in [step["text"] for step in said["figure"]["steps"]]
    assert not set(re.findall(r"(?:src|href)=[\"']?(\w+:)", page)) - {"data:"}
    status, _, err = run("predict", "--checkpoint", checkpoint, "--text", " ", "--report", tmp_path / "no.html")
    assert status == 2 and "nothing to read" in err and not (tmp_path / "no.html").exists()


def test_a_manifest_is_predicted_past_every_bad_row(run, checkpoint, inputs, tmp_path, monkeypatch):
    out = tmp_path / "out.csv"
    manifest = inputs / "manifest.csv"
    manifest.write_text(
        "id,text,image,audio,mood\n"
        "1,a cat,stroke.png,hum.wav,good\n"
        "2,,gone.png,,bad\n"
        "3,a dog,broken.png,,bad\n"
        "4,,,,bad\n"
        f"5,{'x' * 3000},,,bad\n"
        "6,,,silence.wav,odd\n"
        "7,an owl,,,good,too,many\n"
        "8,explode,,,bad\n"
        "9,NA,,,good\n"
        "10,an owl,gone.png,hum.wav,good\n"
        "11,an owl,gone.png#7,broken.png,good\n"
        "12,,gone.png,broken.png,good\n"
    )
    preprocess = Predictor.preprocess

    def sometimes(self, modality, source, *others):
        if modality == "text" and source() == "explode":
            raise KeyError("a bug of ours")
        return preprocess(self, modality, source, *others)

    monkeypatch.setattr(Predictor, "preprocess", sometimes)
    status, said, _ = run("predict", "--checkpoint", checkpoint, "--manifest", manifest, "--out", out)
    assert status == 0 and "could not be predicted: 6" in said  # what can be read of a row is
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    own = ["id", "text", "image", "audio", "mood"]
    assert list(rows[0]) == [*own, "predicted", "probability", "level", "used", "note"]
    assert [row["id"] for row in rows] == [str(k) for k in range(1, 13)]
    assert rows[0]["image"] == "stroke.png"  # as it was, not as we found it
    assert [row["id"] for row in rows if row["predicted"]] == ["1", "3", "6", "9", "10", "11"]
    assert rows[0]["used"] == "text+image+audio" and rows[0]["level"] in LEVELS
    assert rows[0]["predicted"] in LABELS and float(rows[0]["probability"]) > 1 / 3
    assert rows[5]["used"] == "" and "No speech was found" in rows[5]["note"]
    assert [rows[row]["used"] for row in (2, 9, 10)] == ["text", "text+audio", "text"]
    told = {1: "gone.png", 2: "not a picture", 3: "no input", 4: "3000", 6: "cells", 7: "a bug", 9: "gone.png"}
    for row, reason in {**told, 10: "gone.png", 11: "gone.png"}.items():
        assert reason in rows[row]["note"]
    assert "not a recording" in rows[10]["note"]


def test_what_cannot_be_read_is_told_beside_the_answer_to_the_rest(run, checkpoint, inputs):
    given = ["--text", "an owl", "--image", inputs / "gone.idx#3", "--audio", inputs / "broken.png"]
    status, said, _ = run("predict", "--checkpoint", checkpoint, *given, "--json")
    assert status == 0
    answer = json.loads(said)
    assert answer["used"] == ["text"] and set(answer["ignored"]) == {"image", "audio"}
    assert "gone.idx" in answer["ignored"]["image"]
    _, said, _ = run("predict", "--checkpoint", checkpoint, *given)
    assert "gone.idx" in said and "not a recording" in said
    status, _, err = run("predict", "--checkpoint", checkpoint, *given[2:])
    assert status == 2 and "gone.idx" in err and len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--text", "a", "--checkpoint", "nowhere"], "No checkpoint in nowhere"),
        (["--image", "{inputs}/gone.png"], "gone.png"),
        (["--image", "{inputs}/broken.png"], "not a picture"),
        (["--audio", "{inputs}/broken.png"], "recording"),
        (["--text", "x" * 2001], "at most 2000"),
        (["--manifest", "{inputs}/gone.csv", "--out", "out.csv"], "no manifest"),
        (["--text", "a", "--order", "text,smell"], "order"),
        (["--text", " ", "--trace", "{inputs}/trace.npz"], "nothing to read"),
        (["--text", "a", "--device", "abacus"], "abacus"),
        (["--text", "a", "--checkpoint", "{inputs}/torn"], "safetensors"),
    ],
)
def test_a_mistake_is_told_in_one_line(run, checkpoint, inputs, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    arguments = [argument.format(inputs=inputs) for argument in arguments]
    given = [] if "--checkpoint" in arguments else ["--checkpoint", checkpoint]
    status, _, err = run("predict", *given, *arguments)
    assert status == 2
    assert len(err.strip().splitlines()) == 1 and said in err


@pytest.mark.parametrize(
    "arguments", [[], ["--manifest", "a.csv"], ["--text", "a", "--out", "b.csv"], ["--manifest", "a", "--json"]]
)
def test_options_that_do_not_go_together_are_refused(run, arguments):
    status, _, err = run("predict", *arguments)
    assert status == 2 and "Traceback" not in err


def test_a_manifest_is_made_from_folders_and_checked(run, tmp_path):
    for label in ("cat", "dog"):
        (tmp_path / "pets" / label).mkdir(parents=True)
        for k in range(10):
            (tmp_path / "pets" / label / f"{k}.txt").write_text(f"{label} {k}")
    made = tmp_path / "pets.csv"
    status, out, err = run("manifest", tmp_path / "pets", "--out", made)
    assert status == 0 and not err and "20 rows can be used, 0 cannot" in out
    with made.open("a") as file:
        file.write(",,,cat,\n")
    status, out, err = run("manifest", made)
    assert status == 0 and "20 rows can be used, 1 cannot" in out
    assert err.startswith("line 22: ")


def test_a_manifest_is_not_overwritten_by_checking_it(run, tmp_path):
    status, _, err = run("manifest", tmp_path / "pets.csv", "--out", tmp_path / "other.csv")
    assert status == 2 and "--out" in err
    assert not Path(tmp_path / "other.csv").exists()


def test_evaluation_looks_for_what_was_trained_here(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, _, err = run("evaluate")
    assert status == 2 and f"No checkpoint in {Path('checkpoints') / 'digits'}" in err


def test_the_page_shows_the_tasks_of_a_folder(run, checkpoint, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr("mmdemo.app.build", lambda folder, warm: shown.append(folder))
    monkeypatch.setattr("mmdemo.server.serve", lambda demo, **settings: None)
    monkeypatch.delenv("MMDEMO_CHECKPOINTS", raising=False)
    monkeypatch.setattr(cli, "_check_address", lambda host, port: None)  # somebody may have a page there
    assert run("serve")[0] == 0 and run("serve", "--checkpoints", checkpoint.parent)[0] == 0
    monkeypatch.setenv("MMDEMO_CHECKPOINTS", str(checkpoint.parent))
    assert run("serve")[0] == 0
    assert shown == [cli.CHECKPOINTS, checkpoint.parent, checkpoint.parent]
    status, _, err = run("serve", "--checkpoints", tmp_path)
    assert status == 2 and f"no trained task in {tmp_path}" in err and len(shown) == 3


def test_what_cannot_be_used_ends_the_start_with_the_reason(run, checkpoint, tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "_check_address", lambda host, port: None)  # somebody may have a page there
    shutil.copytree(checkpoint, tmp_path / "pets")
    os.truncate(tmp_path / "pets" / "model.safetensors", 100)
    for command in (
        ("serve", "--checkpoints", tmp_path),
        ("predict", "--checkpoint", tmp_path / "pets", "--text", "a"),
    ):
        status, _, err = run(*command)
        assert status == 2 and str(tmp_path / "pets" / "model.safetensors") in err and "MMDEMO_DEBUG" not in err


def test_a_package_that_is_missing_is_named_with_the_command_that_installs_it(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mmdemo.train.loop", None)  # as ours, it would be a bug
    assert "MMDEMO_DEBUG" in run("train")[2]
    monkeypatch.undo()
    monkeypatch.setattr(cli, "app", lambda: __import__("nowhere_to_be_found"))
    status, _, err = run()
    assert status == 2 and "nowhere_to_be_found" in err and "pip install 'mmdemo[train]'" in err


def test_a_task_without_a_recipe_is_refused(run):
    status, _, err = run("train", "--task", "astrology")
    assert status == 2 and "astrology" in err and "digits" in err


def test_no_cell_of_the_predictions_is_a_formula(run, checkpoint, tmp_path):
    (tmp_path / "texts.csv").write_text('text,id\n"=1+1 seven",-4\n"@seven","+cmd|x"\n', encoding="utf-8")
    run("predict", "--manifest", tmp_path / "texts.csv", "--out", tmp_path / "out.csv", "--checkpoint", checkpoint)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["text"], row["id"]) for row in rows] == [("'=1+1 seven", "-4"), ("'@seven", "'+cmd|x")]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("--port", port) for port in ("0", "-1", "65536", "seven")),
        *(("--rate", rate) for rate in ("nan", "inf", "-5")),
        *(("--embed", sites) for sites in ("", " ", "a; script-src *", "a, b", "a\nb", "\u00e4")),
        *(("--decode-seconds", seconds) for seconds in ("0", "nan", "inf", "-1", "1e300")),
        *(("--host", host) for host in ("nowhere.invalid", "1.2.3.4.5", "192.0.2.1", "a" * 300)),
        *(("--trusted-hops", hops) for hops in ("-1", "x")),
    ],
)
def test_a_bad_option_is_named(option, value, monkeypatch):
    monkeypatch.setattr("mmdemo.server.serve", lambda *arguments, **named: pytest.fail("it was started"))
    said = CliRunner().invoke(app, ["serve", option, value], env={"COLUMNS": "200", "TERM": "dumb"})
    assert said.exit_code == 2
    assert option in said.output and "Traceback" not in said.output


def test_a_port_that_is_taken_is_named_at_once():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        said = CliRunner().invoke(app, ["serve", "--port", port], env={"COLUMNS": "200", "TERM": "dumb"})
    assert said.exit_code == 2
    assert "--port" in said.output and port in said.output


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf", "ten"])
def test_a_bad_time_in_the_environment_is_named(minutes, monkeypatch):
    monkeypatch.setenv("MMDEMO_UPLOAD_MINUTES", minutes)
    done = subprocess.run(
        [sys.executable, "-c", "from mmdemo.server import uploads"], capture_output=True, text=True, timeout=120
    )
    assert f"MMDEMO_UPLOAD_MINUTES has to be a number above 0, and is {minutes}" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are always UTF-8 elsewhere")
def test_a_locale_without_utf_8_ends_nothing(checkpoint, inputs, tmp_path):
    shutil.copy(inputs / "stroke.png", tmp_path / "七 täst.png")
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "mmdemo", "predict", "--checkpoint", checkpoint, "--text", "“七” 😀", "--image",
         tmp_path / "七 täst.png"], env=os.environ | ascii_only, capture_output=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii() and any(label.encode() in done.stdout for label in LABELS)


@pytest.mark.parametrize("sites", ["'self'", "'none'", "*", "'self' https://example.org https://*.example.org:8443"])
def test_good_ones_are_passed_on(sites, monkeypatch):
    given = {}
    monkeypatch.setattr("mmdemo.app.build", lambda *arguments, **named: None)
    monkeypatch.setattr("mmdemo.server.serve", lambda demo, **named: given.update(named))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = CliRunner().invoke(
        app, ["serve", "--embed", sites, "--trusted-hops", "2", "--rate", "0", "--port", str(port)]
    )
    assert said.exit_code == 0, said.output
    assert (given["frames"], given["hops"], given["per_minute"], given["server_port"]) == (sites, 2, 0, port)
