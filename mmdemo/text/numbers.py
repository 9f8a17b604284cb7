"""The numbers that a text mentions, and why an answer about one digit may not be called clear because of them.

A text is written as a string of one letter for each token (``"three, no wait, 15"`` is ``"dswwsN"``), and what makes a
doubt are regular expressions over that string:

- *several*: two digits or more, or a digit beside another number, with nothing but signs, "and" or "or" between any
  two of all numbers in the text: "seven eleven", "five, five", "1 or 2";
- *a range*: "between 3 and 5", "from 3 to 5", "3-5", if nothing else stands before it;
- *no digit*: numbers, and not one digit among them: "fifteen", "three hundred", "-5", "3.5", "two thirds"; a time
  ("3 pm", "三点") and a place in a row ("third", "第三") as well; a sum of two digits that is no digit;
- *excluded*: the only digit follows directly on "not", "anything but" and the like.

Wherever words stand between two numbers nothing is doubted here: "three, no wait, five" and "five, not three" have one
answer, and "two cats and three dogs" have none. Cues are without number, so that to tell those apart is left to the
model, which is taught no label for what names several digits, for what is excluded or withdrawn, and for numbers that
are no digit (``mmdemo.data.sentences.unlike``). Numbers beyond nine beside one digit are no reason for doubt: "of
twenty chairs, three are left".

The words are in ``numbers.json``. Words that mean something else to most who type them ("fire", four in Danish) are
not among them, and "one" counts only where no word follows that it may belong to.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from mmdemo.messages import Note
from mmdemo.text.reader import Token, tokenize

FILE = Path(__file__).with_name("numbers.json")
LETTERS = {  # of the words in the file, by their group
    **{"more": "N", "tens": "T", "units": "U", "ordinals": "o", "parts": "f", "minus": "m", "plus": "+", "point": "p"},
    **{"clock": "c", "past": "t", "and": "&", "to": "r", "from": "b", "between": "b", "excluded": "n", "article": "a"},
    **{"sums": "S", "nth": "#", "over": "g", "places": "e", "below": "B", "words": "w", "cues": "k", "clues": "C"},
}
# three hundred and five, twenty(-three), drei und zwanzig, 42
BIG = r"(?:(?:[dNT]-?)?U(?:[-&]?[dNTUV])*|[dNTU]V(?:&?[dNTUV])*|T(?:-?[dT])?|d[-&]T|N)"
NUMBER = re.compile(
    "|".join(
        (
            r"(?P<time>f?t[dN]|fr[dN]|[dN][cq](?!d))",  # half past three, a quarter to 3, 3 pm, 三点
            r"(?P<part>[dNT]+-?[pq]-?[di]+|[dN](?:g[dN])+|d?v|d(?:&[aid]?)?f|[di]o|if)",  # 3.5, 3:30, two thirds
            rf"(?P<negative>(?<![dNTUv])m(?:{BIG}|d)|(?:{BIG}|d)B)",
            rf"(?P<ordinal>#(?:{BIG}|d)|dh|o|e)",  # 第三, 3rd, third
            rf"(?P<big>(?:{BIG}|d)\+{BIG}|{BIG}(?:\+d)?)",  # 42, and sums with such a number
            r"(?P<digit>d)",
        )
    )
)
OPERATIONS = {"+": int.__add__, "m": int.__sub__, "M": int.__sub__}
CORRECTING = re.compile("[nkS]")  # words that may make a correction, or a sum, of a list
LIST = re.compile(r"[s&M-]*")  # what may stand between the numbers of a list
EXCLUDED = re.compile(r"na{0,2}$")
HYPHENS = frozenset("-−–‐")
SEPARATORS = frozenset(",;/&|-–—.、，；。…・")
SUFFIXES = frozenset(("st", "nd", "rd", "th"))  # of ordinals, after a numeral
ONES = frozenset(
    ("one", "一", "un", "une", "uma", "una", "een", "ein", "eine")
)  # which are pronouns and articles as well
ROMAN = re.compile(r"x{1,2}(?:ix|iv|v?i{0,3})")
TAUGHT = ("en", "zh", "es", "fr", "de", "it", "pt", "nl")  # languages whose sentences are taught
LAST_LATIN = "\u024f"
SHOWN = 5  # numbers that a note lists


Lexicon = dict[tuple[str, ...], "tuple[str, int | None]"]
"""Words, by their tokens, to their letter and value."""


@dataclass(frozen=True)
class Mention:
    """A number in a text.

    Attributes:
        kind: ``digit``, or why it is none: ``time``, ``part``, ``negative``, ``ordinal`` or ``big``.
        value: of a digit; None for others.
        start: where it begins in the raw text, in characters.
        end: where it ends, exclusive.
    """

    kind: str
    value: int | None
    start: int
    end: int


@dataclass(frozen=True)
class _Item:
    """A token, or several that are one word, as a letter."""

    letter: str
    value: int | None
    start: int
    end: int


@lru_cache
def number_words() -> dict[str, dict[str, Any]]:
    """The words by language and group: ``digits`` (ten lists), ``more``, ``tens``, ``units`` and so on."""
    return json.loads(FILE.read_text(encoding="utf-8"))


@lru_cache
def digit_names() -> frozenset[str]:
    """Every name of a digit, in any language."""
    return frozenset(name for words in number_words().values() for names in words["digits"] for name in names)


def with_numerals(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Tokens with numerals for the digits' names of languages whose sentences a model is not taught (``TAUGHT``).

    A name alone is looked up, and one amid others if nothing else is likely to be meant by it: in a script other than
    Latin, of more than one letter, and not "one", which is an article in many languages.
    """
    names = _lent_names()
    alone = sum(token.text[0].isalpha() for token in tokens) == 1

    def read(token: Token) -> Token:
        digit = names.get(token.text)
        certain = digit is not None and digit != 1 and len(token.text) > 1 and token.text[0] > LAST_LATIN
        return replace(token, text=str(digit)) if digit is not None and (alone or certain) else token

    return tuple(read(token) for token in tokens)


