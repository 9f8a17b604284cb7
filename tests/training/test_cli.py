"""A manifest of one's own, from training to an answer, by the commands of the README."""

import json
from pathlib import Path


def test_an_own_manifest_trains_is_measured_and_predicts_with_no_code_changed(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # what is trained goes into the current folder, wherever mmdemo is installed
    words = {"greeting": ["hello", "hi"], "farewell": ["bye", "so long"], "thanks": ["thank you", "cheers"]}
    lines = [f"{word} {name},{label}\n" for label, both in words.items() for word in both for name in "abcdefghij"]
    manifest, checkpoint = tmp_path / "manners.csv", tmp_path / "checkpoints" / "manners"
    manifest.write_text("text,label\n" + "".join(lines) + ",thanks\n")
    places = ("--cache", tmp_path / "cache", "--runs", tmp_path / "runs", "--manifest", manifest)
    status, out, err = run("train", "--task", "manners", *places, "--epochs", 2, "--samples", 600, "--streams", 2)
    assert status == 0 and f"{manifest.name}, line 62: It has no input" in err
    assert f"evaluate --checkpoint {Path('checkpoints') / 'manners'} --manifest {manifest}" in out
    assert "serve --checkpoints checkpoints" in out
    status, out, _ = run("evaluate", "--checkpoint", checkpoint, *places)
    assert status == 0 and "text alone" in out
    assert json.loads((checkpoint / "config.json").read_text())["streams"]["clear"] >= 0.6
    metrics = json.loads((checkpoint / "metrics.json").read_text())
    assert metrics["alone"]["text"]["n"] == 6 and metrics["alone"]["text"]["accuracy"] > 0.5
    status, out, _ = run("predict", "--checkpoint", checkpoint, "--text", "thank you k", "--json")
    assert status == 0 and json.loads(out)["label"] == "thanks"
