"""Many clients at once against one that repeats: answers, throughput, p95 and refusals."""

from __future__ import annotations

import asyncio
import json
import time
from statistics import median
from typing import Any

import httpx
from asking import call, mixture, page_values
from servers import served

CLOSE = 1e-5  # probabilities computed together and alone may differ by the rounding of float32


def load(clients: int = 32, rounds: int = 3, name: str = "predict", label: str = "load") -> dict[str, Any]:
    """Many clients at once against one that repeats: answers, throughput, p95 and refusals."""
    with served() as server:
        return asyncio.run(_load(server.url, clients, rounds, name))


async def _load(url: str, clients: int, rounds: int, name: str) -> dict[str, Any]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=300, limits=limits) as http:
        asks = await mixture(http)
        if name == "run":
            asks = [page_values(*ask) for ask in asks]

        def answer(value: list[Any]) -> dict[str, Any]:
            said = value[0] if name == "predict" else json.loads(value[0])
            p = said["probabilities"]
            return {"label": said["label"], "p": list(p.values()) if isinstance(p, dict) else p}

        alone = [answer((await call(http, name, ask))[2]) for ask in asks]  # and everything is warm now
        refused, times, apart, wrong = 0, [], 0.0, 0

        async def client(number: int, each: int) -> None:
            nonlocal refused, apart, wrong
            for k in range(each):
                at = (number * 7 + k) % len(asks)
                while True:
                    begun = time.perf_counter()
                    status, event, value = await call(http, name, asks[at], f"client{number}")
                    if status != 429:
                        break
                    refused += 1
                    await asyncio.sleep(1)
                if clients > 1:
                    times.append(time.perf_counter() - begun)
                if event != "complete" or answer(value)["label"] != alone[at]["label"]:
                    wrong += 1
                    continue
                apart = max(apart, *(abs(a - b) for a, b in zip(answer(value)["p"], alone[at]["p"], strict=True)))

        single, many = [], []
        each = max(1, 2 * len(asks) // clients)
        for _ in range(rounds):  # in turn, so that whatever else the machine does hits both
            begun = time.perf_counter()
            before = len(times)
            await client(0, len(asks))
            single.append(len(asks) / (time.perf_counter() - begun))
            alone_times, times[before:] = times[before:], []
            begun = time.perf_counter()
            await asyncio.gather(*(client(number, each) for number in range(clients)))
            many.append(clients * each / (time.perf_counter() - begun))
        ordered = sorted(times)
        return {
            "clients": clients,
            "requests": len(times),
            "endpoint": name,
            "per_second": {
                "one client": [round(x, 2) for x in single],
                f"{clients} clients": [round(x, 2) for x in many],
            },
            "ratio": round(median(b / a for a, b in zip(single, many, strict=True)), 2),
            "seconds": {
                "one client, median": round(median(alone_times), 3),
                "median": round(median(ordered), 3),
                "p95": round(ordered[int(0.95 * len(ordered))], 3),
            },
            "refused": refused,
            "wrong": wrong,
            "largest difference of a probability": apart,
            "allowed": CLOSE,
        }
