"""Texts without one digit as their answer: every kind in every split, beliefs that end in none, nothing shared."""

import json
import re
from collections import Counter

import pytest

from mmdemo.data.sentences.grammar import SPLITS
from mmdemo.data.sentences.unlike import unlike, words_of_the_world
from mmdemo.data.sentences.vocabulary import DIGITS, FOLDER, foreign_names
from mmdemo.text.numbers import number_words
from mmdemo.text.reader import tokenize

PHRASES = {name: found["phrases"] for name, found in json.loads((FOLDER / "unlike.json").read_text()).items()}


@pytest.mark.parametrize("split", SPLITS)
def test_rows_are_sound(split):
    rows = unlike(split, 600, 1)
    assert len({row.text for row in rows}) == 600
    assert set(Counter(row.kind for row in rows)) == {"large", *PHRASES["en"]}
    for row in rows:
        offsets = [offset for offset, _ in row.belief]
        assert row.label is None and (not row.belief or row.belief[-1][1] is None), row
        assert offsets == sorted(offsets) and set(offsets) <= {token.end for token in tokenize(row.text)}, row
        assert not re.search(r"[{}<>]", row.text) and row.split == split and row.as_row()["label"] == "", row
    assert unlike(split, 50, 1) == rows[:50]


def test_what_is_withdrawn_was_believed_and_is_not_any_more():
    for row in unlike("train", 600, 2):
        if row.kind == "withdrawn":
            assert [label for _, label in row.belief if label], row


@pytest.mark.parametrize("name", PHRASES)
def test_no_phrase_is_in_two_splits(name):
    for kind, by_split in PHRASES[name].items():
        found = [phrase for split in SPLITS for phrase in set(by_split[split])]
        cues = {"{negate} {d!}", "{negate}{d!}", "{d}, {replace}", "{d}，{replace}"}  # the cues are held out themselves
        assert len(found) - len(set(found)) == sum(cue in by_split["train"] for cue in cues & set(found)) * 2, (
            name,
            kind,
        )


def test_templates_are_held_out():
    templates = {split: {row.template for row in unlike(split, 800, 3)} for split in SPLITS}
    assert not templates["train"] & templates["test"] and not templates["train"] & templates["validation"]


@pytest.mark.parametrize("split", SPLITS)
def test_words_of_every_language_are_taught_and_asked(split):
    rows = words_of_the_world(split, len(foreign_names()) * 10, 0)
    assert {row.kind for row in rows} == {f"language {code}" for code in {*number_words(), *foreign_names()} - {"en"}}
    assert set(Counter(row.label for row in rows)) == set(DIGITS)
    assert all(row.belief[-1][1] == row.label for row in rows)


def test_an_unknown_split_is_refused():
    for made in (unlike, words_of_the_world):
        with pytest.raises(ValueError, match="valid"):
            made("valid", 1, 0)
