"""The page: three inputs, an answer, a drawing; and the wiring between them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import gradio as gr
from gradio.data_classes import ImageData

from mmdemo.messages import InputError
from mmdemo.text import MAX_CHARACTERS
from mmdemo.ui.parts import SERVED, UI, Answer, Drawing, Examples, Footer, Heading, Help, Switches, Title, packed
from mmdemo.ui.reading import read
from mmdemo.ui.tasks import EXAMPLES, Tasks

CHECKPOINTS = Path(os.environ.get("MMDEMO_CHECKPOINTS", Path(__file__).resolve().parents[2] / "checkpoints"))
KEPT = (600, 3600)  # seconds: every ten minutes, files that are older than an hour are deleted
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

LAUNCH: dict[str, Any] = {
    "theme": gr.themes.Base(
        font=FONTS, font_mono=["JetBrains Mono", "ui-monospace", "Menlo", "Consolas", "monospace"], radius_size="md"
    ).set(
        body_background_fill="#fbfbfa",
        body_background_fill_dark="#14161a",
        body_text_color="#1b1d22",
        body_text_color_dark="#eceef2",
    ),
    "head": f"<style>{''.join((UI / name).read_text(encoding='utf-8') for name in ('drawing.css', 'page.css'))}</style>",
    "max_file_size": "10mb",
    "show_error": False,
    "run_history": False,
    "enable_monitoring": False,
    "footer_links": [],
    "ssr_mode": False,
}


class Picture(gr.Image):
    """Gradio's picture input, which hands over the file as it came: our reader opens it, and refuses it kindly."""

    def preprocess(self, payload: ImageData | None) -> str | None:
        """The file's path; a ``data:`` URL, as the API may send it, becomes a file first."""
        return payload.path if payload and payload.path else super().preprocess(payload)

    def get_block_name(self) -> str:
        """In the browser it is Gradio's own."""
        return "image"


def build(checkpoints: Path = CHECKPOINTS, warm: bool = False) -> gr.Blocks:
    """The page for the tasks in a folder.

    Args:
        checkpoints: every folder in it that has a ``config.json`` is a task.
        warm: load the tasks in the background and run each once, so that the first visitor waits no longer than others.
    """
    tasks = Tasks(checkpoints)
    gr.set_static_paths([*SERVED, EXAMPLES])
    first = tasks.names[0] if tasks.names else None
    with gr.Blocks(title="mmdemo", delete_cache=KEPT, analytics_enabled=False) as demo:
        with gr.Row(elem_id="top"):
            Title(elem_id="title")
            task = gr.Radio(
                [(name.replace("_", " ").capitalize(), name) for name in tasks.names],
                value=first,
                label="Task",
                container=False,
                elem_id="task",
            )
            Switches(elem_id="switches")
        Heading(1)
        with gr.Row(elem_id="cards", equal_height=True):
            with gr.Column(elem_classes="mm-card mm-of-text", min_width=250):
                use_text = gr.Checkbox(True, label="Words", container=False, elem_id="use-text", elem_classes="mm-use")
                text = gr.Textbox(
                    label="Words",
                    show_label=False,
                    lines=1,
                    max_lines=6,
                    max_length=MAX_CHARACTERS,
                    container=False,
                    elem_id="text",
                )
                Help("text", elem_classes="mm-help")
            with gr.Column(elem_classes="mm-card mm-of-image", min_width=250):
                use_image = gr.Checkbox(
                    True, label="Picture", container=False, elem_id="use-image", elem_classes="mm-use"
                )
                image = Picture(
                    label="Picture",
                    show_label=False,
                    type="filepath",
                    image_mode=None,
                    sources=["webcam", "upload"],
                    webcam_options=gr.WebcamOptions(mirror=False),
                    buttons=[],
                    height=220,
                    elem_id="image",
                )
                Help("image", elem_classes="mm-help")
            with gr.Column(elem_classes="mm-card mm-of-audio", min_width=250):
                use_audio = gr.Checkbox(
                    True, label="Sound", container=False, elem_id="use-audio", elem_classes="mm-use"
                )
                audio = gr.Audio(
                    label="Sound",
                    show_label=False,
                    type="filepath",
                    sources=["microphone", "upload"],
                    waveform_options=gr.WaveformOptions(sample_rate=16_000),
                    buttons=[],
                    elem_id="audio",
                )
                Help("audio", elem_classes="mm-help")
        with gr.Row(elem_id="try"):
            examples = Examples(_example_names(first), elem_id="examples")
            button = gr.Button("Read it", variant="primary", elem_id="run", min_width=120, scale=0)
        Heading(2)
        answer = Answer(elem_id="answer")
        Heading(3)
        drawing = Drawing(elem_id="drawing")
        footer = Footer(elem_id="footer")
        said = gr.JSON(visible=False)

        given, switches, shown = [text, image, audio], [use_text, use_image, use_audio], [answer, drawing, footer]
        model = {
            "concurrency_id": "model",
            "concurrency_limit": 2,
            "show_progress": "minimal",
            "show_progress_on": answer,
        }
        run = _run(tasks)
        gr.on(
            [button.click, text.submit, *(switch.input for switch in switches), task.input],
            run,
            [*given, *switches, task],
            shown,
            api_name="run",
            api_visibility="private",
            trigger_mode="always_last",
            **model,
        )
        examples.told(
            _try(tasks, run), task, [*given, *switches, *shown], api_name="example", api_visibility="private", **model
        )
        task.input(
            lambda task: packed(_example_names(task)), task, examples, api_visibility="private", show_progress="hidden"
        )
        gr.Button(visible=False).click(
            _predict(tasks), [*given, task], said, api_name="predict", concurrency_id="model", concurrency_limit=2
        )
    demo.queue(max_size=64)
    if warm:
        Thread(target=_warm_up, args=(tasks,), name="warm-up", daemon=True).start()
    return demo


