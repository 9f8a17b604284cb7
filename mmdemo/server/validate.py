"""Checks of what a request for a run holds, before Gradio sees it: plain JSON, of the types that the inputs take.

Gradio trusts its own page here. It does not check most types, lets NaN pass its limits, fetches addresses, and what
does not fit ends as a traceback in the log and as nothing for the visitor.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import gradio as gr

from mmdemo.messages import InputError
from mmdemo.server import uploads
from mmdemo.server.gradio_compat import API, Event, event_by_name, event_by_number, static_paths
from mmdemo.server.places import Places

MAX_DEPTH = 12  # of lists and objects within one another
MAX_SIGNS = 20_000  # of those that stand between values, in a text, too, which may have two thousand characters
SIGNS = (b",", b":", b"[", b"{")
JOIN_KEYS = ("data", "event_data", "fn_index", "session_hash", "trigger_id")  # that are passed on
MAX_KEY, MAX_NUMBER = 64, 2**31  # characters of a key and the largest number in a message besides runs
MAX_MCP_VALUES = 200  # in a request over MCP; a client that introduces itself needs some twenty
MCP_KEYS = {"jsonrpc", "id", "method", "params"}
MCP_METHOD = re.compile(r"[\w/]{1,64}", re.ASCII)
SESSION = re.compile(r"[\w-]{1,64}", re.ASCII)
UPLOAD_URL = re.compile(rf"https?://[^/\s]+(?:/[^?#\s]*)?{API}file=([^?#\s]+)")  # how assistants name an upload


def parse(raw: bytes) -> Any:
    """JSON, with finite numbers and whole characters only, and not too many nor too deep.

    A million small lists are two megabytes, and take Python seconds: they are counted before anything is made of them.

    Raises:
        InputError: it is not.
    """
    if sum(map(raw.count, SIGNS)) > MAX_SIGNS:
        raise InputError("serve.request")

    def finite(number: str) -> float:
        if not math.isfinite(value := float(number)):
            raise ValueError(number)
        return value

    try:
        value = json.loads(raw, parse_constant=finite, parse_float=finite)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # no half of a character
    except (ValueError, RecursionError) as error:
        raise InputError("serve.request") from error
    if _depth(value) > MAX_DEPTH:
        raise InputError("serve.request")
    return value


def check_message(body: Any) -> None:
    """Check what a page tells besides runs, such as that one is cancelled: a few names, numbers and yes or no.

    Raises:
        InputError: it is something else.
    """
    if not isinstance(body, dict):
        raise InputError("serve.request")
    for key, value in body.items():
        plain = value is None or isinstance(value, int) or (isinstance(value, str) and SESSION.fullmatch(value))
        if not plain or len(key) > MAX_KEY or abs(value if isinstance(value, int) else 0) > MAX_NUMBER:
            raise InputError("serve.request")


def check_mcp(body: Any) -> None:
    """Check a request of the Model Context Protocol as far as it says one thing only, and little besides.

    What it means is checked by those who read it, which takes them long, on the event loop, if there is much of it.

    Raises:
        InputError: it is none.
    """
    if not isinstance(body, dict) or not set(body) <= MCP_KEYS or body.get("jsonrpc") != "2.0":
        raise InputError("serve.request")
    method, number, parameters = body.get("method"), body.get("id"), body.get("params")
    named = isinstance(method, str) and MCP_METHOD.fullmatch(method)
    known = number is None or type(number) is int or (isinstance(number, str) and len(number) <= MAX_KEY)
    if not named or not known or not isinstance(parameters, dict | None) or _count(body) > MAX_MCP_VALUES:
        raise InputError("serve.request")


def check_call(demo: gr.Blocks, places: Places, name: str, body: Any, *, named: bool) -> Any:
    """The body of a call by the event's name, as it may be passed on.

    Args:
        demo: the page.
        places: by what names uploads are known.
        name: the event's.
        body: ``{"data": [...]}``; the values by the names of the parameters if ``named``.
        named: whether the call is of Gradio's second version, with named values.

    Raises:
        InputError: there is no such event, or its inputs do not take these values.
    """
    event = event_by_name(demo, name)
    if event is None or not isinstance(body, dict):
        raise InputError("serve.request")
    if not named:
        session = _session(body, needed=False)
        return {"data": _data(event, places, body.get("data")), **({"session_hash": session} if session else {})}
    if not set(body) <= set(event.by_parameter):
        raise InputError("serve.request")
    for key, value in body.items():
        _check(event.by_parameter[key], places, value)
    return body


def check_join(demo: gr.Blocks, places: Places, body: Any) -> Any:
    """The body with which the page itself asks for a run, as it may be passed on.

    Raises:
        InputError: there is no such event, or its inputs do not take these values.
    """
    number = body.get("fn_index") if isinstance(body, dict) else None
    if isinstance(number, bool) or not isinstance(number, int) or (event := event_by_number(demo, number)) is None:
        raise InputError("serve.request")
    trigger = body.get("trigger_id")
    if trigger is not None and (isinstance(trigger, bool) or not isinstance(trigger, int)):
        raise InputError("serve.request")
    _session(body, needed=True)
    if not isinstance(body.get("data"), list) or len(body["data"]) != len(event.inputs):
        raise InputError("serve.request")
    body["data"] = _data(event, places, body["data"])
    return {key: body[key] for key in JOIN_KEYS if key in body}


def _session(body: dict[str, Any], *, needed: bool) -> str | None:
    session = body.get("session_hash")
    if session is None and not needed:
        return None
    if not isinstance(session, str) or not SESSION.fullmatch(session):
        raise InputError("serve.request")
    return session


def _data(event: Event, places: Places, data: Any) -> list[Any]:
    """One value for each input; where values are missing at the end, those that the page starts with."""
    inputs = event.inputs if isinstance(data, list) and len(data) == len(event.inputs) else event.api_inputs
    if not isinstance(data, list) or len(data) > len(inputs):
        raise InputError("serve.request")
    for component, value in zip(inputs, data, strict=False):
        _check(component, places, value)
    missing = [getattr(component, "value", None) for component in inputs[len(data) :]]
    return [*data, *missing]


def _check(component: Any, places: Places, value: Any) -> None:
    """Raise an InputError unless an input takes this value. Every input but a number and a box takes None."""
    if isinstance(component, gr.State):
        return  # kept here, never taken from a request
    if isinstance(component, gr.Slider | gr.Number):
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    elif value is None:
        fits = not isinstance(component, gr.Checkbox)
    elif isinstance(component, gr.Checkbox):
        fits = isinstance(value, bool)
    elif isinstance(component, gr.Image | gr.Audio | gr.Video | gr.File):
        fits = isinstance(value, dict)
        if fits:
            _check_file(value, places, inline=isinstance(component, gr.Image))
    elif isinstance(component, gr.Textbox | gr.HTML | gr.Radio):
        fits = isinstance(value, str)
    else:
        fits = not _holds_file(value)
    if not fits:
        raise InputError("serve.request")


def _check_file(value: dict[str, Any], places: Places, *, inline: bool) -> None:
    """Raise an InputError unless a file was uploaded here, comes with the page, or is a picture within the request."""
    path, url = value.get("path"), value.get("url")
    if isinstance(path, str) and (named := UPLOAD_URL.fullmatch(path)):
        path = value["path"] = unquote(named[1])  # whoever's address that was: nothing is ever fetched
    if isinstance(path, str):
        path = value["path"] = places.find(path) or path
    if not path and inline and isinstance(url, str) and url.startswith("data:image/") and ";base64," in url[:80]:
        return
    if not isinstance(path, str) or not path or not isinstance(url, str | None):
        raise InputError("serve.upload_first")
    try:
        resolved = Path(path).resolve()
        allowed = [uploads.folder().resolve(), *static_paths()]
        is_ours = any(resolved.is_relative_to(place) for place in allowed)
        is_gone = is_ours and not resolved.is_file()
    except (OSError, ValueError) as error:
        raise InputError("serve.upload_first") from error
    if is_gone:
        raise InputError("serve.gone", minutes=round(uploads.MINUTES))
    if not is_ours or resolved != Path(path):
        raise InputError("serve.upload_first")


def _holds_file(value: Any) -> bool:
    """Whether a value that should be no file holds anything that Gradio would take for one."""
    if isinstance(value, dict):
        return "path" in value or "url" in value or any(_holds_file(item) for item in value.values())
    return isinstance(value, list) and any(_holds_file(item) for item in value)


def _count(value: Any) -> int:
    """How many values there are, lists and objects included."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_count, inner))


def _depth(value: Any) -> int:
    """How deep lists and objects are nested, counted up to one more than is allowed."""
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            inner
            for item in level
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        if depth > MAX_DEPTH:
            break
    return depth
