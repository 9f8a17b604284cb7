"""What a request for a run may hold, checked before Gradio sees it: plain JSON, of the types that the inputs have.

Gradio trusts its own page here: it does not check most types, lets NaN past its limits, fetches addresses, and answers
what does not fit with a traceback in the log and nothing for the visitor.
"""

from __future__ import annotations

import inspect
import json
import math
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import gradio as gr
from gradio.block_function import BlockFunction

from mmdemo.messages import InputError
from mmdemo.server import uploads

DEEPEST = 12  # lists and objects within one another
PASSED_ON = ("data", "event_data", "fn_index", "session_hash", "trigger_id")
SESSION = re.compile(r"[\w-]{1,64}", re.ASCII)
FILE = re.compile(r"https?://[^/\s]+(?:/[^?#\s]*)?/gradio_api/file=([^?#\s]+)")  # as assistants name an upload


def parse(raw: bytes) -> Any:
    """JSON, with finite numbers and whole characters only.

    Raises:
        InputError: it is not.
    """

    def finite(number: str) -> float:
        if not math.isfinite(value := float(number)):
            raise ValueError(number)
        return value

    try:
        value = json.loads(raw, parse_constant=finite, parse_float=finite)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # no half of a character
    except (ValueError, RecursionError) as error:
        raise InputError("serve.request") from error
    if _depth(value) > DEEPEST:
        raise InputError("serve.request")
    return value


def check_call(blocks: gr.Blocks, name: str, body: Any, *, named: bool) -> Any:
    """The body of a call by name: ``{"data": [...]}``, or the inputs by their names."""
    fn = next((fn for fn in blocks.fns.values() if fn.api_name == name), None)
    if fn is None or not isinstance(body, dict):
        raise InputError("serve.request")
    if not named:
        session = _session(body, needed=False)
        return {"data": _data(fn, body.get("data")), **({"session_hash": session} if session else {})}
    by_name = dict(zip(inspect.signature(fn.fn).parameters, fn.inputs, strict=False))
    if not set(body) <= set(by_name):
        raise InputError("serve.request")
    for key, value in body.items():
        _check(by_name[key], value)
    return body


def check_join(blocks: gr.Blocks, body: Any) -> Any:
    """The body with which the page asks for a run."""
    number = body.get("fn_index") if isinstance(body, dict) else None
    if isinstance(number, bool) or not isinstance(number, int) or number not in blocks.fns:
        raise InputError("serve.request")
    trigger = body.get("trigger_id")
    if trigger is not None and (isinstance(trigger, bool) or not isinstance(trigger, int)):
        raise InputError("serve.request")
    _session(body, needed=True)
    if not isinstance(body.get("data"), list) or len(body["data"]) != len(blocks.fns[number].inputs):
        raise InputError("serve.request")
    body["data"] = _data(blocks.fns[number], body["data"])
    return {key: body[key] for key in PASSED_ON if key in body}


def _session(body: dict[str, Any], *, needed: bool) -> str | None:
    session = body.get("session_hash")
    if session is None and not needed:
        return None
    if not isinstance(session, str) or not SESSION.fullmatch(session):
        raise InputError("serve.request")
    return session


def _data(fn: BlockFunction, data: Any) -> list[Any]:
    """One value for each input: those that are missing at the end are what the page begins with."""
    shown = [block for block in fn.inputs if not block.skip_api]
    inputs = fn.inputs if isinstance(data, list) and len(data) == len(fn.inputs) else shown
    if not isinstance(data, list) or len(data) > len(inputs):
        raise InputError("serve.request")
    for block, value in zip(inputs, data, strict=False):
        _check(block, value)
    missing = [getattr(block, "value", None) for block in inputs[len(data) :]]
    return [*data, *missing]


def _check(block: Any, value: Any) -> None:
    """Whether a value is of the type that an input takes; nothing given is always right, but for a number."""
    if isinstance(block, gr.State):
        return  # kept here, never taken from a request
    if isinstance(block, gr.Slider | gr.Number):
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    elif value is None:
        fits = not isinstance(block, gr.Checkbox)
    elif isinstance(block, gr.Checkbox):
        fits = isinstance(value, bool)
    elif isinstance(block, gr.Image | gr.Audio | gr.File):
        fits = isinstance(value, dict)
        if fits:
            _check_file(value, inline=isinstance(block, gr.Image))
    elif isinstance(block, gr.Textbox | gr.HTML | gr.Radio):
        fits = isinstance(value, str)
    else:
        fits = not _files(value)
    if not fits:
        raise InputError("serve.request")


def _check_file(value: dict[str, Any], *, inline: bool) -> None:
    """A file is one that was uploaded here or comes with the page, or a picture that travels within the request."""
    path, url = value.get("path"), value.get("url")
    if isinstance(path, str) and (named := FILE.fullmatch(path)):
        path = value["path"] = unquote(named[1])  # whoever's address that was: nothing is ever fetched
    if not path and inline and isinstance(url, str) and url.startswith("data:image/") and ";base64," in url[:80]:
        return
    if not isinstance(path, str) or not path or not isinstance(url, str | None):
        raise InputError("serve.upload_first")
    try:
        whole = Path(path).resolve()
        ours = whole.is_relative_to(uploads.folder().resolve()) or _static(whole)
        if ours and not whole.is_file():
            raise InputError("serve.gone", minutes=round(uploads.MINUTES))
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("serve.upload_first") from error
    if not ours or whole != Path(path):
        raise InputError("serve.upload_first")


def _static(path: Path) -> bool:
    from gradio.data_classes import _StaticFiles

    return any(path.is_relative_to(Path(allowed).resolve()) for allowed in _StaticFiles.all_paths)


def _files(value: Any) -> bool:
    """Whether a value that is no file holds something that Gradio would take for one."""
    if isinstance(value, dict):
        return "path" in value or "url" in value or any(_files(item) for item in value.values())
    return isinstance(value, list) and any(_files(item) for item in value)


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            inner
            for item in level
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        if depth > DEEPEST:
            break
    return depth
