"""Where the findings go."""

from __future__ import annotations

from typing import Any

from tools import measured


def record(name: str, found: dict[str, Any]) -> None:
    """Print what was found, and write it down in ``measurements/serving.json``."""
    measured.record("serving.json", name, f"python tools/serving {name}", found)
