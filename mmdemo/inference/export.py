"""A result to take away: JSON, NPZ and CSV, each made from one reading, in memory.

The standalone report is in ``mmdemo.app.report``, and the picture of the drawing is made in the browser.
"""

from __future__ import annotations

import csv
import io
import json
import math
from typing import Any

import numpy as np
from torch import Tensor

from mmdemo.data.manifest.table import plain_cell
from mmdemo.inference.predictions import write_trace
from mmdemo.inference.result import Result
from mmdemo.inference.verbalize import verbalize
from mmdemo.lstm.explanation import Explanation, Step
from mmdemo.lstm.trace import SIGNALS
from mmdemo.messages import InputError, Note

DIGITS = 5  # significant ones, of everything that is written as text; the NPZ file has all of them


def as_json(result: Result, explanation: Explanation | None, language: str = "en") -> bytes:
    """Everything: the answer, the steps and what the LSTM did at each, and why, as one JSON object.

    For T steps, H units and C classes it has ``answer`` (what ``predict --json`` prints), ``labels`` (C), ``sentences``
    in the language, ``settled`` (a step), ``alone``, ``shares``, ``prior``, ``logits`` and ``bias`` (C each), and
    ``steps``: for each its ``modality``, ``text``, ``span``, ``beliefs`` (C), ``evidence``, what it wrote, and
    ``changed`` (C each; over the steps each of the two adds up to logits less bias), ``let_go`` (null, or the ``share``
    of what spoke for a ``label`` that its forget gates dropped) and the ``i, f, g, o, c, h`` of every unit (H each).

    Raises:
        InputError: nothing was read.
    """
    inside, explanation = _read(result, explanation)
    evidence, changed = explanation.evidence.cpu().numpy(), explanation.changed.cpu().numpy()  # each (C, T)
    whole = {
        "answer": {**result.to_json(), **_in_language(result, language)},
        "labels": list(result.labels),
        "sentences": [note.say(language) for note in verbalize(explanation)],
        "settled": explanation.settled,
        "alone": {modality: _rounded(p) for modality, p in result.unimodal_probabilities.items()},
        "shares": {modality: _rounded(share) for modality, share in explanation.shares.items()},
        "prior": _rounded(explanation.prior),
        "logits": _rounded(explanation.logits),
        "bias": _rounded(explanation.bias),
        "steps": [
            {
                "modality": step.modality,
                "text": step.text,
                "span": [round(edge, 3) for edge in step.span],
                "beliefs": _rounded(result.step_probabilities[t]),
                "evidence": _rounded(evidence[:, t]),
                "changed": _rounded(changed[:, t]),
                "let_go": _let_go(explanation, t),
                **{name: _rounded(signal[t]) for name, signal in inside.items()},
            }
            for t, step in enumerate(result.steps)
        ],
    }
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def summary(result: Result, explanation: Explanation | None) -> dict[str, Any]:
    """The answer and why, without the units: what ``Result.to_json`` has, and ``steps``.

    Each step has its ``modality``, ``text`` and ``span``, the ``best`` label after it with its ``probability``, its
    ``evidence`` for the answer against the mean of all classes, what it ``changed`` in the same, ``let_go`` as in
    ``as_json``, and ``written``, ``kept`` and ``shown``: the means of i, f and o over the units. Beside them stand the
    ``sentences``, ``settled`` (a step), ``bias`` (with the evidence of all steps it adds up to the answer's logit
    against the mean), and ``shares`` and ``prior``, by label.
    """
    if result.trace is None or explanation is None:
        return {**result.to_json(), "steps": []}

    def by_label(p: Any) -> dict[str, float | None]:
        return dict(zip(result.labels, _rounded(p), strict=True))

    inside, _ = _read(result, explanation)
    answer = explanation.answer
    columns = {
        "probability": result.step_probabilities.max(1),
        "evidence": _for_the_answer(explanation.evidence, answer),
        "changed": _for_the_answer(explanation.changed, answer),
        "written": inside["i"].mean(1),
        "kept": inside["f"].mean(1),
        "shown": inside["o"].mean(1),
    }
    rounded = {name: _rounded(values) for name, values in columns.items()}
    return {
        **result.to_json(),
        "sentences": [str(note) for note in verbalize(explanation)],
        "settled": explanation.settled,
        "bias": _rounded([float(explanation.bias[answer] - explanation.bias.mean())])[0],
        "shares": {modality: by_label(share.cpu()) for modality, share in explanation.shares.items()},
        "prior": by_label(explanation.prior.cpu()),
        "steps": [
            {
                "modality": step.modality,
                "text": step.text,
                "span": [round(edge, 3) for edge in step.span],
                "best": result.labels[int(result.step_probabilities[t].argmax())],
                **{name: values[t] for name, values in rounded.items()},
                "let_go": _let_go(explanation, t),
            }
            for t, step in enumerate(result.steps)
        ],
    }


