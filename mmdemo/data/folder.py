"""Where the data sets lie. A module of its own, since the page asks too, and has no use for what fetches them."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "MMDEMO_DATA"  # the environment variable that names the folder
DEFAULT = Path("data")


def data_folder(option: str | Path | None = None) -> Path:
    """Where the data sets lie: the option, else the environment variable ``MMDEMO_DATA``, else ``data``."""
    return Path(option or os.environ.get(VARIABLE) or DEFAULT)
