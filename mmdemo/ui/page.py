"""The page: three inputs, an answer, a drawing; and the wiring between them."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl

import gradio as gr

from mmdemo import __version__, workers
from mmdemo.image import KEPT as KEPT_CANDIDATES
from mmdemo.messages import InputError
from mmdemo.noise import SNR, Noise
from mmdemo.serve import lent, uploads
from mmdemo.serve.health import Health
from mmdemo.serve.logs import watched
from mmdemo.text import MAX_CHARACTERS
from mmdemo.ui import parts
from mmdemo.ui.asking import Reading, reply
from mmdemo.ui.endpoints import open_endpoints
from mmdemo.ui.evaluating import case_inputs, told
from mmdemo.ui.parts import packed
from mmdemo.ui.reading import read, said
from mmdemo.ui.tasks import EXAMPLES, Tasks

CHECKPOINTS = Path(os.environ.get("MMDEMO_CHECKPOINTS", Path(__file__).resolve().parents[2] / "checkpoints"))
KEPT = (uploads.EVERY, 60 * uploads.MINUTES)  # seconds: how often files are deleted that are older than that
REMEMBERED = 3000  # seconds that a visitor's last reading is remembered
WAITING = 64  # requests at most; the next are told when to come again
SOUND_DEGREES = int(SNR[1] - SNR[0]) + 1  # of background noise: none, then from the faintest on, a dB each
AT_ONCE = workers.usual() + 2  # visitors whose inputs are read at the same time; the others wait in the queue
HASH = "() => location.hash.slice(1)"
LONGEST_LINK = 12 * MAX_CHARACTERS + 200  # characters; a character of the text is at most %F0%9F%98%80
Shown = tuple[str, str, str, Reading]
FONTS = [
    "Inter",
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Noto Sans",
    "Noto Sans CJK SC",
    "PingFang SC",
    "sans-serif",
]
MONO = ["JetBrains Mono", "ui-monospace", "Menlo", "Consolas", "monospace"]

LAUNCH: dict[str, Any] = {
    "theme": gr.themes.Base(font=FONTS, font_mono=MONO).set(  # colours before our style sheet is there
        body_background_fill="#fbfbfa",
        body_background_fill_dark="#14161a",
        body_text_color="#1b1d22",
        body_text_color_dark="#eceef2",
    ),
    "head": parts.head(),
    "max_file_size": "10mb",
    "show_error": False,
    "run_history": False,
    "enable_monitoring": False,
    "footer_links": ["api"],
    "ssr_mode": False,
}


def build(checkpoints: Path = CHECKPOINTS, warm: bool = False) -> gr.Blocks:
    """The page for the tasks in a folder.

    Args:
        checkpoints: every folder in it that has a ``config.json`` is a task.
        warm: load the tasks in the background and run each once, so that the first visitor waits no longer than others.
    """
    uploads.folder()  # before any part of the page asks Gradio where that is
    tasks = Tasks(checkpoints)
    gr.set_static_paths([*parts.SERVED, EXAMPLES])
    with gr.Blocks(title="mmdemo", delete_cache=KEPT, analytics_enabled=False) as demo:
        with gr.Row(elem_id="top"):
            parts.title()
            task = _task_choice(tasks.names)
            parts.switches()
        parts.heading(1)
        with gr.Row(elem_id="cards", equal_height=True):
            with gr.Column(elem_classes="mm-card mm-of-text", min_width=250):
                use_text = parts.use_switch("text", "Words")
                text = gr.Textbox(
                    label="Words",
                    show_label=False,
                    lines=1,  # so that Enter reads it, and Shift+Enter begins a line
                    max_lines=6,
                    max_length=MAX_CHARACTERS,
                    container=False,
                    elem_id="text",
                )
                typing = parts.noise_slider("typing", "Typing errors")
                parts.help_line("text")
            with gr.Column(elem_classes="mm-card mm-of-image", min_width=250):
                use_image = parts.use_switch("image", "Picture")
                image = parts.picture_input()
                with gr.Row():
                    blur = parts.noise_slider("blur", "Blur")
                    darkness = parts.noise_slider("darkness", "Darkness")
                parts.help_line("image")
            with gr.Column(elem_classes="mm-card mm-of-audio", min_width=250):
                use_audio = parts.use_switch("audio", "Sound")
                audio = parts.sound_input()
                sound = parts.noise_slider("sound", "Background noise", SOUND_DEGREES)
                parts.help_line("audio")
        with gr.Row(elem_id="try"):
            examples = parts.examples(_example_names(task.value))
            parts.tour()
            button = gr.Button("Read it", variant="primary", elem_id="run", min_width=120, scale=0)
        parts.heading(2)
        answer = parts.answer()
        parts.heading(3)
        parts.compare()
        drawing = parts.drawing()
        replies = parts.replies()
        parts.take()
        parts.how()
        evaluation = parts.evaluation(task.value)
        footer = parts.footer()
        link = gr.Textbox(visible=False)
        reading = gr.State(time_to_live=REMEMBERED)  # the last one of this visitor, which the drawing asks about
        taken = gr.State(None, time_to_live=REMEMBERED)  # which candidate in the picture is read, as the visitor chose

        given, used, noise = [text, image, audio], [use_text, use_image, use_audio], [typing, blur, darkness, sound]
        filled, shown = [*given, *used, *noise], [answer, drawing, footer, reading]
        model = {"concurrency_id": "model", "concurrency_limit": AT_ONCE}
        ours = {"api_visibility": "undocumented", "show_progress": "minimal", "show_progress_on": answer, **model}
        open_endpoints(tasks, [*given, task], **model)
        run = _run(tasks)
        last = {"trigger_mode": "always_last", **ours}
        # Words are read as they are typed, a picture and a sound as soon as they are there.
        gr.on([button.click, text.submit, text.input], run, [*filled, task, taken], shown, api_name="run", **last)
        changes = [*(change.input for change in (audio, *used, task)), *(slider.release for slider in noise)]
        gr.on(changes, _run_again(run), [*filled, task, taken], shown, api_name="run_again", **last)
        image.input(_run_anew(run), [*filled, task], [taken, *shown], api_name="run_anew", **last)
        answer.told(_take(run), [*filled, task], [taken, *shown], api_name="take", **last)
        examples.told(_try(tasks, run), task, [*filled, taken, *shown], api_name="example", **ours)
        quiet = {"api_visibility": "undocumented", "show_progress": "hidden", "trigger_mode": "multiple", **model}
        drawing.told(_reply(tasks), [reading, task], replies, api_name="ask", **quiet)
        evaluation.told(_figures(tasks), None, replies, api_name="figures", **quiet)
        evaluation.chosen(
            _try_case(tasks, run), None, [task, examples, *filled, taken, *shown], api_name="case", **ours
        )
        demo.load(
            _restore(tasks, run), link, [text, task, examples, evaluation, *shown], js=HASH, api_name="restore", **quiet
        )
        task.input(_of_task, task, [examples, evaluation], api_visibility="private")
    demo.queue(max_size=WAITING, api_open=False)
    demo._queue.ANAYLTICS_CACHE_FREQUENCY = sys.maxsize  # else it makes a table of all runs after every one
    for event in demo.fns.values():
        if event.fn:
            event.fn = watched(event.fn, event.api_name or event.name)
    demo.looks, demo.preface = LAUNCH, parts.preface()  # what the server asks of a page...
    demo.health = Health(checkpoints, tasks.names)  # ...and of its checkpoints
    if lent.LENT:
        for name in tasks.names:
            with suppress(Exception):  # the warm-up says which and why
                tasks.predictor(name)
    if warm:
        Thread(target=_warm_up, args=(tasks, demo.health), name="warm-up", daemon=True).start()
    return demo


def _task_choice(names: list[str]) -> gr.Radio:
    """One of the tasks; the browser knows better names for some."""
    choices = [(name.replace("_", " ").capitalize(), name) for name in names]
    return gr.Radio(choices, value=names[0] if names else None, label="Task", container=False, elem_id="task")


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
            take=take,
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
