"""Learning, comparing and presenting on the real page, in a browser that refuses camera and microphone."""

import re

import pytest

from mmdemo.messages import strings

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install -r requirements-test.txt")
expect = sync_api.expect
expect.set_options(timeout=60_000)  # a busy machine is slow, not wrong

pytestmark = pytest.mark.browser
QUIET = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
STOPS = 5
FITS = "document.documentElement.scrollWidth <= window.innerWidth"
NAMELESS = """(where) => [...document.querySelectorAll(where)]
  .flatMap((root) => [...root.querySelectorAll('button, a, input, select, [role=img], [role=dialog]')])
  .filter((node) => node.checkVisibility() && !(node.ariaLabel || node.textContent.trim() || node.labels?.length))
  .map((node) => node.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")
def browser(chromium):
    return chromium(*QUIET)


@pytest.fixture
def visit(browser, page_url):
    """Open the page, or a place in it; when the test is over, nothing may have gone wrong."""
    opened, troubles = [], []

    def open_page(place="", **person):
        person = {"locale": "en-GB", "viewport": {"width": 1280, "height": 720}, "reduced_motion": "reduce"} | person
        opened.append(browser.new_context(**person))
        opened[-1].set_default_timeout(120_000)
        page = opened[-1].new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
        page.goto(f"{page_url}/{place}")
        expect(page.locator("#answer .mm-hint")).to_be_attached(timeout=60_000)
        return page

    yield open_page
    for each in opened:
        each.close()
    assert troubles == []


def show(page, example):
    page.locator(f"[data-example={example}]").click()
    expect(page.locator("#drawing .js-plotly-plot")).to_be_visible()


def numbers(text):
    return [float(found.replace("−", "-")) for found in re.findall(r"[+−]?\d+(?:\.\d+)?", text)]


# How it works


def test_how_it_works_opens_closes_and_has_an_address(visit):
    page = visit()
    expect(page.locator("#how h2")).to_have_count(0)  # it is made when it is opened
    page.get_by_role("link", name="How it works").click()
    expect(page.locator("#how h3")).to_have_count(7)
    expect(page.locator("#run")).to_be_hidden()
    page.get_by_role("link", name=strings()["how.ledger"]).click()
    assert page.url.endswith("#how-ledger")
    expect(page.locator("#how-ledger h3")).to_be_in_viewport()
    page.go_back()
    page.go_back()
    expect(page.locator("#run")).to_be_visible()
    expect(page.locator("#how")).to_be_hidden()
    page = visit("#how-glossary")
    expect(page.locator("#how-glossary h3")).to_be_in_viewport()
    page.get_by_role("link", name="How it works").click()
    expect(page.locator("#run")).to_be_visible()


def test_the_cell_follows_its_equations(visit):
    page = visit("#how")
    part = page.locator("#how-cell")
    part.get_by_role("button", name="forget", exact=True).click()
    part.get_by_role("button", name="Step 1", exact=True).click()
    i, _, _, g = (float(part.locator("input").nth(k).input_value()) for k in range(4))
    *_, c = numbers(part.locator("code").first.inner_text())
    assert c == pytest.approx(i * g, abs=0.006)  # before the first step there is nothing
    part.locator("input").nth(2).fill("0")  # the output gate
    assert numbers(part.locator("code").last.inner_text())[-1] == 0
    part.locator("input").nth(0).fill("0")  # the input gate: nothing is written, so nothing is there
    assert numbers(part.locator("code").first.inner_text())[-1] == 0
    part.get_by_role("button", name="Step 2", exact=True).press("Enter")
    expect(part.get_by_role("button", name="Step 2", exact=True)).to_be_focused()


def test_the_ledger_by_hand_adds_up(visit):
    page = visit("#how-ledger")
    part = page.locator("#how-ledger")
    for gate in ("0.3", "1", "0"):
        part.locator("input").fill(gate)
        cells = part.locator("tbody tr").evaluate_all(
            "rows => rows.map((row) => [...row.cells].map((cell) => cell.innerText))"
        )
        left, evidence = part.locator("tfoot td").nth(2).inner_text(), part.locator("tfoot td").nth(3).inner_text()
        assert sum(numbers(row[3])[0] for row in cells) == pytest.approx(numbers(left)[0], abs=0.0021)
        assert sum(numbers(row[4])[0] for row in cells) == pytest.approx(numbers(evidence)[0], abs=0.0021)
        chain, score = (part.locator("code").nth(k).inner_text() for k in range(2))
        assert numbers(chain)[-1] == numbers(left)[0]  # the recursion and the sum
        assert numbers(score)[-1] == numbers(evidence)[0]
    assert numbers(cells[0][3]) == [0]  # with the forget gate shut, nothing of the first word is left


def test_the_heat_map_shows_the_reading_once_there_is_one(visit):
    page = visit("#how")
    expect(page.locator("#how-many")).to_contain_text("drawn by lot")
    page.get_by_role("link", name="How it works").click()
    show(page, "changes_its_mind")
    page.get_by_role("link", name="How it works").click()
    expect(page.locator("#how-many")).to_contain_text("over its 6 steps")
    page.locator("#how-many canvas").hover(position={"x": 5, "y": 5})
    expect(page.locator("#how-many")).to_contain_text(
        re.compile(r"Unit \d+, step 1: forget 0\.\d\d|step 1: forget 1\.00")
    )


def test_how_it_works_speaks_both_languages_and_fits_a_phone(visit):
    page = visit("#how", viewport={"width": 390, "height": 844})
    assert page.evaluate(FITS)
    assert page.evaluate(NAMELESS, "#how") == []
    page.get_by_role("button", name="中文").click()
    expect(page.locator("#how h2")).to_have_text(strings("zh")["how.title"])
    assert not re.search(r"\b(how|term|drawing)\.\w+", page.locator("#how").inner_text())
    assert "gate" not in page.locator("#how").inner_text()
    assert page.evaluate(FITS)


# The tour


def test_the_tour_says_what_the_reading_says(visit, trained):
    page = visit()
    page.get_by_role("button", name="Take the tour").click()
    card = page.get_by_role("dialog")
    expect(card.locator("p")).to_contain_text("“three”")
    expect(card.locator("h3")).to_be_focused()
    texts = [card.locator("p").inner_text()]
    for stop in range(2, STOPS + 1):
        card.get_by_role("button", name="Next").click()
        expect(card).to_contain_text(f"Stop {stop} of {STOPS}")
        expect(card.locator("p")).not_to_have_text("…")
        texts.append(card.locator("p").inner_text())
    assert "6 steps" in texts[0]
    *_, total, logits, bias = numbers(texts[3].rstrip("."))
    assert total == pytest.approx(logits - bias, abs=0.011)
    summed = numbers(page.locator("#drawing .mmd-sum").inner_text())
    assert summed[0] == total
    assert "Now you" in texts[4]
    assert re.search(r"held open .* says (three|3) ", texts[4])  # what it had believed is back
    expect(page.locator(".mmi-outcome")).to_be_visible()  # the button itself was pressed
    page.keyboard.press("ArrowLeft")
    expect(card).to_contain_text("Stop 4")
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(page.get_by_role("button", name="Take the tour")).to_be_focused()


def test_the_tour_can_be_taken_again_and_leaves_nothing_behind(visit):
    from browsing import hold_questions

    page = visit()
    for _ in range(2):
        page.get_by_role("button", name="Take the tour").click()
        card = page.get_by_role("dialog")
        expect(card.locator("p")).to_contain_text("“three”")
        page.keyboard.press("Escape")
        expect(card).to_have_count(0)
    page.get_by_role("button", name="Take the tour").click()
    _, let_go = hold_questions(page)
    for _ in range(STOPS - 1):
        card.get_by_role("button", name="Next").click()
    expect(card).to_contain_text(f"Stop {STOPS} of {STOPS}")
    page.keyboard.press("Escape")  # before the last stop knows what to say
    let_go()
    page.wait_for_timeout(3000)
    expect(page.locator(".mmi-outcome")).to_be_hidden()


def test_the_tour_follows_the_language_and_the_phone(visit):
    page = visit(viewport={"width": 390, "height": 844})
    page.get_by_role("button", name="Take the tour").click()
    card = page.get_by_role("dialog")
    for stop in range(1, STOPS + 1):
        expect(card).to_contain_text(f"Stop {stop}")
        box = card.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert page.evaluate(FITS)
        card.locator(".mmt-after").click()
    expect(card).to_have_count(0)


def test_no_tour_without_its_example(visit):
    page = visit()
    page.get_by_text("Fruit").click()
    expect(page.locator("#tour")).to_be_hidden()


# Compare


def test_a_kept_result_and_the_next(visit, trained):
    page = visit()
    expect(page.get_by_role("button", name=strings()["compare.keep"])).to_be_hidden()
    show(page, "seven")
    page.get_by_role("button", name=strings()["compare.keep"]).click()
    expect(page.locator(".mmc-told")).to_contain_text("Kept.")
    page.locator("#use-image input").uncheck()
    expect(page.locator(".mmc-told table")).to_be_visible()
    expect(page.locator(".mmc-told")).to_contain_text(re.compile("The answer is still 7|The answer changed"))
    rows = page.locator(".mmc-told tbody tr")
    expect(rows.filter(has_text="steps of the picture").locator("td")).to_have_text(["14", "not there"])
    expect(page.locator(".mmc-kept .js-plotly-plot")).to_be_visible()
    ends = [page.locator(part).bounding_box() for part in (".mmc-kept", ".mmc-kept .mmd-of-gates")]
    kept, gates = (box["y"] + box["height"] for box in ends)
    assert 0 <= kept - gates < 8  # where a row does, and nothing peeks out below it
    page.get_by_role("button", name="中文").click()
    expect(page.locator(".mmc-told")).to_contain_text(strings("zh")["compare.column_kept"])
    assert page.evaluate(FITS)
    page.get_by_role("button", name=strings("zh")["compare.drop"]).click()
    expect(page.locator(".mmc")).to_be_hidden()
    expect(page.get_by_role("button", name=strings("zh")["compare.keep"])).to_be_focused()


def test_differences_are_marked_and_the_cursor_runs_through_both(visit, trained):
    page = visit()
    show(page, "changes_its_mind")
    page.get_by_role("button", name=strings()["compare.keep"]).click()
    page.locator("#text textarea").fill("eight, no wait, five")
    page.locator("#run").click()
    expect(page.locator(".mmc-told")).to_contain_text("of the 6 steps that both have")
    count = numbers(page.locator(".mmc-told p").nth(1).inner_text())[0]
    assert count >= 1
    for drawing in (".mmc-kept", "#drawing"):
        expect(page.locator(f"{drawing} .mmc-marks i")).to_have_count(int(count))
    page.locator("#drawing .mmd-time").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    for drawing, step in ((".mmc-kept", "Step 2"), ("#drawing", "Step 2")):
        expect(page.locator(f"{drawing} .mmd-readout")).to_contain_text(step)
    page.get_by_role("button", name=strings()["compare.drop"]).click()
    expect(page.locator(".mmc-marks")).to_have_count(0)


def test_two_sentences_share_the_words_that_both_have(visit, trained):
    page = visit()
    page.locator("#text textarea").fill("five, no, six")
    page.locator("#run").click()
    expect(page.locator("#drawing .mmd-chip")).to_have_count(5)
    page.get_by_role("button", name=strings()["compare.keep"]).click()
    page.locator("#text textarea").fill("I said five, no wait, six")
    page.locator("#run").click()
    expect(page.locator("#drawing .mm-frame .mmd-chip")).to_have_count(8)
    expect(page.locator(".mmc-told")).to_contain_text("of the 5 steps that both have")


# Presenter's mode


@pytest.mark.parametrize("width, height", [(1280, 720), (1920, 1080)])
def test_presenting_with_keys_alone(visit, width, height):
    page = visit("?present", viewport={"width": width, "height": height})
    expect(page.locator("body")).to_have_class(re.compile("mm-presenting"))
    expect(page.locator("#cards")).to_be_hidden()
    expect(page.locator(".mm-keys")).to_be_visible()
    assert page.evaluate(FITS)
    page.keyboard.press("2")
    expect(page.locator("#drawing .js-plotly-plot")).to_be_visible()
    expect(page.locator("#answer .mm-label")).to_be_in_viewport()
    assert page.evaluate(FITS)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#drawing .mmd-readout")).to_contain_text("Step 2")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#drawing .mmd-readout")).to_contain_text("Step 1")
    page.keyboard.press("Space")
    expect(page.locator("#drawing .mmd-play")).to_have_class(re.compile("mmd-playing"))
    page.keyboard.press("Space")
    expect(page.locator("#drawing .mmd-play")).not_to_have_class(re.compile("mmd-playing"))
    page.emulate_media(reduced_motion="no-preference")
    for _ in range(2):  # the same key plays it again
        page.keyboard.press("2")
        expect(page.locator("#drawing .mmd-play")).to_have_class(re.compile("mmd-playing"))
        page.keyboard.press("Space")
        expect(page.locator("#drawing .mmd-play")).not_to_have_class(re.compile("mmd-playing"))
    page.emulate_media(reduced_motion="reduce")
    page.keyboard.press("k")
    expect(page.locator(".mm-keys")).to_be_hidden()
    page.keyboard.press("i")
    expect(page.locator("#cards")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("body")).not_to_have_class(re.compile("mm-presenting"))
    assert "present" not in page.url


def test_type_is_large_when_presenting(visit):
    page = visit()
    show(page, "seven")
    page.locator("h1").click()
    page.keyboard.press("p")
    high = page.locator("#answer .mm-label").bounding_box()["height"]
    size = "(node) => parseFloat(getComputedStyle(node).fontSize) * node.currentCSSZoom"
    said, readout = (page.locator(part).first.evaluate(size) for part in ("#answer .mm-say", "#drawing .mmd-readout"))
    assert high > 100
    assert said >= 16 and readout >= 14  # pixels of 720


def test_keys_are_letters_where_somebody_types(visit):
    page = visit()
    words = page.locator("#text textarea")
    words.click()
    page.keyboard.type("p 2 k")
    expect(words).to_have_value("p 2 k")
    expect(page.locator("body")).not_to_have_class(re.compile("mm-presenting"))
    page.get_by_role("button", name="中文").click()
    page.locator("h1").click()
    page.keyboard.press("p")
    expect(page.locator("body")).to_have_class(re.compile("mm-presenting"))
    expect(page.locator(".mm-keys")).to_contain_text(strings("zh")["present.leave"])
