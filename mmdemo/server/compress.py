"""Text that describes the whole page, compressed on its way out; Gradio compresses scripts and style sheets itself."""

from __future__ import annotations

import gzip
from typing import Any

from mmdemo.server.asgi import Fields, Receive, Scope, Send, changed
from mmdemo.server.gradio_compat import API

LEVEL = 5  # a few milliseconds, for a fifth of the bytes
WHOLE = ("", "/", "/config", f"{API}info", f"{API}openapi.json")


class Compressed:
    """ASGI middleware: the page's document and its descriptions are sent as gzip to whoever takes that.

    Args:
        app: what answers.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, compressed where it is one of these and comes in one piece or more, but not as a stream."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] not in WHOLE or not _takes_gzip(scope):
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, changed(send, _compressed))


def _compressed(body: bytes, fields: Fields) -> tuple[bytes, Fields]:
    if b"content-encoding" in dict(fields):
        return body, fields
    gzipped = [*fields, (b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
    return gzip.compress(body, LEVEL, mtime=0), gzipped


def _takes_gzip(scope: Scope) -> bool:
    return any(b"gzip" in value for name, value in scope["headers"] if name == b"accept-encoding")
