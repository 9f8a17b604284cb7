"""Requests and answers as ASGI has them: bodies that are limited, read and given again, refusals, small answers."""

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
    """A request that is answered here."""

    status: int
    note: Note
    headers: dict[str, str] = field(default_factory=dict)


def limited(scope: Scope, receive: Receive, most: int) -> Receive:
    """The same body, until it is larger than it may be."""
    too_large = Refusal(413, Note("serve.too_large", {"limit": most // 1_000_000}))
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if not length.isdigit():
        raise Refusal(400, Note("serve.request"))
    if int(length) > most:
        raise too_large
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise too_large
        return message

    return counted


async def whole(receive: Receive) -> bytes:
    """All of a body."""
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Refusal(400, Note("serve.request"))  # the visitor has left
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def again(raw: bytes, receive: Receive) -> Receive:
    """A body that was read, to be read once more; then whatever comes."""
    given = False

    async def body() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": raw, "more_body": False}

    return body


async def reply(send: Send, status: int, said: dict[str, Any], headers: dict[str, str] | None = None) -> None:
    """A small JSON answer."""
    body = json.dumps(said, ensure_ascii=False).encode()
    fields = {"content-type": "application/json", "content-length": str(len(body)), "cache-control": "no-store"}
    named = [(name.lower().encode(), value.encode()) for name, value in {**fields, **(headers or {})}.items()]
    await send({"type": "http.response.start", "status": status, "headers": named})
    await send({"type": "http.response.body", "body": body})
