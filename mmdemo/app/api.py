"""What programs may call: ``predict`` and ``explain``, over HTTP and, if ``mcp`` is installed, over MCP.

Their docstrings are the descriptions that programs and assistants get.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from mmdemo.app.parts import as_it_came
from mmdemo.app.tasks import Tasks
from mmdemo.inference.export import as_json, as_npz, summary
from mmdemo.inference.result import Result
from mmdemo.messages import InputError
from mmdemo.server import uploads
from mmdemo.server.gradio_compat import set_example

TRACES = {"json": as_json, "npz": lambda result, _: as_npz(result)}  # the full trace as a file


def open_endpoints(tasks: Tasks, sources: Sequence[gr.Component], task: gr.Radio, **settings: Any) -> None:
    """Wire both to the page's inputs, as public endpoints with names.

    Call it before the page's own events are wired: in the browser, Gradio takes an event's number for its place among
    the public ones.

    Args:
        tasks: what can be asked.
        sources: the inputs for text, image, audio and video, in this order.
        task: the choice of a task.
        settings: further ones of both events.
    """
    kind = gr.Radio(list(TRACES), value="json", label="Trace", visible=False)
    answer, explanation = (gr.JSON(visible=False, label=name) for name in ("Answer", "Explanation"))
    trace = gr.File(visible=False, label="The full trace")
    set_example(task, lambda: tasks.names[0] if tasks.names else None)
    *others, video = sources
    inputs = [*others, task]
    settings |= {"preprocess": False}  # by Gradio, which goes to another thread and back for each of the inputs
    gr.Button(visible=False).click(_predict(tasks), [*inputs, video], answer, api_name="predict", **settings)
    gr.Button(visible=False).click(
        _explain(tasks), [*inputs, kind, video], [explanation, trace], api_name="explain", **settings
    )


def _predict(tasks: Tasks) -> Callable[..., dict[str, Any]]:
    def predict(
        text: str | None = None,
        image: str | None = None,
        audio: str | None = None,
        task: str | None = None,
        video: str | None = None,
    ) -> dict[str, Any]:
        """One LSTM reads words, a picture, a sound, or any of them, as one sequence, and says which label they mean.

        Args:
            text: words, such as "three, no wait, five", or nothing.
            image: a picture (JPEG, PNG, HEIC, ...), uploaded, or over MCP as a data: address, or nothing.
            audio: a recording (WAV, MP3, M4A, WebM, ...), uploaded, or over MCP as a data: address, or nothing.
            task: what the labels are: "digits" (zero to nine) unless given; "lips" reads videos.
            video: a video with its sound (WebM, MP4, MOV) of a face that speaks, uploaded, or nothing.

        Returns:
            The label, its probability, the probabilities by label, how far it can be trusted (``level``: clear, likely
            or unclear) and why no further, which of the inputs were used, and why any was ignored.
        """
        return _read(tasks, text, image, audio, task, video).to_json()

    return predict


def _explain(tasks: Tasks) -> Callable[..., tuple[dict[str, Any], str | None]]:
    def explain(
        text: str | None = None,
        image: str | None = None,
        audio: str | None = None,
        task: str | None = None,
        trace: str = "json",
        video: str | None = None,
    ) -> tuple[dict[str, Any], str | None]:
        """What predict does, and why the LSTM answered so: for each step it read, its belief and its evidence.

        Args:
            text: words, such as "three, no wait, five", or nothing.
            image: a picture (JPEG, PNG, HEIC, ...), uploaded, or over MCP as a data: address, or nothing.
            audio: a recording (WAV, MP3, M4A, WebM, ...), uploaded, or over MCP as a data: address, or nothing.
            task: what the labels are: "digits" (zero to nine) unless given; "lips" reads videos.
            trace: the kind of the file: "json" has everything, "npz" the gates and states in full precision.
            video: a video with its sound (WebM, MP4, MOV) of a face that speaks, uploaded, or nothing.

        Returns:
            The answer, sentences about it, each input's share of it, and for each step the belief, the evidence
            and the mean gates; and a file with every gate and state of every unit at every step.
        """
        result = _read(tasks, text, image, audio, task, video)
        if trace not in TRACES:
            raise gr.Error(f"The trace can be one of {', '.join(TRACES)}.", print_exception=False)
        explanation = tasks.predictor(result.task).explain(result)
        return summary(result, explanation), explanation and _file(result, TRACES[trace](result, explanation), trace)

    return explain


def _read(tasks: Tasks, text: str | None, image: Any, audio: Any, task: str | None, video: Any) -> Result:
    task = next(iter(tasks.names), None) if task is None else task
    if task not in tasks.names:
        raise gr.Error(f"The task can be one of {', '.join(tasks.names)}.", print_exception=False)
    try:
        files = {"image": image, "audio": audio, "video": video}
        sources = {name: as_it_came(file) for name, file in files.items() if file}
        return tasks.predictor(task).predict(text=text or None, **sources)
    except InputError as error:
        raise gr.Error(str(error), print_exception=False) from error


def _file(result: Result, content: bytes, ending: str) -> str:
    """Where it lies until it is fetched: among the uploads, and deleted as they are."""
    path = Path(tempfile.mkdtemp(dir=uploads.folder()), f"{result.file_name}.{ending}")
    path.write_bytes(content)
    uploads.charge(path)
    return str(path)
