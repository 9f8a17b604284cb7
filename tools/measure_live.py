"""Measure a live session in headless Chromium: ``python tools/measure_live.py``, into ``measurements/live_page.json``.

A made-up microphone says ``assets/session.flac`` and a made-up camera shows a seven. For so many seconds it is noted
how long sound takes from its piece of 80 ms to the picture in which its step is painted, how long the Worker reads such
a piece, how many steps and pictures there were, and how the page's memory grows once a minute is kept: what is left of
it, in four places, after everything that is garbage has been collected. It needs Playwright and a Chromium.

``--visitors 4`` measures something else instead, into the same file: whether so many live sessions, each with a picture
a second and words, make the server's other answers slower.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import sys
import tempfile
import time
from itertools import chain
from pathlib import Path
from shutil import which
from statistics import median
from typing import Any

import soundfile as sf
from PIL import Image, ImageOps

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent / "serving"))

import httpx
import servers
from asking import call, mixture
from make_media import served
from playwright.sync_api import sync_playwright

from mmdemo.resources import ASSETS, ROOT

OUT = ROOT / "measurements" / "live_page.json"
FLAGS = ("--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
NOTE = """() => {
  window.painted = [];
  document.addEventListener("mmdemo:painted", ({ detail }) => window.painted.push(detail));
}"""
KEPT = 750  # steps that the page keeps: from then on it should not grow
LOOKS = 4  # at the memory
ROUNDS = 6  # with live visitors and without, by turns, so that whatever else the machine does hits both
AGAIN = 4  # times all is asked in a round, which takes several seconds
SETTLES = 1.0  # seconds until the visitors of a round are on their way


def main() -> None:
    """Measure, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--visitors", type=int, default=0, help="live at once; 0: measure one page instead")
    given = parser.parse_args()
    before = json.loads(OUT.read_text(encoding="utf-8")) if OUT.is_file() else {}
    command = " ".join(["python", "tools/measure_live.py", *sys.argv[1:]])
    if given.visitors:
        with servers.served() as server:
            found = {**before, "visitors": {"command": command, **asyncio.run(beside(server.url, given.visitors))}}
    else:
        found = {**one_page(given.seconds), "command": command}
        found |= {"visitors": before["visitors"]} if "visitors" in before else {}
    OUT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(OUT.read_text(encoding="utf-8"))


def one_page(seconds: float) -> dict[str, Any]:
    """A page of its own, measured."""
    with tempfile.TemporaryDirectory() as folder, served(opening=False) as url, sync_playwright() as playwright:
        return measured(playwright, url, Path(folder), seconds)


async def beside(url: str, visitors: int) -> dict[str, Any]:
    """Seconds of ordinary answers while so many sessions are live, and while none is.

    The sessions are what a page sends: their browsers would take time that is not the server's.
    """
    async with httpx.AsyncClient(base_url=url, timeout=300) as http:
        asks = await mixture(http)
        config = (await http.get("/config")).json()
        live = next(fn["id"] for fn in config["dependencies"] if fn["api_name"] == "live")
        for ask in asks:  # and everything is warm now
            await call(http, "predict", ask)
        took: dict[bool, list[list[float]]] = {on: [[] for _ in asks] for on in (True, False)}
        for turn in range(ROUNDS):
            on = bool(turn % 2)
            sessions = [
                asyncio.create_task(lives(http, live, f"live{turn}-{k}", k / visitors)) for k in range(visitors * on)
            ]
            await asyncio.sleep(SETTLES)
            for number, ask in AGAIN * list(enumerate(asks)):
                begun = time.perf_counter()
                _, event, _ = await call(http, "predict", ask)
                took[on][number].append(1000 * (time.perf_counter() - begun))
                assert event == "complete"
            for session in sessions:
                session.cancel()
            ended = await asyncio.gather(*sessions, return_exceptions=True)
            assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended
    quiet, busy = (list(chain(*took[on])) for on in (False, True))
    ratios = [median(with_them) / median(without) for with_them, without in zip(took[True], took[False], strict=True)]
    return {
        "live at once": visitors,
        "ordinary answers": len(busy),
        "without them, ms": summary(quiet),
        "with them, ms": summary(busy),
        "ratio of each question's medians": {
            "lowest": round(min(ratios), 2),
            "median": round(median(ratios), 2),
            "highest": round(max(ratios), 2),
        },
    }