@lru_cache
def _lent_names() -> dict[str, int]:
    """The digits of the names that are one token and in no taught language."""
    taught = {name for code in TAUGHT for names in number_words()[code]["digits"] for name in names}
    found = {}
    for words in number_words().values():
        for digit, names in enumerate(words["digits"]):
            for name in set(names) - taught:
                tokens = tokenize(name)
                if len(tokens) == 1:
                    found[tokens[0].text] = digit
    return found


def numbers_in(tokens: Sequence[Token]) -> list[Mention]:
    """Everything in a text that is a number; "one" only where it is no pronoun or article, unless nothing else is."""
    return [mention for mention, _ in _found(_items(tokens))]


def doubt_about(raw: str, tokens: Sequence[Token]) -> Note | None:
    """Why the answer to a text may not be called clear; None where its numbers are no reason.

    Args:
        raw: the text.
        tokens: what is read of it.
    """
    items = _items(tokens)
    letters = "".join(item.letter for item in items)
    found = _found(items)
    found = [entry for entry in found if entry[0].kind != "ordinal"] or found  # "the first digit is 5"
    if not found:
        return None
    numbers, places = zip(*found, strict=True)
    names = [raw[number.start : number.end] for number in numbers]
    digits = [number for number in numbers if number.kind == "digit"]
    gaps = [letters[end:start] for (_, end), (start, _) in pairwise(places)]
    before = letters[: places[0][0]]
    if not digits:
        halved = re.search(r"[fo][aw]{0,2}$", before) and numbers[0].kind == "big"  # half of ten
        key = {"time": "text.time", "ordinal": "text.ordinal"}.get(numbers[0].kind, "text.no_digit")
        return None if halved or "C" in letters else Note(key, {"number": names[0]})
    if re.match(r"\s*多(?!少)", raw[numbers[-1].end :]):  # some five: 5多个人
        return Note("text.no_digit", {"number": f"{names[-1]}多"})
    if len(numbers) == 2:
        if _is_range(before, gaps[0]):
            return Note("text.range", {"first": names[0], "last": names[1]})
        if len(digits) == 2 and gaps[0] in OPERATIONS:
            result = OPERATIONS[gaps[0]](digits[0].value or 0, digits[1].value or 0)
            return None if 0 <= result <= 9 else Note("text.no_digit", {"number": result})
    if len(numbers) > 1 and all(LIST.fullmatch(gap) for gap in gaps) and not CORRECTING.search(letters):
        more = ["…"] if len(names) > SHOWN else []
        return Note("text.several", {"count": len(names), "numbers": ", ".join(names[:SHOWN] + more)})
    excluded = bool(EXCLUDED.search(before)) and not re.search("[iC]", letters)
    for gap in gaps:
        excluded = excluded and (gap == "&" or bool(EXCLUDED.search(gap)))  # not 3 or 5; not 3, not 5
    if excluded:
        return Note("text.excluded", {"number": ", ".join(names[:SHOWN])})
    return None


