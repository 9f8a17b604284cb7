"""The result of one prediction: the answer, the steps that were read, and the inside of the LSTM at each of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from mmdemo.lstm.explanation import Step
from mmdemo.lstm.trace import Trace
from mmdemo.messages import Note
from mmdemo.modality import ModalityInput


@dataclass(frozen=True)
class Result:
    """What the model decided, and everything that happened on the way.

    Attributes:
        task: the name of the task.
        labels: the C classes.
        probabilities: the answer as a distribution over them, shape (C,).
        level: how far the answer can be trusted, one of ``LEVELS``.
        reason: why not further; ``None`` if it is clear.
        contradiction: which modalities contradict each other; ``None`` if none do.
        used: the modalities that were read, in the order of reading.
        ignored: for every modality that was given but not read, why.
        notes: what else the person should know (what was left out, say).
        steps: the T steps on the joined axis.
        embeddings: what the LSTM read: the steps (T_m, S) of every modality that was read, in the order of reading.
        step_probabilities: the distribution after every step, shape (T, C).
        unimodal_probabilities: for every modality that was read, the distribution that it alone leads to, shape (C,).
        trace: the gates and states of the LSTM; each of i, f, g, o, c, h has the shape (T, H). ``None`` if T is 0.
        inputs: what the preprocessing made of every input that was given.
        milliseconds: time spent in each stage.
        device: where the model ran.
        picture: if there was one with something in it: its ``candidates``, each with ``box`` (x0, y0, x1, y1) in pixels
            of the original and ``score``, best first, and which of them was ``taken``.
    """

    task: str
    labels: list[str]
    probabilities: np.ndarray
    level: str
    reason: Note | None
    contradiction: Note | None
    used: list[str]
    ignored: dict[str, Note]
    notes: list[Note]
    steps: list[Step]
    embeddings: dict[str, Tensor]
    step_probabilities: np.ndarray
    unimodal_probabilities: dict[str, np.ndarray]
    trace: Trace | None
    inputs: dict[str, ModalityInput]
    milliseconds: dict[str, float]
    device: str
    picture: dict[str, Any] | None = None

    @property
    def label(self) -> str:
        """The most probable class, clear or not."""
        return self.labels[int(self.probabilities.argmax())]

    @property
    def probability(self) -> float:
        """The probability of ``label``."""
        return float(self.probabilities.max())

    @property
    def file_name(self) -> str:
        """What a file that is made of it is called, without its ending."""
        return re.sub(r"[^\w-]+", "_", f"mmdemo-{self.task}-{self.label}")

    def to_json(self) -> dict[str, Any]:
        """The answer, without its trace, as plain numbers and English sentences."""
        offsets = [list(pair) for given in self.inputs.values() for pair in given.offsets]
        return {
            "task": self.task,
            "label": self.label,
            "probability": self.probability,
            "probabilities": dict(zip(self.labels, self.probabilities.tolist(), strict=True)),
            "level": self.level,
            "reason": str(self.reason) if self.reason else None,
            "contradiction": str(self.contradiction) if self.contradiction else None,
            "used": self.used,
            "ignored": {modality: str(note) for modality, note in self.ignored.items()},
            "notes": [str(note) for note in self.notes],
            "picture": self.picture,
            **({"offsets": offsets} if offsets else {}),
            "milliseconds": {stage: round(ms, 2) for stage, ms in self.milliseconds.items()},
            "device": self.device,
        }
