"""A reading as one HTML file that needs nothing else: it keeps its hover, its languages, and works from a disk.

Everything lies in it: our modules, the style sheets, the words and the drawing's payload. Plotly does not: what it
would draw is drawn by ``web/drawing/sketch.js``, which stands in for it on the page, too. What is anybody's input is
JSON without ``<``, and becomes text by the same modules as on the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmdemo.app.parts import packed, preface, words
from mmdemo.app.reading import Reading
from mmdemo.app.web import REPORT, bundle, styles
from mmdemo.messages import InputError, strings

POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"

PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>{style}</style>
</head>
<body class="mm-report">
{preface}
<main></main>
{words}
<script type="application/json" id="mm-reading">{reading}</script>
<script type="module">{modules}</script>
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
        modules=bundle(REPORT).replace("</", "<\\/"),
        words=words(),
        reading=packed(shown),
    ).encode()
