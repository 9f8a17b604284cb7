"""The gate: every request passes here before Gradio sees it.

Routes that the page does not need are closed. Bodies are limited and checked. Visitors who ask too often, and everybody
when the queue is full, are told so, and when to come back. Whatever fails nevertheless is answered in one sentence.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import gradio as gr

from mmdemo.messages import InputError, Note
from mmdemo.server import gradio_compat, logs, uploads, validate
from mmdemo.server.asgi import (
    Message,
    Receive,
    Refusal,
    Scope,
    Send,
    length_of,
    limit_body,
    read_body,
    replay_body,
    send_json,
)
from mmdemo.server.gradio_compat import API
from mmdemo.server.headers import check_headers, visitor
from mmdemo.server.health import Health
from mmdemo.server.places import UPLOADED, Places
from mmdemo.server.quotas import BODIES, BODY_BYTES, REQUESTS, UPLOADS, WAITING, Share
from mmdemo.server.rate_limit import RateLimiter

log = logging.getLogger("mmdemo.server")

OPEN_ROUTES = {"", "assets", "config", "favicon.ico", "manifest.json", "robots.txt", "static", "svelte", "theme.css"}
OPEN_API_ROUTES = {
    "app_id", "call", "cancel", "file", "heartbeat", "info", "login_check", "mcp", "openapi.json", "queue", "reset",
    "startup-events", "theme.css", "upload", "upload_progress", "user",
}  # fmt: skip
WHOLE_PAGES = {"", "config", "info", "openapi.json"}  # that describe all of the page, which takes a while
METHODS = ("GET", "HEAD", "POST", "OPTIONS", "DELETE", "PUT", "PATCH")  # others are answered here, not by routes
MAX_UPLOAD = 32_500_000  # bytes of a request: a picture of 32 MB and the form around it
MAX_JSON = 2_000_000  # bytes; files are uploaded, and a picture within a request has to be small
SMALL_JSON = 20_000  # bytes; what is larger is taken apart beside the event loop, on which everybody waits
MAX_PATH = 2_000  # characters
MAX_WAIT = 120  # seconds; nobody is told to wait longer
CROWD_SECONDS = 5  # after which to try again where too much goes on at once


class Gate:
    """ASGI middleware.

    Args:
        app: what it protects.
        health: what ``/health`` says.
        limiter: how often one visitor may ask.
        headers: sent with every answer.
        places: by what names files are known outside.
        hops: how many proxies stand before the server; None if there are some and nobody knows how many.
        cross_site: whether other sites' pages may have something done here.
    """

    def __init__(
        self,
        app: Any,
        health: Health,
        limiter: RateLimiter,
        headers: dict[str, str],
        places: Places,
        *,
        hops: int | None = 0,
        cross_site: bool = False,
    ) -> None:
        self.app, self.health, self.limiter, self.hops, self.cross_site = app, health, limiter, hops, cross_site
        self.places = places
        self.requests, self.bodies = Share(REQUESTS), Share(BODIES)
        self.body_bytes, self.uploads = Share(BODY_BYTES), Share(UPLOADS)
        self._parser = ThreadPoolExecutor(1, "parser")  # a single one, as the event loop waits for each in turn
        self._token = secrets.token_urlsafe()  # by which a request that we send to ourselves is known
        self.headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                if message["status"] == 422:  # which says it at length, and repeats what was sent
                    raise Refusal(400, Note("serve.request"))
                status = message["status"]
                caching = _caching(scope, message)
                message["headers"] = [*message.get("headers", []), *self.headers, *caching]
            await send(message)

        async def refuse(refusal: Refusal) -> None:
            if not status:
                content = {"detail": refusal.note.say(_language(scope))}
                await send_json(answer, refusal.status, content, refusal.headers)

        try:
            if scope["method"] not in METHODS:
                raise Refusal(405, Note("serve.closed"), {"Allow": ", ".join(METHODS)})
            if scope["path"] == "/health":
                await send_json(answer, 200 if self.health.ready else 503, self.health.report())
            else:
                with ExitStack() as taken:
                    await self.app(scope, await self._admit(scope, receive, taken), answer)
        except Exception as error:
            while len(getattr(error, "exceptions", ())) == 1:  # a group of one, from tasks that wait for each other
                error = error.exceptions[0]
            if isinstance(error, Refusal):
                await refuse(error)
            else:
                refusal, level = _judged(error, _route(scope))
                fields = {"path": _route(scope), **logs.describe_error(error)}
                log.log(level, "refused" if level == logging.INFO else "unexpected", extra={"fields": fields})
                await refuse(refusal)
        finally:
            if scope["method"] == "POST" or status >= 400:
                took = round(1000 * (time.perf_counter() - begun), 1)
                fields = {"method": scope["method"], "path": _route(scope), "status": status, "milliseconds": took}
                log.info("request", extra={"fields": fields})

    async def _admit(self, scope: Scope, receive: Receive, taken: ExitStack) -> Receive:
        """Check a request.

        Args:
            scope, receive: the request.
            taken: gives back what the visitor takes for it, when it ends.

        Returns:
            where the app reads its body from.

        Raises:
            Refusal: it goes no further.
        """
        path, route, method = scope["path"], _route(scope), scope["method"]
        check_headers(scope, self.hops, cross_site=self.cross_site)
        self._check_route(scope)
        who = self._visitor(scope)
        gradio_compat.note_visitor(scope, who)
        part = gradio_compat.mcp_run_counted_for(scope, self._token) is not None  # of another request
        if not part:
            _take(taken, self.requests, who)
        if route == "mcp":
            _check_mcp(scope)
            gradio_compat.count_mcp_run_for(scope, self._token, who)
        demo = gradio_compat.blocks_of(scope)
        if method == "GET":
            if route in WHOLE_PAGES and not part:
                self._check_pace(f"pages of {who}")
            _check_stream(demo, scope)
        if method != "POST":
            return receive
        asks = route in ("call", "queue", "mcp")
        self._check_rate(demo, who, queued=asks, late=not asks and route != "upload")
        if route == "upload":
            _take(taken, self.bodies, who)
            _take(taken, self.uploads, who, length_of(scope, MAX_UPLOAD) or MAX_UPLOAD)
            return limit_body(scope, receive, MAX_UPLOAD)
        with ExitStack() as held:
            _take(held, self.bodies, who)
            hold = partial(_take, held, self.body_bytes, who)
            raw = await read_body(limit_body(scope, receive, MAX_JSON, hold))
            check = _over_mcp if route == "mcp" else partial(_validated, demo, self.places, path) if asks else _message
            if len(raw) > SMALL_JSON:
                raw = await asyncio.get_running_loop().run_in_executor(self._parser, check, raw)
            else:
                raw = check(raw)
        if asks:
            _check_room(demo, who)  # others may have come while the body did
        if route in ("call", "queue"):
            scope["headers"] = [(k, v) for k, v in scope["headers"] if k not in (b"content-length", b"content-type")]
            scope["headers"] += [(b"content-length", str(len(raw)).encode()), (b"content-type", b"application/json")]
        return replay_body(raw, receive)

    @staticmethod
    def _check_route(scope: Scope) -> None:
        """Raise a Refusal for a route that the page does not need, and for a file from elsewhere."""
        path, route = scope["path"], _route(scope)
        if path.startswith(API):
            is_open = route in OPEN_API_ROUTES and not path.startswith((f"{API}file=http", f"{API}file=/http"))
        else:
            is_open = route in OPEN_ROUTES and scope["method"] in ("GET", "HEAD", "OPTIONS")
        if not is_open or len(path) > MAX_PATH or "\0" in path:
            raise Refusal(404, Note("serve.closed"))

    def _check_rate(self, demo: gr.Blocks, who: str, *, queued: bool, late: bool = False) -> None:
        """Raise a Refusal if this visitor asks too often, the queue is full, or the server stops.

        Args:
            who: the visitor.
            queued: whether the request is for a run.
            late: whether it is welcome from a server that stops, as the end of a run is.
        """
        if self.health.stopping and not late:
            raise Refusal(503, Note("serve.stopping"), {"Retry-After": "30"})
        self._check_pace(who)
        if queued:
            _check_room(demo, who)

    def _check_pace(self, who: str) -> None:
        """Raise a Refusal if a visitor, or what is counted of one apart, comes too often; count it otherwise."""
        if wait := self.limiter.wait(who):
            raise _try_later("serve.often", wait)

    def _visitor(self, scope: Scope) -> str:
        """Whose request it is."""
        return gradio_compat.mcp_run_counted_for(scope, self._token) or visitor(scope, self.hops)


def _check_room(demo: gr.Blocks, who: str) -> None:
    """Raise a Refusal if too many runs wait. Gradio would refuse with an error, and not say when to come back."""
    if not WAITING.has_room(gradio_compat.waiting_of(demo, who), gradio_compat.waiting_runs(demo)):
        raise _try_later("serve.busy", gradio_compat.estimated_wait(demo))


def _check_stream(demo: gr.Blocks, scope: Scope) -> None:
    """Raise a Refusal for a stream of answers to a request that was never made."""
    parts = scope["path"].removeprefix(API).split("/")
    if parts[0] == "call":
        known = gradio_compat.run_is_known(demo, parts[-1])
    elif parts[:2] == ["queue", "data"]:
        query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))
        known = gradio_compat.session_is_known(demo, query.get("session_hash", ""))
    else:
        return
    if not known:
        raise Refusal(404, Note("serve.nothing"))


def _check_mcp(scope: Scope) -> None:
    """Raise a Refusal unless a request over MCP is one that Gradio answers at once.

    The run that it asks for passes the gate once more, as a request of its own.
    """
    parts, method = scope["path"].removeprefix(API).strip("/").split("/"), scope["method"]
    if parts not in (["mcp"], ["mcp", "http"], ["mcp", "schema"]):  # not the older way, which keeps a stream open
        raise Refusal(404, Note("serve.closed"))
    if method == "DELETE" or (method == "GET" and b"event-stream" in dict(scope["headers"]).get(b"accept", b"")):
        raise Refusal(405, Note("serve.closed"), {"Allow": "POST"})  # no session is kept that could be ended or heard


def _take(until: ExitStack, share: Share, who: str, amount: int = 1) -> None:
    """Take a visitor's share of something until the block ends.

    Raises:
        Refusal: there is not so much left.
    """
    if not share.take(who, amount):
        raise _try_later("serve.crowded", CROWD_SECONDS)
    until.callback(share.give, who, amount)


def _judged(error: Exception, route: str) -> tuple[Refusal, int]:
    """What to answer where something has failed, and how loudly to log it: what is the visitor's is no news."""
    if uploads.found_no_room(error):  # which has told the operator
        return Refusal(507, Note("serve.no_room")), logging.INFO
    broken = route == "upload" and isinstance(error, TypeError | ValueError | KeyError | AttributeError)
    if broken or gradio_compat.is_visitors_fault(error):
        return Refusal(400, Note("serve.request")), logging.INFO
    return Refusal(500, Note("serve.unexpected")), logging.ERROR


