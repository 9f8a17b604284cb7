"""A browser with a made-up camera and microphone, on the page as it is served; a module may bring one of its own."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import soundfile as sf

from mmdemo.app.tasks import EXAMPLES

DIGITS = EXAMPLES / "digits"


@pytest.fixture(scope="module")
def browser(chromium: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Chromium with a camera that shows a seven, and a microphone that says nine."""
    from browsing import ALLOWED, FAKE, QUIET

    folder = tmp_path_factory.mktemp("fake")
    camera, microphone = folder / "camera.mjpeg", folder / "microphone.wav"
    camera.write_bytes((DIGITS / "seven.jpg").read_bytes() * 10)
    samples, rate = sf.read(DIGITS / "nine.flac")
    sf.write(microphone, samples, rate, "PCM_16")
    flags = (f"--use-file-for-fake-video-capture={camera}", f"--use-file-for-fake-audio-capture={microphone}")
    return chromium(*QUIET, FAKE, ALLOWED, *flags)


@pytest.fixture(scope="module")
def usual(browser: Any) -> Any:
    """Somebody whose browser has seen the page before, and keeps what it fetched."""
    return browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})


@pytest.fixture
def visit(browser: Any, usual: Any, page_url: str) -> Iterator[Callable[..., Any]]:
    """Open the page; when the test is over, nothing may have gone wrong or come from elsewhere."""
    from browsing import expect

    opened, troubles = [], []

    def foreign(url: str) -> bool:
        return not url.startswith((page_url, "data:", "blob:"))

    def told(text: str) -> None:
        if "Waveform load error" not in text:  # Gradio's player, of a sound that this browser cannot play
            troubles.append(text)

    def open_page(at: str = "", **person: Any) -> Any:
        context = browser.new_context(**person) if person else usual
        page = context.new_page()
        opened.append(context if person else page)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: message.type == "error" and told(message.text))
        page.on("request", lambda request: foreign(request.url) and troubles.append(request.url))
        page.goto(page_url + at)
        expect(page.locator("#answer .mm-hint")).to_be_visible()
        return page

    yield open_page
    for each in opened:
        each.close()
    assert troubles == []
