"""The dataclasses that a checkpoint stores in its ``config.json``: everything that a task, not the code, decides."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

MODALITIES = ("text", "image", "audio")
"""The three kinds of input, in the order in which they are read unless the visitor says otherwise."""
INPUTS = (*MODALITIES, "video")
"""What the page and a manifest have places for, in this order; a task reads those that are its own."""

SUBJECTS = ("ink", "face")
"""What may be looked for in a picture: something written or drawn, or somebody's face."""

SAMPLE_RATE = 16_000  # Hz; what the speech stem was trained on
FORMER_NAMES = {  # of the fields of ModelConfig, and of the configurations within it
    "": {"step_size": "embedding_dim", "sure_above": "confidence_threshold", "shows_cases": "expose_test_cases"},
    "text": {"lost": "word_dropout"},
}

PROSODY = 33  # numbers per step that say how something sounds
VOICE = 256  # numbers per step that say whose voice it is, and in what state

LEVELS = ("clear", "likely", "unclear")
"""How far an answer can be trusted: see ``Calibration``."""

RIGHT = {"clear": 0.99, "likely": 0.90}
"""The share of answers that are right, at least, among those of a level or a higher one on the validation split,
where a task does not say otherwise."""

RANGES: dict[str, tuple[float, float]] = {
    "max_tokens": (1, 4096),
    "buckets": (2, 2**18),
    "ngrams": (1, 32),
    "ids_per_token": (1, 256),
    "words": (0, 2**18),
    "word_dropout": (0.0, 1.0),
    "size": (1, 1024),
    "slices": (1, 1024),
    "channels": (1, 1024),
    "max_seconds": (0.1, 60.0),
    "stem_size": (1, 1024),
    "context": (0, 64),
    "embedding_dim": (1, 1024),
    "hidden_size": (1, 2048),
    "dropout": (0.0, 1.0),
    "feature_dropout": (0.0, 1.0),
    "temperature": (1e-3, 1e3),
    "clear": (0.0, 2.0),
    "likely": (0.0, 2.0),
}
"""What the fields of ``ModelConfig`` and of the configurations in it may be: more than is of use, and less than fills
a machine's memory. Whole numbers where both ends are."""
STAGES = 8  # of a residual stem, at most

LABELS = (1, 10_000)  # how many a task may have


class CheckpointError(ValueError):
    """A checkpoint that cannot be used: its file, why, and what to do, in one sentence."""


@dataclass
class TextConfig:
    """How words become steps. Ids are hashes, so that there is no vocabulary to store or to outgrow."""

    max_tokens: int = 64
    buckets: int = 8192  # rows of the embedding table; row 0 is padding
    ngrams: tuple[int, int] = (2, 4)  # shortest and longest character n-gram of a word, with its boundary marks
    ids_per_token: int = 24  # the word itself and its n-grams, padded with zeros
    words: int = 0  # how many words have pretrained vectors
    word_dropout: float = 0.0  # share of the words that are not read, in training only
    numbers: bool = False  # whether the answer is one digit, so that several numbers in a text are a reason for doubt

    @property
    def width(self) -> int:
        """Numbers per token that the model gets: its ids, and before them its key where words have vectors."""
        return self.ids_per_token + (self.words > 0)

    def __post_init__(self) -> None:
        """JSON knows no tuples. Raise ``ValueError`` for what no such field can be."""
        self.ngrams = tuple(self.ngrams)
        _check_fields(self)
        if len(self.ngrams) != 2 or self.ngrams[0] > self.ngrams[1]:
            raise ValueError(f"ngrams must be the shortest and the longest length, but is {list(self.ngrams)!r}")


@dataclass
class ImageConfig:
    """How a picture becomes steps: the square that the stem reads in vertical slices."""

    size: int = 28  # pixels, height and width of the normalised square
    slices: int = 14  # steps, each size / slices pixels wide
    subject: str = "ink"  # what is looked for in a picture; one of SUBJECTS
    channels: tuple[int, ...] = ()  # of a residual stem, stage by stage; empty for the small plain one

    def __post_init__(self) -> None:
        """JSON knows no tuples. Raise ``ValueError`` for what no such field can be."""
        self.channels = tuple(self.channels)
        _check_fields(self)
        check_range("the number of channels", len(self.channels), 0, STAGES)
        if self.subject not in SUBJECTS:
            raise ValueError(f"the subject of a picture must be one of {', '.join(SUBJECTS)}, not {self.subject!r}")
        if self.size % self.slices:
            raise ValueError(f"slices must divide size, but are {self.slices!r} of {self.size!r} pixels")


