"""What tests of the real page share: a browser's flags, and waiting for what is drawn."""

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install -r requirements-test.txt")
expect = sync_api.expect
expect.set_options(timeout=30_000)  # a busy machine is slow, not wrong

QUIET = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
FAKE = "--use-fake-device-for-media-stream"
ALLOWED = "--use-fake-ui-for-media-stream"  # without it, a headless browser refuses camera and microphone


def drawn(page):
    """Wait for an answer and its drawing."""
    expect(page.locator("#answer .mm-verdict")).to_be_visible()
    expect(page.locator("#drawing .js-plotly-plot")).to_be_visible()
    return page.locator("#answer .mm-label").inner_text()


def choose_file(page, modality, file):
    """Give a picture ("image") or a sound ("audio") by the button and the browser's own dialog."""
    with page.expect_file_chooser() as dialog:
        page.locator(f"#give-{modality} .mm-file").click()
    dialog.value.set_files(file)


def open_noise(page):
    """Open the drawer with the sliders of noise."""
    page.locator("#harder button").click()
    expect(page.locator("#harder-drawer")).to_be_visible()


def hold_questions(page):
    """Whatever is asked of the server waits from now on: a list of what does, and a function that lets it all go on."""
    waiting, holds = [], [True]
    page.route("**/queue/join*", lambda route: waiting.append(route) if holds else route.continue_())

    def let_go():
        holds.clear()
        for each in waiting:
            each.continue_()

    return waiting, let_go
