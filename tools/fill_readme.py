"""Put what was measured into README and model cards: ``python tools/fill_readme.py``."""

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from mmdemo.data.tasks.registry import TASKS
from mmdemo.evaluate.tables import fill, speed_tables, tables
from mmdemo.resources import CHECKPOINTS, ROOT

MEASUREMENTS = ROOT / "measurements"


def main() -> None:
    """Fill every place."""
    for task in TASKS:
        fill(CHECKPOINTS / task / "README.md", "figures", tables(read(CHECKPOINTS / task / "metrics.json")))
    fill_readme(ROOT / "README.md")


def fill_readme(file: Path) -> None:
    """Fill every place of the README, or of a copy."""
    for task in TASKS:
        fill(file, task, tables(read(CHECKPOINTS / task / "metrics.json")))
    fill(file, "speed", speed_tables(read(CHECKPOINTS / "digits" / "bench.json")))
    fill(file, "serving", serving_table(read(MEASUREMENTS / "serving.json")))
    fill(file, "training", training_table(read(MEASUREMENTS / "training.json")))


def read(file: Path) -> dict[str, Any]:
    """What a command wrote."""
    return json.loads(file.read_text(encoding="utf-8"))


def serving_table(found: dict[str, Any]) -> str:
    """What ``tools/serving`` measured, as a Markdown table."""
    load, soak, fuzz, start, stop = (found[name] for name in ("load", "soak", "fuzz", "start", "stop"))
    memory, alone, many = soak["MiB"], *(median(rates) for rates in load["per_second"].values())
    killed, again = stop["SIGKILL"], stop["start after SIGKILL"]
    rows = [
        (
            load,
            f"{load['clients']} clients at once, on {load['cores']} cores with them",
            f"{many:.1f} answers a second, {load['ratio']} times what one client gets by repeating ({alone:.1f}); "
            f"95 of 100 within {load['seconds']['p95']} s; {load['refused']} refused; {load['wrong']} other than alone",
        ),
        (
            soak,
            f"{soak['requests']:,} requests of all kinds of valid and broken input",
            f"{len(soak['failures'])} failures, {len(soak['unexpected in the log'])} unexpected errors, "
            f"{len(soak['files left after the deletion time'])} files left; {memory['last half']:.0f} MiB with all its "
            f"processes, {memory['growth']} more in the last thousand than in the first",
        ),
        (
            fuzz,
            f"{fuzz['through preprocessing']:,} generated inputs to preprocessing, {fuzz['through HTTP']} over HTTP",
            f"{fuzz['unhandled']} unhandled",
        ),
        (
            start,
            "from the command to the first answer",
            f"page there after {start['page against imports']} times what `import gradio, torch, librosa` takes; "
            f"the first visitor's run takes {start['first against later']} times a later one",
        ),
        (
            stop,
            "stopped while eight runs are under way",
            f"SIGTERM: {stop['SIGTERM']['runs'].get('complete', 0)} finished; SIGKILL: "
            f"{killed['of them left']} processes and {len(again['files left from before'])} files left, "
            f"and the next start is {again['health']}",
        ),
    ]
    return "\n".join(
        [
            "| command | what it does | what was found |",
            "|---|---|---|",
            *(f"| `{one['command']}` | {what} | {told} |" for one, what, told in rows),
        ]
    )


def training_table(found: dict[str, Any]) -> str:
    """What ``tools/training.py`` measured, as a Markdown table."""
    rows = ["| command | what was found |", "|---|---|"]
    for one in found.values():
        if "killed" in one:
            told = (
                f"killed {len(one['killed'])} times, it ends with a validation loss that differs by "
                f"{one['difference']:.1g} (allowed: {one['allowed']:g}); "
                f"{len(one['files left half-written'])} files left half-written"
            )
        else:
            apart = f"{one['largest difference']:.1g} (allowed: {one['allowed']:g})"
            told = f"the first 20 losses of two processes are one's to within {apart}"
        rows.append(f"| `{one['command']}` | {told} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
