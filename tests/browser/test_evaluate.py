"""How good it is: the view of a checkpoint's figures on the real page, from made-up figures of two tasks."""

import os
import re
from contextlib import suppress
from pathlib import Path

import pytest
from made_up import made_metrics
from measured_tasks import PETS, make_checkpoints, make_data
from served import served

from mmdemo.app import build
from mmdemo.app.figures import MAX_CASES
from mmdemo.messages import strings
from mmdemo.server import launch

QUIET = ["--disable-gpu", "--no-first-run", "--disable-background-networking"]
FITS = "document.documentElement.scrollWidth <= window.innerWidth"
SECTIONS = 7


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The folder of data sets; the variable names it as long as the module's tests run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MMDEMO_DATA", str(make_data(tmp_path_factory.mktemp("data"))))
        yield Path(os.environ["MMDEMO_DATA"])


@pytest.fixture(scope="module")
def folder(data, tmp_path_factory):
    return make_checkpoints(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(scope="module")
def url(folder):
    demo = build(folder)
    _, url, _ = launch(demo, per_minute=0, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
    yield url.rstrip("/")
    demo.close()


@pytest.fixture(scope="module")
def browser(chromium):
    return chromium(*QUIET)


@pytest.fixture
def visit(browser, url):
    """Open the view, of the task that is wanted; when the test is over, nothing may have gone wrong."""
    opened, troubles = [], []

    def open_page(task="pets", **person):
        opened.append(browser.new_context(**{"locale": "en-GB", "reduced_motion": "reduce"} | person))
        opened[-1].set_default_timeout(60_000)
        page = opened[-1].new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
        page.goto(f"{url}/#evaluate")
        page.locator("#evaluate h2").wait_for()
        choose(page, task)
        page.locator("#evaluate .mme-content").get_by_text("made up" if task != "raw" else "evaluate").first.wait_for()
        return page

    yield open_page
    for each in opened:
        each.close()
    assert troubles == []


def choose(page, task):
    """Choose a task. While Gradio still puts its page together, it may draw the buttons anew under the pointer."""
    from browsing import expect

    button = page.locator(f"#task input[value={task}]")
    for _ in range(3):
        button.click(force=True)
        with suppress(AssertionError):
            expect(button).to_be_checked(timeout=10_000)
            return
    expect(button).to_be_checked()


def headings(page, count):
    page.wait_for_function(f"document.querySelectorAll('#evaluate h3').length === {count}")
    return page.locator("#evaluate h3").all_inner_texts()


@pytest.mark.browser
def test_every_section_that_is_measured_is_shown_and_no_other(visit):
    page = visit()
    assert len(headings(page, SECTIONS)) == SECTIONS
    assert page.locator("#evaluate .mme-source code").first.inner_text() == "python -m mmdemo evaluate"
    charts = page.locator(".mme-chart figcaption").all_inner_texts()
    assert charts[0] == strings()["evaluate.harm_typing"] and charts[3] == "gusts"  # one that nobody foresaw
    choose(page, "fruit")
    assert len(headings(page, 3)) == 3  # accuracy, confusion, and the model card
    assert page.locator(".mme-accuracy tbody th").all_inner_texts()[:2] == ["Words", "Picture"]
    choose(page, "raw")
    page.locator("#evaluate").get_by_text("checkpoints/raw").wait_for()


@pytest.mark.browser
def test_a_model_card_becomes_elements_and_what_is_in_it_stays_text(chromium):
    context = chromium().new_context()
    page = context.new_page()
    words = "# A\n\n**b** <i>c</i> [d](https://e.org) [f](g.md)\n\n- h `i`\n- j\n\n| k | l |\n|---|---|\n| m | n |"
    with served("<!doctype html><body></body>") as address:
        page.goto(address)
        script = "async (text) => document.body.append((await import('./web/evaluate/card.js')).written(text))"
        page.evaluate(script, words)
    card = page.locator("body > .mme-card")
    assert card.locator("h4").inner_text() == "A" and card.locator("p").inner_text() == "b <i>c</i> d f"
    assert card.locator("a").evaluate_all("links => links.map((link) => link.href)") == ["https://e.org/"]
    assert card.locator("li").all_inner_texts() == ["h i", "j"] and card.locator("code").inner_text() == "i"
    assert card.locator("th").all_inner_texts() == ["k", "l"] and card.locator("td").all_inner_texts() == ["m", "n"]
    context.close()


@pytest.mark.browser
def test_charts_can_be_read_as_tables(visit):
    page = visit()
    chart = page.locator(".mme-chart").nth(2)  # pink noise
    levels = ["none", "30", "20", "10", "5", "0"]
    chart.locator("summary").click()
    assert chart.locator("tbody th").all_inner_texts() == levels
    alone = made_metrics(PETS)["robustness"]["harms"]["pink"]["alone"]
    cells = [float(re.match(r"[\d.]+", cell)[0]) for cell in chart.locator("td:nth-child(2)").all_inner_texts()]
    assert cells == pytest.approx([100 * value for value in alone], abs=0.06)
    chart.locator("svg").hover(position={"x": 60, "y": 60})
    assert chart.locator(".mme-told").inner_text().startswith("none: Sound")


@pytest.mark.browser
def test_a_cell_opens_its_cases_by_click_and_by_keys(visit):
    page = visit()
    page.get_by_role("button", name="Words", exact=True).click()
    page.locator("button.mme-wrong").first.click()  # a cat taken for a dog
    page.locator(".mme-cases li").first.wait_for()
    assert page.locator(".mme-cases li").count() == MAX_CASES
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.get_by_text("<b>meow</b>").wait_for()  # a text stays text
    page.get_by_role("button", name="Picture", exact=True).click()
    page.locator("button.mme-right").first.click()
    page.locator(".mme-cases img").wait_for()
    page.locator("button.mme-wrong").first.click()
    page.get_by_text("gone.png").wait_for()
    assert "MMDEMO_DATA" in page.locator(".mme-elsewhere").inner_text()


@pytest.mark.browser
def test_cases_that_come_late_are_not_put_below_another_matrix(visit):
    from browsing import hold_questions

    page = visit()
    page.get_by_role("button", name="Words", exact=True).click()
    asked, let_go = hold_questions(page)
    page.locator("button.mme-wrong").first.click()
    while not asked:
        page.wait_for_timeout(100)
    page.get_by_role("button", name="Picture", exact=True).click()
    let_go()
    page.locator("button.mme-right").first.click()
    page.locator(".mme-cases img").wait_for()
    page.get_by_role("button", name="Words", exact=True).click()
    page.wait_for_timeout(500)
    assert page.locator(".mme-cases").count() == 0


@pytest.mark.browser
def test_figures_that_did_not_arrive_are_asked_for_again(chromium):
    context = chromium().new_context()
    page = context.new_page()
    script = """async () => {
      const wait = setTimeout;
      window.setTimeout = (act, milliseconds) => wait(act, milliseconds / 100); // nobody waits for half a minute
      const { evaluation } = await import("./web/evaluate/evaluation.js");
      const element = document.createElement("div");
      document.body.append(element);
      window.asked = [];
      const tell = (question) => window.asked.push(question);
      evaluation({ element, props: { value: '"pets"' }, watch() {}, tell, choose() {} });
      location.hash = "evaluate";
    }"""
    with served("<!doctype html><body></body>") as address:
        page.goto(address)
        page.evaluate(script)
        page.get_by_text(strings()["ask.lost"]).wait_for()
        for part in ("", "evaluate"):
            page.evaluate("(part) => { location.hash = part; }", part)
        page.wait_for_function("window.asked.length === 2")
        page.get_by_text(strings()["inspect.wait"]).wait_for()
    context.close()


@pytest.mark.browser
def test_a_case_can_be_read_on_the_page(visit):
    page = visit()
    for modality, words in (("image", "Picture"), ("audio", "Sound"), ("text", "Words")):
        page.get_by_role("button", name=words, exact=True).click()
        page.locator("button.mme-right").nth(2 if modality == "audio" else 0).click()
        page.get_by_role("button", name=strings()["evaluate.read"]).first.click()
        page.locator(f"#answer .mm-panel.mm-of-{modality}").wait_for()
        assert page.locator("#answer .mm-panel").count() == 1
        assert page.locator("#evaluate").is_hidden() and page.locator("#run").is_visible()
        page.locator("a[data-view=evaluate]").click()
    assert page.locator("#text textarea").input_value() == "<b>meow</b>"


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_both_languages(visit, scheme):
    page = visit(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    headings(page, SECTIONS)
    assert page.evaluate(FITS)
    page.get_by_role("button", name="中文").click()
    assert page.locator("#evaluate h2").inner_text() == strings("zh")["evaluate.title"]
    headings(page, SECTIONS)
    assert page.evaluate(FITS)
    assert not re.search(r"\b(evaluate|inspect|page)\.\w+", page.locator("#evaluate").inner_text())
