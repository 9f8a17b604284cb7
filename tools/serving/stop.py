"""Servers that are stopped under load."""

from __future__ import annotations

import asyncio
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import psutil
from asking import call, mixture, runs
from servers import Server


def stop() -> dict[str, Any]:
    """Stop a server under load, kindly and by force: running requests are finished, and the next start is clean."""
    with tempfile.TemporaryDirectory() as place:
        found: dict[str, Any] = {}
        for how in (signal.SIGTERM, signal.SIGKILL):
            server = Server(Path(place) / "uploads", minutes=0.2)
            server.wait()
            found[how.name] = asyncio.run(_stopped(server, how))
        again = Server(Path(place) / "uploads", minutes=0.2)
        again.wait()
        time.sleep(30)  # the deletion time, and until the server looks again
        left = [path.name for path in (Path(place) / "uploads").rglob("*") if path.is_file()]
        found["start after SIGKILL"] = {
            "health": httpx.get(f"{again.url}/health").json()["status"],
            "answers": asyncio.run(runs(again.url, 1)) != [],
            "files left from before": left,
        }
        again.stop()
    return found


async def _stopped(server: Server, how: int) -> dict[str, Any]:
    """What becomes of eight runs if the server is stopped while they run."""
    async with httpx.AsyncClient(base_url=server.url, timeout=120) as http:
        asks = (await mixture(http))[:8]

        async def one(number: int) -> str:
            try:
                status, event, _ = await call(http, "predict", asks[number], f"stop{number}")
                return event if status == 200 else f"refused with {status}"
            except (httpx.TransportError, ValueError):
                return "broken off"

        workers = server.workers()
        running = [asyncio.create_task(one(number)) for number in range(len(asks))]
        while sum(line.get("event") == "request" and line.get("path") == "call" for line in server.lines()) < len(asks):
            await asyncio.sleep(0.01)
        seconds = asyncio.create_task(asyncio.to_thread(server.stop, how))
        ends = Counter(await asyncio.gather(*running))
        took = round(await seconds, 1)
        _, left = await asyncio.to_thread(psutil.wait_procs, workers, 10)
        return {
            "runs": dict(ends),
            "seconds": took,
            "status": server.process.returncode,
            "its processes": len(workers),
            "of them left": len(left),
        }
