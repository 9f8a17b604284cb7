"""Every use of Gradio, and of the uvicorn beneath it, that goes beyond their documented interfaces.

All of it was written against Gradio 6.31.0, the version that ``requirements.txt`` pins, and uvicorn 0.54. Each function
says what it relies on and why the documented interface is not enough. ``tests/server/test_gradio_compat.py`` has a test
for each, which says in a sentence what a newer version has changed. The rest of mmdemo uses ``import gradio as gr`` and
what Gradio documents.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hmac import compare_digest
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
from gradio import queueing, routes, state_holder
from gradio.context import LocalContext
from gradio.data_classes import _StaticFiles
from starlette.middleware import Middleware

WRITTEN_FOR = "6.31.0"  # the Gradio whose source was read
COUNTED_FOR = b"x-mmdemo-counted-for"  # a header of requests that Gradio sends to itself
VISITOR = "mmdemo.visitor"  # where a request's scope says whose it is
API = "/gradio_api/"  # where Gradio's own routes begin; a constant of gradio.route_utils


# Events


@dataclass(frozen=True)
class Event:
    """One event of the page: what the browser may ask to run.

    Attributes:
        name: its ``api_name``.
        function: what runs.
        inputs: the components whose values it takes.
    """

    name: str | None
    function: Callable[..., Any] | None
    inputs: Sequence[Any]

    @property
    def api_inputs(self) -> list[Any]:
        """The inputs that a call by name has to give: Gradio leaves out those with ``skip_api``, such as states."""
        return [component for component in self.inputs if not component.skip_api]

    @property
    def by_parameter(self) -> dict[str, Any]:
        """The inputs by the names of the function's parameters."""
        if self.function is None:
            return {}
        return dict(zip(inspect.signature(self.function).parameters, self.inputs, strict=False))


def event_by_number(demo: gr.Blocks, number: int) -> Event | None:
    """The event with the number that the page's own requests carry as ``fn_index``; None if there is none.

    Relies on ``Blocks.fns``. Gradio does not check requests as strictly as ``validate`` does, for which the types of an
    event's inputs have to be known.
    """
    fn = demo.fns.get(number)
    return fn and Event(fn.api_name, fn.fn, fn.inputs)


def event_by_name(demo: gr.Blocks, name: str) -> Event | None:
    """The event that is called by this ``api_name``; None if there is none. Relies on ``Blocks.fns``, as above."""
    fn = next((fn for fn in demo.fns.values() if fn.api_name == name), None)
    return fn and Event(fn.api_name, fn.fn, fn.inputs)


def wrap_events(demo: gr.Blocks, wrap: Callable[[Callable[..., Any], str], Callable[..., Any]]) -> None:
    """Replace the function of every event by ``wrap(function, name)``.

    Relies on ``Blocks.fns`` and on ``BlockFunction.fn`` being looked up at each run. Wrapping each function where it is
    wired would be easy to forget for the next one.
    """
    for fn in demo.fns.values():
        if fn.fn:
            fn.fn = wrap(fn.fn, fn.api_name or fn.name)


def event_data(event: gr.EventData) -> dict[str, Any]:
    """What the browser sent along with an event; empty if it was no JSON object.

    Relies on ``EventData._data``. The documented attributes fail where a key is missing or the data is no object, and a
    stranger decides what it is.
    """
    return event._data if isinstance(event._data, dict) else {}


# Components


def set_preprocess(component: gr.Component, preprocess: Callable[[Any], Any]) -> None:
    """Turn what the browser sends for an input into what functions get by ``preprocess``, in place of Gradio's way.

    Relies on ``preprocess`` being looked up on the instance. A subclass would be the documented way, but Gradio writes
    a stub file beside every module that defines one. Gradio's own way opens pictures before our reader can refuse them.
    """
    component.preprocess = preprocess


def set_example(component: gr.Component, example: Callable[[], Any]) -> None:
    """Show ``example()`` for an input in the description of the API, in place of Gradio's example.

    Relies on ``example_payload`` being looked up on the instance, for the same reason as ``set_preprocess``. Gradio's
    examples are files on its own site.
    """
    component.example_payload = example


