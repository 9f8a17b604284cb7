"""Read what an evaluation left in a checkpoint's folder, without the packages that an evaluation needs.

The page imports only this module, so it needs neither torchmetrics nor the rest of requirements-train.txt.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from mmdemo.data.sources.idx import read_pictures
from mmdemo.messages import InputError

METRICS, CASES, FINDINGS, STREAMS = "metrics.json", "cases.json", "findings.json", "streams.json"


def read_metrics(folder: Path) -> dict[str, Any]:
    """A checkpoint's metrics; empty if it has not been measured."""
    file = folder / METRICS
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def read_findings(folder: Path) -> dict[str, Any]:
    """What was found of a checkpoint's units; empty if nobody has looked, or the file cannot be read."""
    file = folder / FINDINGS
    with suppress(OSError, ValueError):
        found = json.loads(file.read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    return {}


def read_cases(folder: Path) -> dict[str, list[list[Any]]]:
    """The cases of each modality; none where the checkpoint has no ``cases.json``."""
    file = folder / CASES
    return json.loads(file.read_text(encoding="utf-8"))["cases"] if file.is_file() else {}


def fetch(reference: str, folder: Path) -> Path | np.ndarray:
    """The file that a reference names, or the picture in it, which must lie in the folder of the data sets.

    Raises:
        InputError: there is none, it lies elsewhere, or it has fewer pictures.
    """
    name, number = re.fullmatch(r"(.*?)(?:#(\d+))?", reference, re.DOTALL).groups()
    root = folder.resolve()
    file = (root / name).resolve()
    if not reference or not file.is_relative_to(root) or not file.is_file():
        raise InputError("evaluate.no_data", variable="MMDEMO_DATA")
    if number is None:
        return file
    pictures = read_pictures(file)
    if int(number) >= len(pictures):
        raise InputError("evaluate.no_data", variable="MMDEMO_DATA")
    return pictures[int(number)]
