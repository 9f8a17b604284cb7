"""The page in Python: its layout, what its events do, and the answers to what programs and the drawing ask.

``build`` makes the page; ``reading`` and ``report`` are also for the command line, which writes reports.
"""

from mmdemo.app.page import LAUNCH, build

__all__ = ["LAUNCH", "build"]
