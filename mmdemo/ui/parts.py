"""The parts of the page that are our own: static templates, filled in the browser from JSON.

Nothing that a person gives is ever put into a template (Gradio evaluates what a template yields as code): a part's value
is a JSON string, and its module in ``ui/`` makes the elements and writes words into them as text.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr
import plotly

UI = Path(__file__).resolve().parent
STRINGS = UI.parent / "strings"
PLOTLY = (
    Path(plotly.__file__).resolve().parent / "package_data" / "plotly.min.js"
)  # what the Python package is made for
SERVED = [*UI.glob("*.js"), *STRINGS.glob("*.json"), PLOTLY]


def packed(value: Any) -> str:
    """JSON for a part's value, with no ``<`` in it, so that nothing can take it for markup."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def address(path: Path) -> str:
    """Where a served file is found, relative to the page, so that the page may be mounted anywhere."""
    return f"gradio_api/file={quote(path.as_posix())}"


class Part(gr.HTML):
    """A static template and the function of ``page.js`` that brings it to life.

    The function gets the element, the component's ``props`` (``props.value`` is the JSON), ``watch(name, callback)`` and
    ``tell(data)``, which raises the event ``told``.
    """

    module = "page.js"
    function = ""
    template = ""

    def __init__(self, value: Any = None, **settings: Any) -> None:
        loader = (
            f"import(new URL('{address(UI / self.module)}', document.baseURI))"
            f".then((module) => module.{self.function}({{element, props, watch, tell: (data) => trigger('told', data)}}))"
        )
        super().__init__(
            None if value is None else packed(value),
            html_template=self.template,
            js_on_load=loader,
            apply_default_css=False,
            **settings,
        )

    def get_block_name(self) -> str:
        """All parts are Gradio's HTML component in the browser."""
        return "html"


class Title(Part):
    """What the page is, in one line."""

    function = "title"
    template = '<h1 data-key="page.title"></h1><p data-key="page.subtitle"></p>'


class Switches(Part):
    """The page's language, and whether it is light or dark."""

    function = "switches"
    template = (
        '<div class="mm-segments" role="group" data-key-label="page.language"></div>'
        '<button type="button" class="mm-theme" data-key-label="page.theme"><span aria-hidden="true"></span></button>'
    )


class Heading(Part):
    """The heading of one of the page's three steps; ``value`` is its number."""

    function = "words"

    def __init__(self, number: int, **settings: Any) -> None:
        self.template = (
            f'<h2><i aria-hidden="true">{number}</i><span data-key="page.step_{number}"></span> '
            f'<small data-key="page.step_{number}_more"></small></h2>'
        )
        super().__init__(**settings)


class Help(Part):
    """What to do if camera or microphone do not work; ``value`` names the modality."""

    function = "help"
    template = '<p role="status"></p>'


class Examples(Part):
    """Chips that fill the inputs and show the result at one click; ``value`` is the list of their names."""

    function = "examples"
    template = '<span data-key="page.try" id="mm-try"></span><div role="group" aria-labelledby="mm-try"></div>'


class Answer(Part):
    """What was decided, why it may be wrong, and what the model saw."""

    function = "answer"
    template = '<div class="mm-card mm-answer" aria-live="polite"></div>'


class Drawing(Part):
    """How it was read: the figure of ``plots.drawing``, drawn by ``drawing.js`` with Plotly."""

    function = "drawing"
    template = '<div class="mm-card"><div class="mm-frame"></div></div>'

    def __init__(self, **settings: Any) -> None:
        super().__init__(head=f'<script src="{address(PLOTLY)}"></script>', **settings)


class Footer(Part):
    """Where and how fast it ran, and what becomes of what was given."""

    function = "footer"
    template = "<footer></footer>"