def _is_range(before: str, gap: str) -> bool:
    """Whether two numbers are the ends of a range, from what stands before and between them."""
    if gap == "-":
        return True
    return (before in ("", "b") and gap == "r") or (before.endswith("b") and gap == "&")


def _found(items: Sequence[_Item]) -> list[tuple[Mention, tuple[int, int]]]:
    """The numbers, each with its span in items."""
    letters = "".join(item.letter for item in items)
    found = []
    for match in NUMBER.finditer(letters):
        first, last = items[match.start()], items[match.end() - 1]
        value = first.value if match.lastgroup == "digit" else None
        found.append((Mention(str(match.lastgroup), value, first.start, last.end), match.span()))
    if not found and "i" in letters:
        return _found([replace(item, letter="d") if item.letter == "i" else item for item in items])
    return found


def _items(tokens: Sequence[Token]) -> list[_Item]:
    """A text as letters, with what they stand for."""
    lexicon, longest = _lexicon()
    texts = tuple(token.text for token in tokens)
    items, place = [], 0
    while place < len(tokens):
        for length in range(min(longest, len(tokens) - place), 0, -1):
            if entry := lexicon.get(texts[place : place + length]):
                letter, value = entry
                if letter not in "dU" or not _is_kana(texts[place]) or _stands_alone(tokens, place, place + length):
                    break
        else:
            length, (letter, value) = 1, _sign_or_word(tokens, place)
        if letter == "d" and texts[place] in ONES and _belongs_to_another(texts, place, lexicon):
            letter = "i"
        items.append(_Item(letter, value, tokens[place].start, tokens[place + length - 1].end))
        place += length
    return items


def _belongs_to_another(texts: Sequence[str], place: int, lexicon: Lexicon) -> bool:
    """Whether a "one" is a pronoun or an article: "this one", "one moment", "一起"."""
    after = texts[place + 1] if place + 1 < len(texts) else ""
    before = texts[place - 1] if place else ""
    is_word = after[:1].isalpha() and lexicon.get((after,), "w")[0] in "waftSknC"
    if texts[place] != "one" or is_word:
        return is_word
    of_a_kind = place > 1 and texts[place - 2] in ("the", "a", "this", "that")  # the red one
    return of_a_kind or before in SUFFIXES or before in number_words()["en"]["pronoun"]


