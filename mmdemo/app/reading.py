"""From what a visitor gave to what the page shows of it: pure functions that return plain numbers."""

from __future__ import annotations

import base64
import io
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import soundfile
from torch import Tensor

from mmdemo.config import SAMPLE_RATE
from mmdemo.inference.figure import drawing
from mmdemo.inference.predictor import Predictor
from mmdemo.inference.result import Result
from mmdemo.inference.verbalize import verbalize
from mmdemo.lstm.explanation import Explanation
from mmdemo.messages import Note
from mmdemo.modality import Noise
from mmdemo.model.modalities import SENSES
from mmdemo.video.modality import moved


def read(predictor: Predictor, *, noise: Noise | None = None, candidate: int | None = None, **sources: Any) -> Reading:
    """Read whatever is given, and say what it was, what was decided, how and why.

    An input that is refused is said to be so, and the others are read all the same.

    Args:
        predictor: the task.
        noise: how much worse the inputs are made before they are read.
        candidate: which of the picture's candidates to read, or which offset of a video's sound, see
            ``Predictor.preprocess``.
        sources: ``text``, ``image``, ``audio``, ``video``: what ``Predictor.predict`` takes; None where there is none.

    Returns:
        the reading: ``said`` is what ``web/page/answer.js`` shows, and ``figure`` what ``web/drawing`` draws.
    """
    noise = noise or Noise()
    given = {modality: sources.get(modality) for modality in predictor.config.modalities}
    made_worse = {
        modality: partial(SENSES[modality].perturb, source, noise)
        for modality, source in given.items()
        if source is not None
    }
    return explained(predictor, predictor.read(made_worse, candidate=candidate))


def explained(predictor: Predictor, result: Result) -> Reading:
    """A result with its explanation, and what the page shows of both."""
    start = time.perf_counter()
    explanation = predictor.explain(result)
    middle = time.perf_counter()
    figure = drawing(result, explanation)
    milliseconds = {
        **result.milliseconds,
        "explanation": (middle - start) * 1000,
        "drawing": (time.perf_counter() - middle) * 1000,
    }
    said = {**answer(result, explanation), **beside(predictor, result), "milliseconds": milliseconds}
    heard = next((result.inputs[name] for name in ("audio", "video") if name in result.used), None)
    sound = heard and heard.samples
    return Reading(replace(result, inputs={}), explanation, said, figure, sound)


def answer(result: Result, explanation: Explanation | None) -> dict[str, Any]:
    """What the page says about a result; sentences travel as key and values, and become words in the browser."""
    return {
        "task": result.task,
        "labels": result.labels,
        "probabilities": rounded(result.probabilities),
        "label": result.label,
        "probability": round(result.probability, 4),
        "level": result.level,
        "reason": said(result.reason),
        "contradiction": said(result.contradiction),
        "used": result.used,
        "ignored": {modality: said(note) for modality, note in result.ignored.items()},
        "notes": [said(note) for note in result.notes],
        "alone": {modality: rounded(p) for modality, p in result.unimodal_probabilities.items()},
        "why": explanation and why(explanation),
        "saw": {modality: SENSES[modality].preview(item) for modality, item in result.inputs.items()},
        "device": result.device,
    }


def beside(predictor: Predictor, result: Result) -> dict[str, Any]:
    """The gates at the offset of the sound that fits best and at the one that fits worst, where any were tried."""
    found = next((given for given in result.inputs.values() if given.offsets), None)
    if found is None:
        return {}
    scores = [score for _, score in found.offsets]
    both = [scores.index(max(scores)), scores.index(min(scores))]
    insides = [predictor.trace_of("video", item) for item in moved(found.numbers, both)]
    gates = [{key: rounded(getattr(inside, key).mean(1)) for key in "ifo"} for inside in insides]
    return {"offsets": {"which": both, "gates": gates}}


def why(explanation: Explanation) -> dict[str, Any]:
    """The sentences, and each modality's share: with the prior they add up to the probabilities."""
    return {
        "sentences": [said(note) for note in verbalize(explanation)],
        "shares": {modality: rounded(share) for modality, share in explanation.shares.items()},
        "prior": rounded(explanation.prior),
        "orders": [[list(order), rounded(p)] for order, p in explanation.orders.items()],
    }


def said(note: Note | None) -> dict[str, Any] | None:
    """A note as JSON."""
    return note and {"key": note.key, "values": note.values}


def rounded(p: np.ndarray | Tensor) -> list[float]:
    """Probabilities with four decimals: as much as anybody can see."""
    return [round(float(x), 4) for x in p]


def wav_url(samples: np.ndarray) -> str:
    """A recording, (n,) at ``SAMPLE_RATE``, as a WAV file of 16 bits in a ``data:`` URL."""
    file = io.BytesIO()
    soundfile.write(file, samples, SAMPLE_RATE, format="WAV", subtype="PCM_16")
    return f"data:audio/wav;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"


@dataclass(frozen=True)
class Reading:
    """The last thing that was read in a visitor's session, for as long as it lasts.

    Attributes:
        result: without its inputs, which nobody needs any more.
        sound: the recording as it was heard, at ``SAMPLE_RATE``; None if none was read.
        explanation: of the result; None if there was nothing to read.
        said, figure: what the page shows of them.
    """

    result: Result
    explanation: Explanation | None
    said: dict[str, Any]
    figure: dict[str, Any]
    sound: np.ndarray | None = None
