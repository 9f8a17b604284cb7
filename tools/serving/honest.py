"""Honest visitors: what they ask has one right answer, and they wait for it as long as it takes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from statistics import median
from typing import Any

import httpx
from asking import EXAMPLES, call, page_values, upload

VISITORS = {  # what each of them gives, and the address that they come from
    "words": "127.0.0.2",
    "picture": "127.0.0.3",
    "sound": "127.0.0.4",
    "all three": "127.0.0.5",
}
DIGITS = ("three", "four", "seven", "eight", "nine")
PATIENCE = 120.0  # seconds


@dataclass
class Kept:
    """What became of one visitor's requests.

    Attributes:
        seconds: from the first byte of an upload to the answer, of those that were answered right.
        wrong: how the others ended.
        forgotten: how often a reading of theirs was not there any more when they asked about it.
    """

    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    forgotten: int = 0

    @property
    def asked(self) -> int:
        """How many requests there were."""
        return len(self.seconds) + len(self.wrong)


async def visit(url: str, until: Callable[[int], bool], seed: int, tag: str) -> dict[str, Kept]:
    """Let all of them ask at the same time, with short pauses, as long as ``until`` their number of rounds is false.

    Args:
        url: the server's.
        until: whether a visitor goes after so many rounds.
        seed: of their words and pauses.
        tag: a part of their sessions' names.
    """
    found = await asyncio.gather(*(_one(url, name, until, Random(f"{name}{seed}{tag}"), tag) for name in VISITORS))
    return dict(zip(VISITORS, found, strict=True))


async def _one(url: str, name: str, until: Callable[[int], bool], chance: Random, tag: str) -> Kept:
    kept, session = Kept(), f"{tag}-{name.replace(' ', '-')}"
    way = httpx.AsyncHTTPTransport(local_address=VISITORS[name], limits=httpx.Limits(max_connections=None))
    async with httpx.AsyncClient(base_url=url, transport=way, timeout=PATIENCE) as http:
        questions = await questions_of(http)
        rounds = 0
        while not until(rounds):
            begun = time.perf_counter()
            try:
                right, said = await asked(http, name, chance, session)
            except (httpx.HTTPError, ValueError, KeyError, AssertionError) as error:
                right, said = "an answer", type(error).__name__
            if said == right:
                kept.seconds.append(time.perf_counter() - begun)
            else:
                kept.wrong.append(said)
            await asyncio.sleep(chance.uniform(0.2, 0.8))
            if said == right and name in ("words", "all three"):
                kept.forgotten += not await remembered(http, questions, session)
            rounds += 1
    return kept


async def asked(http: httpx.AsyncClient, name: str, chance: Random, session: str) -> tuple[str, str]:
    """One request as the page makes it: the right answer, and what was answered."""
    right, data = await given(http, name, chance)
    status, event, value = await call(http, "run", page_values(*data), session)
    return right, answered(event, value) if status == 200 else f"refused with {status}"


async def given(http: httpx.AsyncClient, name: str, chance: Random) -> tuple[str, list[Any]]:
    """What a visitor gives, uploaded where it is a file: the right answer, words, picture and sound."""

    async def file(of: str, kind: str) -> dict[str, Any]:  # a few more bytes, so that each is a file of its own
        whole = (EXAMPLES / f"{of}.{kind}").read_bytes()
        return await upload(http, f"{of}.{kind}", whole + chance.randbytes(8))

    if name == "words":
        first, right = chance.sample(DIGITS, 2)
        return right, [f"{first}, no wait, {right}{' ' * chance.randrange(9)}", None, None]
    if name == "picture":
        right = chance.choice(("four", "seven", "eight"))
        return right, [None, await file(right, "jpg"), None]
    if name == "sound":
        right = chance.choice(("three", "seven", "nine"))
        return right, [None, None, await file(right, "flac")]
    return "seven", ["seven", await file("seven", "jpg"), await file("seven", "flac")]


def answered(event: str, value: Any) -> str:
    """The label of an answer, or how else a run ended."""
    return json.loads(value[0])["label"] if event == "complete" else f"{event}: {value}"[:200]


async def questions_of(http: httpx.AsyncClient) -> int:
    """The number of the event by which the page asks about what was read last."""
    return next(fn["id"] for fn in (await http.get("/config")).json()["dependencies"] if fn["api_name"] == "ask")


async def remembered(http: httpx.AsyncClient, questions: int, session: str) -> bool:
    """Whether a visitor's last reading is still there, to be asked about."""
    body = {"data": [None, "digits"], "fn_index": questions, "session_hash": session}
    body |= {"event_data": {"ask": "step", "step": 0, "number": 1}}
    try:
        if (await http.post("/gradio_api/queue/join", json=body)).status_code != 200:
            return False
        return "evidence" in (await http.get("/gradio_api/queue/data", params={"session_hash": session})).text
    except httpx.HTTPError:
        return False


def medians(kept: dict[str, Kept]) -> dict[str, float | None]:
    """The median of each visitor's seconds; None without an answer."""
    return {name: median(one.seconds) if one.seconds else None for name, one in kept.items()}
