"""Where the findings go."""

from __future__ import annotations

import json
import os
from typing import Any

from servers import ROOT

OUT = ROOT / "measurements" / "serving.json"


def record(name: str, found: dict[str, Any]) -> None:
    """Print what was found, and write it down beside what was found before."""
    print(json.dumps({name: found}, indent=2))
    OUT.parent.mkdir(exist_ok=True)
    before = json.loads(OUT.read_text(encoding="utf-8")) if OUT.is_file() else {}
    before[name] = {"command": f"python tools/serving {name}", "cores": os.cpu_count(), **found}
    OUT.write_text(json.dumps(before, indent=2) + "\n", encoding="utf-8")
