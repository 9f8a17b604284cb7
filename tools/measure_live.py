"""Measure a live session in headless Chromium: ``python tools/measure_live.py``, into ``measurements/live_page.json``.

A made-up microphone says ``assets/session.flac`` and a made-up camera shows a seven. For so many seconds it is noted
how long sound takes from its piece of 80 ms to the picture in which its step is painted, how long the Worker reads such
a piece, how many steps and pictures there were, and how the page's memory grows once a minute is kept. It needs
Playwright and a Chromium.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from shutil import which
from statistics import median
from typing import Any

import soundfile as sf

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

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
HEAP = "performance.memory.usedJSHeapSize"


def main() -> None:
    """Measure, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder, served(opening=False) as url, sync_playwright() as playwright:
        found = measured(playwright, url, Path(folder), seconds)
    found["command"] = " ".join(["python", "tools/measure_live.py", *sys.argv[1:]])
    OUT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(OUT.read_text(encoding="utf-8"))


def measured(playwright: Any, url: str, folder: Path, seconds: float) -> dict[str, Any]:
    """One session of so many seconds; milliseconds and megabytes."""
    samples, rate = sf.read(ASSETS / "session.flac")
    sf.write(folder / "said.wav", samples, rate, "PCM_16")
    (folder / "shown.mjpeg").write_bytes((ASSETS / "examples/digits/seven.jpg").read_bytes() * 10)
    fakes = (
        f"--use-file-for-fake-audio-capture={folder / 'said.wav'}",
        f"--use-file-for-fake-video-capture={folder / 'shown.mjpeg'}",
        "--enable-precise-memory-info",
        "--js-flags=--expose-gc",
    )
    chromium = playwright.chromium.launch(executable_path=which("chromium"), args=[*FLAGS, *fakes])
    page = chromium.new_page(viewport={"width": 1280, "height": 720})
    page.goto(url)
    page.locator("#answer .mm-answer > *").first.wait_for(state="attached")
    page.locator(".mm-go-live").click()
    page.wait_for_function(f"Number(document.querySelector('.mmw-canvas').dataset.index) > {KEPT}", timeout=180_000)
    page.evaluate("gc()")
    heap = [page.evaluate(HEAP)]
    page.evaluate(NOTE)
    page.wait_for_timeout(1000 * seconds)
    page.evaluate("gc()")
    heap.append(page.evaluate(HEAP))
    painted = page.evaluate("window.painted")
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
        "memory of the page, MB": [round(each / 1e6, 1) for each in heap],
    }


def summary(values: list[float]) -> dict[str, float]:
    """The median, and the value below which 95 % lie."""
    ordered = sorted(values)
    return {"median": round(median(ordered), 1), "95 %": round(ordered[int(0.95 * (len(ordered) - 1))], 1)}


if __name__ == "__main__":
    main()
