"""Every use of Gradio, and of the uvicorn beneath it, that goes beyond their documented interfaces.

All of it was written against Gradio 6.31.0, the version that ``requirements.txt`` pins, and uvicorn 0.54. Each function
says what it relies on and why the documented interface is not enough. ``tests/server/test_gradio_compat.py`` has a test
for each, which says in a sentence what a newer version has changed. The rest of mmdemo uses ``import gradio as gr`` and
what Gradio documents.
"""

from __future__ import annotations

import inspect
import math
import sys
import time
from asyncio import Queue as AsyncQueue
from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from hmac import compare_digest
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import uvicorn
from gradio import http_server, processing_utils, queueing, route_utils, routes, state_holder
from gradio.context import LocalContext
from gradio.data_classes import FileData, _StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from mmdemo.server.quotas import READINGS, UPLOADED_AT_ONCE, Holdings

WRITTEN_FOR = "6.31.0"  # the Gradio whose source was read
COUNTED_FOR = b"x-mmdemo-counted-for"  # a header of requests that Gradio sends to itself
NOTED = "mmdemo.visitor"  # where a request's scope says whose it is
API = "/gradio_api/"  # where Gradio's own routes begin; a constant of gradio.route_utils

_asking: ContextVar[str] = ContextVar("whose request is being answered", default="")
_upload_fn = route_utils.upload_fn  # Gradio's own


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


def send_as_it_is(video: gr.Video) -> None:
    """Let a file that functions give for a video's input go to the browser as it is.

    Relies on ``postprocess`` being looked up on the instance, and on ``data_classes.FileData``. Gradio's own way asks
    ffmpeg about each video, where that is installed, and may convert it.
    """
    video.postprocess = lambda file: file and FileData(path=str(file), orig_name=Path(file).name)


def set_example(component: gr.Component, example: Callable[[], Any]) -> None:
    """Show ``example()`` for an input in the description of the API, in place of Gradio's example.

    Relies on ``example_payload`` being looked up on the instance, for the same reason as ``set_preprocess``. Gradio's
    examples are files on its own site.
    """
    component.example_payload = example


# The queue


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


def watch_runs(demo: gr.Blocks, accepted: Callable[[str, str, str], None]) -> None:
    """Call ``accepted(visitor, session, event_id)`` for each run that is put into the queue.

    Relies on ``Queue.push`` taking ``body`` and ``request``, looked up on the instance, and returning whether it was
    put there and its id. A run without a session becomes a session of its own, whose id nobody knows before.
    """
    queue, push = demo._queue, demo._queue.push

    async def watched(*given: Any, **named: Any) -> Any:
        answer = await push(*given, **named)
        done, event_id, _ = answer
        if done and (event := queue.event_ids_to_events.get(event_id)):
            accepted(_visitor_of(event), event.session_hash, event_id)
        return answer

    queue.push = watched


def waiting_of(demo: gr.Blocks, visitor: str) -> int:
    """How many runs of one visitor are in the queue. Relies on ``EventQueue.queue``, a list of events."""
    queues = list(demo._queue.event_queue_per_concurrency_id.values())
    return sum(_visitor_of(event) == visitor for each in queues for event in list(each.queue))


def take_turns(demo: gr.Blocks, event_id: str) -> None:
    """Move the youngest run in the queue forward, so that visitors take turns however many runs each of them asks for.

    A run comes after those of others who have no more runs before them, waiting or in progress, than it has.

    Relies on ``EventQueue.queue`` being a list from which the first is taken, on ``Queue.active_jobs``, and on being
    called on the event loop.
    """
    queue = demo._queue
    event = queue.event_ids_to_events.get(event_id)
    waiting = event and queue.event_queue_per_concurrency_id[event.concurrency_id].queue
    if not waiting or waiting[-1] is not event:
        return
    waiting.pop()
    counts = Counter(_visitor_of(other) for events in queue.active_jobs if events for other in events)
    visitor = _visitor_of(event)
    own = counts[visitor] + sum(_visitor_of(other) == visitor for other in waiting)
    for place, other in enumerate(waiting):
        who = _visitor_of(other)
        if who != visitor and counts[who] > own:
            waiting.insert(place, event)
            return
        counts[who] += 1
    waiting.append(event)


def is_undelivered(demo: gr.Blocks, session: str, event_id: str) -> bool:
    """Whether a run has an answer that was not fetched yet. Relies on ``Queue.pending_event_ids_session``."""
    return event_id in demo._queue.pending_event_ids_session.get(session, ())


def is_unfinished(demo: gr.Blocks, event_id: str) -> bool:
    """Whether a run waits or is being computed. Relies on ``Queue.event_ids_to_events`` holding no others."""
    return event_id in demo._queue.event_ids_to_events


