"""How long a start takes, and the first visitor's run after it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from asking import runs
from servers import ROOT, served


def start(times: int = 3) -> dict[str, Any]:
    """Start-up against ``import gradio, torch, librosa``, and against one task alone; the first run and later ones."""
    imports, pages, readies, firsts, laters = [], [], [], [], []
    alone, alone_ready = [], []
    command = [sys.executable, "-c", "import gradio, torch, librosa"]
    for _ in range(times):  # in turn, so that whatever else the machine does hits both
        begun = time.perf_counter()
        subprocess.run(command, check=True, cwd=ROOT)
        imports.append(time.perf_counter() - begun)
        with served(ready=False) as server:
            pages.append(server.wait("/"))
            readies.append(server.wait())
            took = asyncio.run(runs(server.url, 6))
        with tempfile.TemporaryDirectory() as one:
            shutil.copytree(ROOT / "checkpoints" / "digits", Path(one) / "digits")
            with served(ready=False, checkpoints=Path(one)) as server:
                alone.append(server.wait("/"))
                alone_ready.append(server.wait())
        firsts.append(took[0])
        laters.append(median(took[1:]))

    def seconds(values: list[float]) -> list[float]:
        return [round(value, 2) for value in values]

    return {
        "import gradio, torch, librosa": seconds(imports),
        "page answers": seconds(pages),
        "page against imports": round(median(b / a for a, b in zip(imports, pages, strict=True)), 2),
        "page answers, digits alone": seconds(alone),
        "all tasks against digits alone": round(median(b / a for a, b in zip(alone, pages, strict=True)), 2),
        "ready": seconds(readies),
        "ready, digits alone": seconds(alone_ready),
        "first run once ready": seconds(firsts),
        "later runs": seconds(laters),
        "first against later": round(median(a / b for a, b in zip(firsts, laters, strict=True)), 2),
    }
