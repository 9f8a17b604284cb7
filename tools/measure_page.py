"""Measure how the page loads and answers: ``python tools/measure_page.py``; written to ``measurements/page.json``.

Medians of five cold loads of the page and of an empty page of Gradio's, by turns, in a Chromium that has seen neither;
then how long a visitor waits for what the page does. Each figure that has a bar stands beside it. It needs Playwright
and a Chromium. Run it on a machine that does nothing else: a busy one blurs even the ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

from make_media import browser, served

from mmdemo.resources import ROOT

FILE = ROOT / "measurements" / "page.json"
LOADS = 5
QUIET = 2000  # milliseconds without a long task, after which the main thread counts as quiet
PATIENCE = 15_000  # milliseconds until it is no longer waited for: then the machine is too busy to say
FRAME = 1000 / 60  # milliseconds
WORDS, THREE = "changes_its_mind", "seven"  # examples: of words alone, and of all three inputs
BARS = {  # what is measured: the most that it may be
    "quiet_ratio": 1.5,
    "longest_task_ratio": 1.5,
    "layout_shift": 0.1,
    "kilobytes": 900,
    "requests": 80,
    "hover_ms": round(FRAME, 1),
    "click_to_drawing_words_ms": 400,
    "click_to_drawing_three_ms": 700,
    "last_key_to_answer_ms": 300,
}
WATCH = """window.watched = {tasks: [], shift: 0};
new PerformanceObserver((list) => {
  for (const {startTime, duration} of list.getEntries()) watched.tasks.push([startTime, duration]);
}).observe({type: 'longtask', buffered: true});
new PerformanceObserver((list) => {
  for (const {value, hadRecentInput} of list.getEntries()) if (!hadRecentInput) watched.shift += value;
}).observe({type: 'layout-shift', buffered: true});"""
# What was fetched until the page was ready (replay.js has begun): that is when the first reading can be made.
READ = """() => {
  const files = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
  const ready = performance.getEntriesByName('mmdemo.ready')[0]?.startTime ?? Infinity;
  const first = files.filter(({startTime}) => startTime < ready);
  const kilobytes = (some) => some.reduce((sum, {transferSize}) => sum + transferSize, 0) / 1000;
  const [last] = watched.tasks.slice(-1);
  return {
    first_paint_ms: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,
    ready_ms: Number.isFinite(ready) ? ready : null,
    quiet_ms: last ? last[0] + last[1] : 0,
    longest_task_ms: Math.max(0, ...watched.tasks.map(([, duration]) => duration)),
    layout_shift: watched.shift,
    kilobytes: kilobytes(first),
    requests: first.length,
    kilobytes_in_all: kilobytes(files),
    requests_in_all: files.length,
  };
}"""
IDLE = """([quiet, patience]) => new Promise((resolve) => {
  const end = performance.now() + patience;
  const look = () => {
    const [last] = watched.tasks.slice(-1);
    const since = performance.now() - (last ? last[0] + last[1] : 0);
    if (since > quiet || performance.now() > end) resolve(performance.now());
    else setTimeout(look, 100);
  };
  look();
})"""
# From the last key until what was read is what was typed.
TYPED = """(words) => {
  const answer = document.querySelector('#answer');
  let key = 0;
  window.answered = null;
  addEventListener('keydown', () => (key = performance.now()), true);
  const watcher = new MutationObserver(() => {
    if ([...answer.querySelectorAll('.mm-token')].map((each) => each.textContent).join(' ') !== words) return;
    watcher.disconnect();
    window.answered = performance.now() - key;
  });
  watcher.observe(answer, {childList: true, subtree: true, characterData: true});
}"""
DRAWN = """(name) => new Promise((resolve) => {
  const chips = document.querySelector('#drawing .mmd-strip');
  const begun = performance.now();
  new MutationObserver((_, watcher) => {
    watcher.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - begun)));
  }).observe(chips, {childList: true});
  document.querySelector(`[data-example=${name}]`).click();
})"""
# The work of each move of the pointer: everything that hears it, and the layout that it leads to.
HOVERED = """() => {
  window.hovered = [];
  let begun = 0;
  addEventListener('pointermove', () => (begun = performance.now()), true);
  addEventListener('mousemove', () => {
    document.querySelector('#drawing .mmd-cursor').getBoundingClientRect();
    hovered.push(performance.now() - begun);
  });
}"""


def main() -> None:
    """Write the file, and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loads", type=int, default=LOADS, help="cold loads of each page")
    loads = parser.parse_args().loads
    with served(opening=True) as ours, empty() as other, browser() as chromium:
        runs = [(load(chromium, ours), load(chromium, other)) for _ in range(loads)]
        uses = use(chromium, ours)
    page, bare = (medians([run[k] for run in runs]) for k in (0, 1))
    ratios = {f"{key}_ratio": ratio(page[f"{key}_ms"], bare[f"{key}_ms"]) for key in ("quiet", "longest_task")}
    found = {**page, **ratios, **uses}
    bars = {key: {"is": found[key], "at_most": most, "met": found[key] <= most} for key, most in BARS.items()}
    record = {"loads": loads, "page": page, "empty_gradio_page": bare, "use": uses, "bars": bars}
    FILE.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=1))


