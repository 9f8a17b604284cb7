"""Measure how the page loads, beside an empty Gradio page in the same run: ``python tools/measure_page.py``.

Medians of five cold loads of each, one after the other, in a Chromium that has seen neither; written to
``measurements/page.json``. It needs Playwright and a Chromium. Run it on a machine that does nothing else: what counts
are the ratios between the two, which a busy machine blurs.
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
WATCH = """window.watched = {tasks: [], shift: 0};
new PerformanceObserver((list) => {
  for (const {startTime, duration} of list.getEntries()) watched.tasks.push([startTime, duration]);
}).observe({type: 'longtask', buffered: true});
new PerformanceObserver((list) => {
  for (const {value, hadRecentInput} of list.getEntries()) if (!hadRecentInput) watched.shift += value;
}).observe({type: 'layout-shift', buffered: true});"""
READ = """() => {
  const files = [...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')];
  const [last] = watched.tasks.slice(-1);
  return {
    quiet_ms: last ? last[0] + last[1] : 0,
    longest_task_ms: Math.max(0, ...watched.tasks.map(([, duration]) => duration)),
    layout_shift: watched.shift,
    kilobytes: files.reduce((sum, {transferSize}) => sum + transferSize, 0) / 1000,
    requests: files.length,
    first_paint_ms: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,
  };
}"""
IDLE = """(quiet) => new Promise((resolve) => {
  const look = () => {
    const [last] = watched.tasks.slice(-1);
    const since = performance.now() - (last ? last[0] + last[1] : 0);
    if (since > quiet) resolve(performance.now());
    else setTimeout(look, 100);
  };
  look();
})"""
TYPED = """(words) => new Promise((resolve) => {
  const answer = document.querySelector('#answer');
  const box = document.querySelector('#text textarea');
  const before = answer.textContent;
  const begun = performance.now();
  new MutationObserver((_, watcher) => {
    if (answer.textContent === before) return;
    watcher.disconnect();
    resolve(performance.now() - begun);
  }).observe(answer, {childList: true, subtree: true, characterData: true});
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(box, words);
  box.dispatchEvent(new InputEvent('input', {bubbles: true}));
})"""
DRAWN = """(name) => new Promise((resolve) => {
  const chips = document.querySelector('#drawing .mmd-strip');
  const begun = performance.now();
  new MutationObserver((_, watcher) => {
    watcher.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - begun)));
  }).observe(chips, {childList: true});
  document.querySelector(`[data-example=${name}]`).click();
})"""


def main() -> None:
    """Write the file, and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loads", type=int, default=LOADS, help="cold loads of each page")
    loads = parser.parse_args().loads
    with served(opening=True) as ours, empty() as other, browser() as chromium:
        runs = [(load(chromium, ours), load(chromium, other)) for _ in range(loads)]
        uses = use(chromium, ours)
    page, bare = (medians([run[k] for run in runs]) for k in (0, 1))
    ratios = {key: round(page[key] / bare[key], 2) for key in ("quiet_ms", "longest_task_ms") if bare[key]}
    record = {"loads": loads, "page": page, "empty_gradio_page": bare, "ratios": ratios, "use": uses}
    FILE.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=1))


def load(chromium: Any, url: str) -> dict[str, float]:
    """One cold load, until the main thread is quiet."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, locale="en-GB", reduced_motion="reduce")
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(url)
    page.locator("button, textarea").first.wait_for(timeout=120_000)
    page.evaluate(IDLE, QUIET)
    found = page.evaluate(READ)
    context.close()
    return found


def use(chromium: Any, url: str) -> dict[str, float]:
    """How long it takes from the last key to an answer, and from a click on an example to its drawing."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, locale="en-GB", reduced_motion="reduce")
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(url)
    page.locator("#answer .mm-verdict").wait_for(timeout=120_000)
    page.keyboard.press("Shift")  # the first touch: Plotly comes
    page.wait_for_function("window.Plotly")
    page.evaluate(IDLE, QUIET)
    examples = {"click_to_drawing_words_ms": "changes_its_mind", "click_to_drawing_three_ms": "seven"}
    for name in examples.values():  # once before it counts: the server keeps the readings of examples
        page.evaluate(DRAWN, name)
        time.sleep(1)
    found = {"last_key_to_answer_ms": median(page.evaluate(TYPED, words) for words in ("two", "six", "one", "eight"))}
    for key, name in examples.items():
        times = []
        for _ in range(3):
            page.evaluate(DRAWN, "not_a_digit")
            time.sleep(0.5)
            times.append(page.evaluate(DRAWN, name))
            time.sleep(0.5)
        found[key] = median(times)
    context.close()
    return {key: round(value, 1) for key, value in found.items()}


def medians(runs: list[dict[str, float]]) -> dict[str, float]:
    """The median of each figure over the runs."""
    return {key: round(median(run[key] or 0 for run in runs), 3) for key in runs[0]}


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
