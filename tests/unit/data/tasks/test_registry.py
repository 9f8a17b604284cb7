"""The tasks that are known by their names, and anybody's own."""

from dataclasses import replace

import pytest

from mmdemo.data.tasks.registry import TASKS, own_task, task_of
from mmdemo.messages import InputError


def test_the_task_has_its_labels_and_its_recipe():
    task = TASKS["digits"]
    assert task.name == "digits" and task.pair
    assert task.config.labels[0] == "zero" and task.config.labels[9] == "nine" and len(task.config.labels) == 10


def test_numbers_are_looked_for_only_where_the_labels_are_digits(tmp_path):
    assert TASKS["digits"].config.text.numbers and not TASKS["emotion"].config.text.numbers
    path = tmp_path / "manifest.csv"
    path.write_text("text,label\nhello,greeting\nbye,farewell\n")
    assert not own_task("manners", path, like=TASKS["digits"]).config.text.numbers
    path.write_text("text,label\n" + "".join(f"{label} please,{label}\n" for label in TASKS["digits"].config.labels))
    assert own_task("figures", path, like=TASKS["digits"]).config.text.numbers


def test_somebodys_own_manifest_is_a_task(tmp_path):
    path = tmp_path / "manifest.csv"
    path.write_text("text,image,audio,label\nhello,,,greeting\nbye,,,farewell\nthanks,,,\n")
    task = own_task("manners", path)
    assert task.name == "manners" and task.config.labels == ["farewell", "greeting"] and task.pair
    assert task.make_manifest(tmp_path, tmp_path / "out.csv", 0) == path
    (tmp_path / "a.wav").write_bytes(b"")
    path.write_text("text,audio,label\nhello,a.wav,greeting\nbye,a.wav,farewell\n")
    assert not own_task("manners", path).pair  # the rows say themselves what belongs together
    path.write_text("text,label\nhello,\n")
    with pytest.raises(InputError, match="no row that can be used"):
        own_task("manners", path)


def test_a_checkpoint_is_measured_with_its_own_settings():
    config = replace(TASKS["emotion"].config, hidden_size=7)
    task = task_of(config)
    assert task.config is config and task.make_manifest is TASKS["emotion"].make_manifest
    with pytest.raises(InputError, match="digits, emotion"):
        task_of(replace(config, task="fruit"))