def ratio(ours: float, bare: float) -> float:
    """How many times as long; a thread without a long task counts as one of 50 ms, the shortest that is long."""
    return round(max(ours, 50) / max(bare, 50), 2)


def load(chromium: Any, url: str) -> dict[str, float | None]:
    """One cold load, until the main thread is quiet."""
    page = visit(chromium, url)
    page.locator("button, textarea").first.wait_for(timeout=120_000)
    page.evaluate(IDLE, [QUIET, PATIENCE])
    found = page.evaluate(READ)
    page.context.close()
    return found


def use(chromium: Any, url: str) -> dict[str, float]:
    """How long a visitor waits: from the last key, from a click on an example, and for the cursor under the pointer.

    The server keeps the readings of examples, so that all clicks but the first of all are answered from there.
    """
    page = visit(chromium, url, reduced_motion="reduce")
    page.locator("#answer .mm-verdict").wait_for(timeout=120_000)
    page.keyboard.press("Shift")  # the first touch: Plotly comes
    page.wait_for_function("window.Plotly")
    page.evaluate(IDLE, [QUIET, PATIENCE])
    for name in (WORDS, THREE):
        page.evaluate(DRAWN, name)
        time.sleep(1)
    found = {}
    for kind, name in (("words", WORDS), ("three", THREE)):
        times = []
        for _ in range(3):
            page.evaluate(DRAWN, "not_a_digit")
            time.sleep(0.5)
            times.append(page.evaluate(DRAWN, name))
            time.sleep(0.5)
        found[f"click_to_drawing_{kind}_ms"] = median(times)
    found["hover_ms"] = hover(page)  # over all three
    found["last_key_to_answer_ms"] = median(type_words(page, words) for words in ("two", "six", "one", "eight"))
    page.context.close()
    return {key: round(value, 1) for key, value in found.items()}


def hover(page: Any) -> float:
    """The work of one move of the pointer over the drawing, in milliseconds: the median of a way through all steps."""
    page.evaluate(HOVERED)
    box = page.locator("#drawing .mmd-time").bounding_box()
    for k in range(60):
        page.mouse.move(box["x"] + box["width"] * (k + 0.5) / 60, box["y"] + 120)
        page.wait_for_timeout(20)
    return median(page.evaluate("hovered"))


def type_words(page: Any, words: str) -> float:
    """From the last key of some words, typed as by a person who types well, to the answer, in milliseconds."""
    page.locator("#text textarea").fill("")
    page.wait_for_timeout(1000)
    page.evaluate(TYPED, words)
    page.locator("#text textarea").press_sequentially(words, delay=110)
    return page.wait_for_function("window.answered").json_value()


def visit(chromium: Any, url: str, **person: Any) -> Any:
    """A page in a fresh browser of 1280 x 720, watched from its first moment."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, locale="en-GB", **person)
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(url)
    return page


def medians(runs: list[dict[str, float | None]]) -> dict[str, float]:
    """The median of each figure that there is over the runs."""
    kept = [key for key, value in runs[0].items() if value is not None]
    return {key: round(median(run[key] or 0 for run in runs), 3) for key in kept}


@contextmanager
def empty() -> Iterator[str]:
    """The address of a Gradio page with a button and nothing else."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    import gradio as gr

    with gr.Blocks(analytics_enabled=False) as demo:
        gr.Button("Nothing")
    _, url, _ = demo.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, ssr_mode=False)
    yield url
    demo.close()


if __name__ == "__main__":
    main()
