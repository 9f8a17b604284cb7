"""Answers to the page's evaluation: a checkpoint's figures, and the test cases behind them, as plain numbers.

Questions come from a browser, so nothing in them is trusted: a task has to be one of those that there are, a case is a
number in the checkpoint's own list, and no path is ever taken from a question.
"""

from __future__ import annotations

import base64
import io
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mmdemo.app.given import Given
from mmdemo.app.reading import wav_url
from mmdemo.app.tasks import Tasks
from mmdemo.audio.decode import decode
from mmdemo.config import SAMPLE_RATE
from mmdemo.data.sources.folder import data_folder
from mmdemo.evaluate.results import fetch, read_cases, read_findings, read_metrics
from mmdemo.image.decode import open_picture
from mmdemo.messages import InputError
from mmdemo.model.modalities import SENSES
from mmdemo.server import uploads
from mmdemo.video.decode import decode as decode_video
from mmdemo.video.encode import write_webm
from mmdemo.video.reader import STEP, View

MAX_CASES = 24  # of a cell that are shown
THUMBNAIL = 160  # pixels, the longest side of a picture in the list


def reply(tasks: Tasks, question: dict[str, Any]) -> dict[str, Any]:
    """Answer a question of the evaluation's.

    Args:
        tasks: what can be asked about.
        question: ``task``, ``ask`` and what belongs to it:
            ``figures``: the labels, ``metrics.json``, the model card, and of which modalities there are cases;
            ``cell`` (``modality``, ``truth``, ``guess``): the cases of a cell of the confusion matrix;
            ``case`` (``modality``, ``number``): a recording, as a ``data:`` URL.

    Raises:
        InputError: there is no such question, task, or case, or its data is not on this machine.
    """
    name = _task(tasks, question)
    if question.get("ask") == "case":
        return {"ask": "case", "url": _sound(_source(name, tasks, question))}
    config = tasks.predictor(name).config
    labels, shows = config.labels, config.expose_test_cases
    cases = read_cases(tasks.folder / name)
    if question.get("ask") == "figures":
        metrics, card = read_metrics(tasks.folder / name), _card(tasks.folder / name)
        return {"ask": "figures", "labels": labels, "metrics": metrics, "cases": list(cases), "card": card}
    if question.get("ask") != "cell" or question.get("modality") not in list(cases):
        raise InputError("ask.unknown")
    cell = [_whole(question, end, len(labels)) for end in ("truth", "guess")]
    modality = question["modality"]
    numbers = [k for k, case in enumerate(cases[modality]) if case[:2] == cell]
    return {
        "ask": "cell",
        "kept": len(numbers),
        "shows": shows,
        "cases": [_case(modality, k, *cases[modality][k][2:], shows) for k in numbers[:MAX_CASES]],
    }


def findings(tasks: Tasks, name: str) -> dict[str, Any]:
    """What single units of a task's checkpoint do, as ``python -m mmdemo findings`` found; empty where it did not look.

    Raises:
        InputError: there is no such task.
    """
    if name not in tasks.names:
        raise InputError("ask.unknown")
    return {"ask": "findings", "findings": read_findings(tasks.folder / name)}


def case(tasks: Tasks, question: dict[str, Any]) -> Given:
    """One case as if it had been given to the page.

    Raises:
        InputError: there is no such case, or its data is not on this machine.
    """
    name = _task(tasks, question)
    source = _source(name, tasks, question)
    modality = question["modality"]
    if modality == "image":
        source = open_picture(source)[0]
    if modality == "audio":
        source = SAMPLE_RATE, np.rint(32767 * decode(source).clip(-1, 1)).astype(np.int16)
    if modality == "video":
        source = _film(source)
    return Given({modality: source}, task=name)


def _task(tasks: Tasks, question: dict[str, Any]) -> str:
    if question.get("task") not in tasks.names:
        raise InputError("ask.unknown")
    return question["task"]


def _source(name: str, tasks: Tasks, question: dict[str, Any]) -> Any:
    """The text, the file, the picture, or the reference to a video of the case that a question is about."""
    cases = read_cases(tasks.folder / name) if tasks.predictor(name).config.expose_test_cases else {}
    modality = question.get("modality")
    if not isinstance(modality, str) or modality not in SENSES or modality not in cases:
        raise InputError("ask.unknown")
    reference = cases[modality][_whole(question, "number", len(cases[modality]))][3]
    return reference if SENSES[modality].inline or modality == "video" else fetch(reference, data_folder())


def _film(reference: str) -> str:
    """The whole video of which a case is a part, with its sound where the case has it, as a file among the uploads."""
    file, view = View.of(reference)
    seen = decode_video(fetch(file, data_folder()))
    heard = decode_video(fetch(view.sound, data_folder())) if view.sound else seen
    late = round(view.late * STEP * heard.rate)
    sound = np.zeros(round(seen.seconds * heard.rate), np.float32)
    moved = heard.sound[max(-late, 0) :][: len(sound) - max(late, 0)]
    sound[max(late, 0) :][: len(moved)] = moved
    place = Path(tempfile.mkdtemp(dir=uploads.folder())) / "case.webm"
    place.write_bytes(write_webm(seen.pictures, seen.times.tolist(), sound, heard.rate))
    return str(place)


def _case(modality: str, number: int, probability: float, reference: str, shows: bool) -> dict[str, Any]:
    """A case as the list shows it; ``here``: whether its input can be shown or played, and may be."""
    case = {"number": number, "probability": probability, "reference": reference, "here": shows}
    if SENSES[modality].inline or not shows:
        return case
    try:
        source = fetch(SENSES[modality].wholes(reference)[0], data_folder())
        return {**case, "picture": _picture(source)} if modality == "image" else case
    except InputError:
        return {**case, "here": False}


def _card(folder: Path) -> str:
    """The model card without what is for machines, the YAML at its top; nothing where there is none."""
    file = folder / "README.md"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    return re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL).strip()


def _picture(source: Path | np.ndarray) -> str:
    """A small PNG of a picture."""
    picture = Image.fromarray(open_picture(source)[0])
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"


def _sound(source: Any) -> str:
    """A recording as WAV."""
    if not isinstance(source, Path):
        raise InputError("ask.unknown")
    return wav_url(decode(source))


def _whole(question: dict[str, Any], name: str, end: int) -> int:
    """A whole number from 0 to before ``end``."""
    value = question.get(name)
    if type(value) is not int or not 0 <= value < end:
        raise InputError("ask.unknown")
    return value
