"""Where the data sets lie on this machine."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "MMDEMO_DATA"  # the environment variable that names the folder
DEFAULT = Path("data")


def data_folder(option: str | Path | None = None) -> Path:
    """The folder of the data sets: the option, else the environment variable ``MMDEMO_DATA``, else ``data``."""
    return Path(option or os.environ.get(VARIABLE) or DEFAULT)


EXTRA = "MMDEMO_EXTRA_DATA"  # the environment variable that names folders of data made for training


def extra_data_folders() -> list[Path]:
    """The folders, each with a ``manifest.csv``, that the environment variable ``MMDEMO_EXTRA_DATA`` names."""
    return [Path(folder) for folder in os.environ.get(EXTRA, "").split(os.pathsep) if folder]
