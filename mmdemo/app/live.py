"""Answers to a live session: the weights with which the page goes on by itself, and steps of words and small pictures.

Sound never comes here. Words and pictures become steps and are gone: nothing of them is kept or logged. Questions come
from a browser, so nothing in them is trusted.
"""

from __future__ import annotations

import base64
import binascii
import io
from typing import Any

from PIL import Image

from mmdemo.app import parts
from mmdemo.app.reading import said
from mmdemo.app.tasks import Tasks
from mmdemo.inference.figure import packed_image, packed_numbers
from mmdemo.inference.live_steps import live_steps
from mmdemo.messages import InputError
from mmdemo.model.modalities import SENSES

MAX_WORDS = 200  # characters of what was typed since the last question
MAX_JPEG = 60_000  # bytes; a camera's picture of 320 x 240 has some 15,000
MAX_SIDES = (320, 240)  # pixels, the longer side first


def reply(tasks: Tasks, question: dict[str, Any]) -> dict[str, Any]:
    """Answer a question of a live session's.

    Args:
        tasks: what can be asked.
        question: ``task``, ``ask`` and what belongs to it:
            ``weights``: the address of the file with which the page runs the LSTM itself (``url``);
            ``words`` (``text``): their ``steps``, and each as it was written (``seen``);
            ``picture`` (``jpeg``, base64): its ``steps`` and what the model sees of it (``square``).
            Steps are (T, S), packed. Where there is nothing to read there are none, and ``nothing`` says why.

    Raises:
        InputError: there is no such question or task, or the words or the picture are too large or cannot be read.
    """
    name, task = question.get("ask"), question.get("task")
    if not isinstance(task, str):
        raise InputError("ask.no_task")
    if name == "weights":
        return {"ask": name, "url": parts.address(tasks.live_weights(task))}
    asks = {"words": ("text", _words), "picture": ("image", _picture)}
    if not isinstance(name, str) or name not in asks:
        raise InputError("ask.unknown")
    modality, source = asks[name]
    predictor = tasks.predictor(task)
    if modality not in tasks.senses(task):
        raise InputError("ask.unknown")
    steps, given = live_steps(predictor, modality, source(question))
    if not len(steps):
        return {"ask": name, "steps": None, "nothing": said(given.absent)}
    answer = {"ask": name, "steps": packed_numbers(steps)}
    if modality == "text":
        return {**answer, "seen": [word for word, _ in SENSES[modality].spans(given)]}
    return {**answer, "square": packed_image(SENSES[modality].strip(given))}


def _words(question: dict[str, Any]) -> str:
    text = question.get("text")
    if not isinstance(text, str):
        raise InputError("ask.unknown")
    if len(text) > MAX_WORDS:
        raise InputError("live.too_long", limit=MAX_WORDS)
    return text


def _picture(question: dict[str, Any]) -> bytes:
    """A small JPEG, judged by its header before anything of it is decoded."""
    said = question.get("jpeg")
    if not isinstance(said, str) or len(said) > 4 * MAX_JPEG / 3 + 4:
        raise InputError("live.picture")
    try:
        jpeg = base64.b64decode(said, validate=True)
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as picture:
            longer, shorter = sorted(picture.size, reverse=True)
    except (binascii.Error, ValueError, OSError, SyntaxError) as error:
        raise InputError("live.picture") from error
    if len(jpeg) > MAX_JPEG or longer > MAX_SIDES[0] or shorter > MAX_SIDES[1]:
        raise InputError("live.picture")
    return jpeg
