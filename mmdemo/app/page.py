"""The page: its inputs, an answer and a drawing, and which event does what."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import gradio as gr

from mmdemo import resources, worker_pool
from mmdemo.app import parts
from mmdemo.app.api import open_endpoints
from mmdemo.app.given import SLIDERS
from mmdemo.app.handlers import Handlers
from mmdemo.app.opening import Opening
from mmdemo.app.tasks import EXAMPLES, Tasks
from mmdemo.app.warm_up import warm_up
from mmdemo.config import INPUTS, CheckpointError
from mmdemo.server import gradio_compat, uploads, zero_gpu
from mmdemo.server.health import Health
from mmdemo.server.logs import logged
from mmdemo.server.quotas import WAITING

CHECKPOINTS = Path(os.environ.get("MMDEMO_CHECKPOINTS", resources.CHECKPOINTS))
DELETE_CACHE = (uploads.CLEAN_EVERY, 60 * uploads.MINUTES)  # seconds: how often files are deleted that are this old
SESSION_SECONDS = 3000  # that a visitor's last reading is remembered
# runs in progress, most of which wait for a worker; others wait in the queue
MAX_RUNNING = worker_pool.default_count() + 8
HASH = "() => location.hash.slice(1)"
SHOW = "() => ({__type__: 'update', visible: true})"  # what gr.update(visible=True) is in the browser
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
    "max_file_size": "32mb",
    "show_error": False,
    "run_history": False,
    "enable_monitoring": False,
    "footer_links": ["api"],
    "ssr_mode": False,
}


@dataclass(frozen=True)
class Card:
    """One input of the page.

    Attributes:
        title: what it takes, for screen readers until the browser knows the language.
        source: makes the component that takes it.
        sliders: of noise, by their names in ``given.SLIDERS``, and their titles.
    """

    title: str
    source: Callable[[], gr.Component]
    sliders: dict[str, str]


CARDS = {  # by modality
    "text": Card("Words", parts.words_input, {"typing": "Typing errors"}),
    "image": Card("Picture", parts.picture_input, {"blur": "Blur", "darkness": "Darkness"}),
    "audio": Card("Sound", parts.sound_input, {"sound": "Background noise"}),
    "video": Card("Video", parts.video_input, {}),
}


@dataclass
class Layout:
    """The components that events are wired to.

    Attributes:
        sources, used: the inputs and their switches, by modality.
        noise: the sliders, by name.
        film: the card of videos, which is not loaded before a task reads some.
        task, button, examples: what else a visitor sets or presses.
        answer, drawing, evaluation, footer: what is shown.
        drawers: what is shut at first, and the part that has it made: the browser does so once the page is ready.
        replies: what the drawing, the evaluation and a live session asked for, on its way back.
        live: a live session, which the page reads itself.
        link: what follows the # of the address.
        reading: the visitor's last one, which the drawing asks about.
        candidate: which one in the picture is read, if the visitor has chosen one.
    """

    sources: dict[str, Any]
    used: dict[str, gr.Checkbox]
    noise: dict[str, gr.Slider]
    film: gr.Column
    task: gr.Radio
    button: gr.Button
    examples: gr.HTML
    answer: gr.HTML
    drawing: gr.HTML
    evaluation: gr.HTML
    footer: gr.HTML
    drawers: list[tuple[gr.HTML, gr.Column]]
    replies: gr.HTML
    live: gr.HTML
    link: gr.Textbox
    reading: gr.State
    candidate: gr.State

    @property
    def given(self) -> list[Any]:
        """The components of a ``Given``, in the order of its ``values()``."""
        by_modality = [part[modality] for part in (self.sources, self.used) for modality in INPUTS]
        return [*by_modality, *(self.noise[name] for name in SLIDERS)]

    @property
    def shown(self) -> list[Any]:
        """What a result fills."""
        return [self.answer, self.drawing, self.footer, self.reading]


def build(checkpoints: Path = CHECKPOINTS, warm: bool = False, opening: bool = True) -> gr.Blocks:
    """The page for the tasks in a folder.

    Args:
        checkpoints: every folder in it that has a ``config.json`` is a task.
        warm: load the tasks in the background and run each once, so that the first visitor waits no longer than others.
        opening: open with a reading that is already drawn, where one was shipped for these checkpoints.

    Returns:
        the page, with what the server needs of it: ``looks``, the arguments of its ``launch``, and ``health``.

    Raises:
        CheckpointError: there are tasks, and none of them can be used.
    """
    uploads.folder()  # before any part of the page asks Gradio where that is
    tasks = Tasks(checkpoints)
    if tasks.broken and not tasks.names:
        raise CheckpointError(" ".join(tasks.broken.values()))
    gr.set_static_paths([*parts.served(), EXAMPLES, tasks.live_folder])
    with gr.Blocks(title="mmdemo", delete_cache=DELETE_CACHE, analytics_enabled=False) as demo:
        first = Opening.of(tasks) if opening else None
        wire(demo, lay_out(tasks, first), tasks)
    demo.queue(max_size=WAITING.all, api_open=False)
    gradio_compat.skip_run_statistics(demo)
    gradio_compat.wrap_events(demo, logged)
    demo.looks, demo.preview = LAUNCH, parts.preview()
    demo.preface = parts.preface() + parts.early() + parts.head(next(iter(tasks.names), None))
    demo.health = Health(checkpoints, tasks.names)
    demo.health.broken |= set(tasks.broken)
    if zero_gpu.ON_ZERO_GPU:
        for name in tasks.names:  # before the server starts, or they cannot be put on the GPU
            with suppress(Exception):  # the warm-up says which one cannot be loaded, and why
                tasks.predictor(name)
    if warm:
        Thread(target=warm_up, args=(tasks, demo.health), name="warm-up", daemon=True).start()
    return demo


def lay_out(tasks: Tasks, opening: Opening | None = None) -> Layout:
    """Put all parts on the page, from top to bottom; the answer and the drawing show the opening, if there is one."""
    with gr.Row(elem_id="top"):
        parts.title()
        task = task_choice(tasks.names)
        parts.switches({name: tasks.senses(name) for name in tasks.names})
    sources, used, noise, drawers = {}, {}, {}, []
    with gr.Row(elem_id="cards", equal_height=True):
        for modality, card in CARDS.items():
            shown = modality != "video" or modality in tasks.senses(task.value)  # Gradio then loads nothing for it
            with gr.Column(elem_classes=f"mm-card mm-of-{modality}", min_width=0, visible=shown) as film:
                used[modality] = parts.use_switch(modality, card.title)
                if modality == "text":
                    sources[modality] = card.source(opening.text if opening else "")
                    button = gr.Button("Read it", variant="primary", elem_id="run", min_width=40, scale=0)
                    continue
                opener = parts.give(modality)
                with drawer(f"drawer-{modality}") as shut:
                    sources[modality] = card.source()
                    parts.help_line(modality)
                drawers.append((opener, shut))
    with gr.Row(elem_id="try"):
        examples = parts.examples(tasks.example_names(task.value))
        opener = parts.harder()
        parts.tour()
        with drawer("harder-drawer") as shut:
            for modality, card in CARDS.items():
                for name, title in card.sliders.items():
                    noise[name] = parts.noise_slider(name, title, modality, SLIDERS[name])
        drawers.append((opener, shut))
    with gr.Row(elem_id="stage"):
        answer = parts.answer(opening and opening.said)
        with gr.Column(elem_id="read", min_width=0):
            parts.compare()
            drawing = parts.drawing(opening and opening.figure)
            parts.take()
    replies = parts.replies()
    live = parts.live()
    parts.how()
    evaluation = parts.evaluation(task.value)
    footer = parts.footer()
    link = gr.Textbox(visible=False)
    reading, candidate = gr.State(time_to_live=SESSION_SECONDS), gr.State(None, time_to_live=SESSION_SECONDS)
    return Layout(
        sources, used, noise, film, task, button, examples, answer, drawing, evaluation, footer, drawers, replies, live,
        link, reading, candidate,
    )  # fmt: skip


def wire(demo: gr.Blocks, on: Layout, tasks: Tasks) -> None:
    """Say which event does what: each line is an event, its handler, what that takes, and what it fills."""
    do = Handlers(tasks)
    text, image, audio, video = (on.sources[modality] for modality in INPUTS)
    given, chosen = [*on.given, on.task], [on.candidate, *on.shown]
    model = {"concurrency_id": "model", "concurrency_limit": MAX_RUNNING}
    open_endpoints(tasks, list(on.sources.values()), on.task, **model)

    own = {"api_visibility": "undocumented", **model}
    visible = {"show_progress": "minimal", "show_progress_on": on.answer, **own}
    last = {"trigger_mode": "always_last", **visible}
    quiet = {"show_progress": "hidden", "trigger_mode": "multiple", **own}

    # Words are read as they are typed, a picture and a sound as soon as they are there.
    typed = [on.button.click, text.submit, text.input]
    changed = [each.input for each in (audio, *on.used.values())]
    shown_anew = [image.input, video.input, video.stop_recording]  # a recording is no input of Gradio's
    released = [slider.release for slider in on.noise.values()]
    newest = do.newest
    gr.on(typed, newest(do.run), [*given, on.candidate], on.shown, api_name="run", **last)
    gr.on([*changed, *released], newest(do.run_again), [*given, on.candidate], on.shown, api_name="run_again", **last)
    gr.on(shown_anew, newest(do.run_anew), given, chosen, api_name="run_anew", **last)
    on.task.input(newest(do.run_for_task), given, chosen, api_name="run_for_task", **last)
    on.answer.told(newest(do.choose_candidate), given, chosen, api_name="candidate", **last)

    on.examples.told(newest(do.try_example), on.task, [*on.given, *chosen], api_name="example", **visible)
    on.drawing.told(do.answer_drawing, [on.reading, on.task], on.replies, api_name="ask", **quiet)
    on.evaluation.told(do.answer_evaluation, None, on.replies, api_name="figures", **quiet)
    filled = [on.task, on.examples, *on.given, *chosen]
    on.live.told(do.answer_live, None, on.replies, api_name="live", **quiet)
    on.evaluation.chosen(newest(do.try_case), None, filled, api_name="case", **visible)
    filled = [on.task, on.examples, on.evaluation, text, *(on.noise[name] for name in SLIDERS), *on.shown]
    demo.load(do.open_link, on.link, filled, js=HASH, api_name="restore", **quiet)
    on.task.change(None, on.task, on.film, js=_shows_film(tasks), show_progress="hidden", api_visibility="private")
    for opener, shut in on.drawers:
        opener.told(None, None, shut, js=SHOW, queue=False, show_progress="hidden", api_visibility="private")
    on.task.input(do.choose_task, on.task, [on.examples, on.evaluation], api_visibility="private")


def _shows_film(tasks: Tasks) -> str:
    """JavaScript: whether there is a card for videos, by the task that is chosen; nobody has to ask the server."""
    filmed = [name for name in tasks.names if "video" in tasks.senses(name)]
    return f"(task) => ({{__type__: 'update', visible: {json.dumps(filmed)}.includes(task)}})"


def drawer(elem_id: str) -> gr.Column:
    """What lies below the page's first sight until it is opened; not even made at first."""
    return gr.Column(elem_classes="mm-drawer", elem_id=elem_id, min_width=0, visible=False)


def task_choice(names: list[str]) -> gr.Radio:
    """One of the tasks; the browser knows better names for some."""
    choices = [(name.replace("_", " ").capitalize(), name) for name in names]
    return gr.Radio(choices, value=names[0] if names else None, label="Task", container=False, elem_id="task")