def _validated(demo: gr.Blocks, places: Places, path: str, raw: bytes) -> bytes:
    """The body of a request for a run, as far as it may be passed on.

    Raises:
        Refusal: nothing of it may.
    """
    parts = path.removeprefix(API).strip("/").split("/")
    try:
        body = validate.parse(raw)
        if parts == ["queue", "join"]:
            body = validate.check_join(demo, places, body)
        elif len(parts) in (2, 3) and parts[:-1] in (["call"], ["call", "v2"]):
            body = validate.check_call(demo, places, parts[-1], body, named=len(parts) == 3)
        else:
            raise Refusal(404, Note("serve.closed"))
    except InputError as error:
        raise Refusal(400, error.note) from error
    return json.dumps(body).encode()


def _over_mcp(raw: bytes) -> bytes:
    """The body of a request over MCP, if it is one.

    Raises:
        Refusal: it is not.
    """
    try:
        validate.check_mcp(validate.parse(raw))
    except InputError as error:
        raise Refusal(400, error.note) from error
    return raw


def _message(raw: bytes) -> bytes:
    """A body that tells something besides runs; some are empty.

    Raises:
        Refusal: it holds anything that such a message does not.
    """
    try:
        if raw:
            validate.check_message(validate.parse(raw))
    except InputError as error:
        raise Refusal(400, error.note) from error
    return raw


