"""Requests and answers in ASGI's terms: bodies that are limited, read and replayed, refusals, small JSON answers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from mmdemo.messages import Note

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass
class Refusal(Exception):
    """A request that goes no further, and what it is answered with."""

    status: int
    note: Note
    headers: dict[str, str] = field(default_factory=dict)


def limit_body(scope: Scope, receive: Receive, most: int) -> Receive:
    """Read the same body, up to so many bytes.

    Raises:
        Refusal: 400 if its length is no number, 413 if it is longer; the returned function raises the latter, too.
    """
    too_large = Refusal(413, Note("serve.too_large", {"limit": most // 1_000_000}))
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if not length.isdigit():
        raise Refusal(400, Note("serve.request"))
    if int(length) > most:
        raise too_large
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise too_large
        return message

    return limited


async def read_body(receive: Receive) -> bytes:
    """All of a body.

    Raises:
        Refusal: the visitor has left before the end.
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


async def send_json(send: Send, status: int, content: dict[str, Any], headers: dict[str, str] | None = None) -> None:
    """Answer with a small JSON object."""
    body = json.dumps(content, ensure_ascii=False).encode()
    fields = {"content-type": "application/json", "content-length": str(len(body)), "cache-control": "no-store"}
    named = [(name.lower().encode(), value.encode()) for name, value in {**fields, **(headers or {})}.items()]
    await send({"type": "http.response.start", "status": status, "headers": named})
    await send({"type": "http.response.body", "body": body})