def forget_run(demo: gr.Blocks, session: str, event_id: str) -> None:
    """Take a run out of the queue, and throw its answer away.

    Relies on everything in which Gradio's queue keeps a run. Gradio itself keeps what is not fetched until two thousand
    other sessions have come, whoever's they are, and whatever a session has asked for.
    """
    queue = demo._queue
    if event := queue.event_ids_to_events.get(event_id):
        event.alive = False  # what it still says is not kept
        waiting = queue.event_queue_per_concurrency_id[event.concurrency_id].queue
        if event in waiting:
            waiting.remove(event)
            queue.event_ids_to_events.pop(event_id, None)
    queue.pending_event_ids_session.get(session, set()).discard(event_id)
    if messages := queue.pending_messages_per_session.get(session):
        for _ in range(messages.qsize()):
            message = messages.get_nowait()
            if message.event_id != event_id:
                messages.put_nowait(message)


class _Mailboxes(dict[str, AsyncQueue]):
    """What sessions are to be told, and when each was last looked for.

    One that is forgotten already can be told something, and be forgotten again.
    """

    def __init__(self, boxes: Mapping[str, AsyncQueue]) -> None:
        super().__init__(boxes)
        self._seen = dict.fromkeys(boxes, time.monotonic())

    def __getitem__(self, session: str) -> AsyncQueue:
        if session not in self:
            return AsyncQueue()  # which nobody will hear
        self._seen[session] = time.monotonic()
        return super().__getitem__(session)

    def __setitem__(self, session: str, box: AsyncQueue) -> None:
        self._seen[session] = time.monotonic()
        super().__setitem__(session, box)

    def __delitem__(self, session: str) -> None:
        self._seen.pop(session, None)
        if session in self:
            super().__delitem__(session)

    def rests(self, session: str) -> float:
        """For how many seconds nobody has looked for it."""
        return time.monotonic() - self._seen.get(session, -math.inf)


def keep_mailboxes(demo: gr.Blocks) -> None:
    """Keep what a session is to be told until it has heard it, and let a stream of a forgotten one end quietly.

    Relies on ``Queue.pending_messages_per_session`` being a dictionary. From it Gradio deletes the session of whoever
    hangs up, and tells runs that end, without looking whether it is still there. Gradio's own, an ``LRUCache``, deletes
    the oldest once there are two thousand, though it is being told something.
    """
    demo._queue.pending_messages_per_session = _Mailboxes(demo._queue.pending_messages_per_session)


def forget_heard_sessions(demo: gr.Blocks, rested: float = 60) -> None:
    """Forget the sessions that have nothing to be told. Gradio keeps their names for ever, and where they are told.

    An answer may be quicker than the word that it was asked for, and then the page opens a stream that has nothing to
    tell yet. If its session were forgotten, it would end in an error, and the page would never hear anything again. It
    looks for its session every ten seconds.

    Relies on ``keep_mailboxes``.

    Args:
        demo: the page.
        rested: seconds for which nobody must have looked for a session.
    """
    queue = demo._queue
    pending, boxes = queue.pending_event_ids_session, queue.pending_messages_per_session
    for session in [name for name in {*pending, *boxes} if not pending.get(name) and boxes.rests(name) >= rested]:
        pending.pop(session, None)
        del boxes[session]


def _visitor_of(event: Any) -> str:
    """Who asked for a run, as the gate has noted it."""
    return visitor_noted(getattr(getattr(event, "request", None), "scope", {}))


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

    Args:
        blocks: the page.
        keep: called once there is something to remember; none of Gradio's own is kept.
    """

    def __init__(self, blocks: gr.Blocks, keep: Callable[[LightSessionState], None] | None = None) -> None:
        super().__init__(SimpleNamespace(default_config=blocks.default_config, blocks={}))
        self._keep = keep

    def __setitem__(self, key: int, value: Any) -> None:
        """Remember a value; from the first one that is any, the session is kept."""
        super().__setitem__(key, value)
        if self._keep and key in self.state_data and value is not None:
            self._keep(self)

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Do not keep what an input holds."""


class KeptSessions(state_holder.StateHolder):
    """The sessions that have read something, so many of each visitor.

    Gradio keeps a session as soon as its name is heard, and forgets the oldest, whoever's it is.
    """

    def __init__(self) -> None:
        super().__init__()
        self.held: Holdings[str] = Holdings(READINGS)

    def __getitem__(self, session_id: str) -> state_holder.SessionState:
        """The session; a new one is kept once it has something to remember."""
        if kept := self.session_data.get(session_id):
            return kept
        return LightSessionState(self.blocks, partial(self._keep, session_id))

    def delete_state(self, session_id: str, expired_only: bool = False) -> None:
        """Forget what is too old, and the session if nothing of it is left."""
        super().delete_state(session_id, expired_only)
        if (session := self.session_data.get(session_id)) and not session.state_data:
            self._forget(session_id)

    def _keep(self, session_id: str, session: state_holder.SessionState) -> None:
        visitor = whose_session(self.blocks, session_id)
        with self.lock:
            self.session_data[session_id] = session
            gone = self.held.add(visitor, session_id)
        for other in gone:
            self._forget(other)

    def _forget(self, session_id: str) -> None:
        with self.lock:
            self.held.remove(session_id)
            self.session_data.pop(session_id, None)


