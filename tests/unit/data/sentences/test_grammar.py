"""The grammar: right answers by hand, marks where words end, splits that share nothing, bags of words that fail."""

import itertools
import json
import random
import re
from collections import Counter

import pytest

from mmdemo.data.sentences.grammar import SPLITS, plain_talk, sentences
from mmdemo.data.sentences.marked import dress, read_marks
from mmdemo.data.sentences.vocabulary import DIGITS, LANGUAGES, language, marked_number, number_names, unmarked
from mmdemo.evaluate.baselines import bag_of_words_accuracy
from mmdemo.text.noise import add_typos
from mmdemo.text.reader import tokenize


@pytest.mark.parametrize(
    ("marked", "text", "belief"),
    [
        ("three<3>, no<?> wait, five<5>", "three, no wait, five", ((5, "three"), (9, None), (20, "five"))),
        ("not two but nine<9>", "not two but nine", ((16, "nine"),)),
        ("five<5>, not three", "five, not three", ((4, "five"),)),
        ("2<2> plus<?> 2<4>", "2 plus 2", ((1, "two"), (6, None), (8, "four"))),
        ("三<3>，不<?>对，是五<5>", "三，不对，是五", ((1, "three"), (3, None), (7, "five"))),
        ("7<7>th<7>", "7th", ((1, "seven"),)),
        ("hello", "hello", ()),
    ],
)
def test_marks_by_hand(marked, text, belief):
    assert read_marks(marked) == (text, belief)


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


@pytest.mark.parametrize("digit", range(10))
def test_sums_are_right(digit):
    rng = random.Random(digit)
    value = {name: number for number, name in enumerate(DIGITS)} | {str(n): n for n in range(10)}
    value |= {"nought": 0, "nil": 0, "ten": 10, "twelve": 12}
    reckon = {
        r"(\w+) plus (\w+)|(\w+) ?\+ ?(\w+)|the sum of (\w+) and (\w+)|(\w+) and (\w+) together": lambda a, b: a + b,
        r"(\w+) minus (\w+)|(\w+) - (\w+)|(\w+) less (\w+)|(\w+) take away (\w+)": lambda a, b: a - b,
        r"two times (\w+)|twice (\w+)|double (\w+)": lambda a: 2 * a,
        r"one more than (\w+)|the number after (\w+)": lambda a: a + 1,
        r"one less than (\w+)|the number before (\w+)": lambda a: a - 1,
        r"a dozen (?:less|minus) (\w+)": lambda a: 12 - a,
    }
    for _ in range(200):
        written = unmarked(marked_number("sum", digit, rng, "en"))
        # "a dozen less three" must not be read as "dozen less three": the whole text has to match
        found = [(f, m) for pattern, f in reckon.items() if (m := re.fullmatch(pattern, written))]
        assert found, written
        result, match = found[0]
        assert result(*(value[group] for group in match.groups() if group)) == digit, written


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


def test_dressing_keeps_the_marks_in_their_places():
    rng = random.Random(0)
    for _ in range(300):
        text, belief = read_marks(dress("I said three<3>, no<?> wait, it is 5<5> please", "en", rng))
        assert [label for _, label in belief] == ["three", None, "five"]
        assert text[: belief[2][0]].endswith("5") and {o for o, _ in belief} <= {t.end for t in tokenize(text)}


def test_no_typing_error_makes_another_number():
    rng = random.Random(0)
    names = number_names()
    for name, digit in names.items():
        for rate in (0.1, 0.3, 0.6, 1.0):
            for _ in range(60):
                (typed,) = add_typos([name], rate, rng)
                assert names.get(typed, digit) == digit, (name, typed)


def test_typing_errors_leave_numerals_characters_and_the_number_of_words_alone():
    rng = random.Random(1)
    kept = ["7", "42", "七", "不", "vii", "IX", "is", "!", "3.5", "なな", "सात"]
    assert add_typos([*kept, "seven"], 1.0, rng)[:-1] == kept
    assert add_typos(["seven", "please"], 0.0, rng) == ["seven", "please"]
    for _ in range(200):
        (typed,) = add_typos(["seven"], 1.0, rng)
        assert typed[0] == "s" and len(typed) >= 4 and typed != "seven"


def test_typing_errors_are_as_frequent_as_asked():
    typed = add_typos(["abcdefghijk"] * 2000, 0.1, random.Random(2))
    spared = sum(word == "abcdefghijk" for word in typed) / 2000
    assert abs(spared - 0.9**10) < 0.04  # ten letters can be hit, the first cannot


@pytest.mark.parametrize("ngrams", [(1, 1), (1, 2)])
def test_bags_of_words_fail_on_corrections_but_not_on_sentences(ngrams):
    train = [row.as_row() for row in sentences("train", 3000, 0)]
    test = [row.as_row() for row in sentences("test", 1000, 0, kinds=["correction"])]
    plain = [row.as_row() for row in sentences("test", 300, 0, kinds=["sentence"])]
    assert bag_of_words_accuracy(train, test, ngrams) < 0.60
    assert bag_of_words_accuracy(train, plain, ngrams) > 0.85  # so it is the order that they lack
