"""The page: its parts in Python, and the style sheets and modules that run in the browser."""

from mmdemo.app.page import LAUNCH, build

__all__ = ["LAUNCH", "build"]
