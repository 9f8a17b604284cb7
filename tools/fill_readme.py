"""Put what ``evaluate`` and ``bench`` measured into README and model card: ``python tools/fill_readme.py``."""

import json
from pathlib import Path

from mmdemo.report import fill, speed_tables, tables

ROOT = Path(__file__).resolve().parents[1]
DIGITS = ROOT / "checkpoints" / "digits"


def main() -> None:
    """Fill every place."""
    measured = tables(json.loads((DIGITS / "metrics.json").read_text(encoding="utf-8")))
    fill(DIGITS / "README.md", "figures", measured)
    fill(ROOT / "README.md", "digits", measured)
    fill(ROOT / "README.md", "speed", speed_tables(json.loads((DIGITS / "bench.json").read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
