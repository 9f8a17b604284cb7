"""The stage: what the first screen holds, with what the page opens, how it is presented, and what a link keeps."""

import re

import pytest
from browsing import expect

from mmdemo.app import build
from mmdemo.server import launch

pytestmark = pytest.mark.browser
LEDGER = "document.querySelector('#drawing .mmd-ledger').getBoundingClientRect().bottom"
SETTLED = 700  # milliseconds after an answer, in which the rows find their places


@pytest.fixture(scope="module")
def stage_url(trained):
    """The page as it is served to visitors, with its opening reading."""
    demo = build(trained.parent)
    _, url, _ = launch(demo, per_minute=0, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
    yield url.rstrip("/")
    demo.close()


@pytest.fixture
def visit(browser, stage_url):
    """Open it in a fresh browser; when the test is over, nothing may have gone wrong."""
    opened, troubles = [], []

    def open_page(at="", **person):
        person = {"locale": "en-GB", "reduced_motion": "reduce", "viewport": {"width": 1280, "height": 720}} | person
        context = browser.new_context(**person)
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
        page.goto(stage_url + at)
        expect(page.locator("#answer .mm-verdict")).to_be_visible()
        expect(page.locator("#drawing .mmd-strip")).to_be_visible()
        return page

    yield open_page
    for context in opened:
        context.close()
    assert [trouble for trouble in troubles if "Waveform load error" not in trouble] == []


def read(page, example, answer):
    page.locator(f"[data-example={example}]").click()
    expect(page.locator("#answer .mm-label")).to_have_text(answer)
    expect(page.locator("#drawing .js-plotly-plot")).to_be_visible()
    page.wait_for_timeout(SETTLED)


@pytest.mark.parametrize("width, height", [(1280, 720), (3840, 2160)])
def test_it_opens_drawn_and_all_down_to_the_ledger_is_in_the_first_screen(visit, width, height):
    page = visit(viewport={"width": width, "height": height})
    expect(page.locator("#answer .mm-label")).to_have_text("5")
    expect(page.locator("#drawing .mmd-sketch")).to_be_visible()  # until somebody does something
    assert page.evaluate(LEDGER) <= height
    assert page.locator("#drawing .mmd").bounding_box()["width"] > 0.66 * width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("#top").bounding_box()["height"] < 0.08 * height  # one row
    read(page, "seven", "7")
    expect(page.locator("#drawing .mmd-sketch")).to_have_count(0)
    assert page.evaluate(LEDGER) <= height


def test_on_a_phone_the_drawing_follows_the_answer_and_a_run_scrolls_to_it(visit):
    page = visit(viewport={"width": 390, "height": 844})
    page.evaluate("scrollTo(0, 0)")
    read(page, "seven", "7")
    page.wait_for_timeout(SETTLED)
    assert page.locator("#answer .mm-label").bounding_box()["y"] >= -1
    assert page.locator("#drawing .mmd-strip").bounding_box()["y"] < 844
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_opening_is_answered_by_the_model_as_soon_as_it_is_asked(visit):
    page = visit()
    suggested = page.locator(".mm-if").first
    expect(suggested).to_contain_text("3")
    suggested.click()
    expect(suggested).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".mmi-outcome b").first).to_have_text("3")
    expect(page.locator(".mmd-beside i")).not_to_have_count(0)
    suggested.click()
    expect(page.locator(".mmd-beside i")).to_have_count(0)


def test_it_plays_once_and_a_touch_stops_it(visit):
    page = visit(reduced_motion="no-preference")
    expect(page.locator(".mmd-play")).to_have_class(re.compile("mmd-playing"))
    page.mouse.click(5, 5)
    expect(page.locator(".mmd-play")).not_to_have_class(re.compile("mmd-playing"))


@pytest.mark.parametrize("width, height", [(1280, 720), (1920, 1080)])
def test_presenting_is_one_screen_and_keys_work_whatever_has_the_focus(visit, width, height):
    page = visit(viewport={"width": width, "height": height})
    for focus in ("#task input", "#use-image input", "[data-example=seven]", ".mm-present"):
        page.locator(focus).first.focus()
        page.keyboard.press("p")
        expect(page.locator("body")).to_have_class(re.compile("mm-presenting"))
        page.keyboard.press("Escape")
    page.keyboard.press("p")
    page.locator("#drawing select").first.focus()
    for key, answer in (("1", "7"), ("PageDown", "5"), ("PageUp", "7")):
        page.keyboard.press(key)
        expect(page.locator("#answer .mm-label")).to_have_text(answer)
        page.wait_for_timeout(SETTLED)
        whole = page.evaluate("[document.documentElement.scrollHeight, document.documentElement.scrollWidth]")
        assert whole[0] <= height and whole[1] <= width
        assert page.evaluate(LEDGER) <= height
    expect(page.locator(".mm-keys")).to_be_hidden(timeout=6000)  # after five seconds


def test_a_link_brings_back_example_noise_language_step_and_what_if(visit):
    page = visit("/#task=digits&example=seven&noise-typing=0&lang=zh&step=3&if=1_2_out_")
    expect(page.locator("#answer .mm-label")).to_have_text("7")
    expect(page.locator("h1")).to_have_text("看一个 LSTM 如何读、看、听")
    expect(page.locator(".mmi-outcome")).to_be_visible()
    expect(page.locator("#drawing .mmd-readout")).to_contain_text("3")
    expect(page.locator("#give-image .mm-given")).to_be_visible()
