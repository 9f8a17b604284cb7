"""How long a start takes, and the first visitor's run after it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from statistics import median

from asking import runs as ask
from records import record
from servers import ROOT, served


def start(times: int = 3) -> None:
    """Start-up against ``import gradio, torch, librosa`` alone, and the first visitor's run against later ones."""
    imports, pages, firsts, laters = [], [], [], []
    command = [sys.executable, "-c", "import gradio, torch, librosa"]
    for _ in range(times):  # in turn, so that whatever else the machine does hits both
        begun = time.perf_counter()
        subprocess.run(command, check=True, cwd=ROOT)
        imports.append(time.perf_counter() - begun)
        with served(ready=False) as server:
            pages.append(server.wait("/"))
            server.wait()
            runs = asyncio.run(ask(server.url, 6))
        firsts.append(runs[0])
        laters.append(median(runs[1:]))

    def seconds(values: list[float]) -> list[float]:
        return [round(value, 2) for value in values]

    record(
        "start",
        {
            "import gradio, torch, librosa": seconds(imports),
            "page answers": seconds(pages),
            "page against imports": round(median(b / a for a, b in zip(imports, pages, strict=True)), 2),
            "first run once ready": seconds(firsts),
            "later runs": seconds(laters),
            "first against later": round(median(a / b for a, b in zip(firsts, laters, strict=True)), 2),
        },
    )
