"""Mistyped words: as many as were asked for, and the same again with the same seed."""

import random

import pytest

from mmdemo.data.sentences.vocabulary import number_names
from mmdemo.text.noise import add_typos, worsen_text
from mmdemo.text.reader import tokenize

TEXT = "Well, I counted them twice: thirteen? No -- fourteen small, yellow lemons.\n(七个)"


def test_no_errors_at_zero_and_the_same_ones_with_the_same_seed():
    assert worsen_text(TEXT, 0) is TEXT
    assert worsen_text(TEXT, 0.3, 1) == worsen_text(TEXT, 0.3, 1) != worsen_text(TEXT, 0.3, 2)
    assert worsen_text(TEXT + " More", 0.1, 1).startswith(worsen_text(TEXT, 0.1, 1)[:20])


@pytest.mark.parametrize("rate", [0.05, 0.4, 1.0])
def test_everything_but_the_words_stays(rate):
    def rest(text):
        return "".join(c for c in text if not c.isalnum())

    for seed in range(20):
        assert rest(worsen_text(TEXT, rate, seed)) == rest(TEXT)


def test_a_higher_rate_loses_no_fewer_words_and_never_the_last():
    words = " ".join(["7"] * 400)  # which cannot be mistyped
    left = [len(tokenize(worsen_text(words, rate))) for rate in (0, 0.25, 0.5, 1)]
    assert left == sorted(left, reverse=True)
    assert left[-1] == pytest.approx(300, abs=30)
    assert all(worsen_text("seven", 1, seed).strip() for seed in range(50))
    assert worsen_text(" ... ", 1) == " ... "


def test_as_many_errors_as_asked():
    words = " ".join(["abcdefghij"] * 300)
    for rate in (0.02, 0.1):
        kept = worsen_text(words, rate).split()
        wrong = sum(word != "abcdefghij" for word in kept)
        assert wrong / len(kept) == pytest.approx(1 - (1 - rate) ** 9, abs=0.06)


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
