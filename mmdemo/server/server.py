"""The page put up as a server, on a Space or a machine of one's own, and taken down again without dropping anybody."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from importlib.util import find_spec
from types import FrameType
from typing import Any

import gradio as gr

from mmdemo import worker_pool as workers
from mmdemo.image import reader as image
from mmdemo.server import logs, sessions, uploads
from mmdemo.server.gate import Guard
from mmdemo.server.rate_limit import RateLimiter

PER_MINUTE = 600  # requests of one visitor: a room full of people behind one address is welcome
PATIENCE = 30  # seconds that running requests have to finish when the server is told to stop
DELIVERY = 3  # seconds for their answers to be fetched; some never are
ON_A_SPACE = {
    "Content-Security-Policy": "object-src 'none'; base-uri 'self'",
    "X-Content-Type-Options": "nosniff",
}
SESSIONS = 200  # visitors whose last reading is remembered


def headers(frames: str = "'self'") -> dict[str, str]:
    """The headers of a server of one's own; a Space has its own ones.

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
    demo: gr.Blocks, *, per_minute: float | None = None, frames: str = "'self'", **more: Any
) -> tuple[Any, str, str]:
    """``demo.launch`` behind the guard.

    A Space embeds the page and stands between us and the visitors: it has its own headers, of ours only those are sent
    that do not meddle with that, and visitors are told apart as far as it names them.

    Args:
        demo: what ``mmdemo.app.build`` made; its ``looks`` are what Gradio is to launch it with.
        per_minute: requests of one visitor; 0 for no limit.
        frames: who may embed the page.
        more: what else ``demo.launch`` takes. ``mcp_server`` is on where the package ``mcp`` is there.
    """
    space = bool(os.environ.get("SPACE_ID"))
    settings_of_guard = {
        "health": demo.health,
        "limiter": RateLimiter(PER_MINUTE if per_minute is None else per_minute),
        "headers": ON_A_SPACE if space else headers(frames),
        "proxied": space,
    }
    if space:  # nothing but its proxy reaches us there, so what that says of the visitors may be believed
        os.environ.setdefault("FORWARDED_ALLOW_IPS", "*")
    guard = (Guard, (), settings_of_guard)  # as Starlette takes middleware: a class and what it is made with
    uploads.Janitor(uploads.folder()).start()
    sessions.lighten()
    settings = {
        "state_session_capacity": SESSIONS,
        "app_kwargs": {"middleware": [guard]},
        "mcp_server": find_spec("mcp") is not None,
    } | more
    if settings["mcp_server"]:
        from gradio import mcp

        mcp.DEFAULT_TEMP_DIR = str(uploads.folder())  # it has looked for that before we said where it is
    return demo.launch(**demo.looks | settings)


def serve(demo: gr.Blocks, **more: Any) -> None:
    """Serve until SIGTERM or SIGINT (Ctrl+C); then finish what runs and what waits, and end."""
    told = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    logs.start()
    workers.start(prepare=image.prepare)
    log = logging.getLogger("mmdemo.server")
    launch(demo, prevent_thread_lock=True, **more)
    log.info("started", extra={"fields": {"port": demo.server_port, **demo.health.report()}})
    while not told.wait(0.5):
        pass
    demo.health.stopping = True
    log.info("stopping", extra={"fields": {"waiting": len(demo._queue)}})
    left = finish(demo)
    demo.server.config.timeout_graceful_shutdown = 2  # streams that only keep a session alive
    demo.close(verbose=False)
    workers.stop()
    log.info("stopped", extra={"fields": {"unfinished": left}})


def finish(demo: gr.Blocks, patience: float = PATIENCE) -> int:
    """Wait for the runs that were accepted, and until their answers are delivered.

    Returns:
        how many were not finished in time.
    """
    queue = demo._queue

    def unfinished() -> int:
        return len(queue) + sum(len(events) for events in queue.active_jobs if events)

    def undelivered() -> int:
        return sum(len(events) for events in list(queue.pending_event_ids_session.values()))

    for count, seconds in ((unfinished, patience), (undelivered, DELIVERY)):
        until = time.monotonic() + seconds
        while count() and time.monotonic() < until:
            time.sleep(0.05)
    return unfinished()
