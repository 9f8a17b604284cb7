"""The page's document: words of ours for browsers in which Gradio's page cannot run, and what a link to it shows."""

from __future__ import annotations

import html
import os
import re
from typing import Any

from mmdemo.server.asgi import Fields, Receive, Scope, Send, changed

PAGE = b"<gradio-app"  # where Gradio's page begins; its own ``head`` comes by JavaScript, too late for this


PREVIEW = re.compile(rb"""\s*<meta\s+(?:property|name)="(?:og|twitter):[^>]*>""")  # Gradio's, which name Gradio
HEAD = b"<head>"


class Document:
    """ASGI middleware: the page's HTML gets a preface, and tags of its own for previews of links to it.

    Args:
        app: what answers.
        preface: HTML that is put in front of the page.
        preview: ``title``, ``description`` and ``image`` (an address relative to the page) of a preview; "" for none.
    """

    def __init__(self, app: Any, preface: str, preview: dict[str, str] | None = None) -> None:
        self.app, self.preface, self.preview = app, preface.encode(), preview or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and add to the answer if it is the page."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] not in ("", "/"):
            await self.app(scope, receive, send)
            return

        def added(body: bytes, fields: Fields) -> tuple[bytes, Fields]:
            body = body.replace(PAGE, self.preface + PAGE, 1)
            if self.preview:
                tags = preview_tags(_address(scope), **self.preview).encode()
                body = PREVIEW.sub(b"", body).replace(HEAD, HEAD + tags, 1)
            return body, fields

        await self.app(scope, receive, changed(send, added))


def preview_tags(address: str, title: str, description: str, image: str) -> str:
    """What sites show of a link: the tags of Open Graph and of Twitter's cards; an image needs a whole address."""
    tags = {
        "og:type": "website",
        "og:title": title,
        "og:description": description,
        "og:url": address,
        "og:image": f"{address}{image}",
        "twitter:card": "summary_large_image",
        "twitter:title": title,
        "twitter:description": description,
        "twitter:image": f"{address}{image}",
    }
    kinds = {name: "property" if name.startswith("og:") else "name" for name in tags}
    return "".join(f'<meta {kinds[name]}="{name}" content="{html.escape(words)}">' for name, words in tags.items())


def _address(scope: Scope) -> str:
    """The address of the page: a Space's own, or as the request has it, whose host the gate has checked."""
    if space := os.environ.get("SPACE_HOST"):
        return f"https://{space}/"
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    return f"{scope.get('scheme', 'http')}://{host}{scope.get('root_path', '')}/"
