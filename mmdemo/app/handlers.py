"""What the page's events do: each function makes the handler of one event."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl

import gradio as gr

from mmdemo import __version__
from mmdemo.app.figures import case_inputs, told
from mmdemo.app.parts import packed
from mmdemo.app.questions import reply
from mmdemo.app.reading import Reading, read, said
from mmdemo.app.tasks import Tasks
from mmdemo.audio.noise import SNR
from mmdemo.image.reader import KEPT as KEPT_CANDIDATES
from mmdemo.messages import InputError
from mmdemo.modality import Noise
from mmdemo.server.health import Health
from mmdemo.text.reader import MAX_CHARACTERS

LONGEST_LINK = 12 * MAX_CHARACTERS + 200  # characters; a character of the text is at most %F0%9F%98%80
Shown = tuple[str, str, str, Reading]


def _run(tasks: Tasks) -> Callable[..., Shown]:
    def run(
        text: str,
        image: str | None,
        audio: str | None,
        use_text: bool,
        use_image: bool,
        use_audio: bool,
        typing: int,
        blur: int,
        darkness: int,
        sound: int,
        task: str,
        take: int | None = None,
    ) -> Shown:
        """What the person gave and left switched on -> the values of answer, drawing and footer, and the reading."""
        snr = SNR[1] + 1 - sound if sound else None
        reading = read(
            tasks.predictor(task),
            text=text or None if use_text else None,
            image=image if use_image else None,
            audio=audio if use_audio else None,
            noise=Noise(typing / 100, blur / 100, darkness / 100, snr),
            candidate=take,
        )
        said = reading.said
        where = {
            "milliseconds": said["milliseconds"],
            "device": said["device"],
            "checkpoint": task,
            "version": __version__,
            "hash": tasks.hash(task),
        }
        return packed(said), packed(reading.figure), packed(where), reading

    return run


def _run_again(run: Callable[..., Shown]) -> Callable[..., Any]:
    def run_again(text: str, image: str | None, audio: str | None, *rest: Any) -> Any:
        """Anything but the words was changed -> the new result, if there is anything to read."""
        return run(text, image, audio, *rest) if text or image or audio else gr.skip()

    return run_again


def _run_anew(run: Callable[..., Shown]) -> Callable[..., Any]:
    def run_anew(*given: Any) -> Any:
        """Another picture is there, or none any more -> its likeliest candidate is read, if there is any input."""
        return None, *(run(*given) if any(given[:3]) else [gr.skip()] * 4)

    return run_anew


def _take(run: Callable[..., Shown]) -> Callable[..., Any]:
    def take(event: gr.EventData, *given: Any) -> Any:
        """Another candidate in the picture was clicked -> which, and the new result."""
        chosen = event._data.get("take") if isinstance(event._data, dict) else None
        if type(chosen) is not int or not 0 <= chosen < KEPT_CANDIDATES:  # it comes from a browser
            raise gr.Error("No such candidate.", print_exception=False)
        return chosen, *run(*given, chosen)

    return take


def _try(tasks: Tasks, run: Callable[..., Shown]) -> Callable[..., tuple[Any, ...]]:
    remembered: dict[tuple[str, str | None, str], Shown] = {}  # by task, its checkpoint's hash, and name

    def example(task: str, event: gr.EventData) -> tuple[Any, ...]:
        """A chip was clicked -> what it fills in, all switches on, no noise, and the result, worked out but once."""
        name = event._data.get("name") if isinstance(event._data, dict) else None
        chosen = next((item for item in tasks.examples(task) if item.name == name), None)
        if chosen is None:
            raise gr.Error("No such example.", print_exception=False)
        files = [path and str(path) for path in (chosen.image, chosen.audio)]
        values = chosen.text, *files, True, True, True, 0, 0, 0, 0
        key = task, tasks.hash(task), chosen.name
        if key not in remembered:
            remembered[key] = run(*values, task)
        return *values, None, *remembered[key]

    return example


def _restore(tasks: Tasks, run: Callable[..., Shown]) -> Callable[..., Any]:
    def restore(link: str) -> Any:
        """What follows the # of the address, a stranger's -> words, task, the task's examples, and the result."""
        given = dict(parse_qsl(link)) if len(link) < LONGEST_LINK else {}
        text, task = given.get("text", ""), given.get("task")
        if not text or len(text) > MAX_CHARACTERS or task not in tasks.names:
            return gr.skip()
        return text, task, *_of_task(task), *run(text, None, None, True, True, True, 0, 0, 0, 0, task)

    return restore


def _reply(tasks: Tasks) -> Callable[..., str]:
    def ask(reading: Reading | None, task: str, event: gr.EventData) -> str:
        """The drawing asks about the last reading -> the answer, with the number that the question came with."""
        question = event._data if isinstance(event._data, dict) else {}
        try:
            told = reply(tasks.predictor(reading.result.task if reading else task), reading, question)
        except InputError as error:
            told = {"refused": said(error.note)}
        return packed({"number": question.get("number"), **told})

    return ask


def _figures(tasks: Tasks) -> Callable[[gr.EventData], str]:
    def figures(event: gr.EventData) -> str:
        """The evaluation asks -> the answer, with the number that the question came with."""
        question = event._data if isinstance(event._data, dict) else {}
        try:
            answer = told(tasks, question)
        except InputError as error:
            answer = {"refused": said(error.note)}
        return packed({"number": question.get("number"), **answer})

    return figures


def _try_case(tasks: Tasks, run: Callable[..., Shown]) -> Callable[..., tuple[Any, ...]]:
    def case(event: gr.EventData) -> tuple[Any, ...]:
        """A test case was chosen -> its task, what it fills in, all switches on, no noise, and the result."""
        try:
            name, given = case_inputs(tasks, event._data if isinstance(event._data, dict) else {})
        except InputError as error:
            raise gr.Error(str(error), print_exception=False) from error
        values = given.get("text", ""), given.get("image"), given.get("audio"), True, True, True, 0, 0, 0, 0
        return name, _of_task(name)[0], *values, None, *run(*values, name)

    return case


def _example_names(task: str | None) -> list[str]:
    return [example.name for example in Tasks.examples(task)] if task else []


def _of_task(name: str) -> tuple[str, str]:
    """What the task changes on the page: the examples, and whose evaluation it is."""
    return packed(_example_names(name)), packed(name)


def _warm_up(tasks: Tasks, health: Health) -> None:
    """Everything once for every task, drawing included; the health says which of them answered."""
    for module in ("pandas", "matplotlib.pyplot"):  # where they are, Gradio would make the first visitor wait for them
        with suppress(ImportError):
            import_module(module)
    for name in tasks.names:
        try:
            tasks.predictor(name).warm_up()
            for example in sorted(tasks.examples(name), key=lambda one: -len(one))[:1]:  # all of its parts
                read(tasks.predictor(name), text=example.text or None, image=example.image, audio=example.audio)
            health.answered.add(name)
        except Exception as error:  # whatever it is: the other tasks can still be read
            health.broken.add(name)
            logging.getLogger(__name__).warning("The checkpoint %s cannot be used: %s", name, error)
