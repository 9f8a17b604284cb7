"""What is pressed before the page is ready is kept, and done once it is: its modules are held back here."""

import re

import pytest
from browsing import QUIET, expect

from mmdemo.messages import strings

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(chromium):
    return chromium(*QUIET)


@pytest.fixture
def held(browser, page_url):
    """Open the page without its modules: the page, and what lets them come."""
    opened, troubles = [], []

    def open_page(at=""):
        context = browser.new_context(
            locale="en-GB", viewport={"width": 1280, "height": 900}, reduced_motion="reduce", color_scheme="light"
        )
        opened.append(context)
        page, waiting = context.new_page(), []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.route("**/page-*.js", lambda route: waiting.append(route))
        page.goto(page_url + at)
        expect(page.locator("#switches .mm-theme")).to_be_visible()
        expect(page.locator("#text textarea")).to_be_visible()

        def let_go():
            waiting.pop().continue_()
            expect(page.locator("h1")).to_have_text(strings()["page.title"])

        return page, let_go

    yield open_page
    for context in opened:
        context.close()
    assert troubles == []


@pytest.mark.parametrize("at, keys", [("", "p2"), ("/?present", "2")])
def test_keys_are_answered_once_the_page_is_ready(held, at, keys):
    page, let_go = held(at)
    for key in keys:
        page.keyboard.press(key)
    let_go()
    expect(page.locator("body")).to_have_class(re.compile("mm-presenting"))
    expect(page.locator("#answer .mm-label")).to_have_text("5")


def test_clicks_are_answered_once_the_page_is_ready(held):
    page, let_go = held()
    page.locator(".mm-theme").click()
    page.locator("[data-view=how]").click()
    assert "#how" not in page.url
    let_go()
    expect(page.locator("#how h2")).to_be_visible()
    expect(page.locator("body")).to_have_class(re.compile("dark"))  # pressed once, turned once
    page.locator(".mm-theme").click()
    expect(page.locator("body")).not_to_have_class(re.compile("dark"))


def test_words_that_are_typed_meanwhile_are_read(held):
    page, let_go = held()
    page.locator("#text textarea").press_sequentially("pi seven")
    let_go()
    expect(page.locator("#text textarea")).to_have_value("pi seven")
    expect(page.locator("#answer .mm-token")).to_have_text(["pi", "seven"])
    expect(page.locator("body")).not_to_have_class(re.compile("mm-presenting"))
