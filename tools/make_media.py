"""Make the pictures that the README shows, from the running page: ``python tools/make_media.py``.

``assets/page.png`` is the page with five labels, ``assets/three-no-wait-five.webp`` plays one reading.
``assets/media.json`` holds a hash of what they show, so that a test can tell when they are out of date. It needs
Playwright and a Chromium.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from PIL import Image

from mmdemo.resources import ASSETS, CHECKPOINTS, PACKAGE

PAGE = ASSETS / "page.png"
MOVIE = ASSETS / "three-no-wait-five.webp"
RECORD = ASSETS / "media.json"
WIDTH = 1180  # CSS pixels of the page in the picture with labels
NARROW = 880  # and in the moving one
STEP, END = 900, 3000  # milliseconds that each step is shown, and the end
MARGIN = 14  # pixels around the drawing in the moving picture
LABELS = {  # what is framed: the selector where it begins, the one before which it ends (if any other), its sides
    "1  Inputs": ("#cards", None, "#cards"),
    "2  The answer": ("#answer .mm-answer", None, "#answer .mm-answer"),
    "3  Belief": (".mmd-of-belief", ".mmd-of-gates", ".mmd"),
    "4  Gates": (".mmd-of-gates", ".mmd-of-ledger", ".mmd"),
    "5  The ledger": (".mmd-of-ledger", ".mmd-of-changed", ".mmd"),
}
FRAME = """(labels) => {
  for (const [text, [first, after, sides]] of Object.entries(labels)) {
    const box = (selector) => document.querySelector(selector).getBoundingClientRect();
    const top = box(first).top, bottom = after ? box(after).top - 8 : box(first).bottom;
    const { left, width } = box(sides);
    const frame = document.createElement("div");
    frame.style = `position:absolute; box-sizing:border-box; pointer-events:none; z-index:9999;
      left:${left + scrollX - 6}px; top:${top + scrollY - 5}px; width:${width + 12}px; height:${bottom - top + 10}px;
      border:2.5px solid #4338ca; border-radius:12px`;
    const label = document.createElement("b");
    label.textContent = text;
    label.style = `position:absolute; right:14px; top:-14px; padding:3px 12px; border-radius:99px; white-space:pre;
      background:#4338ca; color:white; font:600 15px/1.5 system-ui, sans-serif`;
    frame.append(label);
    document.body.append(frame);
  }
}"""
HOLD = """() => {
  window.held = [];
  window.setTimeout = (work) => window.held.push(work);
}"""  # from now on, nothing goes on by itself
GO_ON = "() => { for (const work of window.held.splice(0)) work(); }"


def main() -> None:
    """Make both pictures."""
    with served() as url, browser() as chromium:
        PAGE.write_bytes(labelled_page(chromium, url))
        MOVIE.write_bytes(moving_picture(chromium, url))
    RECORD.write_text(json.dumps({"shows": shown()}, indent=1) + "\n", encoding="utf-8")
    for file in (PAGE, MOVIE):
        print(f"{file.name}: {file.stat().st_size / 1e6:.2f} MB")


def shown() -> str:
    """A hash of what the pictures show: the page's files, by what is in them and not by name, and the model."""
    files = [path for path in (PACKAGE / "web").rglob("*") if path.suffix in (".js", ".css")]
    files += [PACKAGE / "strings" / "en.json", CHECKPOINTS / "digits" / "model.safetensors"]
    hashes = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def labelled_page(chromium: Any, url: str) -> bytes:
    """The page after it has read words, a picture and a sound, with the parts that matter framed: a PNG."""
    page = visit(chromium, url, WIDTH)
    read(page, "seven")
    page.wait_for_timeout(1000)  # the recording's waveform is drawn on its own time
    page.evaluate(FRAME, LABELS)
    bottom = page.evaluate("document.querySelector('#drawing').getBoundingClientRect().bottom + scrollY")
    picture = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": bottom + 12})
    return saved(
        Image.open(io.BytesIO(picture)).convert("RGB").quantize(256, dither=Image.Dither.NONE), "PNG", optimize=True
    )


def moving_picture(chromium: Any, url: str) -> bytes:
    """The reading of "three, no wait, five", step by step: an animated WebP."""
    page = visit(chromium, url, NARROW)
    read(page, "changes_its_mind")
    page.evaluate("document.querySelector('#drawing').scrollIntoView()")
    box = page.locator("#drawing .mmd").bounding_box()
    around = {side: box[side] - MARGIN for side in ("x", "y")}
    around |= {side: box[side] + 2 * MARGIN for side in ("width", "height")}
    page.evaluate(HOLD)
    page.locator(".mmd-play").click()
    frames = []
    for _ in range(page.locator(".mmd-strip .mmd-chip").count()):
        frames.append(page.screenshot(clip=around))
        page.evaluate(GO_ON)
    frames.append(page.screenshot(clip=around))
    first, *others = [Image.open(io.BytesIO(frame)).convert("RGB") for frame in frames]
    times = [STEP] * len(others) + [END]
    return saved(first, "WEBP", save_all=True, append_images=others, duration=times, loop=0, quality=80, method=6)


def visit(chromium: Any, url: str, width: int) -> Any:
    """The page, opened in English and in the light."""
    context = chromium.new_context(
        locale="en-GB", color_scheme="light", viewport={"width": width, "height": 1000}, device_scale_factor=1
    )
    page = context.new_page()
    page.goto(url)
    page.locator("#answer .mm-hint").wait_for()
    return page


def read(page: Any, example: str) -> None:
    """Choose an example, and wait for its answer and its drawing."""
    page.locator(f"[data-example={example}]").click()
    page.locator("#answer .mm-verdict").wait_for()
    page.locator("#drawing .js-plotly-plot").wait_for()
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """A picture as the bytes of its file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@contextmanager
def served(opening: bool = False) -> Iterator[str]:
    """The address of the page, served for as long as this lasts, with its opening reading or empty."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    from mmdemo.app import build
    from mmdemo.server import launch

    demo = build(opening=opening)
    _, url, _ = launch(demo, per_minute=0, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
    yield url
    demo.close()


@contextmanager
def browser() -> Iterator[Any]:
    """A Chromium: the system's, or Playwright's own."""
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        flags = [*root, "--use-fake-device-for-media-stream"]  # or the page says that there is no camera
        chromium = playwright.chromium.launch(executable_path=found, args=flags, timeout=120_000)
        yield chromium
        chromium.close()


if __name__ == "__main__":
    main()
