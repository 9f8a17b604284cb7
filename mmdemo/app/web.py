"""The JavaScript and the style sheets of the page: which there are, and which of them a start needs."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path

from mmdemo.resources import PACKAGE

WEB = PACKAGE / "web"
ENTRY = WEB / "page/entry.js"  # the one module that the page imports; what it needs comes along
REPORT = WEB / "page/report.js"  # the same for a report, which stands alone
SUPPORT = WEB / "page/support.js"  # no module: it says whether the browser is too old for one
STYLES = tuple(
    WEB / name
    for name in (  # in the order of the cascade: of two rules that are equally specific, the later one counts
        "core/palette.css",
        "page/answer.css",
        "page/compare.css",
        "drawing/drawing.css",
        "evaluate/evaluate.css",
        "core/view.css",
        "how/how.css",
        "inspect/inspector.css",
        "core/tooltip.css",
        "page/page.css",
        "page/present.css",
        "page/report.css",
        "page/tour.css",
    )
)
IMPORT = re.compile(r"""(?m)^((?:import|export)\b[^"';]*?from\s*|import\s*)"(\.{1,2}/[\w./-]+\.js)";""")


def imported(module: Path) -> list[Path]:
    """The modules that one imports, or passes on, by itself."""
    found = IMPORT.finditer(module.read_text(encoding="utf-8"))
    return [Path(os.path.normpath(module.parent / match[2])) for match in found]


@lru_cache
def needed(start: Path) -> tuple[Path, ...]:
    """A module and all that it needs, directly or not, by name."""
    found: set[Path] = set()
    wanted = [start]
    while wanted:
        module = wanted.pop()
        if module not in found:
            found.add(module)
            wanted += imported(module)
    return tuple(sorted(found))


def styles() -> list[str]:
    """The texts of the style sheets, in their order."""
    return [path.read_text(encoding="utf-8") for path in STYLES]
