"""Start the page as a server, on a Space or on your own machine, and stop it without dropping a request."""

from __future__ import annotations

import functools
import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import gradio as gr

from mmdemo import worker_pool
from mmdemo.audio import decode as audio_decode
from mmdemo.image import worker as image_worker
from mmdemo.messages import make_printable
from mmdemo.server import gradio_compat, logs, memory, uploads
from mmdemo.server.compress import Compressed
from mmdemo.server.connections import SETTINGS, Connections, guarded, most
from mmdemo.server.document import Document
from mmdemo.server.gate import Gate
from mmdemo.server.places import Hidden, places
from mmdemo.server.rate_limit import RateLimiter
from mmdemo.server.runs import Runs

PER_MINUTE = 600  # requests of one visitor, or of a room full of people behind one address
FINISH_SECONDS = 26  # for accepted runs to finish when the server is told to stop
DELIVERY_SECONDS = 3  # for their answers to be fetched; some never are
STREAM_SECONDS = 2  # for streams that only keep a session alive
END_SECONDS = 32  # after which it ends, whatever still runs
END_SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP")
SWITCH_SECONDS = 0.001  # after which a thread that computes lets another one go on, such as the one that answers
GIVE_BACK_EVERY = 15.0  # seconds after which memory that is free by now is given back
SPACE_HEADERS = {
    "Content-Security-Policy": "object-src 'none'; base-uri 'self'",
    "X-Content-Type-Options": "nosniff",
}
HOPS_VARIABLE = "MMDEMO_TRUSTED_HOPS"


def headers(frames: str = "'self'") -> dict[str, str]:
    """The headers of your own server; a Space adds its own.

    Args:
        frames: who may put the page into a frame of theirs, as in ``frame-ancestors`` of the CSP.
    """
    policy = {
        "default-src": "'self'",
        "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",  # Gradio's templates are compiled in the browser
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self' data: blob:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": frames,
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(), payment=()",
        **({"X-Frame-Options": "SAMEORIGIN"} if frames == "'self'" else {}),
    }


def launch(
    demo: gr.Blocks,
    *,
    per_minute: float | None = None,
    frames: str = "'self'",
    hops: int | None = None,
    **more: Any,
) -> tuple[Any, str, str]:
    """``demo.launch`` behind the gate.

    A Space shows the page in a frame and stands between it and the visitors. It has its own headers; of ours only those
    are sent there that do not interfere. Visitors are told apart as far as the Space gives their addresses,
    and other sites may use its API.

    Args:
        demo: what ``mmdemo.app.build`` made; Gradio gets its ``looks``, and its ``preface`` stands before the page.
        per_minute: requests of one visitor; 0 for no limit.
        frames: who may embed the page.
        hops: how many proxies stand before the server, each of which adds to X-Forwarded-For. Unless given, none of
            one's own server; on a Space there are some, and nobody says how many.
        more: further arguments of ``demo.launch``. ``mcp_server`` is on if the package ``mcp`` is installed.

    Returns:
        what ``demo.launch`` returns: the app, its address, and the address of a tunnel to it.
    """
    space = bool(os.environ.get("SPACE_ID"))
    os.environ["FORWARDED_ALLOW_IPS"] = ""  # the gate knows better than uvicorn whom to believe
    if hops is None and (said := os.environ.get(HOPS_VARIABLE)):
        if not said.isdecimal():
            raise ValueError(f"{HOPS_VARIABLE} has to be a whole number of at least 0, and is {said}")
        hops = int(said)
    hops = 0 if hops is None and not space else hops
    named = places()
    gate = gradio_compat.middleware(
        Gate,
        health=demo.health,
        limiter=RateLimiter(PER_MINUTE if per_minute is None else per_minute),
        headers=SPACE_HEADERS if space else headers(frames),
        places=named,
        hops=hops,
        cross_site=space,
    )
    compressed = gradio_compat.middleware(Compressed)
    hidden = gradio_compat.middleware(Hidden, places=named)
    document = gradio_compat.middleware(Document, preface=demo.preface, preview=demo.preview)
    settings = {
        "app_kwargs": {"middleware": [gate, compressed, hidden, document]},
        "mcp_server": find_spec("mcp") is not None,
    } | more
    uploads.UploadCleaner(uploads.folder()).start()
    gradio_compat.wrap_events(demo, work_for_visitor)
    gradio_compat.use_light_sessions()
    gradio_compat.watch_uploads(uploads.charge)
    connections = Connections(most(), by_address=hops == 0)
    gradio_compat.set_http(partial(guarded, connections=connections), **SETTINGS)
    if settings["mcp_server"]:
        gradio_compat.set_mcp_folder(uploads.folder(), uploads.charge)
    Runs(demo)
    return demo.launch(**demo.looks | settings)


