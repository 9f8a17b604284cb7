"""Put the figures that ``evaluate`` and ``bench`` wrote into the README: ``python tools/fill_readme.py``."""

import json
from pathlib import Path

from mmdemo.report import fill, speed_tables, tables

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Fill both places."""
    for name, table, file in (("digits", tables, "metrics.json"), ("speed", speed_tables, "bench.json")):
        figures = json.loads((ROOT / "checkpoints" / "digits" / file).read_text(encoding="utf-8"))
        fill(ROOT / "README.md", name, table(figures))


if __name__ == "__main__":
    main()
