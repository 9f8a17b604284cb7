"""How a digit can be written: numerals, words of many languages, roman numerals, ordinals, clues, sums.

Every way of writing it is a string with *marks*: ``<7>`` says that a reader who stops there should answer seven,
``<?>`` that nothing is known any more. So ``"2<2> plus<?> two<4>"`` is a way of writing four.
"""

from __future__ import annotations

import json
import random
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from mmdemo.text.numbers import number_words

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
FOLDER = Path(__file__).parent
UNLIKE = "unlike"  # the file of what has no digit as its answer
LANGUAGES = tuple(sorted(path.stem for path in FOLDER.glob("*.json") if path.stem != UNLIKE))
ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
CIRCLED = "⓪①②③④⑤⑥⑦⑧⑨"
NOT_LENT = {"un", "une", "um", "uma", "due", "nil", "six"}  # common words, or names, of another meaning in English


@lru_cache
def language(name: str) -> dict[str, Any]:
    """A language's words, sentences and cues, as in its file."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


@lru_cache
def number_names() -> dict[str, int]:
    """Every number's name in lower case, in any language, with its digit."""
    tables = [language(name)["numbers"] for name in LANGUAGES]
    tables += [words["digits"] for words in number_words().values()]
    return {name.lower(): digit for table in tables for digit, names in enumerate(table) for name in names}


@lru_cache
def foreign_names() -> dict[str, list[list[str]]]:
    """The names of the digits by language, those that mean something else in English left out; no English ones."""
    taught = {name: language(name)["numbers"] for name in LANGUAGES}
    tables = {code: words["digits"] for code, words in number_words().items()} | taught
    return {
        code: [[name for name in names if name not in NOT_LENT] for names in table]
        for code, table in tables.items()
        if code != "en"
    }


def unmarked(text: str) -> str:
    """A text without its marks."""
    return re.sub("<.>", "", text)


def numeral(digit: int, rng: random.Random) -> str:
    """7, and now and then ７, 07, ⑦ or a keycap."""
    plain = str(digit)
    forms = (plain, chr(ord("０") + digit), f"0{digit}" if digit else "00", CIRCLED[digit], f"{digit}\ufe0f\u20e3")
    return rng.choices(forms, (88, 5, 2, 3, 2))[0]


def word(digit: int, rng: random.Random, name: str) -> str:
    """A number word of a language."""
    return rng.choice(language(name)["numbers"][digit])


def told(digit: int, rng: random.Random, name: str) -> str:
    """A number word as it is told to somebody, digit by digit: nought may be "oh", which no sum has in it."""
    zeros = language(name).get("zeros") if not digit else None
    return rng.choice(zeros) if zeros and rng.random() < 0.4 else word(digit, rng, name)


def foreign(digit: int, rng: random.Random) -> str:
    """A number word of any language, such as a person types to try the page."""
    return rng.choice([name for table in foreign_names().values() for name in table[digit]])


def ordinal(digit: int, rng: random.Random) -> str:
    """English: third, 3rd."""
    return rng.choice(language("en")["ordinals"][digit])


def clue(digit: int, rng: random.Random, name: str) -> str:
    """A pair, half a dozen; a sum where the language has no clue for the digit."""
    clues = language(name)["clues"][digit]
    return rng.choice(clues) if clues else reckoning(digit, rng, name)


def reckoning(digit: int, rng: random.Random, name: str) -> str:
    """Two plus two, a dozen less three, one more than six: with its marks."""
    sums = [
        (operation, p, q)
        for operation in language(name)["arithmetic"]
        for p in range(10)
        for q in (range(10) if operation in "+-*" else (0,))
        if _result(operation, p, q) == digit
    ]
    # First the kind of sum, then the numbers: else multiplications by nought would be nearly all of nought's.
    operation = rng.choice(sorted({operation for operation, _, _ in sums}))
    _, p, q = rng.choice([entry for entry in sums if entry[0] == operation])
    write = (lambda d: str(d)) if rng.random() < 0.4 else (lambda d: word(d, rng, name))
    pattern = rng.choice(language(name)["arithmetic"][operation])
    return pattern.replace("{p}", f"{write(p)}<{p}>").replace("{p!}", write(p)).replace("{q!}", write(q))


def _result(operation: str, p: int, q: int) -> int:
    return {"+": p + q, "-": p - q, "*": p * q, "+1": p + 1, "-1": p - 1, "*2": 2 * p, "12-": 12 - p, "10-": 10 - p}[
        operation
    ]


def marked_number(kind: str, digit: int, rng: random.Random, name: str) -> str:
    """A digit written in one kind of way, ending with its mark.

    Args:
        kind: ``numeral``, ``word``, ``foreign``, ``clue``, ``sum``, ``roman``, ``ordinal`` or ``counted``.
        digit: 0 to 9.
        rng: the only source of chance.
        name: the language.
    """
    ways = {
        "numeral": lambda: numeral(digit, rng),
        "word": lambda: told(digit, rng, name),
        "foreign": lambda: foreign(digit, rng),
        "clue": lambda: clue(digit, rng, name),
        "sum": lambda: reckoning(digit, rng, name),
        "roman": lambda: ROMAN[digit],
        "ordinal": lambda: ordinal(digit, rng),
        "counted": lambda: rng.choice(language(name)["counted" if name == "en" else "clues"][digit]),
    }
    return f"{ways[kind]()}<{digit}>"