def _run(tasks: Tasks) -> Callable[..., tuple[str, str, str]]:
    def run(
        text: str, image: str | None, audio: str | None, use_text: bool, use_image: bool, use_audio: bool, task: str
    ) -> tuple[str, str, str]:
        """What the person gave and left switched on -> the values of answer, drawing and footer."""
        said, figure = read(
            tasks.predictor(task),
            text=text or None if use_text else None,
            image=image if use_image else None,
            audio=audio if use_audio else None,
        )
        where = {"milliseconds": said.pop("milliseconds"), "device": said["device"], "checkpoint": task}
        return packed(said), packed(figure), packed(where)

    return run


def _try(tasks: Tasks, run: Callable[..., tuple[str, str, str]]) -> Callable[..., tuple[Any, ...]]:
    def example(task: str, event: gr.EventData) -> tuple[Any, ...]:
        """A chip was clicked -> what it fills in, all switches on, and the result."""
        chosen = next((item for item in tasks.examples(task) if item.name == event.name), None)
        if chosen is None:
            raise gr.Error("No such example.", print_exception=False)
        files = [path and str(path) for path in (chosen.image, chosen.audio)]
        return chosen.text, *files, True, True, True, *run(chosen.text, *files, True, True, True, task)

    return example


def _predict(tasks: Tasks) -> Callable[..., dict[str, Any]]:
    def predict(text: str, image: str | None, audio: str | None, task: str) -> dict[str, Any]:
        """Read words, a picture, a sound, or any of them, and decide.

        Args:
            text: what to read; "" for none.
            image: a picture's file.
            audio: a recording's file.
            task: a folder in checkpoints/.

        Returns:
            label, probability, probabilities by class, sure and the reason if not, contradiction, the modalities used
            and ignored with the reason, notes, milliseconds by stage, device.
        """
        try:
            return tasks.predictor(task).predict(text=text or None, image=image, audio=audio).to_json()
        except InputError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return predict


def _example_names(task: str | None) -> list[str]:
    return [example.name for example in Tasks.examples(task)] if task else []


def _warm_up(tasks: Tasks) -> None:
    """Everything once for every task, drawing included."""
    for name in tasks.names:
        tasks.predictor(name).warm_up()
        for example in tasks.examples(name)[:1]:
            read(tasks.predictor(name), text=example.text or None, image=example.image, audio=example.audio)