def work_for_visitor(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Wrap an event's function so that what it computes, and has workers do, is done in its visitor's turn."""

    @functools.wraps(function)
    def run(*given: Any, **named: Any) -> Any:
        before = worker_pool.visitor.set(gradio_compat.visitor_served() or None)
        try:
            with worker_pool.seats.take():
                return function(*given, **named)
        finally:
            worker_pool.visitor.reset(before)

    return run


def serve(demo: gr.Blocks, *, decode_seconds: float = worker_pool.SECONDS, **more: Any) -> None:
    """Serve until SIGTERM, SIGHUP or SIGINT (Ctrl+C); then finish what runs and what waits, and end.

    It ends after ``END_SECONDS`` even if something does not: then the exit status is 1.

    Args:
        demo: what ``mmdemo.app.build`` made.
        decode_seconds: that a step of reading one picture or recording may take, before it is given up.
        more: arguments of ``launch``.

    Raises:
        SystemExit: there is no trained task that can be used; its sentence says so.
    """
    make_printable()
    if not demo.health.tasks:
        raise SystemExit(f"There is no trained task in {demo.health.folder}: no folder in it has a config.json")
    told_to_stop = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        told_to_stop.set()

    for name in END_SIGNALS:
        if hasattr(signal, name):  # Windows has not all
            signal.signal(getattr(signal, name), stop)
    logs.start()
    memory.share_heaps()
    sys.setswitchinterval(SWITCH_SECONDS)
    worker_pool.start(prepare=[image_worker.prepare, audio_decode.prepare], seconds=decode_seconds)
    log = logging.getLogger("mmdemo.server")
    _, url, _ = launch(demo, prevent_thread_lock=True, **more)
    log.info("started", extra={"fields": {"port": urlsplit(url).port, **demo.health.report()}})
    given_back, spared = time.monotonic(), False
    while not told_to_stop.wait(0.5) and not demo.health.useless:
        if demo.health.ready and not spared:
            spare_collector()
            spared = True
        if time.monotonic() > given_back + GIVE_BACK_EVERY:
            memory.give_back()
            given_back = time.monotonic()
    useless, demo.health.stopping = demo.health.useless, True
    _end_in(END_SECONDS)
    log.info("stopping", extra={"fields": {"waiting": gradio_compat.waiting_runs(demo)}})
    unfinished = finish(demo)
    gradio_compat.set_shutdown_timeout(demo, STREAM_SECONDS)
    demo.close(verbose=False)
    worker_pool.stop()
    log.info("stopped", extra={"fields": {"unfinished": unfinished}})
    gc.freeze()  # or Python looks through everything once more before it ends, for many seconds on a busy machine
    if useless:
        raise SystemExit(f"None of the trained tasks in {demo.health.folder} can be used; the log says why")


def _end_in(seconds: float) -> None:
    """End this process in so many seconds, if it is still there then."""

    def end() -> None:
        logging.getLogger("mmdemo.server").error("stopped", extra={"fields": {"unfinished": "some, even at the end"}})
        os._exit(1)  # the workers end by themselves when it is gone

    last = threading.Timer(seconds, end)
    last.daemon = True
    last.start()


def spare_collector() -> None:
    """Keep what is there now out of the collector's rounds: a million objects of models and libraries, that all stay.

    A round through them takes a second, in which no thread does anything else, and a body of ten thousand lists starts
    several.
    """
    gc.collect()
    gc.freeze()


def finish(demo: gr.Blocks, seconds: float = FINISH_SECONDS) -> int:
    """Wait for the runs that were accepted, and then until their answers are delivered.

    Returns:
        how many did not end in time.
    """
    waits = ((gradio_compat.unfinished_runs, seconds), (gradio_compat.undelivered_runs, DELIVERY_SECONDS))
    for count, limit in waits:
        until = time.monotonic() + limit
        while count(demo) and time.monotonic() < until:
            time.sleep(0.05)
    return gradio_compat.unfinished_runs(demo)
