"""Marked texts, with what a reader should believe written into them, and the many ways in which people write.

``"3<3>, no<?> wait"`` says: three after the 3, nothing any more after the no.
"""

from __future__ import annotations

import random
import re
from functools import lru_cache

from mmdemo.data.sentences.vocabulary import DIGITS, language
from mmdemo.text.noise import add_typos
from mmdemo.text.numbers import strip_accents

Belief = tuple[tuple[int, str | None], ...]

SOUNDS = (
    ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "ch", "sh", "th", "st", "br", "tr"),
    ("a", "e", "i", "o", "u", "ea", "or", "an", "in", "on"),
)  # one of each makes a syllable


def read_marks(marked: str) -> tuple[str, Belief]:
    """A marked text to the text and its beliefs: ``"3<3>, no<?>"`` gives ``("3, no", ((1, "three"), (5, None)))``."""
    text, belief = "", []
    for i, part in enumerate(re.split(r"<(\d|\?)>", marked)):
        if i % 2 == 0:
            text += part
        else:
            now = None if part == "?" else DIGITS[int(part)]
            if not belief or belief[-1][1] != now:
                belief.append((len(text.rstrip()), now))
    return text, tuple(belief)


def dress(marked: str, name: str, rng: random.Random, may_drop_signs: bool = True) -> str:
    """Write it as people do: with or without capitals, punctuation and accents, and with typing errors.

    Args:
        marked: a marked text; the marks stay where they belong.
        name: its language.
        rng: the only source of chance.
        may_drop_signs: False where two numbers would run into each other without their comma.
    """
    style = rng.random()
    change = str
    if style < 0.25:
        marked = marked[:1].upper() + marked[1:]
        if marked[-1] not in ".!?。！？":
            marked += rng.choice("。！" if name == "zh" else ".!")
    elif style < 0.33:
        change = str.upper
    elif style < 0.48 and may_drop_signs:
        change = _without_signs
    without_accents, with_slips = rng.random() < 0.2, rng.random() < 0.15
    parts = re.split(r"(<.>)", marked)
    for i, part in enumerate(parts[::2]):
        part = change(_other_pauses(part, rng))
        part = strip_accents(part) if without_accents else part
        parts[2 * i] = _with_slips(part, rng) if with_slips else part
    return "".join(parts)


def babble(name: str, rng: random.Random) -> str:
    """A few words in no order, most of them of no language, to teach the model to ignore unknown words."""
    if name == "zh":
        return "".join(
            chr(rng.randrange(0x4E00, 0x9FA0)) if rng.random() < 0.5 else rng.choice(_pool(name))
            for _ in range(rng.randint(1, 5))
        )
    return " ".join(
        "".join(rng.choice(sounds) for sounds in SOUNDS * rng.randint(1, 4))
        if rng.random() < 0.5
        else rng.choice(_pool(name))
        for _ in range(rng.randint(1, 4))
    )


@lru_cache
def _pool(name: str) -> list[str]:
    """The words, in Chinese the characters, of a language's training sentences; none that its corrections need."""
    words = language(name)
    pattern = r"\w" if name == "zh" else r"[\w']+"

    def found(templates: list[str]) -> set[str]:
        return {w for t in templates for w in re.findall(pattern, re.sub(r"\{.*?\}|<.>", " ", t))}

    cues = [t for group in words["cues"].values() for templates in group.values() for t in templates]
    cues += [t for shapes in words["corrections"].values() for templates in shapes.values() for t in templates]
    cues += [t for templates in words.get("parts", {}).values() for t in templates]
    cues += [n for names in words["numbers"] for n in names]
    return sorted(found(words["frames"]["train"] + words["leads"]["train"] + words["tails"]["train"]) - found(cues))


def _other_pauses(text: str, rng: random.Random) -> str:
    """A fifth of the commas become another sign, since people write pauses in different ways."""

    def other(comma: re.Match) -> str:
        if rng.random() < 0.8:
            return comma[0]
        signs = ("；", "……", "。", "——", "、") if comma[0] == "，" else ("; ", "... ", " - ", ". ", ": ", " ... ")
        return rng.choice(signs)

    return re.sub(", |，", other, text)


def _without_signs(text: str) -> str:
    gap = " " if text.isascii() else ""
    return re.sub(r"\s+", " ", re.sub(r"[,.;:!?…。，、；！？“”„«»()]|\s-(?=\s)|——", gap, text)).lower()


def _with_slips(text: str, rng: random.Random) -> str:
    return re.sub(r"[A-Za-z\u00c0-\u024f]+", lambda match: add_typos([match[0]], 0.06, rng)[0], text)
