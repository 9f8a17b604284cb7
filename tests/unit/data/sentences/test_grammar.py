"""The grammar: right answers by hand, marks where words end, splits that share nothing, bags of words that fail."""

import itertools
import json
import random
import re
from collections import Counter

import pytest

from mmdemo.data.sentences.grammar import SPLITS, plain_talk, sentences
from mmdemo.data.sentences.vocabulary import LANGUAGES, language, marked_number, unmarked
from mmdemo.text.reader import tokenize


def final(kind, digit, name="en", tries=60):
    """All ways of writing a digit that a few tries give, without marks."""
    rng = random.Random(3)
    return {unmarked(marked_number(kind, digit, rng, name)) for _ in range(tries)}


def test_numbers_by_hand():
    assert final("numeral", 7, tries=300) == {"7", "７", "07", "⑦", "7\ufe0f\u20e3"}
    assert final("roman", 4) == {"IV"} and final("ordinal", 3) == {"third", "3rd"}
    assert {"seven"} == final("word", 7) and {"七", "柒"} == final("word", 7, "zh")
    assert "half a dozen" in final("clue", 6) and "legs of a spider" in final("counted", 8)
    assert {"siete", "sept", "sieben", "sette", "sete", "zeven", "七", "семь", "सात"} <= final("foreign", 7, tries=900)


@pytest.mark.parametrize("split", SPLITS)
def test_rows_are_sound(split):
    rows = sentences(split, 3000, seed=1)
    assert len({row.text for row in rows}) == 3000
    assert Counter(row.kind for row in rows) == {"sentence": 1500, "correction": 1500}
    assert set(Counter(row.label for row in rows).values()) == {300}
    for row in rows:
        tokens = tokenize(row.text)
        offsets = [offset for offset, _ in row.belief]
        assert row.belief and row.belief[-1][1] == row.label, row
        assert offsets == sorted(set(offsets)) and set(offsets) <= {token.end for token in tokens}, row
        assert len(tokens) <= 64 and "{" not in row.text and "<" not in row.text, row
        assert row.split == split and set(row.as_row()) == {"text", "label", "split", "belief", "kind", "template"}
        assert json.loads(row.as_row()["belief"]) == [list(mark) for mark in row.belief]


def test_the_same_arguments_give_the_same_rows():
    assert sentences("train", 200, seed=5) == sentences("train", 200, seed=5)
    assert sentences("train", 200, seed=5) != sentences("train", 200, seed=6)
    assert sentences("train", 50, 1, kinds=["correction"])[0].kind == "correction"


def test_what_is_unknown_is_refused():
    with pytest.raises(ValueError, match="valid"):
        sentences("valid", 1, 0)
    with pytest.raises(ValueError, match="riddle"):
        sentences("train", 1, 0, kinds=["riddle"])
    with pytest.raises(ValueError, match="distinct"):
        plain_talk("validation", 100_000, 0)


def test_plain_talk_names_no_digit():
    for split in SPLITS:
        for row in plain_talk(split, 60, 0):
            assert row.label is None and row.belief == () and row.kind == "talk"
            assert not re.search(r"(?<!\d)\d(?!\d)", row.text)


def test_training_talk_is_of_every_language_and_half_of_it_misses_its_number():
    talk = plain_talk("train", 1000, 0)
    templates = [row.template.partition(": ")[::2] for row in talk]
    assert {name for name, _ in templates} == set(LANGUAGES)
    fillers = "|".join(map(re.escape, language("en")["fillers"]))
    frames = [re.escape(frame) for frame in language("en")["frames"]["train"] if len(frame) > 12]
    emptied = [frame.replace(r"\{n\}", f"(?:{fillers})") for frame in frames]
    english = [template for name, template in templates if name == "en"]
    share = sum(bool(re.search("|".join(emptied), template)) for template in english) / len(english)
    assert 0.3 < share < 0.75


def words(template):
    """A template's words and slots: commas and marks do not make another template."""
    pieces = r"\{\w+!?\}|[\u3040-\u9fff]|[^\W_]+(?:['’]\w+)?"
    return re.findall(pieces, unmarked(template).lower())


def groups(name):
    """All lists of templates of a language that are split: by group, by split."""
    material = language(name)
    found = {key: by for key, by in material.items() if key.endswith("frames") or key in ("leads", "tails", "talk")}
    return found | {"corrections": {s: [*itertools.chain(*by.values())] for s, by in material["corrections"].items()}}


@pytest.mark.parametrize("name", LANGUAGES)
def test_no_template_is_in_two_splits(name):
    parts = language(name).get("parts", {})
    for by in groups(name).values():
        made = {}
        for split in SPLITS:
            for template in by[split]:
                made.setdefault(" ".join(words(template)), set()).add(split)
        assert all(len(of) == 1 for of in made.values()), [t for t, of in made.items() if len(of) > 1]
        # nor can a training template become a held-out one when its parts are filled in
        for template in by["train"]:
            choices = (
                f"(?:{'|'.join(' '.join(words(phrase)) for phrase in parts[word[1:-1]])})"
                if word[0] == "{" and word[1:-1] in parts
                else re.escape(word)
                for word in words(template)
            )
            pattern = re.compile(" ".join(choices))
            held = [t for t in by["validation"] + by["test"] if pattern.fullmatch(" ".join(words(t)))]
            assert not held, (template, held)


@pytest.mark.parametrize("name", LANGUAGES)
def test_no_cue_is_in_two_splits_nor_inside_a_taught_one(name):
    cues = {split: set() for split in SPLITS}
    for by in language(name)["cues"].values():
        for split in SPLITS:
            cues[split] |= {f" {' '.join(words(cue))} " for cue in by[split]}
    assert not cues["validation"] & cues["test"]
    assert not [(h, t) for h in cues["validation"] | cues["test"] for t in cues["train"] if h in t]


def test_rows_keep_to_the_material_of_their_split():
    train, test = (sentences(split, 3000, 2, kinds=["correction"]) for split in ("train", "test"))
    assert not {row.template for row in train} & {row.template for row in test}
    assert not {cue for row in train for cue in row.cues} & {cue for row in test for cue in row.cues}
