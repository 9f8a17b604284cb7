"""How far an answer can be trusted, and why no further; and whether its inputs contradict each other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mmdemo.config import ModelConfig
from mmdemo.messages import Note
from mmdemo.modality import ModalityInput

# Why an answer is not clear, by the two highest probabilities p and q:
SPREAD = 0.7  # p + q below this, and p below a half: like nothing that it knows
CLOSE = 3  # p less than so many times q: close between the two


def trust(
    config: ModelConfig,
    probabilities: np.ndarray,
    alone: Mapping[str, np.ndarray],
    inputs: Mapping[str, ModalityInput],
) -> tuple[str, Note | None]:
    """How far the answer can be trusted, one of ``LEVELS``, and why no further.

    Inputs that say different things alone, and an input with a doubt, make no answer clear, however high its
    probability is. Where the answer is unclear, nobody is told which class was ahead: it would be remembered.

    Args:
        config: of the model that answers.
        probabilities: the answer, (C,).
        alone: what each modality that was read answers alone, (C,) each.
        inputs: what was read of it, and perhaps more.
    """
    if not alone:
        return "unclear", Note("answer.nothing")
    labels, used = config.labels, list(alone)
    level = config.calibrated(used).level(float(probabilities.max()))
    doubt = next((inputs[modality].doubt for modality in used if inputs[modality].doubt), None)
    said = {name: labels[int(p.argmax())] for name, p in alone.items()}
    if len(set(said.values())) > 1:
        return "unclear" if level == "unclear" else "likely", _who_says_what("answer.disagree", said)
    if doubt:
        return "unclear" if level == "unclear" else "likely", doubt
    if level == "clear":
        return level, None
    first, second = np.argsort(-probabilities)[:2]
    p, q = probabilities[first], probabilities[second]
    if level == "likely":
        close = p < CLOSE * q
        values = {"first": labels[first], "second": labels[second]} if close else {"label": labels[first]}
        return level, Note("answer.close" if close else "answer.likely", values)
    if p < 0.5 and p + q < SPREAD:
        return level, Note(f"answer.unlike_{used[0]}" if len(used) == 1 else "answer.unlike")
    return level, Note("answer.several" if p < CLOSE * q else "answer.weak")


def contradiction(config: ModelConfig, alone: Mapping[str, np.ndarray]) -> Note | None:
    """Who says what, where modalities whose answers are at least likely, each on its own, say different things.

    Args:
        config: of the model that answers.
        alone: what each modality that was read answers alone, (C,) each.
    """
    firm = {
        name: config.labels[int(p.argmax())]
        for name, p in alone.items()
        if config.calibrated([name]).level(float(p.max())) != "unclear"
    }
    return _who_says_what("answer.contradiction", firm) if len(set(firm.values())) > 1 else None


def _who_says_what(key: str, said: dict[str, str]) -> Note:
    """A sentence about two modalities, or, with ``_three`` after its key, three."""
    values = {}
    for place, (name, label) in zip(("first", "second", "third"), said.items(), strict=False):
        values |= {place: name, f"{place}_label": label}
    return Note(key if len(said) == 2 else f"{key}_three", values)
