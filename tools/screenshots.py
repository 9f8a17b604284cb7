"""Photograph the page as visitors see it: ``python tools/screenshots.py``, into ``screenshots/page/``, to be looked at.

In five sizes (a phone, a tablet, a small laptop, a projector while presenting, a large screen), light and dark, in all
languages: as it opens, and after an example with words, a picture and a sound. Other states are asked for by name. It
needs Playwright and a Chromium.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

from make_media import browser, served

from mmdemo.messages import LANGUAGES
from mmdemo.resources import ROOT

FOLDER = ROOT / "screenshots" / "page"  # which git ignores
SIZES = {
    "phone": (390, 844),
    "tablet": (820, 1180),
    "laptop": (1280, 720),
    "presenting": (1920, 1080),
    "large": (3840, 2160),
}
LOCALES = {"en": "en-GB", "zh": "zh-CN"}


def opened(page: Any) -> None:
    """As it opens."""


def read(page: Any, example: str = "seven") -> None:
    """After an example."""
    page.keyboard.press("Shift")  # the first touch: Plotly comes
    before = page.locator("#answer .mm-answer").inner_text()
    page.locator(f"[data-example={example}]").dispatch_event("click")
    page.wait_for_function("(before) => document.querySelector('#answer .mm-answer').innerText !== before", arg=before)
    page.locator("#drawing .js-plotly-plot").wait_for(state="attached")


def doubted(page: Any) -> None:
    """After an example whose inputs contradict each other."""
    read(page, "says_3_shows_8")


def refused(page: Any) -> None:
    """After an example that is no digit."""
    read(page, "not_a_digit")


def step(page: Any) -> None:
    """A step is open."""
    read(page)
    page.locator("#drawing .mmd-chip").first.dispatch_event("click")
    page.locator("#drawing .mm-inspect").scroll_into_view_if_needed()


def drawers(page: Any) -> None:
    """The sliders are out."""
    read(page)
    page.locator("#harder button").dispatch_event("click")


def feeling(page: Any) -> None:
    """A face, of the other task."""
    page.locator("#task label").nth(1).click()
    page.locator("[data-example=brave_smile]").wait_for(state="attached")
    read(page, "brave_smile")


STATES: dict[str, Callable[[Any], None]] = {
    each.__name__: each for each in (opened, read, doubted, refused, step, drawers, feeling)
}


def main() -> None:
    """Make the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", action="append", choices=SIZES, help="only this one; may be repeated")
    parser.add_argument("--state", action="append", choices=STATES, help="opened and read, unless given")
    parser.add_argument("--look", action="append", choices=("light", "dark"), help="both, unless given")
    parser.add_argument("--language", action="append", choices=LANGUAGES, help="all, unless given")
    parser.add_argument("--whole", action="store_true", help="the whole page, not only its first screen")
    asked = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with served(opening=True) as url, browser() as chromium:
        for size in asked.size or SIZES:
            for look in asked.look or ("light", "dark"):
                for language in asked.language or LANGUAGES:
                    for state in asked.state or ("opened", "read"):
                        file = FOLDER / f"{size}-{look}-{language}-{state}.png"
                        file.write_bytes(photograph(chromium, url, size, look, language, STATES[state], asked.whole))
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}")


def photograph(
    chromium: Any, url: str, size: str, look: str, language: str, do: Callable[[Any], None], whole: bool = False
) -> bytes:
    """The page in one size, look, language and state, in a fresh browser: a PNG."""
    width, height = SIZES[size]
    context = chromium.new_context(
        locale=LOCALES[language],
        color_scheme=look,
        viewport={"width": width, "height": height},
        has_touch=size == "phone",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(f"{url}?present" if size == "presenting" else url)
    page.locator("#answer .mm-verdict").wait_for(timeout=120_000)
    page.locator("#footer footer button").wait_for(state="attached")
    do(page)
    page.wait_for_timeout(6000 if size == "presenting" else 1200)  # the legend goes, the rows find their places
    picture = page.screenshot(full_page=whole)
    context.close()
    return picture


if __name__ == "__main__":
    main()
