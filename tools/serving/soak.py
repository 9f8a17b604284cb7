"""Requests of all kinds of valid and broken input, hour after hour: failures, memory, files that are left."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from asking import EXAMPLES, call, page_values, upload
from hostile import BODIES, CLOSED, PATHS, PICTURES, SOUNDS, WORDS
from servers import Server, served

KINDS = [
    "words",
    "picture",
    "sound",
    "all three",
    "page",
    "explain",
    "assistant",
    "words too long",
    "broken",
    "hostile words",
    "body",
    "path",
]


def soak(requests: int = 2000, at_once: int = 4, minutes: float = 0.5) -> dict[str, Any]:
    """Requests of all kinds of valid and broken input: failures, memory, files that are left."""
    with served(minutes=minutes) as server:
        found = asyncio.run(_soak(server, requests, at_once))
        time.sleep(60 * minutes + 15)  # the deletion time, and until the server looks again
        temp = server.folder.parent / "tmp"
        left = [path.name for place in (server.folder, temp) for path in place.rglob("*") if path.is_file()]
        unexpected = [line for line in server.lines() if "unexpected" in (line.get("event"), line.get("outcome"))]
        log = server.log.read_text(encoding="utf-8", errors="replace")
        found |= {
            "unexpected in the log": unexpected[:5],
            "tracebacks in the log": log.count("Traceback"),
            "inputs in the log": sum(log.count(word) for word in ("no wait", "alert(1)", "passwd", ".flac")),
            "files left after the deletion time": left,
        }
        return found


async def _soak(server: Server, requests: int, at_once: int) -> dict[str, Any]:
    chance, statuses, ends, failures, memory = random.Random(0), Counter(), Counter(), [], []
    tasks: asyncio.Queue[int] = asyncio.Queue()
    for number in range(requests):
        tasks.put_nowait(number)
    async with httpx.AsyncClient(base_url=server.url, timeout=300) as http:
        for kind in KINDS:  # everything is warm before the first measurement
            await _one(http, kind, chance)

        async def visitor() -> None:
            while not tasks.empty():
                number = tasks.get_nowait()
                kind = KINDS[number % len(KINDS)]
                status, end, value = await _one(http, kind, chance)
                statuses[status] += 1
                ends[f"{kind}: {end}"] += 1
                text = value if isinstance(value, str) else json.dumps(value)
                kind_sentence = isinstance(value, dict) and value.get("error")
                unkind = end == "error" and (not kind_sentence or "went wrong" in text)
                if status >= 500 or unkind or "Traceback" in text or end not in ("complete", "error", "refused"):
                    failures.append([kind, status, end, text[:200]])
                memory.append(server.memory())

        await asyncio.gather(*(visitor() for _ in range(at_once)))
    half = len(memory) // 2
    first, last = median(memory[half // 2 : half]), median(memory[-half // 2 :])
    return {
        "requests": requests,
        "statuses": dict(statuses),
        "ends": dict(sorted(ends.items())),
        "failures": failures[:10],
        "MiB": {
            "first half": round(first, 1),
            "last half": round(last, 1),
            "growth": f"{100 * (last / first - 1):.1f} %",
        },
    }


async def _one(http: httpx.AsyncClient, kind: str, chance: random.Random) -> tuple[int, str, Any]:
    """One request of a kind."""

    def example(ending: str) -> Path:
        return chance.choice(sorted(EXAMPLES.glob(f"*.{ending}")))

    async def given(path: Path) -> dict[str, Any]:
        # A few more bytes at the end, which readers ignore, so that every upload is a file of its own.
        return await upload(http, path.name, path.read_bytes() + chance.randbytes(8))

    word = f"three, no wait, {chance.choice(['four', 'seven', 'nine'])} {chance.randrange(10**6)}"
    if kind == "words":
        return await call(http, "predict", [word])
    if kind == "picture":
        return await call(http, "predict", [None, await given(example("jpg"))])
    if kind == "sound":
        return await call(http, "predict", [None, None, await given(example("flac"))])
    if kind == "all three":
        return await call(http, "predict", [word, await given(example("jpg")), await given(example("flac"))])
    if kind == "page":
        data = page_values(word, await given(example("jpg")), noise={"typing": 10, "blur": 10})
        return await call(http, "run", data, f"soak{chance.randrange(10**9)}")
    if kind == "explain":
        return await call(http, "explain", [word, await given(example("jpg"))])
    if kind == "assistant":
        ask = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
        ask["params"] = {"name": "predict", "arguments": {"text": word}}
        accept = {"accept": "application/json, text/event-stream"}
        answer = await http.post("/gradio_api/mcp/", json=ask, headers=accept)
        return answer.status_code, "complete" if '"isError":false' in answer.text else "refused", answer.text
    if kind == "words too long":
        return await call(http, "predict", ["seven " * chance.randrange(400, 100_000)])
    if kind == "broken":
        at = chance.choice([1, 2])
        name, content, _ = chance.choice(list((PICTURES if at == 1 else SOUNDS).values()))
        data: list[Any] = [None, None, None]
        data[at] = await upload(http, name, content)
        return await call(http, "predict", data)
    if kind == "hostile words":
        return await call(http, "predict", [chance.choice(list(WORDS.values()))])
    if kind == "body":
        answer = await http.post("/gradio_api/call/predict", content=chance.choice(BODIES))
        return answer.status_code, "refused", answer.text
    if chance.random() < 0.5:
        answer = await http.get(chance.choice(CLOSED))
        return answer.status_code, "refused", answer.text
    return await call(http, "predict", [None, {"path": chance.choice(PATHS)}])
