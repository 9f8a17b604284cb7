"""Where the tools' findings go: one file of ``measurements/`` for each tool, one entry for each of its commands."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "measurements"


def record(file: str, name: str, command: str, found: dict[str, Any]) -> None:
    """Print what was found, and write it down beside what was found before.

    Args:
        file: of ``measurements/``.
        name: of the finding.
        command: what it was found with.
        found: what was found.
    """
    print(json.dumps({name: found}, indent=2))
    FOLDER.mkdir(exist_ok=True)
    out = FOLDER / file
    before = json.loads(out.read_text(encoding="utf-8")) if out.is_file() else {}
    before[name] = {"command": command, "cores": os.cpu_count(), **found}
    out.write_text(json.dumps(before, indent=2) + "\n", encoding="utf-8")
