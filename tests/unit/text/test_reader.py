"""Tokens, spans, hashed ids and limits: by hand, and on random Unicode."""

import itertools
import os
import random
import subprocess
import sys
import unicodedata

import numpy as np
import pytest

from mmdemo.config import TextConfig
from mmdemo.messages import InputError
from mmdemo.text.reader import MAX_CHARACTERS, normalise, read_text, token_ids, tokenize


def words(raw):
    return [token.text for token in tokenize(raw)]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("three, no wait, five!", ["three", ",", "no", "wait", ",", "five", "!"]),
        ("Three... scratch that... FIVE", ["three", "...", "scratch", "that", "...", "five"]),
        ("I don't, c’est l'un", ["i", "don't", ",", "c'est", "l'un"]),
        ("the 7th of room7", ["the", "7", "th", "of", "room", "7"]),
        ("42 isn't 4, nor 3.5, nor 1,000", ["42", "isn't", "4", ",", "nor", "3.5", ",", "nor", "1,000"]),
        ("3,no,5", ["3", ",", "no", ",", "5"]),
        ("s3ven", ["s3ven"]),
        ("twenty-three", ["twenty", "-", "three"]),
        ("我要七个，不是３。", ["我", "要", "七", "个", ",", "不", "是", "3", "。"]),
        ("なな と ﾅﾅ", ["な", "な", "と", "ナ", "ナ"]),
        ("7️⃣8️⃣", ["7", "8"]),
        ("⑦ Ⅶ ７ ٧ ७", ["7", "vii", "7", "7", "7"]),
        ("सात семь 일곱", ["सात", "семь", "일곱"]),
        ("❸⑶⒊ ³ 〣 ፫ 𝟑", ["3", "3", "3", "3", "3", "3", "3"]),
        ("5² m² ½", ["52", "m2", "1⁄2"]),
        ("3.0 03.00 3.50", ["3", "3", "3.50"]),
        ("s e v e n, f-i-v-e; U.S.A. a b", ["seven", ",", "five", ";", "usa", ".", "a", "b"]),
        ("a_b\tc\nd", ["a", "_", "b", "c", "d"]),
    ],
)
def test_tokens_by_hand(raw, expected):
    assert words(raw) == expected


def test_spans_point_into_the_raw_text():
    raw = "  我要 ７️⃣ SEVENs, cafe\u0301!"
    assert [(raw[t.start : t.end], t.text) for t in read_text(raw).tokens] == [
        ("我", "我"),
        ("要", "要"),
        ("７️⃣", "7"),
        ("SEVENs", "sevens"),
        (",", ","),
        ("cafe\u0301", "café"),
        ("!", "!"),
    ]


def random_text(rng):
    """Any code points at all, the awkward ones among them more often."""
    awkward = " \t\n\x00\u200b\u200d\u200f\ufe0f\u20e3\u0301\ud800'’.,!7７七ななﾅﾞ０éÉß№½ﷺ😀🏽\U000e0101abXYZ"
    return "".join(
        rng.choice(awkward) if rng.random() < 0.7 else chr(rng.randrange(0x110000)) for _ in range(rng.randrange(40))
    )


def test_spans_are_exact_on_random_unicode():
    rng = random.Random(7)
    for _ in range(1500):
        raw = random_text(rng)
        tokens = read_text(raw).tokens
        for token in tokens:
            assert 0 <= token.start < token.end <= len(raw)
            assert token.text and normalise(raw[token.start : token.end]) == token.text
        assert all(a.end <= b.start for a, b in itertools.pairwise(tokens))
        # whatever lies between the tokens cannot be seen
        covered = {i for token in tokens for i in range(token.start, token.end)}
        rest = "".join(c for i, c in enumerate(raw) if i not in covered)
        assert all(not normalise(c) or unicodedata.category(c)[0] in "ZCM" for c in rest), ascii(raw)


def test_ids_are_the_same_everywhere_and_always():
    # Golden values: a checkpoint's embedding table is worthless if these ever change.
    assert token_ids(["seven"], TextConfig())[0, :6].tolist() == [6719, 1272, 3545, 6903, 1149, 7245]
    assert token_ids(["7", "七"], TextConfig())[:, :6].tolist() == [
        [7131, 152, 753, 5474, 4942, 0],
        [7047, 1640, 2029, 6423, 0, 0],
    ]


def test_ids_do_not_depend_on_the_process():
    code = "from mmdemo.text.reader import token_ids; print(token_ids(['not', 'two', '七']).tolist())"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert outputs == {f"{token_ids(['not', 'two', '七']).tolist()}\n"}


def test_ids_are_padded_unique_and_in_range():
    config = TextConfig(buckets=50, ids_per_token=10)
    ids = token_ids(["a", "seven", "pneumonoultramicroscopic", "7", "\ud800"], config)
    assert ids.shape == (5, 10) and ids.dtype == np.int64 and ids.min() == 0 and ids.max() < 50
    for row in ids:
        used = row[row > 0]
        assert len(used) == len(set(used)) and not row[len(used) :].any()


def test_every_row_can_be_reached_but_padding_cannot():
    ids = token_ids([f"{n}" for n in range(3000)], TextConfig(buckets=20))
    assert set(ids[:, 0].tolist()) == set(range(1, 20))


def shared(one, other):
    """The share of one word's ids that another has too."""
    a, b = (set(row[row > 0].tolist()) for row in token_ids([one, other]))
    return len(a & b) / len(a)


def test_a_mistyped_word_keeps_more_of_itself_than_of_any_other():
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    for typo, meant in {"sevn": "seven", "threee": "three", "eigth": "eight", "fivr": "five", "zeroo": "zero"}.items():
        assert max(names, key=lambda name: shared(typo, name)) == meant
        assert shared(typo, meant) > 0.3


def test_a_number_is_not_its_digits_but_has_them():
    four, two, both = token_ids(["4", "2", "42"])
    assert both[0] not in (four[0], two[0])
    assert set(both) & set(four) - {0} and set(both) & set(two) - {0}


@pytest.mark.parametrize("raw", ["", "   \t\n\u3000", "\u200b\u200d\ufeff", "\x00\x07", "\ud800", "\u3164\u2800"])
def test_nothing_to_read_is_absent(raw):
    read = read_text(raw)
    assert len(read) == 0 and read.tokens == ()
    assert read.absent is not None and read.absent.key == "text.empty" and str(read.absent)


@pytest.mark.parametrize("raw", ["😀👍🏽", "مرحبا سبعة", "שבע", "a\x00b", "7\ud8005", "e\u0301\u0301\u0301", "ﷺ", "🇩🇪"])
def test_odd_text_is_read(raw):
    read = read_text(raw)
    assert len(read) > 0 and read.absent is None and all(token.text for token in read.tokens)


def test_the_last_tokens_are_read_and_the_rest_is_said():
    raw = "seven " * 70 + "no, five"
    read = read_text(raw)
    assert len(read) == 64 and read.tokens[-1].text == "five" and read.tokens[-1].end == len(raw)
    assert [note.key for note in read.notes] == ["text.left_out"]
    assert read.notes[0].values == {"read": 64, "left_out": 9} and "9" in str(read.notes[0])
    assert read_text("seven " * 64).notes == ()


def test_too_long_a_text_is_refused():
    assert len(read_text("a" * MAX_CHARACTERS)) == 1
    with pytest.raises(InputError, match="2001") as refusal:
        read_text("a" * (MAX_CHARACTERS + 1))
    assert refusal.value.note.key == "text.too_long"


def test_importing_the_module_does_not_import_nltk():
    code = "import sys, mmdemo.text.reader; print('nltk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