@dataclass
class AudioConfig:
    """How a sound becomes steps: the speech that was found, in windows of the pretrained stem."""

    max_seconds: float = 6.0  # of found speech; at 80 ms a step this is 75 steps
    stem_size: int = 96  # numbers per step out of the pretrained stem
    prosody: bool = False  # whether the steps also say how it sounds: pitch, loudness, brightness
    voice: bool = False  # whether they also have the states of a pretrained speaker encoder
    context: int = 0  # steps to either side that a step sees besides itself; 0 for a plain linear stem
    channels: int = 192  # of a stem with context
    dropout: float = 0.3  # within a stem with context, in training only
    feature_dropout: float = 0.0  # share of the numbers per step that it does without in a sound, in training only
    one_word: bool = False  # whether the answer is one word, so that several, or one cut off, are a reason for doubt

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for what no such field can be."""
        _check_fields(self)

    @property
    def size(self) -> int:
        """Numbers per step that the model gets."""
        return self.stem_size + (PROSODY if self.prosody else 0) + (VOICE if self.voice else 0)

    @property
    def max_steps(self) -> int:
        """Steps of 80 ms that the longest sound has."""
        return int(self.max_seconds * 100) // 8


@dataclass
class VideoConfig:
    """How lips and voice become steps: the two small networks of the stem."""

    channels: int = 128  # of their hidden layer
    dropout: float = 0.3  # within them, in training only

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for what no such field can be."""
        _check_fields(self)


