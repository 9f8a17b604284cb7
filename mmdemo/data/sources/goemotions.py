"""Real sentences without a number: comments from GoEmotions, as out-of-distribution inputs to train on and to test.

A comment with anything that could be read as a digit is left out, even the "one" in "no one".
"""

from __future__ import annotations

import random
import re
from functools import lru_cache
from pathlib import Path

from mmdemo.config import TextConfig
from mmdemo.data.sentences.vocabulary import LANGUAGES, ROMAN, language, number_names, unmarked
from mmdemo.text.reader import tokenize

FILES = {"train": "train.tsv", "validation": "dev.tsv", "test": "test.tsv"}
ALSO_NUMBERS = {
    *("once", "twice", "double", "triple", "single", "half", "dozen", "none", "nothing", "both", "ones", "firstly"),
    *("couple", "couples", "pair", "pairs", "hundred", "hundreds", "thousand", "thousands", "million", "millions"),
    *(
        "billion",
        "billions",
        "trillion",
        "tens",
        "dozens",
        "o",
        "x",
        "naught",
        "secondly",
        "thirdly",
        "seconds",
        "thirds",
    ),
}


def comments(folder: Path, split: str, count: int, seed: int) -> list[str]:
    """Distinct comments of a split that name no number, in random order.

    Args:
        folder: that of GoEmotions.
        split: ``train``, ``validation`` or ``test``: the published ones.
        count: how many at most.
        seed: of the choice.
    """
    lines = (folder / FILES[split]).read_text(encoding="utf-8").splitlines()
    texts = dict.fromkeys(line.split("\t")[0].strip() for line in lines)
    fitting = [text for text in texts if text and names_no_number(text)]
    return random.Random(f"comments {split} {seed}").sample(fitting, min(count, len(fitting)))


def names_no_number(text: str) -> bool:
    """Whether a text that is short enough to be read whole has no numeral, number word, ordinal or clue for a digit."""
    words = [token.text for token in tokenize(text)]
    if not words or len(words) > TextConfig().max_tokens:
        return False
    if any(word in _words() or any(c.isnumeric() for c in word) for word in words):
        return False
    return not _phrases().search(" ".join(words))


@lru_cache
def _words() -> set[str]:
    """All single words that name a number."""
    big = " ".join(name for tongue in LANGUAGES for name in language(tongue).get("words", {}).get("big", []))
    ordinals = [unmarked(name) for names in language("en")["ordinals"] for name in names]
    roman = {name.lower() for name in ROMAN[2:]}  # but I
    return {*number_names(), *ordinals, *roman, *(set(re.findall(r"\w+", big)) - {"a"}), *ALSO_NUMBERS} - {"oh"}


@lru_cache
def _phrases() -> re.Pattern:
    """What stands for a digit in several words: clues, and things that always come in the same number."""
    english = language("en")
    phrases = [unmarked(p) for group in ("clues", "counted") for of in english[group] for p in of]
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, phrases))})\b")
