"""mmdemo: watch one LSTM read, look and listen.

``from mmdemo import show`` draws an LSTM of your own: see ``mmdemo.app.show``.
"""

from typing import Any

__version__ = "1.0.0"


def __getattr__(name: str) -> Any:
    """``show`` is fetched when it is asked for: it needs the whole page, and ``mmdemo.lstm`` needs PyTorch alone."""
    if name == "show":
        from mmdemo.app.show import show

        return show
    raise AttributeError(f"module 'mmdemo' has no attribute {name!r}")
