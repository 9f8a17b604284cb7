"""The door: every request passes here before Gradio sees it.

What the page does not need is closed; bodies are limited and checked; who asks too often, and everybody when the queue
is full, hears so kindly, and when to come again; and whatever fails all the same is said in one kind sentence.
"""

from __future__ import annotations

import json
import logging
import math
import time
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

import gradio as gr

from mmdemo.messages import InputError, Note
from mmdemo.server import logs
from mmdemo.server import validate as bodies
from mmdemo.server.asgi import Message, Receive, Refusal, Scope, Send, again, limited, reply, whole
from mmdemo.server.health import Health
from mmdemo.server.rate_limit import RateLimiter

log = logging.getLogger("mmdemo.server")

API = "/gradio_api/"
OPEN = {"", "assets", "config", "favicon.ico", "manifest.json", "robots.txt", "static", "svelte", "theme.css"}
OPEN_API = {
    "app_id", "call", "cancel", "heartbeat", "info", "login_check", "mcp", "openapi.json", "queue", "reset",
    "startup-events", "theme.css", "upload", "upload_progress", "user",
}  # fmt: skip
MAX_UPLOAD = 10_500_000  # bytes of a request: a file of 10 MB and what goes around it
MAX_JSON = 2_000_000  # bytes; files are uploaded, a picture within a request has to be small
LONGEST_PATH = 2_000  # characters
LONGEST_WAIT = 120  # seconds; nobody believes more


class Guard:
    """ASGI middleware.

    Args:
        app: what is guarded.
        health: what ``/health`` says.
        allowance: how often one visitor may ask.
        headers: sent with every answer.
        proxied: whether all come through somebody else's proxy; whom that does not name may ask as often as they like.
    """

    def __init__(
        self, app: Any, health: Health, limiter: RateLimiter, headers: dict[str, str], *, proxied: bool = False
    ) -> None:
        self.app, self.health, self.limiter, self.proxied = app, health, limiter, proxied
        self.headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let through."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), *self.headers]
            await send(message)

        try:
            if scope["path"] == "/health":
                await reply(answer, 200 if self.health.ready else 503, self.health.report())
            else:
                await self.app(scope, await self._admit(scope, receive), answer)
        except Refusal as refusal:
            if not status:
                said = {"detail": refusal.note.say(_language(scope))}
                await reply(answer, refusal.status, said, refusal.headers)
        except Exception as error:
            broken = _place(scope) == "upload" and isinstance(error, TypeError | ValueError | KeyError | OSError)
            fields = {"path": _place(scope), **logs.failure(error)}
            log.log(logging.INFO if broken else logging.ERROR, "refused" if broken else "unexpected",
                    extra={"fields": fields})  # fmt: skip
            if not status:
                note = Note("serve.request" if broken else "serve.unexpected")
                await reply(answer, 400 if broken else 500, {"detail": note.say(_language(scope))})
        finally:
            if scope["method"] == "POST" or status >= 400:
                took = round(1000 * (time.perf_counter() - begun), 1)
                fields = {"method": scope["method"], "path": _place(scope), "status": status, "milliseconds": took}
                log.info("request", extra={"fields": fields})

    async def _admit(self, scope: Scope, receive: Receive) -> Receive:
        """Check a request.

        Returns:
            where the app reads its body from.

        Raises:
            Refusal: it goes no further.
        """
        path, method = scope["path"], scope["method"]
        api = path.startswith(API)
        place = _place(scope)
        opened = place in OPEN_API | {"file"} if api else place in OPEN and method in ("GET", "HEAD", "OPTIONS")
        elsewhere = path.startswith((f"{API}file=http", f"{API}file=/http"))
        if not opened or elsewhere or len(path) > LONGEST_PATH or "\0" in path:
            raise Refusal(404, Note("serve.closed"))
        if place == "mcp":
            _check_assistant(scope)
        blocks = scope["app"].get_blocks()
        self._check_stream(blocks, scope)
        if method != "POST":
            return receive
        if place in ("upload", "call", "queue", "mcp"):
            self._check_turn(blocks, scope, joins=place != "upload")
        if place == "upload":
            return limited(scope, receive, MAX_UPLOAD)
        raw = await whole(limited(scope, receive, MAX_JSON))
        if place in ("call", "queue"):
            raw = self._checked(blocks, path, raw)
            scope["headers"] = [(k, v) for k, v in scope["headers"] if k not in (b"content-length", b"content-type")]
            scope["headers"] += [(b"content-length", str(len(raw)).encode()), (b"content-type", b"application/json")]
        if place == "mcp":
            _check_json(raw)
        return again(raw, receive)

    def _check_turn(self, blocks: gr.Blocks, scope: Scope, *, joins: bool) -> None:
        """Whether this visitor may ask now, and whether there is room in the queue."""
        if self.health.stopping:
            raise Refusal(503, Note("serve.stopping"), {"Retry-After": "30"})
        visitor = scope["client"][0] if scope.get("client") else ""
        named = not (self.proxied and _within(visitor))
        if named and (wait := self.limiter.wait(visitor)):
            raise _later("serve.often", wait)
        queue = blocks._queue
        if joins and queue.max_size is not None and len(queue) >= queue.max_size:
            raise _later("serve.busy", wait_of(blocks))

    def _check_stream(self, blocks: gr.Blocks, scope: Scope) -> None:
        """Whether there is anything to hear: Gradio would begin to answer, and then fail."""
        queue, parts = blocks._queue, scope["path"].removeprefix(API).split("/")
        if scope["method"] != "GET":
            return
        if parts[0] == "call":
            event = parts[-1]
            known = event in queue.event_ids_to_events or any(
                event in events for events in list(queue.pending_event_ids_session.values())
            )
        elif parts[:2] == ["queue", "data"]:
            session = _query(scope).get("session_hash", "")
            known = session in queue.pending_messages_per_session
        else:
            return
        if not known:
            raise Refusal(404, Note("serve.nothing"))

    @staticmethod
    def _checked(blocks: gr.Blocks, path: str, raw: bytes) -> bytes:
        """The body of a request for a run, if all of it may be passed on."""
        parts = path.removeprefix(API).strip("/").split("/")
        try:
            body = bodies.parse(raw)
            if parts == ["queue", "join"]:
                body = bodies.check_join(blocks, body)
            elif len(parts) in (2, 3) and parts[:-1] in (["call"], ["call", "v2"]):
                body = bodies.check_call(blocks, parts[-1], body, named=len(parts) == 3)
            else:
                raise Refusal(404, Note("serve.closed"))
        except InputError as error:
            raise Refusal(400, error.note) from error
        return json.dumps(body).encode()


