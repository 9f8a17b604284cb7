"""Put what ``evaluate`` and ``bench`` measured into README and model cards: ``python tools/fill_readme.py``."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from mmdemo.data.tasks import TASKS
from mmdemo.report import fill, speed_tables, tables

ROOT = Path(__file__).resolve().parents[1]
CHECKPOINTS = ROOT / "checkpoints"


def main() -> None:
    """Fill every place."""
    for task in TASKS:
        measured = tables(json.loads((CHECKPOINTS / task / "metrics.json").read_text(encoding="utf-8")))
        fill(CHECKPOINTS / task / "README.md", "figures", measured)
        fill(ROOT / "README.md", task, measured)
    bench = json.loads((CHECKPOINTS / "digits" / "bench.json").read_text(encoding="utf-8"))
    fill(ROOT / "README.md", "speed", speed_tables(bench))


if __name__ == "__main__":
    main()