def _try_later(key: str, seconds: float) -> Refusal:
    whole = min(MAX_WAIT, max(1, math.ceil(seconds)))
    return Refusal(429, Note(key, {"seconds": whole}), {"Retry-After": str(whole)})


def _caching(scope: Scope, message: Message) -> list[tuple[bytes, bytes]]:
    """The header that keeps what was given and answered out of every cache; none for the parts of the page."""
    own = _route(scope) == "file" and f"file={UPLOADED}/" in scope["path"]
    told = any(name.lower() == b"cache-control" for name, _ in message.get("headers", []))
    if own or (scope["path"].startswith(API) and _route(scope) not in ("file", "theme.css") and not told):
        message["headers"] = [pair for pair in message.get("headers", []) if pair[0].lower() != b"cache-control"]
        return [(b"cache-control", b"no-store")]
    return []


def _route(scope: Scope) -> str:
    """The first part of a path: enough to know what was asked for, and the only part that is logged."""
    path = scope["path"]
    rest = path.removeprefix(API) if path.startswith(API) else path.removeprefix("/")
    return "file" if rest.startswith("file=") and path.startswith(API) else rest.split("/")[0][:40]


def _language(scope: Scope) -> str:
    """The language of a visitor's browser, if it is one of ours; otherwise English."""
    wanted = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1").lower()
    return "zh" if wanted.startswith("zh") else "en"
