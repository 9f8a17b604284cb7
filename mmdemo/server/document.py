"""The page's document with words of ours in front of Gradio's page, for browsers in which that cannot run."""

from __future__ import annotations

from typing import Any

from mmdemo.server.asgi import Message, Receive, Scope, Send

PAGE = b"<gradio-app"  # where Gradio's page begins; its own ``head`` comes by JavaScript, too late for this


class Document:
    """ASGI middleware: the page's HTML gets a preface.

    Args:
        app: what answers.
        preface: HTML that is put in front of the page.
    """

    def __init__(self, app: Any, preface: str) -> None:
        self.app, self.preface = app, preface.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and add to the answer if it is the page."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] not in ("", "/"):
            await self.app(scope, receive, send)
            return
        start: Message = {}
        parts: list[bytes] = []

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            parts.append(message.get("body", b""))
            if message.get("more_body"):
                return
            body = b"".join(parts).replace(PAGE, self.preface + PAGE, 1)
            kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
            await send(start | {"headers": [*kept, (b"content-length", str(len(body)).encode())]})
            await send({"type": "http.response.body", "body": body})

        await self.app(scope, receive, answer)