async def lives(http: httpx.AsyncClient, live: int, session: str, later: float) -> None:
    """What a live session's page sends: a picture every second, and a word with every third; some seconds later.

    People's pages do not send at the same moment.
    """
    await asyncio.sleep(later)
    jpeg = base64.b64encode(shown()).decode()
    number = 0
    while True:
        begun = time.perf_counter()
        questions: list[dict[str, Any]] = [{"ask": "picture", "jpeg": jpeg}]
        questions += [{"ask": "words", "text": "seven "}] * (number % 3 == 0)
        for question in questions:
            number += 1
            body = {"data": [], "fn_index": live, "session_hash": f"{session}-{number}"}
            body["event_data"] = {**question, "task": "digits", "number": number}
            (await http.post("/gradio_api/queue/join", json=body)).raise_for_status()
            told = await http.get("/gradio_api/queue/data", params={"session_hash": body["session_hash"]})
            assert "steps" in told.text, told.text[:300]
        await asyncio.sleep(max(0.0, 1 - (time.perf_counter() - begun)))


def shown() -> bytes:
    """A picture as the page takes it from a camera: 320 x 240."""
    picture = Image.open(ASSETS / "examples/digits/seven.jpg").convert("RGB")
    small = io.BytesIO()
    ImageOps.fit(picture, (320, 240)).save(small, "JPEG", quality=80)
    return small.getvalue()


def measured(playwright: Any, url: str, folder: Path, seconds: float) -> dict[str, Any]:
    """One session of so many seconds; milliseconds and megabytes."""
    samples, rate = sf.read(ASSETS / "session.flac")
    sf.write(folder / "said.wav", samples, rate, "PCM_16")
    (folder / "shown.mjpeg").write_bytes((ASSETS / "examples/digits/seven.jpg").read_bytes() * 10)
    fakes = (
        f"--use-file-for-fake-audio-capture={folder / 'said.wav'}",
        f"--use-file-for-fake-video-capture={folder / 'shown.mjpeg'}",
    )
    chromium = playwright.chromium.launch(executable_path=which("chromium"), args=[*FLAGS, *fakes])
    page = chromium.new_page(viewport={"width": 1280, "height": 720})
    page.goto(url)
    page.locator("#answer .mm-answer > *").first.wait_for(state="attached")
    page.locator(".mm-go-live").click()
    page.wait_for_function(f"Number(document.querySelector('.mmw-canvas').dataset.index) > {KEPT}", timeout=180_000)
    tools = page.context.new_cdp_session(page)
    memory = [left(tools)]
    page.evaluate(NOTE)
    painted = []
    for _ in range(LOOKS - 1):
        page.wait_for_timeout(1000 * seconds / (LOOKS - 1))
        painted += page.evaluate("window.painted.splice(0)")  # or what is measured would grow by the measurements
        memory.append(left(tools))
    chips = page.locator(".mmw-chip").count()
    version = chromium.version
    chromium.close()
    steps = painted[-1]["index"] - painted[0]["index"] + 1
    return {
        "seconds": seconds,
        "browser": f"Chromium {version}, headless",
        "sound to drawing, ms after its piece of 80": summary([each["lag"] for each in painted]),
        "a piece of 80 ms in the Worker, ms": summary([each["milliseconds"] for each in painted]),
        "steps": steps,
        "pictures": len(painted),
        "understood": chips,
        "memory of the page after garbage collection, MB": memory,
    }


def left(tools: Any) -> float:
    """Megabytes of the page's heap, with what its arrays hold outside it, after everything unused has been let go."""
    tools.send("HeapProfiler.collectGarbage")
    used = tools.send("Runtime.getHeapUsage")
    return round((used["usedSize"] + used["backingStorageSize"]) / 1e6, 2)


def summary(values: list[float]) -> dict[str, float]:
    """The median, and the value below which 95 % lie."""
    ordered = sorted(values)
    return {"median": round(median(ordered), 1), "95 %": round(ordered[int(0.95 * (len(ordered) - 1))], 1)}


if __name__ == "__main__":
    main()
