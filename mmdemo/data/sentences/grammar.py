"""Sentences about one digit, including corrections, with what a reader should believe after every word.

A correction ("three, no wait, five"; "five, not three") has an answer that a bag of words cannot know: the same words
in another order mean another number. Whole templates and whole cue phrases belong to one split only: the words of a
held-out cue may occur in training, the phrase does not. The material is in ``sentences/<language>.json``.

Templates have slots: ``{n}`` the number; in corrections ``{y}`` the answer, ``{x}`` and ``{z}`` the others, with ``!``
where the mention changes no belief ("not three"); ``{replace}``, ``{against}`` and ``{negate}`` a cue; the names under
``parts`` a phrase of theirs; ``{thing}``, ``{name}``, ``{place}``, ``{day}`` and ``{big}`` (a number beyond nine) a
word. ``<?>`` marks where a belief is withdrawn.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mmdemo.data.sentences.marked import Belief, babble, dress, read_marks
from mmdemo.data.sentences.vocabulary import DIGITS, language, marked_number, unmarked

SPLITS = ("train", "validation", "test")
KINDS = ("sentence", "correction")

# How often each language, way of writing, kind of sentence and shape of correction is drawn.
TONGUES = {"en": 58, "zh": 18, "es": 4, "fr": 4, "de": 4, "it": 4, "pt": 4, "nl": 4}
WRITING = {"numeral": 40, "word": 46, "foreign": 5, "clue": 6, "sum": 3}
TAUGHT_WRITING = {"numeral": 22, "word": 25, "foreign": 11, "clue": 12, "sum": 30}  # in training more of what is hard
CORRECTED_WRITING = {"numeral": 43, "word": 51, "foreign": 2, "clue": 2, "sum": 2}
FRAMES = {"frames": 90, "roman_frames": 5, "counted_frames": 5}
TAUGHT_FRAMES = {"frames": 78, "roman_frames": 10, "counted_frames": 12}
SPECIAL = {"roman_frames": "roman", "counted_frames": "counted"}
# Small words between a cue and its number keep pairs of words from giving the answer away: more of them where a bag of
# words and bigrams is held against the model.
BETWEEN = {"train": 0.4, "validation": 0.6, "test": 0.75}
SHAPES = {"last": 40, "first": 40, "many": 20}  # which mention holds: so that no place in the sentence gives it away


@dataclass(frozen=True)
class Sentence:
    """One row of text.

    Attributes:
        text: the sentence.
        label: the answer, one of ``DIGITS``; None where there is no number.
        belief: marks (character offset, label or None): what holds from the token that ends there on.
        kind: ``sentence``, ``correction``, ``talk``, or one of :mod:`mmdemo.data.sentences.unlike`.
        template: what it was made from: held out of all other splits.
        cues: the cue phrases in it, held out as well.
        split: one of ``SPLITS``.
    """

    text: str
    label: str | None
    belief: Belief
    kind: str
    template: str
    cues: tuple[str, ...]
    split: str

    def as_row(self) -> dict[str, str]:
        """The columns of a manifest: text, label, split, belief (JSON), kind, template."""
        belief = json.dumps(self.belief, separators=(",", ":"))
        row = {"text": self.text, "label": self.label or "", "split": self.split, "belief": belief}
        return row | {"kind": self.kind, "template": self.template}


def sentences(split: str, count: int, seed: int, kinds: Sequence[str] = KINDS) -> list[Sentence]:
    """Distinct sentences of a split, its kinds and digits in equal shares; the same for the same arguments.

    Raises:
        ValueError: an unknown split or kind, or more sentences than the grammar has.
    """
    if unknown := {split} - set(SPLITS) | set(kinds) - set(KINDS):
        raise ValueError(f"unknown split or kind: {', '.join(sorted(unknown))}")
    rng = random.Random(f"{split} {seed}")
    makers = {"sentence": _plain, "correction": correction}
    return distinct(lambda turn: makers[kinds[turn % len(kinds)]](split, turn // len(kinds) % 10, rng), count)


def plain_talk(split: str, count: int, seed: int) -> list[Sentence]:
    """Distinct sentences with no digit in them, label None: out-of-distribution texts.

    Half of those for training are sentences that miss their number: "my house is number some".

    Raises:
        ValueError: an unknown split, or more sentences than the grammar has.
    """
    if split not in SPLITS:
        raise ValueError(f"unknown split: {split}")
    rng = random.Random(f"talk {split} {seed}")

    def make(turn: int) -> Sentence:
        name = "zh" if turn % 4 == 3 else "en"
        if split == "train":
            name, template = _idle(rng)
        else:
            template = rng.choice(language(name)["talk"][split])
        text, belief = read_marks(dress(fill(template, name, rng), name, rng))
        return Sentence(text, None, belief, "talk", f"{name}: {template}", (), split)

    return distinct(make, count)


def distinct(make: Callable[[int], Sentence], count: int) -> list[Sentence]:
    """``make(0)``, ``make(1)``..., each again until its text is new."""
    rows: dict[str, Sentence] = {}
    while len(rows) < count:
        known = len(rows)
        for _ in range(1000):
            row = make(known)
            rows.setdefault(row.text, row)
            if len(rows) > known:
                break
        else:
            raise ValueError(f"the grammar gave {known} distinct sentences, not {count}")
    return list(rows.values())


def _plain(split: str, digit: int, rng: random.Random) -> Sentence:
    name = _draw(TONGUES, rng)
    frames, writing = (TAUGHT_FRAMES, TAUGHT_WRITING) if split == "train" else (FRAMES, WRITING)
    group = _draw({group: weight for group, weight in frames.items() if group in language(name)}, rng)
    kind = SPECIAL.get(group) or _draw(_possible(writing, name), rng)
    if not digit and (kind == "roman" or (kind == "counted" and name == "zh")):
        group, kind = "frames", "word"  # nought has no such form
    core = frame(name, split, rng) if group == "frames" else rng.choice(language(name)[group][split])
    template = around(core, name, split, rng)
    marked = template.replace("{n}", marked_number(kind, digit, rng, name))
    text, belief = read_marks(dress(fill(marked, name, rng), name, rng))
    return Sentence(text, DIGITS[digit], belief, "sentence", f"{name}: {template}", (), split)


def correction(split: str, digit: int, rng: random.Random) -> Sentence:
    """One correction of a split whose answer is a digit."""
    name = _draw(TONGUES, rng)
    cores = language(name)["corrections"][split][_draw(SHAPES, rng)]
    core = rng.choices(cores, [1 + core.count("{") for core in cores])[0]  # the more slots, the more there is to vary
    only_slots = not re.search(r"\w", re.sub(r"\{.*?\}", "", core))
    outer = frame(name, split, rng) if only_slots and rng.random() < 0.4 else "{n}"  # it takes the place of a number
    template = around(outer.replace("{n}", core), name, split, rng)
    cues: list[str] = []

    def phrase(match: re.Match) -> str:
        if match[1] in language(name).get("parts", {}):
            return rng.choice(language(name)["parts"][match[1]])
        cues.append(rng.choice(language(name)["cues"][match[1]][split]))
        return cues[-1]

    slots = "|".join(("replace", "against", "negate", *language(name).get("parts", {})))
    marked = _mention(re.sub(rf"\{{({slots})\}}", phrase, template), digit, name, split, rng)
    apart = not re.search(r"\{[xyz]!?\}\W*\{[xyz]", template)
    text, belief = read_marks(dress(fill(marked, name, rng), name, rng, may_drop_signs=apart))
    return Sentence(text, DIGITS[digit], belief, "correction", f"{name}: {template}", tuple(map(unmarked, cues)), split)


def _mention(template: str, digit: int, name: str, split: str, rng: random.Random) -> str:
    """Put numbers into the slots x, y and z, mostly all written in the same way."""
    x, z = rng.sample([d for d in range(10) if d != digit], 2)
    digits = {"x": x, "y": digit, "z": z}
    weights = _possible(CORRECTED_WRITING, name)
    usual = _draw(weights, rng)

    def put(match: re.Match) -> str:
        kind = usual if rng.random() < 0.75 else _draw(weights, rng)
        marked = marked_number(kind, digits[match[1]], rng, name)
        if match[2]:
            marked = unmarked(marked)
        if rng.random() < BETWEEN[split]:
            marked = rng.choice(language(name)["mentions"]).replace("{n}", marked)
        return f"{babble(name, rng)}{_gap(name)}{marked}" if split == "train" and rng.random() < 0.08 else marked

    return re.sub(r"\{([xyz])(!?)\}", put, template)


def _idle(rng: random.Random) -> tuple[str, str]:
    """A language and, for training, a template of it that names no digit."""
    if rng.random() < 0.5:
        name = _draw({"en": 3, "zh": 1}, rng)
        frame = rng.choice(language(name)["frames"]["train"])
        return name, around(frame.replace("{n}", rng.choice(language(name)["fillers"])), name, "train", rng)
    name = _draw(TONGUES, rng)
    return name, around(rng.choice(language(name)["talk"]["train"]), name, "train", rng)


def frame(name: str, split: str, rng: random.Random) -> str:
    """A sentence around the number; in training, a quarter contain babble, so that unknown words are ignored."""
    if split == "train" and rng.random() < 0.25:
        before = f"{babble(name, rng)}{_gap(name)}" if rng.random() < 0.75 else ""
        return f"{before}{{n}}{_gap(name)}{babble(name, rng)}" if rng.random() < 0.6 else before + "{n}"
    return rng.choice(language(name)["frames"][split])


def around(core: str, name: str, split: str, rng: random.Random) -> str:
    """Something said before and something said after, each a quarter of the time."""
    lead = rng.choice(language(name)["leads"][split]) if rng.random() < 0.25 else ""
    tail = rng.choice(language(name)["tails"][split]) if rng.random() < 0.25 else ""
    return lead + core + tail


def fill(template: str, name: str, rng: random.Random) -> str:
    """Fill the slots that are no numbers of ours."""

    def fill(match: re.Match) -> str:
        if match[1] == "big" and rng.random() < 0.6:
            return str(rng.choice((rng.randrange(10, 100), rng.randrange(10, 10_000))))
        return rng.choice(language(name)["words"][match[1]])

    return re.sub(r"\{(thing|name|place|day|big)\}", fill, template)


def _possible(weights: dict[str, int], name: str) -> dict[str, int]:
    """Those ways of writing a number that the language has."""
    lacking = set() if name == "en" else {"foreign"}
    lacking |= set() if "clues" in language(name) else {"clue", "sum"}
    return {kind: weight for kind, weight in weights.items() if kind not in lacking}


def _gap(name: str) -> str:
    return "" if name == "zh" else " "


def _draw(weights: dict[str, int], rng: random.Random) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]