# The queue


def queue_is_full(demo: gr.Blocks) -> bool:
    """Whether Gradio would refuse the next run.

    Relies on ``Blocks._queue``, its ``max_size`` and its length. Gradio refuses with an error in the page; we answer
    429 and say when to come back.
    """
    queue = demo._queue
    return queue.max_size is not None and len(queue) >= queue.max_size


def estimated_wait(demo: gr.Blocks) -> float:
    """Seconds until all runs that wait now are done, going by how long runs have taken.

    Relies on ``Queue.process_time_per_fn`` and ``Queue.event_queue_per_concurrency_id``. Gradio estimates this too, but
    tells only those who are in the queue already.
    """
    queue = demo._queue
    times = [(each.process_time, each.count) for each in queue.process_time_per_fn.values()]
    mean = sum(seconds for seconds, _ in times) / max(1, sum(count for _, count in times))
    at_once = [each.concurrency_limit or 1 for each in queue.event_queue_per_concurrency_id.values()]
    return len(queue) * mean / max(1, *at_once, 1)


def waiting_runs(demo: gr.Blocks) -> int:
    """How many runs are in the queue. Relies on the length of ``Blocks._queue``."""
    return len(demo._queue)


def unfinished_runs(demo: gr.Blocks) -> int:
    """How many runs wait or are being computed.

    Relies on ``Queue.active_jobs``: lists of events, with None where a thread has nothing to do. A server that is told
    to stop finishes these first, which Gradio does not.
    """
    return len(demo._queue) + sum(len(events) for events in demo._queue.active_jobs if events)


def undelivered_runs(demo: gr.Blocks) -> int:
    """How many runs have an answer that was not fetched yet. Relies on ``Queue.pending_event_ids_session``."""
    return sum(len(events) for events in list(demo._queue.pending_event_ids_session.values()))


def run_is_known(demo: gr.Blocks, event_id: str) -> bool:
    """Whether there is a run with this id, whose answer can be fetched.

    Relies on ``Queue.event_ids_to_events`` and ``Queue.pending_event_ids_session``. For an unknown id Gradio starts to
    answer with 200, and then fails.
    """
    queue = demo._queue
    waiting = list(queue.pending_event_ids_session.values())
    return event_id in queue.event_ids_to_events or any(event_id in events for events in waiting)


def session_is_known(demo: gr.Blocks, session_hash: str) -> bool:
    """Whether a session has asked for anything that it can be told about.

    Relies on ``Queue.pending_messages_per_session``. For an unknown session Gradio starts to answer, and then fails.
    """
    return session_hash in demo._queue.pending_messages_per_session


def skip_run_statistics(demo: gr.Blocks) -> None:
    """Stop Gradio from making a table of all runs after each of them.

    Relies on ``Queue.ANAYLTICS_CACHE_FREQUENCY`` (Gradio's spelling), for which Gradio has an undocumented environment
    variable that is read at import. The table is for a dashboard that we close, and costs more the longer a server
    runs.
    """
    demo._queue.ANAYLTICS_CACHE_FREQUENCY = sys.maxsize


# Sessions


