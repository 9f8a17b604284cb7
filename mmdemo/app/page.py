"""The page: three inputs, an answer, a drawing; and the wiring between them."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import gradio as gr

from mmdemo import resources
from mmdemo import worker_pool as workers
from mmdemo.app import parts
from mmdemo.app.api import open_endpoints
from mmdemo.app.handlers import (
    _example_names,
    _figures,
    _of_task,
    _reply,
    _restore,
    _run,
    _run_again,
    _run_anew,
    _take,
    _try,
    _try_case,
    _warm_up,
)
from mmdemo.app.tasks import EXAMPLES, Tasks
from mmdemo.audio.noise import SNR
from mmdemo.server import uploads
from mmdemo.server import zero_gpu as lent
from mmdemo.server.health import Health
from mmdemo.server.logs import watched
from mmdemo.text.reader import MAX_CHARACTERS

CHECKPOINTS = Path(os.environ.get("MMDEMO_CHECKPOINTS", resources.CHECKPOINTS))
KEPT = (uploads.EVERY, 60 * uploads.MINUTES)  # seconds: how often files are deleted that are older than that
REMEMBERED = 3000  # seconds that a visitor's last reading is remembered
WAITING = 64  # requests at most; the next are told when to come again
SOUND_DEGREES = int(SNR[1] - SNR[0]) + 1  # of background noise: none, then from the faintest on, a dB each
AT_ONCE = workers.usual() + 2  # visitors whose inputs are read at the same time; the others wait in the queue
HASH = "() => location.hash.slice(1)"
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
