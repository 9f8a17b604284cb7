"""Requests and answers in ASGI's terms: bodies that are limited in size and time, refusals, small JSON answers."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from mmdemo.messages import Note

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Fields = list[tuple[bytes, bytes]]
"""The fields of a header, their names in lower case."""

PAUSE_SECONDS = 10  # between two pieces of a body, and that even a small one may take
LEAST_RATE = 10_000  # bytes a second of a body that goes on for longer


@dataclass
class Refusal(Exception):
    """A request that goes no further, and what it is answered with."""

    status: int
    note: Note
    headers: dict[str, str] = field(default_factory=dict)


def length_of(scope: Scope, most: int) -> int | None:
    """How many bytes a body is said to have; None if it is not said.

    Raises:
        Refusal: 400 if that is no number, 413 if it is more than the most.
    """
    said = dict(scope["headers"]).get(b"content-length")
    if said is None:
        return None
    if not said.isdigit():
        raise Refusal(400, Note("serve.request"))
    if len(said) > 15 or int(said) > most:
        raise Refusal(413, Note("serve.too_large", {"limit": most // 1_000_000}))
    return int(said)


def limit_body(scope: Scope, receive: Receive, most: int, hold: Callable[[int], None] = lambda more: None) -> Receive:
    """Read the same body, up to so many bytes, and only as long as it goes on.

    Args:
        scope: the request.
        receive: where it is read from.
        most: bytes.
        hold: called with the number of bytes of each piece that has come.

    Raises:
        Refusal: as ``length_of``; the returned function raises 413, too, and 408 if the body comes too slowly.
    """
    length_of(scope, most)
    seen, complete, begun = 0, False, time.monotonic()

    async def limited() -> Message:
        nonlocal seen, complete
        if complete:
            return await receive()
        left = begun + PAUSE_SECONDS + seen / LEAST_RATE - time.monotonic()
        try:
            message = await asyncio.wait_for(receive(), min(PAUSE_SECONDS, left))
        except asyncio.TimeoutError:
            raise Refusal(408, Note("serve.slow"), {"Connection": "close"}) from None
        piece = len(message.get("body", b""))
        seen, complete = seen + piece, message["type"] != "http.request" or not message.get("more_body")
        if seen > most:
            raise Refusal(413, Note("serve.too_large", {"limit": most // 1_000_000}), {"Connection": "close"})
        hold(piece)
        return message

    return limited


async def read_body(receive: Receive) -> bytes:
    """All of a body.

    Raises:
        Refusal: the visitor has left before the end, or what the limits say.
    """
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Refusal(400, Note("serve.request"))
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def replay_body(raw: bytes, receive: Receive) -> Receive:
    """Give a body that was read to the next reader, and after it whatever else comes."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": raw, "more_body": False}

    return replayed


def changed(send: Send, change: Callable[[bytes, Fields], tuple[bytes, Fields]]) -> Send:
    """Wait until an answer is there as a whole, and send what is made of it.

    Args:
        send: where it is sent.
        change: makes another body and other fields of the answer's; their length need not be said.
    """
    start: Message = {}
    parts: list[bytes] = []

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        parts.append(message.get("body", b""))
        if message.get("more_body"):
            return
        body, fields = change(b"".join(parts), [(name.lower(), value) for name, value in start["headers"]])
        kept = [(name, value) for name, value in fields if name != b"content-length"]
        await send(start | {"headers": [*kept, (b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})

    return answer


async def send_json(send: Send, status: int, content: dict[str, Any], headers: dict[str, str] | None = None) -> None:
    """Answer with a small JSON object."""
    body = json.dumps(content, ensure_ascii=False).encode()
    fields = {"content-type": "application/json", "content-length": str(len(body)), "cache-control": "no-store"}
    named = [(name.lower().encode(), value.encode()) for name, value in {**fields, **(headers or {})}.items()]
    await send({"type": "http.response.start", "status": status, "headers": named})
    await send({"type": "http.response.body", "body": body})