def _sign_or_word(tokens: Sequence[Token], place: int) -> tuple[str, int | None]:
    """The letter of a token that is in no list, and its value if it is a digit."""
    text = tokens[place].text
    glued_left = place > 0 and tokens[place - 1].end == tokens[place].start
    glued_right = place + 1 < len(tokens) and tokens[place].end == tokens[place + 1].start
    if text.isdecimal():
        return ("d", int(text)) if int(text) < 10 and len(text) <= 2 else ("N", None)
    if "⁄" in text:  # ½
        return "v", None
    if text[0].isdecimal() or (ROMAN.fullmatch(text) and len(text) > 1 and set(text) != {"x"}):
        return "N", None
    if text[0].isnumeric() and not text[0].isalpha():  # what some scripts have for ten
        return "N", None
    if text[0].isalpha():
        if glued_left and text in SUFFIXES:
            return "h", None
        return ("N" if len(text) > 5 and _is_compound(text) else "w"), None
    numbers_beside = (
        glued_left
        and glued_right
        and tokens[place - 1].text[-1].isdecimal()
        and (tokens[place + 1].text[0].isdecimal())
    )
    if text in HYPHENS:
        if glued_left and glued_right:
            return "m" if "\u3040" <= tokens[place - 1].text[-1] <= "\u9fff" else "-", None  # 是-6
        spaced = not glued_left and not glued_right and 0 < place < len(tokens) - 1
        return "M" if spaced else "m" if glued_right and not glued_left else "s", None
    if text in ":/." and numbers_beside:
        return "g", None
    return "+" if text == "+" else "s" if text[0] in SEPARATORS else "x", None


def _is_kana(text: str) -> bool:
    return "\u3041" <= text[0] <= "\u30ff"


def _stands_alone(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Whether no other letter touches these tokens: in a longer word, "に" is no two."""
    before = start > 0 and tokens[start - 1].end == tokens[start].start and tokens[start - 1].text[-1].isalpha()
    after = end < len(tokens) and tokens[end].start == tokens[end - 1].end and tokens[end].text[0].isalpha()
    return not before and not after


@lru_cache
def _lexicon() -> tuple[Lexicon, int]:
    """The letter and value of every word, by its tokens; and how many tokens the longest has."""
    found: Lexicon = {}
    for groups in number_words().values():
        entries = [(word, "d", digit) for digit, words in enumerate(groups["digits"]) for word in words]
        entries += [(word, letter, None) for group, letter in LETTERS.items() for word in groups.get(group, [])]
        for word, letter, value in entries:
            plain = unicodedata.normalize("NFKC", word).lower()
            for form in {plain, strip_accents(plain)} if len(word) > 3 else {plain}:
                key = tuple(token.text for token in tokenize(form))
                found.setdefault(key, (letter, value))
    for mark in "点點時时":
        found[(mark,)] = ("q", None)  # a point or o'clock, depending on what follows
    found[("十",)] = ("U", None)
    for one in ONES:
        found.setdefault((one,), ("d", 1))
    found |= {(unit,): ("V", None) for unit in "百千万亿萬億"}
    return found, max(map(len, found))


def strip_accents(word: str) -> str:
    """The same without accents, on Latin letters only: to decompose others would take them apart."""
    return "".join(unicodedata.normalize("NFD", c)[0] if c <= LAST_LATIN else c for c in word)


@lru_cache(maxsize=1 << 12)
def _is_compound(word: str) -> bool:
    """Whether a word is made of number words of one language, one of them beyond nine: einundzwanzig, ventitré."""
    return any(pattern.fullmatch(word) for pattern in _compounds())


@lru_cache
def _compounds() -> list[re.Pattern[str]]:
    """For each language that writes numbers in one word, what such a word looks like."""
    patterns = []
    for code in ("de", "nl", "it", "fi", "hu", "sv", "da", "no", "es", "pt"):
        groups = number_words()[code]
        small = [name for names in groups["digits"] for name in names] + groups.get("glue", [])
        large = [name for group in ("more", "tens", "units") for name in groups.get(group, [])]
        longest_first = (sorted(names, key=len, reverse=True) for names in (small + large, large))
        either, big = ("|".join(map(re.escape, names)) for names in longest_first)
        patterns.append(re.compile(f"(?:{either})*(?:{big})(?:{either})+|(?:{either})+(?:{big})"))
    return patterns