def as_npz(result: Result) -> bytes:
    """The gates and states in full precision (see ``mmdemo.inference.predictions.write_trace``).

    Raises:
        InputError: nothing was read.
    """
    file = io.BytesIO()
    write_trace(result, file)
    return file.getvalue()


def as_csv(result: Result, explanation: Explanation | None) -> bytes:
    """A row for each step, for a spreadsheet: UTF-8 with its mark, without which some take it for something else.

    The columns are ``step`` (from 1), ``modality``, ``what``, ``start`` and ``end`` (characters, pixels from the left,
    or seconds), ``best``, a column ``p <label>`` for each class, the means over the units ``mean i``, ``mean f``,
    ``mean o`` and ``mean |c|``, ``evidence`` for the answer against the mean of all classes, what the step ``changed``
    in the same, and ``let go``: the share of what spoke for the label ahead that the forget gates dropped, where the
    belief in it fell.

    Raises:
        InputError: nothing was read.
    """
    inside, explanation = _read(result, explanation)
    own = [_for_the_answer(part, explanation.answer) for part in (explanation.evidence, explanation.changed)]
    own.append(explanation.forgotten_share.cpu().numpy())  # each (T,)
    means = [inside["i"].mean(1), inside["f"].mean(1), inside["o"].mean(1), np.abs(inside["c"]).mean(1)]  # each (T,)
    text = io.StringIO()
    table = csv.writer(text)
    labels = [f"p {label}" for label in result.labels]
    edges = ["step", "modality", "what", "start", "end", "best"]
    table.writerow([*edges, *labels, "mean i", "mean f", "mean o", "mean |c|", "evidence", "changed", "let go"])
    for t, step in enumerate(result.steps):
        start, end = _along(step)
        best = result.labels[int(result.step_probabilities[t].argmax())]
        numbers = [*result.step_probabilities[t], *(column[t] for column in (*means, *own))]
        where = [t + 1, step.modality, plain_cell(step.text), round(start, 3), round(end, 3), plain_cell(best)]
        table.writerow([*where, *_rounded(numbers)])
    return text.getvalue().encode("utf-8-sig")


def _read(result: Result, explanation: Explanation | None) -> tuple[dict[str, np.ndarray], Explanation]:
    """The trace as arrays, each (T, H), and the explanation, which is there."""
    if result.trace is None or explanation is None:
        raise InputError("answer.nothing")
    return {name: getattr(result.trace, name).cpu().numpy() for name in SIGNALS}, explanation


def _for_the_answer(rows: Tensor, answer: int) -> np.ndarray:
    """Rows of logits by class and step (C, T) -> those of the answer against the mean of all, (T,)."""
    return (rows[answer] - rows.mean(0)).cpu().numpy()


def _let_go(explanation: Explanation, t: int) -> dict[str, Any] | None:
    """What the forget gates of a step let go, and of which label; None where the belief in it did not fall."""
    share = float(explanation.forgotten_share[t])
    return (
        None
        if math.isnan(share)
        else {"share": round(share, 4), "label": explanation.labels[int(explanation.forgotten_class[t])]}
    )


def _in_language(result: Result, language: str) -> dict[str, Any]:
    """The sentences of ``Result.to_json``, in a language."""

    def say(note: Note | None) -> str | None:
        return note and note.say(language)

    return {
        "reason": say(result.reason),
        "contradiction": say(result.contradiction),
        "ignored": {modality: say(note) for modality, note in result.ignored.items()},
        "notes": [say(note) for note in result.notes],
    }


def _along(step: Step) -> tuple[float, float]:
    """Where a step begins and ends: of a box, its left and right edge."""
    return (step.span[0], step.span[2]) if len(step.span) == 4 else (step.span[0], step.span[1])


def _rounded(numbers: Any) -> list[float | None]:
    """Plain numbers with ``DIGITS`` significant digits; None for what is not finite."""
    return [float(f"{x:.{DIGITS}g}") if math.isfinite(x) else None for x in np.asarray(numbers, np.float64).tolist()]
