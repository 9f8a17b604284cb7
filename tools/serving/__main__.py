"""Hold the server against strangers: ``python tools/serving load | soak | fuzz | hostile | start | stop``.

Each starts servers of its own (``python -m mmdemo serve``) on this machine, and writes what it found to
``measurements/serving.json`` under its name. They need what the tests need: requirements-test.txt.
"""

import functools
import sys
from collections.abc import Callable
from typing import Any

import typer
from servers import ROOT

sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "helpers")]  # ours, and the tests' bad input

from attack import hostile  # noqa: E402
from fuzz import fuzz  # noqa: E402
from load import load  # noqa: E402
from soak import soak  # noqa: E402
from start import start  # noqa: E402
from stop import stop  # noqa: E402

from tools import measured  # noqa: E402


def recorded(measure: Callable[..., dict[str, Any]]) -> Callable[..., None]:
    """The command of a measurement: what it finds is printed and written down, under its ``label`` if it takes one.

    Where a measurement says whether its bars were ``met``, the exit status is 1 unless they were.
    """

    @functools.wraps(measure)
    def command(*arguments: Any, **named: Any) -> None:
        name = named.get("label", measure.__name__)
        if then := named.get("then"):
            name = f"{name} --then {then.value}"
        found = measure(*arguments, **named)
        measured.record("serving.json", name, f"python tools/serving {name}", found)
        if not found.get("met", True):
            raise typer.Exit(1)

    return command


app = typer.Typer(add_completion=False, help=__doc__)
for measure in (load, soak, fuzz, hostile, start, stop):
    app.command()(recorded(measure))

if __name__ == "__main__":
    app()
