"""Answers to what the drawing asks about the last reading, as plain numbers.

Questions come from a browser, so nothing in them is trusted: whatever does not fit the reading is an ``InputError``.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mmdemo.app.reading import Reading, wav_url
from mmdemo.app.report import report
from mmdemo.inference.export import as_csv, as_json, as_npz
from mmdemo.inference.figure import packed_numbers
from mmdemo.inference.predictor import Predictor
from mmdemo.inference.result import Result
from mmdemo.inference.what_ifs import telling
from mmdemo.lstm.counterfactual import GateIntervention, ablate, rerun
from mmdemo.lstm.explanation import Explanation
from mmdemo.lstm.faithfulness import faithfulness
from mmdemo.lstm.ledger import contrast, ledger, triangle
from mmdemo.lstm.readout import Readout
from mmdemo.lstm.trace import trace
from mmdemo.lstm.trajectory import pre_activations
from mmdemo.messages import LANGUAGES, InputError

KEPT_STEPS = 60  # up to which a file keeps the answers about each step, some 10 kB each


def reply(predictor: Predictor, reading: Reading | None, question: dict[str, Any]) -> dict[str, Any]:
    """Answer a question of the drawing's.

    Args:
        predictor: the task.
        reading: the last one.
        question: ``ask`` and what belongs to it:
            ``step`` (``step``): the inside of one step and the ledger seen from it;
            ``triangle`` (``about``, ``against`` or null): what each step meant at each later one;
            ``what_if`` (``start``, ``stop``; ``gate`` and ``value``, or neither): a gate fixed over these steps, or the
            steps left out;
            ``telling``: the what-ifs that change most;
            ``faithful`` (``about``, ``against`` or null): how faithful the ledger is to the model;
            ``sound``: the recording as it was heard, as a ``data:`` URL;
            ``take`` (``format``: json, npz, csv or report; ``language``): the reading exported as a file.

    Raises:
        InputError: there is no reading, or no such question about it.
    """
    if reading is None or reading.explanation is None:
        raise InputError("ask.nothing")
    name = question.get("ask")
    if name == "sound" and reading.sound is not None:
        return {"ask": name, "url": wav_url(reading.sound)}
    lstm, readout = predictor.model.lstm, predictor.readout(reading.result.used)
    if name == "take":
        return {"ask": name, **_export(lstm, readout, reading, question.get("format"), question.get("language"))}
    return _answer(lstm, readout, reading.result, reading.explanation, question)


def kept(lstm: nn.LSTM, readout: Readout, result: Result, explanation: Explanation) -> list[dict[str, Any]]:
    """The answers that a file takes along, since it has nobody to ask: see ``web/core/ask.js``.

    They are about each step alone: its inside, and what if it were left out, or forgot nothing.

    Args:
        lstm: that reads forward; gates can be held in one layer only.
        readout: what reads its top layer.
        result, explanation: the reading.

    Returns:
        What ``reply`` would say; nothing of a reading of more than ``KEPT_STEPS``.
    """
    count = len(result.steps)
    if count > KEPT_STEPS:
        return []
    changes = [{"gate": None}, {"gate": "f", "value": 1}][: 2 if lstm.num_layers == 1 else 1]
    questions: list[dict[str, Any]] = [{"ask": "step", "step": t} for t in range(count)]
    questions += [{"ask": "what_if", "start": t, "stop": t + 1, **change} for t in range(count) for change in changes]
    return [_answer(lstm, readout, result, explanation, question) for question in questions]


@torch.inference_mode()
def _answer(
    lstm: nn.LSTM, readout: Readout, result: Result, explanation: Explanation, question: dict[str, Any]
) -> dict[str, Any]:
    name = question.get("ask")
    asks = {"step": _step, "triangle": _triangle, "what_if": _what_if, "telling": _telling, "faithful": _faithful}
    if not isinstance(name, str) or name not in asks:
        raise InputError("ask.unknown")
    return {"ask": name, **asks[name](lstm, readout, result, explanation, question)}


def _step(
    lstm: nn.LSTM, readout: Readout, result: Result, explanation: Explanation, question: dict[str, Any]
) -> dict[str, Any]:
    """``inside`` (11, H): z of i, f, g, o, then i, f, g, o, c before, c, h; ``evidence`` (C, T); ``bias`` (C,)."""
    t = _whole(question, "step", 0, len(result.steps) - 1)
    inside = result.trace
    before = inside.c[t - 1] if t else torch.zeros_like(inside.c[0])
    signals = [inside.i[t], inside.f[t], inside.g[t], inside.o[t], before, inside.c[t], inside.h[t]]
    x = torch.cat(list(result.embeddings.values()))  # (T, S)
    z = pre_activations(lstm, x, inside, t)  # (4, H)
    every = torch.eye(len(result.labels))
    book = ledger(lstm, readout, x, every, seen_from=t, inside=inside)
    return {
        "step": t,
        "inside": _packed(torch.cat([z, torch.stack(signals)])),  # (11, H)
        "evidence": _packed(book.steps),
        "bias": book.bias.tolist(),
    }


def _triangle(
    lstm: nn.LSTM, readout: Readout, result: Result, explanation: Explanation, question: dict[str, Any]
) -> dict[str, Any]:
    """See ``ledger_over_time``."""
    return ledger_over_time(lstm, readout, result, *_classes(result, question))


def ledger_over_time(
    lstm: nn.LSTM, readout: Readout, result: Result, about: int, against: int | None
) -> dict[str, Any]:
    """What each step meant for ``about`` against ``against`` (None: the mean of all) at each later one.

    Returns:
        ``about``, ``against``, and ``steps``: (T, T), packed, a row for each step that it is seen from.
    """
    x = torch.cat(list(result.embeddings.values()))
    with torch.inference_mode():
        book = triangle(lstm, readout, x, contrast(len(result.labels), about, against), inside=result.trace)
    return {"about": about, "against": against, "steps": _packed(book.steps)}


def _what_if(
    lstm: nn.LSTM, readout: Readout, result: Result, explanation: Explanation, question: dict[str, Any]
) -> dict[str, Any]:
    """``beliefs``: (C, T) after every step that is left; ``kept``: which steps those are."""
    count = len(result.steps)
    start = _whole(question, "start", 0, count - 1)
    stop = _whole(question, "stop", start + 1, count)
    x = torch.cat(list(result.embeddings.values()))
    gate, value, left = question.get("gate"), None, list(range(count))
    if gate is None:
        left = left[:start] + left[stop:]
        x = ablate(x, start, stop)
        states = trace(lstm, x).h if left else x.new_zeros(0, lstm.hidden_size)
    else:
        if gate not in ("i", "f", "g", "o"):
            raise InputError("ask.unknown")
        value = _number(question, "value", -1.0 if gate == "g" else 0.0, 1.0)
        states = rerun(lstm, x, [GateIntervention(gate, value, start, stop)]).h
    beliefs = readout.probabilities(states)  # (T', C)
    last = beliefs[-1] if left else explanation.prior
    return {
        "start": start,
        "stop": stop,
        "gate": gate,
        "value": value,
        "kept": left,
        "beliefs": _packed(beliefs.T),
        "probabilities": [round(float(p), 4) for p in last],
        "label": result.labels[int(last.argmax())],
    }


def _telling(
    lstm: nn.LSTM, readout: Readout, result: Result, explanation: Explanation, question: dict[str, Any]
) -> dict[str, Any]:
    """``what_ifs``: see ``telling_what_ifs``."""
    return {"what_ifs": telling_what_ifs(lstm, readout, result)}


def telling_what_ifs(lstm: nn.LSTM, readout: Readout, result: Result) -> list[dict[str, Any]]:
    """What is worth trying, each as ``what_if`` takes it, and its outcome: ``label`` and ``probability``."""
    x = torch.cat(list(result.embeddings.values()))
    with torch.inference_mode():
        found = telling(lstm, readout, x, result.steps, torch.as_tensor(result.probabilities))
    return [
        {
            "start": one.start,
            "stop": one.stop,
            "gate": one.gate,
            "value": one.value,
            "label": result.labels[one.answer],
            "probability": round(one.probability, 4),
        }
        for one in found
    ]


def _faithful(
    lstm: nn.LSTM, readout: Readout, result: Result, explanation: Explanation, question: dict[str, Any]
) -> dict[str, Any]:
    """For the ledger, what each step changed, integrated gradients and random orders: how ``about`` falls."""
    about, against = _classes(result, question)
    weights = contrast(len(result.labels), about, against)
    x = torch.cat(list(result.embeddings.values())).clone()
    found = faithfulness(lstm, readout, x, weights, about)
    curves = {
        name: {
            "removed": deletion.removed.tolist(),
            "curve": [round(float(p), 4) for p in deletion.curve],
            "area": None if np.isnan(deletion.area) else round(deletion.area, 4),
            "beaten": deletion.beaten,
        }
        for name, deletion in found.items()
    }
    return {"about": about, "against": against, "curves": curves}


def _export(lstm: nn.LSTM, readout: Readout, reading: Reading, kind: Any, language: Any) -> dict[str, str]:
    """``name``, ``type`` and ``base64`` of a file, which the browser saves: none is kept here."""
    result, explanation = reading.result, reading.explanation
    made = {
        "json": ("json", "application/json", lambda: as_json(result, explanation, language)),
        "npz": ("npz", "application/octet-stream", lambda: as_npz(result)),
        "csv": ("csv", "text/csv", lambda: as_csv(result, explanation)),
        "report": ("html", "text/html", lambda: report(reading, language, kept(lstm, readout, result, explanation))),
    }
    if kind not in list(made) or language not in LANGUAGES:
        raise InputError("ask.unknown")
    ending, mime, make = made[kind]
    return {"name": f"{result.file_name}.{ending}", "type": mime, "base64": base64.b64encode(make()).decode("ascii")}


def _classes(result: Result, question: dict[str, Any]) -> tuple[int, int | None]:
    last = len(result.labels) - 1
    against = question.get("against")
    return _whole(question, "about", 0, last), None if against is None else _whole(question, "against", 0, last)


def _whole(question: dict[str, Any], key: str, low: int, high: int) -> int:
    value = _number(question, key, low, high)
    if value != int(value):
        raise InputError("ask.unknown")
    return int(value)


def _number(question: dict[str, Any], key: str, low: float, high: float) -> float:
    value = question.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InputError("ask.unknown")
    return value


def _packed(numbers: Tensor) -> dict[str, str]:
    return packed_numbers(numbers.cpu().numpy())
