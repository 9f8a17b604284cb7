"""Addresses of files without the server's folders in them: what is answered names places, what is asked for is found.

Gradio names each file by its whole path on the server, in its addresses, in what a browser sends back, and in errors.
Outside, a path begins with a place's name instead, and means nothing elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mmdemo import resources
from mmdemo.messages import Note
from mmdemo.server import gradio_compat, uploads
from mmdemo.server.asgi import Message, Receive, Refusal, Scope, Send
from mmdemo.server.gradio_compat import API

FILE = f"{API}file="
UPLOADED = "/uploads"  # the name of the place where visitors' files are
TEXT = (b"application/json", b"text/html", b"text/plain", b"text/event-stream")  # kinds of answers that name files
SERVED = (200, 206, 304, 416)  # statuses with which a file that is served may be answered


class Places:
    """Names of folders, by which they are known outside.

    Args:
        folders: by the name, such as ``"/uploads"``.
    """

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self.folders = {name: folder.resolve() for name, folder in folders.items()}
        deepest_first = sorted(self.folders.items(), key=lambda each: -len(str(each[1])))
        self._named = [
            (written.encode(), re.compile(re.escape(written.encode()) + rb"(?![\w-])"), name.encode())
            for name, folder in deepest_first
            for written in sorted(_spellings(folder), key=len, reverse=True)
        ]

    def hide(self, text: bytes) -> bytes:
        """A text in which every folder has its name."""
        for folder, whole, name in self._named:
            if folder in text:
                text = whole.sub(name, text)  # not where another folder's name only begins so
        return text

    def find(self, path: str) -> str | None:
        """The path of what is named; None if it begins with no place's name, or leads out of it."""
        for name, folder in self.folders.items():
            if path.startswith(f"{name}/") and ".." not in path.split("/"):
                return f"{folder}{path.removeprefix(name)}"
        return None


def places() -> Places:
    """The names of what is served now: uploads, mmdemo's own files, and those of other packages, by their folders.

    Raises:
        ValueError: two folders have the same name.
    """
    named = {UPLOADED: uploads.folder(), "/mmdemo": resources.ROOT}
    for path in gradio_compat.static_paths():
        if not path.is_relative_to(resources.ROOT):
            folder = path if path.is_dir() else path.parent
            if named.setdefault(f"/{folder.name}", folder) != folder:
                raise ValueError(f"{folder} and {named[f'/{folder.name}']} cannot be told apart by their names")
    return Places(named)


class Hidden:
    """ASGI middleware: requests for files by places' names, answers without folders.

    Args:
        app: what answers.
        places: the names.
    """

    def __init__(self, app: Any, places: Places) -> None:
        self.app, self.places = app, places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with what is hidden.

        Raises:
            Refusal: 404 for a file that is not at one of the places, or that may not be seen.
        """
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["path"].startswith(FILE):
            if (path := self.places.find(scope["path"].removeprefix(FILE))) is None:
                raise Refusal(404, Note("serve.closed"))
            path = f"{FILE}{path}"
            await self.app({**scope, "path": path, "raw_path": quote(path).encode()}, receive, _only_served(send))
        else:
            await self.app(scope, receive, _Hiding(self.places, send, head=scope["method"] == "HEAD"))


def _only_served(send: Send) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] not in SERVED:
            raise Refusal(404, Note("serve.closed"))  # whether there is such a file is nobody's business
        await send(message)

    return answer


class _Hiding:
    """Sends an answer on, with the folders hidden if it is text."""

    def __init__(self, places: Places, send: Send, *, head: bool) -> None:
        self.places, self.send, self.head = places, send, head
        self._start: Message | None = None
        self._text = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            named = dict(message.get("headers", []))
            self._text = named.get(b"content-type", b"").startswith(TEXT) and b"content-encoding" not in named
            if self._text and not self.head:
                self._start = message  # until its length is known
            else:
                await self.send(message)
            return
        if not self._text:
            await self.send(message)
            return
        body = self.places.hide(message.get("body", b""))
        if self._start is not None:
            start, self._start = self._start, None
            kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
            whole = [] if message.get("more_body") else [(b"content-length", str(len(body)).encode())]
            await self.send({**start, "headers": kept + whole})
        await self.send({**message, "body": body})


def _spellings(folder: Path) -> set[str]:
    """How a folder is written in an address, in JSON, in JSON within JSON, and by itself."""
    plain = str(folder)
    in_json = {json.dumps(plain, ensure_ascii=ascii)[1:-1] for ascii in (True, False)}
    return {plain, folder.as_posix(), quote(folder.as_posix()), *in_json, *(json.dumps(each)[1:-1] for each in in_json)}