def _check_assistant(scope: Scope) -> None:
    """Whether a request over MCP is one that Gradio answers at once; the run that it asks for comes in here anew."""
    parts, method = scope["path"].removeprefix(API).strip("/").split("/"), scope["method"]
    if parts not in (["mcp"], ["mcp", "http"], ["mcp", "schema"]):  # not the older way, which keeps a stream open
        raise Refusal(404, Note("serve.closed"))
    if method == "DELETE" or (method == "GET" and b"event-stream" in dict(scope["headers"]).get(b"accept", b"")):
        raise Refusal(405, Note("serve.closed"), {"Allow": "POST"})  # no session is kept that could be ended or heard
    # Gradio hands the headers on with the run, and uvicorn believes this one of what comes from here: so the run is
    # counted as this visitor's, whatever they say that they are.
    visitor = (scope["client"][0] if scope.get("client") else "").encode()
    scope["headers"] = [(k, v) for k, v in scope["headers"] if k != b"x-forwarded-for"]
    scope["headers"].append((b"x-forwarded-for", visitor))


def _check_json(raw: bytes) -> None:
    try:
        bodies.parse(raw)
    except InputError as error:
        raise Refusal(400, error.note) from error


def _within(address: str) -> bool:
    """Whether an address is of a network of somebody's own, and so nobody's on the other side of a proxy."""
    with suppress(ValueError):
        return ip_address(address).is_private
    return True


def wait_of(blocks: gr.Blocks) -> float:
    """Seconds until what waits now is done, going by how long runs have taken."""
    queue = blocks._queue
    times = [(each.process_time, each.count) for each in queue.process_time_per_fn.values()]
    mean = sum(time for time, _ in times) / max(1, sum(count for _, count in times))
    at_once = [each.concurrency_limit or 1 for each in queue.event_queue_per_concurrency_id.values()]
    return len(queue) * mean / max(1, *at_once, 1)


def _later(key: str, seconds: float) -> Refusal:
    whole = min(LONGEST_WAIT, max(1, math.ceil(seconds)))
    return Refusal(429, Note(key, {"seconds": whole}), {"Retry-After": str(whole)})


def _place(scope: Scope) -> str:
    """The first part of a path: enough to know what was asked, and no more is logged."""
    path = scope["path"]
    rest = path.removeprefix(API) if path.startswith(API) else path.removeprefix("/")
    return "file" if rest.startswith("file=") and path.startswith(API) else rest.split("/")[0][:40]


def _query(scope: Scope) -> dict[str, str]:
    from urllib.parse import parse_qsl

    return dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))


def _language(scope: Scope) -> str:
    """The language of a visitor's browser, as far as we speak it."""
    wanted = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1").lower()
    return "zh" if wanted.startswith("zh") else "en"
