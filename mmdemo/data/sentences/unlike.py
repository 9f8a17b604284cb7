"""Texts with numbers in them that have no one digit as their answer, and words of other languages that have.

What people try: hundreds, negatives, decimals, fractions, ranges, times, places in a row, several digits, what is
excluded, what is withdrawn and not replaced, sums beyond nine, and words that only sound or look like digits. Each is a
phrase of its kind in a sentence of the grammar, or alone. Phrases belong to one split only, as the sentences do. The
phrases are in ``unlike.json``; their slots: ``{d}``, ``{e}`` and ``{f}`` different digits, with ``!`` where the mention
changes no belief, ``#`` for a numeral that changes none and ``%`` for a word; ``{large}`` a number beyond nine, ``{o}``
an ordinal, ``{mm}`` minutes.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

from mmdemo.data.sentences.grammar import SPLITS, Sentence, around, correction, distinct, fill, frame
from mmdemo.data.sentences.marked import dress, read_marks
from mmdemo.data.sentences.vocabulary import (
    DIGITS,
    FOLDER,
    LANGUAGES,
    UNLIKE,
    foreign_names,
    language,
    numeral,
    ordinal,
    word,
)
from mmdemo.text.numbers import number_words
from mmdemo.text.reader import tokenize

LARGE = "large"  # the kind whose phrases are all number words beyond nine, of every language
SHARES = {"en": 60, "zh": 18, **{name: 4 for name in LANGUAGES if name not in ("en", "zh")}}
ALONE = 0.4  # the share of phrases that stand alone
# How many times as many in training as of the other kinds: those for which there are few rules, and what is withdrawn,
# since what is let go late is let go in the midst of sentences.
TAUGHT_MORE = {"withdrawn": 6, "several": 4, "range": 2, "excluded": 3}
CUT_SHORT = 0.6  # the share of these that are corrections without what they correct it to


def unlike(split: str, count: int, seed: int) -> list[Sentence]:
    """Distinct texts of a split with no digit as their answer; label None. Its kinds are in equal shares.

    In training there are more of some; most of those whose digit is withdrawn are corrections that are cut short.

    Raises:
        ValueError: an unknown split, or more texts than there are.
    """
    if split not in SPLITS:
        raise ValueError(f"unknown split: {split}")
    rng = random.Random(f"unlike {split} {seed}")
    kinds = [LARGE, *_phrases()["en"]]
    if split == "train":
        kinds = [kind for kind in kinds for _ in range(TAUGHT_MORE.get(kind, 1))]

    def make(turn: int) -> Sentence:
        kind = kinds[turn % len(kinds)]
        cut_short = kind == "withdrawn" and split == "train" and rng.random() < CUT_SHORT
        return _cut_short(rng) if cut_short else _unlike(kind, split, rng)

    return distinct(make, count)


def words_of_the_world(split: str, count: int, seed: int) -> list[Sentence]:
    """Distinct texts that name a digit by a word of another language, alone or in an English sentence.

    Their kind is ``language`` and the language's code. Sentences belong to one split, words of course do not.

    Raises:
        ValueError: an unknown split, or more texts than there are.
    """
    if split not in SPLITS:
        raise ValueError(f"unknown split: {split}")
    rng = random.Random(f"world {split} {seed}")
    codes = sorted(foreign_names())

    def make(turn: int) -> Sentence:
        code, digit = codes[turn % len(codes)], turn // len(codes) % 10
        names = foreign_names()[code][digit] or foreign_names()[code][digit := 3]
        template = "{n}" if split == "train" and rng.random() < ALONE else frame("en", split, rng)
        template = around(template, "en", split, rng)
        marked = fill(template.replace("{n}", f"{rng.choice(names)}<{digit}>"), "en", rng)
        text, belief = read_marks(dress(marked, "en", rng))
        return Sentence(text, DIGITS[digit], belief, f"language {code}", f"world: {template}", (), split)

    return distinct(make, count)


def _unlike(kind: str, split: str, rng: random.Random) -> Sentence:
    """One text of a kind, in a language that has it."""
    name, groups = "", {}
    while (kind != LARGE and kind not in groups) or not name:
        name = rng.choices(list(SHARES), list(SHARES.values()))[0]
        groups = _phrases().get(name, _phrases()["other"])
        if kind == LARGE:
            break
    phrase = "{large}" if kind == LARGE else rng.choice(groups[kind][split])
    core = "{n}"
    if kind in ("ordinal", "word"):
        pass  # they are sentences of their own
    elif (kind == LARGE and split != "train") or rng.random() >= ALONE:
        core = frame(name, split, rng)
    template = _cues(around(core.replace("{n}", phrase), name, split, rng), name, split, rng)
    marked = fill(_numbers(template, name, rng), name, rng)
    apart = kind in ("ordinal", "word", "withdrawn") and not re.search(r"\{[def].?\}\W*\{[def]", template)
    text, belief = read_marks(dress(marked, name, rng, may_drop_signs=apart))
    return Sentence(text, None, belief, kind, f"{name}: {template}", (), split)


def _cut_short(rng: random.Random) -> Sentence:
    """A training correction that ends where nothing is believed any more, right before the next number or sooner."""
    while True:
        whole = correction("train", rng.randrange(10), rng)
        for mark, after in pairwise(whole.belief):
            if mark[1] is None and after[1]:
                ends = [token.end for token in tokenize(whole.text) if mark[0] <= token.end < after[0]]
                end = rng.choice(ends)
                belief = tuple(entry for entry in whole.belief if entry[0] <= end)
                return replace(whole, text=whole.text[:end], label=None, belief=belief, kind="withdrawn")


def _cues(template: str, name: str, split: str, rng: random.Random) -> str:
    """Fill in the cues of corrections and what may stand around them."""
    material = language(name)

    def put(match: re.Match) -> str:
        return rng.choice(material["parts"].get(match[1]) or material["cues"][match[1]][split])

    slots = "|".join(("replace", "negate", *material["parts"]))
    return re.sub(rf"\{{({slots})\}}", put, template)


def _numbers(template: str, name: str, rng: random.Random) -> str:
    """Fill in the digits, mostly all of them in one way of writing, and the other numbers."""
    digits = dict(zip("def", rng.sample(range(10), 3), strict=True))
    as_numerals = rng.random() < 0.4

    def put(match: re.Match) -> str:
        digit, how = digits[match[1]], match[2]
        write = as_numerals and how != "%"
        plain = str(digit) if how == "#" else numeral(digit, rng) if write else word(digit, rng, name)
        return plain if how in ("!", "#") else f"{plain}<{digit}>"

    filled = re.sub(r"\{([def])([!#%]?)\}", put, template)
    filled = filled.replace("{mm}", f"{rng.randrange(0, 60, 5):02d}")
    filled = re.sub(r"\{o\}", lambda _: f"{ordinal(rng.randrange(10), rng)}<?>", filled)
    return re.sub(r"\{large\}", lambda _: _large(name, rng), filled)


def _large(name: str, rng: random.Random) -> str:
    """A number beyond nine, mostly of a sentence's own language, with the belief in the digit that it begins with."""
    if rng.random() < 0.3:
        return str(rng.choice((rng.randrange(10, 100), rng.randrange(10, 10_000))))
    if name == "zh":
        head, tail = rng.randrange(1, 10), rng.randrange(1, 10)
        first, last = word(head, rng, name), word(tail, rng, name)
        tens = rng.choice("十十百千万")
        return rng.choice((f"{first}<{head}>{tens}<?>", f"十{last}", "十", f"{first}<{head}>{tens}<?>{last}"))
    code = name if rng.random() < 0.6 else rng.choice(sorted(foreign_names()))
    words = number_words()[code]
    if (units := words.get("units")) and rng.random() < 0.4:
        digit = rng.randrange(1, 10)
        names = words["digits"][digit]
        return f"{rng.choice(names)}<{digit}> {rng.choice(units)}<?>" if names else rng.choice(units)
    if (tens := words.get("tens")) and rng.random() < 0.5:
        names = words["digits"][rng.randrange(1, 10)]
        return (
            f"{rng.choice(tens)}{rng.choice(' -')}{rng.choice(names)}"
            if names and rng.random() < 0.6
            else rng.choice(tens)
        )
    return rng.choice(words.get("more") or units or tens or ["ten"])


@lru_cache
def _phrases() -> dict[str, dict[str, Any]]:
    """By language, kind and split."""
    stored = json.loads((FOLDER / f"{UNLIKE}.json").read_text(encoding="utf-8"))
    return {name: material["phrases"] for name, material in stored.items()}
