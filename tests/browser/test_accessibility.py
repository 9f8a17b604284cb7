"""Who walks with keys, hears the page or has a trembling hand: axe-core in every state, targets, the skip link."""

from importlib.resources import files

import axe_playwright_python
import pytest
from browsing import ALLOWED, FAKE, QUIET, drawn, expect, open_noise

from mmdemo.messages import strings

pytestmark = pytest.mark.browser
LEAST = 24  # pixels of a target, as WCAG 2.2 has it (2.5.8)
AXE = """async () => {
  const { violations } = await axe.run(document, { rules: { "target-size": { enabled: true } } });
  const told = ({ id, nodes }) => nodes.map(({ target, failureSummary }) => [id, String(target), failureSummary]);
  return violations.flatMap(told);
}"""
# What can be pressed and is smaller. An input may be pressed by its label. No targets of their own are words in a
# sentence, the steps of the drawing (keys and the whole column do the same), and what hides until it has the focus.
SMALL = """(least) => {
  const exempt = ".mm-inline, p .mm-term, .mm-skip, .mmd-strip *, .mm-photo *, [aria-hidden=true] *, .mm-spoken *";
  const reach = (node) => (node.matches("input:not([type=range])") ? node.closest("label") ?? node : node);
  const seen = { opacityProperty: true, visibilityProperty: true };
  return [...document.querySelectorAll("button, a[href], input, select, textarea, summary, [role=button]")]
    .filter((node) => node.checkVisibility(seen) || node.matches("#task input"))
    .filter((node) => !node.matches(exempt) && reach(node).getClientRects().length)
    .map((node) => ({ node, box: reach(node).getBoundingClientRect() }))
    .filter(({ box }) => box.width > 1 && Math.min(box.width, box.height) < least - 0.5)
    .map(({ node, box }) => `${box.width} x ${box.height}: ${node.outerHTML.slice(0, 120)}`);
}"""


@pytest.fixture(scope="module")
def browser(chromium):
    return chromium(*QUIET, FAKE, ALLOWED)


@pytest.fixture
def visit(browser, page_url):
    """Open the page in a fresh browser."""
    opened = []

    def open_page(at="", **person):
        person = {"locale": "en-GB", "viewport": {"width": 1280, "height": 720}, "reduced_motion": "reduce"} | person
        opened.append(browser.new_context(**person))
        page = opened[-1].new_page()
        page.goto(page_url + at)
        expect(page.locator("#answer .mm-answer > *").first).to_be_attached()
        expect(page.locator("#footer footer button")).to_be_attached()
        return page

    yield open_page
    for context in opened:
        context.close()


def read(page, example):
    page.locator(f"[data-example={example}]").click()
    drawn(page)


def a_step_is_open(page):
    read(page, "seven")
    page.locator("#drawing .mmd-chip").first.click()
    expect(page.locator(".mmi-equations, .mmi-told").first).to_be_visible()


def sliders_are_out(page):
    read(page, "seven")
    open_noise(page)


def inputs_are_out(page):
    page.locator("#give-image .mm-camera").click()
    expect(page.locator("#drawer-image")).to_be_visible()


def how_it_works(page):
    page.locator("[data-view=how]").click()
    expect(page.locator("#how-cell code").first).to_be_visible()


def how_good_it_is(page):
    page.locator("[data-view=evaluate]").click()
    expect(page.locator("#evaluate-card .mme-card")).to_be_visible()


def live(page):
    page.locator("[data-view=live]").click()
    page.wait_for_function("Number(document.querySelector('.mmw-canvas').dataset.index) > 12", timeout=60_000)
    page.locator(".mmw-pause").click()
    page.locator(".mmw-canvas").focus()
    page.keyboard.press("ArrowLeft")


def on_tour(page):
    page.locator("#tour button").click()
    expect(page.locator(".mmt p")).not_to_have_text("…")


def presenting(page):
    page.keyboard.press("p")
    page.keyboard.press("1")
    drawn(page)


