"""What the page and the report say where they cannot run: without JavaScript, in an old browser, half loaded."""

import pytest

from mmdemo.app.reading import read
from mmdemo.app.report import report
from mmdemo.inference.predictor import Predictor
from mmdemo.messages import LANGUAGES, strings

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install -r requirements-test.txt")
expect = sync_api.expect

pytestmark = pytest.mark.browser
OLD = "delete Object.hasOwn"  # what Chrome 92 lacks


@pytest.fixture(scope="module")
def browser(chromium):
    return chromium()


@pytest.fixture(scope="module")
def report_url(checkpoints, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_bytes(report(read(Predictor.load(checkpoints / "digits", "cpu"), text="seven")))
    return path.as_uri()


@pytest.fixture(params=["page", "report"])
def address(request):
    return request.getfixturevalue(f"{request.param}_url")


def said(key):
    return [strings(code)[f"page.{key}"] for code in LANGUAGES]


def test_without_javascript_it_says_so(browser, address):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(address)
    expect(page.locator("noscript p")).to_have_text(said("noscript"))
    expect(page.locator("noscript p").first).to_be_visible()
    expect(page.locator(".mm-too-old")).to_be_hidden()
    page.context.close()


def test_an_old_browser_is_told_so(browser, address):
    page = browser.new_context().new_page()
    page.add_init_script(OLD)
    page.goto(address)
    expect(page.locator(".mm-too-old p")).to_have_text(said("too_old"))
    expect(page.locator(".mm-too-old p").first).to_be_visible()
    expect(page.locator("gradio-app, main").first).to_be_hidden()
    page.context.close()


def test_a_current_browser_is_told_nothing(browser, address):
    page = browser.new_context().new_page()
    page.goto(address)
    expect(page.locator("h1").first).to_be_visible()
    expect(page.locator(".mm-preface").first).to_be_hidden()
    page.context.close()


def test_modules_that_do_not_arrive_are_told_of(browser, page_url):
    page = browser.new_context(locale="zh-CN").new_page()
    page.route("**/page-*.js", lambda route: route.abort())
    page.goto(page_url)
    expect(page.locator("body > .mm-failed")).to_have_text(strings("zh")["page.unloaded"])
    page.context.close()
