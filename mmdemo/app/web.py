"""The JavaScript and the style sheets of the page: which there are, and what a start needs of them, in one file."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from functools import lru_cache
from pathlib import Path

from mmdemo.resources import PACKAGE

WEB = PACKAGE / "web"
ENTRY = WEB / "page/entry.js"  # the one module that the page imports; what it needs comes along
REPORT = WEB / "page/report.js"  # the same for a report, which stands alone
LIVE = WEB / "live/worker.js"  # the Worker of a live session, which has a thread and so a file of its own
LISTENER = WEB / "live/listener.js"  # what hands over a live session's sound, in the thread of an AudioContext
SUPPORT = WEB / "page/support.js"  # no module: it says whether the browser is too old for one
EARLY = WEB / "page/early.js"  # nor is this: it keeps what is pressed before the modules are there
STYLES = tuple(
    WEB / name
    for name in (  # in the order of the cascade: of two rules that are equally specific, the later one counts
        "core/palette.css",
        "page/answer.css",
        "page/compare.css",
        "drawing/drawing.css",
        "drawing/cell.css",
        "evaluate/evaluate.css",
        "core/view.css",
        "how/how.css",
        "inspect/inspector.css",
        "watch/watch.css",
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
    """A module and all that it needs, directly or not, each after those that it imports."""
    seen: set[Path] = set()
    order: list[Path] = []

    def visit(module: Path) -> None:
        if module not in seen:
            seen.add(module)
            for other in imported(module):
                visit(other)
            order.append(module)

    visit(start)
    return tuple(order)


@lru_cache
def bundle(start: Path) -> str:
    """A module and all that it needs as one module, so that the browser asks for a single file.

    Each module becomes a function that is called once, after those that it imports, and returns what it exports; so its
    names stay its own. It takes the plain statements that our modules have: named imports, ``* as``, and exports of
    names, functions and constants (never ``let``, whose value could change).
    """
    order = needed(start)
    names = {module: f"m{k}" for k, module in enumerate(order)}
    parts = [f"const {names[module]} = (() => {{\n{_as_body(module, names)}\n}})();" for module in order]
    _, exported = _plain(start)
    last = "".join(f"export const {name} = {names[start]}.{name};\n" for name in exported)
    return "\n".join([*parts, last])


def _as_body(module: Path, names: dict[Path, str]) -> str:
    """A module as the body of a function that returns what it exports."""
    text, exported = _plain(module)
    passed_on: list[str] = []

    def named(match: re.Match[str]) -> str:
        what, path = match[1], names[Path(os.path.normpath(module.parent / match[2]))]
        kind, _, given = what.strip().partition(" ")
        given = re.sub(r"\s*from\s*$", "", given).strip()
        if kind == "import" and given.startswith("* as "):
            return f"const {given.removeprefix('* as ')} = {path};"
        pairs = [pair.strip().split(" as ") for pair in given.strip("{} \n").split(",") if pair.strip()]
        if kind == "export":
            passed_on.extend(f"{pair[-1]}: {path}.{pair[0]}" for pair in pairs)
            return ""
        return f"const {{ {', '.join(': '.join(pair) for pair in pairs)} }} = {path};" if pairs else ""

    body = IMPORT.sub(named, text)
    return f"{body}\nreturn {{ {', '.join([*exported, *passed_on])} }};"


def _plain(module: Path) -> tuple[str, list[str]]:
    """A module's text without the word export before what it declares, and the names of that."""
    text = module.read_text(encoding="utf-8")
    declared = re.compile(r"(?m)^export ((?:async )?function\*? |const |class )(\w+)")
    return declared.sub(r"\1\2", text), [match[2] for match in declared.finditer(text)]


@lru_cache
def built(start: Path = ENTRY) -> Path:
    """A module and all that it needs as one file, with a hash of it in its name.

    It lies in a folder with the name of the module's own, which goes with this process: one for all that have that
    name, since a server tells folders apart by their names.
    """
    text, name = bundle(start), start.parent.name
    file = Path(_folder().name).resolve() / name / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.js"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


@lru_cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="mmdemo-")


def styles() -> list[str]:
    """The texts of the style sheets, in their order."""
    return [path.read_text(encoding="utf-8") for path in STYLES]