def a_feeling(page):
    page.locator("#task label").nth(1).click()
    expect(page.locator("[data-example=smile]")).to_be_visible()
    read(page, "smile")


STATES = {  # what was done, and who looks
    "empty": (lambda page: None, {"viewport": {"width": 390, "height": 844}}),
    "a step is open": (a_step_is_open, {}),
    "sliders": (sliders_are_out, {"locale": "zh-CN"}),
    "inputs": (inputs_are_out, {"color_scheme": "dark"}),
    "how it works": (how_it_works, {}),
    "how good it is": (how_good_it_is, {"color_scheme": "dark"}),
    "live": (live, {}),
    "live in the dark, on a phone": (live, {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}}),
    "on tour": (on_tour, {"viewport": {"width": 820, "height": 1180}}),
    "presenting": (presenting, {"color_scheme": "dark"}),
    "a feeling": (a_feeling, {"color_scheme": "dark", "locale": "zh-CN"}),
}


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(visit, state):
    do, person = STATES[state]
    page = visit(**person)
    do(page)
    page.evaluate("scrollTo(0, 0)")  # or what sticks to the top lies over what has been scrolled below it
    page.wait_for_timeout(400)  # until what moves has come to rest
    page.evaluate((files(axe_playwright_python) / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate(AXE)
    assert not found, "\n".join(" · ".join(each) for each in found)


@pytest.mark.parametrize("width, height", [(390, 844), (1280, 720)])
def test_targets_are_large_enough(visit, width, height):
    page = visit(viewport={"width": width, "height": height})
    found = page.evaluate(SMALL, LEAST)
    a_step_is_open(page)
    open_noise(page)
    found += page.evaluate(SMALL, LEAST)
    live(page)
    found += page.evaluate(SMALL, LEAST)
    assert not found, "\n".join(found)


def test_a_way_past_the_inputs_comes_first(visit):
    page = visit()
    page.keyboard.press("Tab")
    skip = page.locator(".mm-skip")
    expect(skip).to_be_focused()
    expect(skip).to_have_text(strings()["page.skip"])
    assert skip.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    expect(page.locator("#answer .mm-answer")).to_be_focused()  # where the drawing will be
    read(page, "seven")
    skip.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#drawing .mmd-time")).to_be_focused()
    assert skip.bounding_box()["y"] < 0


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("width, rows", [(390, 2), (700, 2), (820, 2), (999, 2), (1000, 1), (1280, 1), (1920, 1)])
def test_the_header_takes_one_row_and_two_where_it_is_narrow(visit, locale, width, rows):
    page = visit(viewport={"width": width, "height": 844}, locale=locale)
    page.add_style_tag(
        content="#task label:nth-of-type(3) { display: none !important }"
    )  # as many tasks as are shipped
    boxes = [
        page.locator(part).bounding_box()
        for part in ("#title h1", "#task .wrap >> nth=-1", ".mm-link >> nth=0", ".mm-theme")
    ]
    middles = [box["y"] + box["height"] / 2 for box in boxes]
    found = [middles[0]]
    for middle in sorted(middles):
        if all(abs(middle - other) > 12 for other in found):
            found.append(middle)
    assert len(found) == rows, boxes
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)
    assert boxes[0]["height"] < (32 if width >= 700 else 48)  # the title is one line, on a phone at most two


def test_a_chinese_page_has_chinese_placeholders(visit):
    page = visit(locale="zh-CN")
    for label in page.locator("#task label").all()[:2]:
        label.click()
        task = label.locator("input").get_attribute("value")
        expect(page.locator("#text textarea")).to_have_attribute(
            "placeholder", strings("zh")[f"of_{task}.page.text_placeholder"]
        )
        found = page.evaluate("[...document.querySelectorAll('[placeholder]')].map((each) => each.placeholder)")
        assert all(any("\u4e00" <= letter <= "\u9fff" for letter in words) for words in found if words), found