@dataclass
class Calibration:
    """What the answers to one combination of inputs are worth, as measured on the validation split."""

    temperature: float = 1.0  # logits are divided by it
    clear: float = 0.99  # the probability from which an answer is clear...
    likely: float = 0.8  # ...or at least likely

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for what no such field can be."""
        _check_fields(self)

    def level(self, probability: float) -> str:
        """The level of an answer with this probability, one of ``LEVELS``."""
        return "clear" if probability >= self.clear else "likely" if probability >= self.likely else "unclear"


@dataclass
class ModelConfig:
    """A task and its model: enough to build the module, read any input and say what came out."""

    task: str
    labels: list[str]
    text: TextConfig = field(default_factory=TextConfig)
    image: ImageConfig = field(default_factory=ImageConfig)
    audio: AudioConfig = field(default_factory=AudioConfig)
    embedding_dim: int = 100  # numbers per step, whatever the modality
    hidden_size: int = 128  # LSTM units
    dropout: float = 0.2  # on the steps and on the states, in training only
    right: dict[str, float] = field(default_factory=lambda: dict(RIGHT))  # what the levels are worth: see RIGHT
    calibration: dict[str, Calibration] = field(default_factory=dict)  # by combination of inputs, such as text+image
    streams: Calibration | None = None  # the same for a memory that is carried on; None where that was not taught
    expose_test_cases: bool = True  # on the page: not faces, nor words nobody should meet unasked
    more: dict[str, Any] = field(default_factory=dict)  # the configuration of each sense besides the usual three
    without: list[str] = field(default_factory=list)  # those of the usual three that the task does not have

    @property
    def modalities(self) -> tuple[str, ...]:
        """The names of the task's senses, in the usual order of reading."""
        return (*(modality for modality in MODALITIES if modality not in self.without), *self.more)

    def of(self, modality: str) -> Any:
        """The part of the configuration that belongs to one sense."""
        return self.more[modality] if modality in self.more else getattr(self, modality)

    def calibrated(self, given: Collection[str]) -> Calibration:
        """What answers to this combination of modalities are worth; in doubt, what those to all of them are."""
        key = "+".join(modality for modality in self.modalities if modality in given)
        return self.calibration.get(key) or self.calibration.get("+".join(self.modalities)) or Calibration()

    @classmethod
    def from_json(cls, file: Path) -> ModelConfig:
        """The configuration that a checkpoint's ``config.json`` holds, whichever version of mmdemo wrote it.

        Raises:
            CheckpointError: the file is no JSON object, lacks the task or its labels, or has a field that nothing knows
                or whose value is out of its range.
        """
        try:
            stored = json.loads(file.read_text(encoding="utf-8"))
            for place, names in FORMER_NAMES.items():
                fields = stored.get(place, {}) if place else stored
                for former, name in names.items():
                    if former in fields:
                        fields.setdefault(name, fields.pop(former))
            if "temperature" in stored:  # one for all combinations, and one threshold, before mmdemo 1.0
                clear = stored.pop("confidence_threshold", 0.8)
                all_alike = Calibration(stored.pop("temperature"), clear, min(clear, Calibration.likely))
                stored["calibration"] = {"+".join((*MODALITIES, *stored.get("more", ()))): all_alike}
            return cls(**stored)
        except (AttributeError, TypeError, ValueError, RecursionError) as error:
            raise CheckpointError(f"{file} is no configuration of a checkpoint: {error}") from error

    def __post_init__(self) -> None:
        """Accept the nested dictionaries that ``config.json`` gives. Raise ``ValueError`` for what cannot be."""
        if not isinstance(self.right, dict) or set(self.right) != set(RIGHT):
            raise ValueError(f"right must have a share for each of {', '.join(RIGHT)}, but is {self.right!r}")
        for level, share in self.right.items():
            if isinstance(share, bool) or not isinstance(share, (int, float)):
                raise ValueError(f"right must have numbers, but {level} is {share!r}")
            check_range(f"the share of right answers that are {level}", share, 0.0, 1.0)
        if not isinstance(self.calibration, dict):
            raise ValueError(f"calibration has to have an entry for each combination, and is {self.calibration!r}")
        self.calibration = {
            key: Calibration(**value) if isinstance(value, dict) else value for key, value in self.calibration.items()
        }
        if isinstance(self.streams, dict):
            self.streams = Calibration(**self.streams)
        for name, kind in (("text", TextConfig), ("image", ImageConfig), ("audio", AudioConfig)):
            value = getattr(self, name)
            if isinstance(value, dict):
                setattr(self, name, kind(**value))
            elif not isinstance(value, kind):
                raise ValueError(f"{name} must be an object, but is {value!r}")
        if not isinstance(self.more, dict):
            raise ValueError(f"more must be an object, but is {self.more!r}")
        if not isinstance(self.without, list) or not set(self.without) <= set(MODALITIES) or not self.modalities:
            raise ValueError(f"without must leave out some of {', '.join(MODALITIES)}, but is {self.without!r}")
        if not isinstance(self.task, str) or not self.task:
            raise ValueError(f"task must be a word, but is {self.task!r}")
        _check_fields(self)
        if not isinstance(self.labels, list) or not all(isinstance(label, str) and label for label in self.labels):
            raise ValueError("labels must be a list of words")
        check_range("the number of labels", len(self.labels), *LABELS)
        if len(set(self.labels)) < len(self.labels):
            raise ValueError("labels must all be different")


def _check_fields(config: Any) -> None:
    """Raise ``ValueError`` where a field is out of its range, is no number where it has one, or not true or false."""
    for field_ in fields(config):
        if field_.type == "bool" and not isinstance(value := getattr(config, field_.name), bool):
            raise ValueError(f"{field_.name} must be true or false, but is {value!r}")
        if field_.name not in RANGES:
            continue
        value, (low, high) = getattr(config, field_.name), RANGES[field_.name]
        kinds = int if isinstance(low, int) else (int, float)
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, bool) or not isinstance(number, kinds):
                what = "a whole number" if kinds is int else "a number"
                raise ValueError(f"{field_.name} must be {what} within {low:g} to {high:g}, but is {number!r}")
            check_range(field_.name, number, low, high)


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raise ``ValueError`` where a setting is not within its range."""
    if not low <= value <= high:
        raise ValueError(f"{name} must be within {low:g} to {high:g}, but is {value!r}")
