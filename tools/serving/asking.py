"""What visitors ask, over HTTP, as browsers and programs do it."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import httpx
from servers import ROOT

from mmdemo.app.given import Given

EXAMPLES = ROOT / "assets" / "examples" / "digits"


async def upload(http: httpx.AsyncClient, name: str, content: bytes) -> dict[str, Any]:
    """A file given to the server, as a browser gives it."""
    given = await http.post("/gradio_api/upload", files={"files": (name, content)})
    given.raise_for_status()
    return {"path": given.json()[0], "meta": {"_type": "gradio.FileData"}}


async def call(http: httpx.AsyncClient, name: str, data: list[Any], session: str | None = None) -> tuple[int, str, Any]:
    """The status of a call, how its run ended, and with what."""
    body = {"data": data} | ({"session_hash": session} if session else {})
    asked = await http.post(f"/gradio_api/call/{name}", json=body)
    if asked.status_code != 200:
        return asked.status_code, "refused", asked.text
    return 200, *await read_stream(http, name, asked.json()["event_id"])


async def read_stream(http: httpx.AsyncClient, name: str, event_id: str) -> tuple[str, Any]:
    """How a run ended that was asked for, and with what."""
    told = (await http.get(f"/gradio_api/call/{name}/{event_id}")).text
    event, _, value = told.strip().split("\n\n")[-1].partition("\n")
    return event.removeprefix("event: "), json.loads(value.removeprefix("data: "))


def page_values(text: str | None, image: Any = None, audio: Any = None, noise: dict[str, int] | None = None) -> list:
    """What the page sends along with a run of the digits."""
    given = Given({"text": text, "image": image, "audio": audio}, noise=noise or {})
    return [*given.values(), "digits"]


async def mixture(http: httpx.AsyncClient) -> list[list[Any]]:
    """What visitors ask: words, pictures and sounds, alone and together, all different."""
    digits = ("three", "four", "seven", "eight", "nine")
    pictures = [await upload(http, path.name, path.read_bytes()) for path in sorted(EXAMPLES.glob("*.jpg"))]
    sounds = [await upload(http, path.name, path.read_bytes()) for path in sorted(EXAMPLES.glob("*.flac"))]
    asks: list[list[Any]] = [[f"{word}, no wait, {other}", None, None] for word in digits for other in digits[:2]]
    asks += [[None, picture, None] for picture in pictures] + [[None, None, sound] for sound in sounds]
    asks += [[word, picture, sound] for word, picture, sound in zip(digits, pictures, sounds, strict=False)]
    random.Random(0).shuffle(asks)
    return asks


async def runs(url: str, count: int) -> list[float]:
    """Seconds of runs that read all three, each of other words."""
    async with httpx.AsyncClient(base_url=url, timeout=300) as http:
        picture, sound = [await upload(http, f"seven.{kind}", (EXAMPLES / f"seven.{kind}").read_bytes())
                          for kind in ("jpg", "flac")]  # fmt: skip
        took = []
        for number in range(count):
            data = page_values(f"seven {number}", picture, sound)
            begun = time.perf_counter()
            status, event, _ = await call(http, "run", data, f"start{number}")
            assert (status, event) == (200, "complete")
            took.append(time.perf_counter() - begun)
        return took
