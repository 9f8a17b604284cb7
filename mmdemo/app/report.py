"""A reading as one HTML file that needs nothing else: it keeps its hover, its languages, and works from a disk.

Everything lies in it: our modules as ``data:`` addresses that an import map names, the style sheets, the words, the
drawing's payload, and Plotly, compressed. What is anybody's input is JSON without ``<``, and becomes text by the same
modules as on the page.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from posixpath import normpath
from typing import Any

from mmdemo.app.parts import PLOTLY, packed, preface, words
from mmdemo.app.reading import Reading
from mmdemo.app.web import IMPORT, REPORT, WEB, needed, styles
from mmdemo.messages import InputError, strings

POLICY = "default-src 'none'; script-src 'unsafe-inline' data: blob:; style-src 'unsafe-inline'; img-src data: blob:"

PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>{style}</style>
<script type="importmap">{modules}</script>
</head>
<body class="mm-report">
{preface}
<main></main>
{words}
<script type="application/json" id="mm-reading">{reading}</script>
<script type="application/octet-stream" id="mm-plotly">{plotly}</script>
<script type="module">import "{start}";</script>
</body>
</html>
"""


def report(reading: Reading, language: str = "en", replies: Sequence[dict[str, Any]] = ()) -> bytes:
    """The file, in UTF-8.

    Args:
        reading: what is shown.
        language: the one that it opens in; it can be changed in it.
        replies: the answers that it takes along, as ``questions.kept`` gives them.

    Raises:
        InputError: nothing was read.
    """
    if not reading.figure["steps"]:
        raise InputError("answer.nothing")
    shown = {"language": language, "said": reading.said, "figure": reading.figure, "replies": list(replies)}
    return PAGE.format(
        language=language,
        policy=POLICY,
        title=strings(language)["page.title"],
        preface=preface(),
        style="\n".join(styles()),
        modules=packed({"imports": _modules()}),
        start=_name(REPORT),
        words=words(),
        reading=packed(shown),
        plotly=_plotly(),
    ).encode()


@lru_cache
def _modules() -> dict[str, str]:
    """The import map: the modules of a report by name, each as a ``data:`` address, where no relative path leads on."""
    found: dict[str, str] = {}
    for module in needed(REPORT):
        source = IMPORT.sub(
            lambda match, folder=module.parent: f'{match[1]}"{_name(folder / match[2])}";',
            module.read_text(encoding="utf-8"),
        )
        found[_name(module)] = f"data:text/javascript;base64,{base64.b64encode(source.encode()).decode('ascii')}"
    return found


def _name(module: Path) -> str:
    """What a module is called in the import map: ``mmdemo/core/dom.js``."""
    return f"mmdemo/{normpath(module.relative_to(WEB).as_posix())}"


@lru_cache
def _plotly() -> str:
    return base64.b64encode(gzip.compress(Path(PLOTLY).read_bytes(), 9, mtime=0)).decode("ascii")
