"""Hold the server against strangers: ``python tools/serving load | soak | fuzz | start | stop``.

Each starts servers of its own (``python -m mmdemo serve``) on this machine, and writes what it found to
``measurements/serving.json`` under its name. They need what the tests need: requirements-test.txt.
"""

import sys

import typer
from servers import ROOT

sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "helpers")]  # ours, and the tests' bad input

from fuzz import fuzz  # noqa: E402
from load import load  # noqa: E402
from soak import soak  # noqa: E402
from start import start  # noqa: E402
from stop import stop  # noqa: E402

app = typer.Typer(add_completion=False, help=__doc__)
for verb in (load, soak, fuzz, start, stop):
    app.command()(verb)

if __name__ == "__main__":
    app()
