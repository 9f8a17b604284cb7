"""A reading as one HTML file that needs nothing else: it keeps its hover, its languages, and works from a disk.

Everything lies in it: our modules as ``data:`` addresses that an import map names, the style sheets, the words, the
drawing's payload, and Plotly, compressed. What is anybody's input is JSON without ``<``, and becomes text by the same
modules as on the page.
"""

from __future__ import annotations

import base64
import gzip
import re
from functools import lru_cache
from pathlib import Path

from mmdemo.app.parts import PLOTLY, WEB, packed, preface, words
from mmdemo.app.reading import Reading
from mmdemo.messages import InputError, strings

START = "report.js"  # the module that brings the file to life; what it imports comes along
POLICY = "default-src 'none'; script-src 'unsafe-inline' data: blob:; style-src 'unsafe-inline'; img-src data: blob:"
IMPORT = re.compile(r"""(?m)^((?:import|export)\b[^"';]*?from\s*|import\s*)"\./([\w.-]+\.js)";""")

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
<script type="module">import "mmdemo/report.js";</script>
</body>
</html>
"""


def report(reading: Reading, language: str = "en") -> bytes:
    """The file, in UTF-8.

    Args:
        reading: what is shown.
        language: the one that it opens in; it can be changed in it.

    Raises:
        InputError: nothing was read.
    """
    if not reading.figure["steps"]:
        raise InputError("answer.nothing")
    return PAGE.format(
        language=language,
        policy=POLICY,
        title=strings(language)["page.title"],
        preface=preface(),
        style=_styles(),
        modules=packed({"imports": {f"mmdemo/{name}": address for name, address in _modules().items()}}),
        words=words(),
        reading=packed({"language": language, "said": reading.said, "figure": reading.figure}),
        plotly=_plotly(),
    ).encode()


@lru_cache
def _modules() -> dict[str, str]:
    """The modules that START needs, by name, each as a ``data:`` address in which imports go by the map's names."""
    found: dict[str, str] = {}
    wanted = [START]
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        source = (WEB / name).read_text(encoding="utf-8")
        wanted += [match[2] for match in IMPORT.finditer(source)]
        bare = IMPORT.sub(r'\1"mmdemo/\2";', source)
        found[name] = f"data:text/javascript;base64,{base64.b64encode(bare.encode()).decode('ascii')}"
    return found


@lru_cache
def _styles() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(WEB.glob("*.css")))


@lru_cache
def _plotly() -> str:
    return base64.b64encode(gzip.compress(Path(PLOTLY).read_bytes(), 9, mtime=0)).decode("ascii")
