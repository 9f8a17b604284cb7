"""A text made worse: typing errors, and words that are lost."""

from __future__ import annotations

import random
import string
from collections.abc import Sequence

import numpy as np

from mmdemo.config import check_range
from mmdemo.text.numbers import digit_names
from mmdemo.text.reader import tokenize

LOST = 0.25  # the share of words that are lost at a rate of 1


def worsen_text(raw: str, rate: float, seed: int = 0) -> str:
    """Typing errors, and words that are lost altogether; spaces, signs and everything else stay where they are.

    Args:
        raw: any text.
        rate: chance of an error at each letter, 0 to 1 (see ``add_typos``); a quarter as likely, a word is
            lost. What is lost at a rate is lost at every higher one too. One word at least stays.
        seed: every word has its own chance, so that a longer text has the same errors at its start.

    Raises:
        ValueError: the rate is not within 0..1.
    """
    check_range("rate", rate, 0.0, 1.0)
    if not rate:
        return raw
    tokens = [token for token in tokenize(raw) if token.text[0].isalnum()]
    chances = [random.Random(f"{seed} {place}") for place in range(len(tokens))]
    fates = [chance.random() for chance in chances]  # how soon each word is lost
    pieces, end = [], 0
    for token, chance, fate in zip(tokens, chances, fates, strict=True):
        lost = fate < LOST * rate and fate < max(fates)
        word = "" if lost else add_typos([raw[token.start : token.end]], rate, chance)[0]
        pieces += [raw[end : token.start], word]
        end = token.end
    return "".join([*pieces, raw[end:]])


_ROWS = {
    letter: (x + y / 2, y)
    for y, row in enumerate(("qwertyuiop", "asdfghjkl", "zxcvbnm"))
    for x, letter in enumerate(row)
}
NEIGHBOURS = {
    a: "".join(b for b in _ROWS if a != b and abs(complex(*_ROWS[a]) - complex(*_ROWS[b])) < 1.2) for a in _ROWS
}
"""The keys that touch a letter's key on an English keyboard."""


def add_typos(tokens: Sequence[str], rate: float, rng: random.Random | np.random.Generator) -> list[str]:
    """Words as hasty fingers type them: letters swapped, left out, doubled, or hit on the next key.

    The number of tokens stays. Digits, roman numerals, single characters and words of one or two letters are left
    alone, first letters too, and no word gets shorter than four letters: so a number's name never becomes the name of
    another.

    Args:
        tokens: words, normalised or not.
        rate: chance of an error at each letter, 0 to 1.
        rng: the only source of chance.
    """
    return [_mistype(token, rate, rng) if _can_be_mistyped(token) else token for token in tokens]


def _can_be_mistyped(word: str) -> bool:
    return len(word) > 2 and word.isalpha() and not set(word.lower()) <= set("ivx")


def _mistype(word: str, rate: float, rng: random.Random | np.random.Generator) -> str:
    letters = list(word)
    for i in range(len(letters) - 1, 0, -1):  # from the end, so that earlier places stay where they are
        if rng.random() >= rate:
            continue
        kind, letter = int(rng.random() * 4), letters[i]
        near = NEIGHBOURS.get(letter.lower(), "")
        if kind == 0 and i > 1:
            letters[i - 1], letters[i] = letter, letters[i - 1]
        elif kind == 1 and len(letters) > 4:
            del letters[i]
        elif kind == 2 and near:
            hit = near[int(rng.random() * len(near))]
            letters[i] = hit.upper() if letter.isupper() else hit
        else:
            letters.insert(i, letter)
    typed = "".join(letters)
    return word if typed.lower() in digit_names() else typed


def random_words(rng: np.random.Generator, count: int = 6) -> str:
    """Random letters with spaces between them."""
    return " ".join("".join(rng.choice(list(string.ascii_lowercase), rng.integers(2, 9))) for _ in range(count))