class LightSessionState(state_holder.SessionState):
    """A visitor's state without a description of the page.

    Gradio describes the whole page anew for every visitor, and writes each value that they give into that description,
    so that a link can bring it all back. We close those links; the description takes longer to make than words take to
    be read, and would keep what visitors gave.
    """

    def __init__(self, blocks: gr.Blocks) -> None:
        super().__init__(SimpleNamespace(default_config=blocks.default_config, blocks={}))

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Do not keep what an input holds."""


def use_light_sessions() -> None:
    """Make every new session a ``LightSessionState``.

    Relies on ``state_holder.StateHolder`` looking up ``SessionState`` in its module, and on that class taking from the
    blocks only ``default_config`` and ``blocks``. Gradio has no setting for it.
    """
    state_holder.SessionState = LightSessionState


# Requests


def blocks_of(scope: MutableMapping[str, Any]) -> gr.Blocks:
    """The page that a request is for. Relies on ``App.get_blocks``: middleware gets only the app."""
    return scope["app"].get_blocks()


def serves_a_request() -> bool:
    """Whether the code that asks runs for a visitor's request, and not at start-up.

    Relies on ``LocalContext.request``, which Gradio sets in the thread of a run. The documented way, a parameter of the
    type ``gr.Request``, would have to be handed down through every function to where the model runs.
    """
    return LocalContext.request.get(None) is not None


def visitor_of_run() -> str | None:
    """Whose request led to the run that the code which asks is in; None if that is not known.

    Relies on ``LocalContext.request``, as above, and on its ``request`` being the one that joined the queue.
    """
    request = getattr(LocalContext.request.get(None), "request", None)
    return getattr(request, "scope", {}).get(VISITOR)


def count_mcp_run_for(scope: MutableMapping[str, Any], token: str, visitor: str) -> None:
    """Have the run that an MCP request leads to counted for the visitor who sent it.

    For such a request Gradio sends another one to itself, with the same headers. It is known by one that holds a token
    that nobody else has; what a visitor wrote there before is taken out.
    """
    others = [(name, value) for name, value in scope["headers"] if name != COUNTED_FOR]
    scope["headers"] = [*others, (COUNTED_FOR, f"{token} {visitor}".encode("latin-1"))]


def mcp_run_counted_for(scope: MutableMapping[str, Any], token: str) -> str | None:
    """The visitor whose MCP request has led to this one; None if none has."""
    said = dict(scope["headers"]).get(COUNTED_FOR, b"").decode("latin-1").split(" ", 1)
    return said[1] if len(said) == 2 and compare_digest(said[0].encode("latin-1"), token.encode()) else None


# Files


def static_paths() -> list[Path]:
    """The files and folders that ``gr.set_static_paths`` was given.

    Relies on ``_StaticFiles.all_paths``: there is a documented way to set them, and none to ask for them.
    """
    return [Path(path).resolve() for path in _StaticFiles.all_paths]


def set_mcp_folder(folder: Path) -> None:
    """Have Gradio write files that come over MCP into a folder.

    Relies on ``gradio.mcp.DEFAULT_TEMP_DIR``, which is read from ``GRADIO_TEMP_DIR`` at import, before we have set that
    variable. Needs the package ``mcp``.
    """
    from gradio import mcp

    mcp.DEFAULT_TEMP_DIR = str(folder)


# The server


def middleware(kind: type, **settings: Any) -> Any:
    """A middleware for ``launch(app_kwargs={"middleware": [...]})``, made as ``kind(app, **settings)``.

    Relies on Gradio handing ``app_kwargs`` to FastAPI as they are, which its documentation only hints at.
    """
    return Middleware(kind, **settings)


def replace_traceback(stand_in: Any) -> None:
    """Have Gradio call ``stand_in.print_exc()`` where it would print a traceback, whose message may quote the input.

    Relies on ``gradio.queueing`` and ``gradio.routes`` using the module ``traceback`` by that name. They print to
    standard error, past all logging.
    """
    queueing.traceback = routes.traceback = stand_in


def set_shutdown_timeout(demo: gr.Blocks, seconds: int) -> None:
    """How long streams that only keep a session alive may delay the end of a launched page.

    Relies on ``Blocks.server`` being a ``uvicorn.Server`` that reads ``config.timeout_graceful_shutdown`` when it
    stops; ``launch`` has no argument for it.
    """
    demo.server.config.timeout_graceful_shutdown = seconds


def preload() -> None:
    """Import what Gradio would import during the first visitor's run, as far as it is installed.

    Relies on nothing: if Gradio stops importing them, a start takes a little longer for no use.
    """
    for module in ("pandas", "matplotlib.pyplot"):
        with suppress(ImportError):
            import_module(module)
