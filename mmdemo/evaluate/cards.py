"""Where figures are written: files in a checkpoint's folder, its model card, and any place marked in a document."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from mmdemo.evaluate.results import METRICS
from mmdemo.evaluate.tables import tables


def fill(file: Path, name: str, body: str) -> None:
    """Replace what stands between ``<!-- name -->`` and ``<!-- /name -->`` in a Markdown file.

    Raises:
        ValueError: the file has no such marks.
    """
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    text = file.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{file} has no place for the figures: it needs the lines {begin} and {end}")
    file.write_text(pattern.sub(lambda _: f"{begin}\n{body}\n{end}", text), encoding="utf-8")


def write_metrics(folder: Path, metrics: dict[str, Any]) -> None:
    """Store a checkpoint's metrics, one confusion matrix row a line so that a change can be read."""
    text = json.dumps(metrics, indent=1, ensure_ascii=False)
    text = re.sub(r"\[\s+(-?[\d.e-]+(?:,\s+-?[\d.e-]+)*)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", text)
    (folder / METRICS).write_text(text + "\n", encoding="utf-8")


def write_figures(file: Path, found: dict[str, Any]) -> None:
    """Store what else was found of a checkpoint."""
    file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def write_card(folder: Path, template: Path, metrics: dict[str, Any]) -> None:
    """Write a checkpoint's model card, its figures filled in. A card that a person has changed keeps the changes."""
    card = folder / "README.md"
    if not card.is_file() or "<!-- figures -->" not in card.read_text(encoding="utf-8"):
        card.write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    fill(card, "figures", tables(metrics))