def whose_session(demo: gr.Blocks, session: str) -> str:
    """Who has asked for the session's runs; nobody if none of them runs. Relies on ``Queue.event_ids_to_events``."""
    events = list(demo._queue.event_ids_to_events.values())
    return next((_visitor_of(event) for event in events if event.session_hash == session), "")


def use_light_sessions() -> None:
    """Make every new session a ``LightSessionState``, and keep those of a new page as ``KeptSessions`` does.

    Relies on ``gradio.routes`` making a ``StateHolder`` for each app, by that name, on its ``session_data``, and on
    ``SessionState`` taking from the blocks only ``default_config`` and ``blocks``. Gradio has no setting for it.
    """
    state_holder.SessionState = LightSessionState
    routes.StateHolder = KeptSessions


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


def note_visitor(scope: MutableMapping[str, Any], visitor: str) -> None:
    """Note in a request whose it is, for those that see it later."""
    scope[NOTED] = visitor
    _asking.set(visitor)


def visitor_noted(scope: Mapping[str, Any]) -> str:
    """Whose request it is; empty where nobody has noted it."""
    return scope.get(NOTED, "")


def visitor_served() -> str:
    """Whose request the code that asks runs for; empty if for nobody's.

    Relies on ``LocalContext.request``, as ``serves_a_request`` does, whose ``request`` is Starlette's. What comes over
    MCP has none, but runs in the context of the request.
    """
    request = getattr(LocalContext.request.get(None), "request", None)
    return visitor_noted(request.scope) if hasattr(request, "scope") else _asking.get()


def is_visitors_fault(error: BaseException) -> bool:
    """Whether an exception says that a visitor has left, or asked for what is not there, or not any more.

    Relies on Starlette's ``ClientDisconnect`` and ``HTTPException``, which Gradio raises while it answers, and on
    Starlette raising another error from the latter where an answer has begun.
    """
    return isinstance(error, ClientDisconnect | HTTPException) or isinstance(error.__cause__, HTTPException)


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


def set_mcp_folder(folder: Path, written: Callable[[Path], None]) -> None:
    """Have Gradio write files that come over MCP into a folder, and call ``written`` for each.

    Relies on ``gradio.mcp.DEFAULT_TEMP_DIR``, which is read from ``GRADIO_TEMP_DIR`` at import, before we have set that
    variable, and on ``gradio.mcp`` calling ``processing_utils.save_base64_to_cache``. Needs the package ``mcp``.
    """
    from gradio import mcp

    mcp.DEFAULT_TEMP_DIR = str(folder)

    def save_base64_to_cache(*given: Any, **named: Any) -> str:
        path = processing_utils.save_base64_to_cache(*given, **named)
        written(Path(path))
        return path

    others = {name: value for name, value in vars(processing_utils).items() if not name.startswith("__")}
    mcp.processing_utils = SimpleNamespace(**others | {"save_base64_to_cache": save_base64_to_cache})


class _LimitedParser(route_utils.GradioMultiPartParser):
    """Gradio's parser of uploads, for few files, that leaves none behind when an upload breaks off."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named | {"max_files": UPLOADED_AT_ONCE, "max_fields": UPLOADED_AT_ONCE})

    async def parse(self) -> Any:
        """The form.

        Raises:
            MultiPartException: it is not well made, or has too many files.
        """
        try:
            return await super().parse()
        except BaseException:
            for file in self._files_to_close_on_error:
                file.close()
                Path(file.name).unlink(missing_ok=True)
            raise


def watch_uploads(written: Callable[[Path], None]) -> None:
    """Limit the files of one upload, leave nothing of one that breaks off, and call ``written`` for each file.

    Relies on ``gradio.routes`` calling ``upload_fn`` by that name, which returns paths, and on that calling
    ``GradioMultiPartParser`` by that name, which keeps its ``_files_to_close_on_error``. Gradio takes a thousand files
    at once, and leaves what it has when a visitor goes away.
    """

    async def upload_fn(*given: Any, **named: Any) -> Any:
        paths, *others = await original(*given, **named)
        for path in paths:
            written(Path(path))
        return paths, *others

    original = _upload_fn
    route_utils.GradioMultiPartParser = _LimitedParser
    routes.upload_fn = upload_fn


# The server


def middleware(kind: type, **settings: Any) -> Any:
    """A middleware for ``launch(app_kwargs={"middleware": [...]})``, made as ``kind(app, **settings)``.

    Relies on Gradio handing ``app_kwargs`` to FastAPI as they are, which its documentation only hints at.
    """
    return Middleware(kind, **settings)


def set_http(wrap: Callable[[type], Callable[..., Any]], **settings: Any) -> None:
    """Have the next page that is launched speak HTTP by ``wrap(uvicorn's protocol)``, with settings of uvicorn's.

    Relies on ``gradio.http_server`` making its ``uvicorn.Config`` by that name, without ``http``, and on uvicorn taking
    whatever makes protocols for that. ``launch`` passes nothing on to uvicorn.
    """
    config = partial(uvicorn.Config, http=wrap(AutoHTTPProtocol), **settings)
    http_server.uvicorn = SimpleNamespace(Config=config, Server=uvicorn.Server)


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
