"""What is written keeps what a person wrote around it."""

import json

import pytest
from made_up import SUMMARY

from mmdemo.evaluate.cards import fill, write_card, write_figures, write_metrics

METRICS = {
    "command": "python -m mmdemo evaluate",
    "seed": 0,
    "split": "ours",
    "alone": {"image": SUMMARY},
    "together": {},
}


def test_fill_changes_only_what_stands_between_the_marks(tmp_path):
    file = tmp_path / "README.md"
    file.write_text("before\n<!-- digits -->\nold\n<!-- /digits -->\nafter\n")
    fill(file, "digits", "new \\1")
    assert file.read_text() == "before\n<!-- digits -->\nnew \\1\n<!-- /digits -->\nafter\n"
    with pytest.raises(ValueError, match="no place"):
        fill(file, "emotion", "")


def test_metrics_can_be_read_again_and_a_matrix_row_is_a_line(tmp_path):
    write_metrics(tmp_path, METRICS)
    text = (tmp_path / "metrics.json").read_text()
    assert json.loads(text) == METRICS
    assert "[9, 1]" in text


def test_a_card_keeps_what_a_person_wrote(tmp_path):
    template = tmp_path / "template.md"
    template.write_text("# Mine\n<!-- figures -->\n<!-- /figures -->\n")
    write_card(tmp_path, template, METRICS)
    card = tmp_path / "README.md"
    card.write_text(card.read_text().replace("# Mine", "# Ours"))
    write_card(tmp_path, template, METRICS | {"seed": 7})
    assert "# Ours" in card.read_text() and "seed 7" in card.read_text()


def test_figures_are_kept_as_they_are(tmp_path):
    write_figures(tmp_path / "streams.json", {"streams": {"short gaps": {"right": 0.98}}})
    assert json.loads((tmp_path / "streams.json").read_text()) == {"streams": {"short gaps": {"right": 0.98}}}
