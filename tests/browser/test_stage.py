"""The stage: what the first screen holds, with what the page opens, how it is presented, and what a link keeps."""

import json
import re

import numpy as np
import pytest
from browsing import expect, sync_api

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

    def open_page(at="", before="", **person):
        person = {"locale": "en-GB", "reduced_motion": "reduce", "viewport": {"width": 1280, "height": 720}} | person
        context = browser.new_context(**person)
        opened.append(context)
        page = context.new_page()
        page.add_init_script(before)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
        page.goto(stage_url + at)
        expect(page.locator("#answer .mm-verdict")).to_be_visible()
        expect(page.locator("#drawing .mmd-strip:visible").first).to_be_visible()  # beside what is open it has a twin
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
    expect(suggested).to_contain_text("without “five”")
    suggested.click()
    expect(suggested).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".mmi-outcome b").first).to_have_text("3")
    expect(page.locator(".mmd-beside i")).not_to_have_count(0)
    suggested.click()
    expect(page.locator(".mmd-beside i")).to_have_count(0)


# It may be over before a busy machine looks.
PLAYED = """new MutationObserver(() => { window.played ||= Boolean(document.querySelector(".mmd-playing")); })
  .observe(document, { attributes: true, childList: true, subtree: true });"""


def test_it_plays_once_and_a_touch_stops_it(visit):
    page = visit(before=PLAYED, reduced_motion="no-preference")
    page.wait_for_function("window.played")
    page.mouse.click(5, 5)
    expect(page.locator(".mmd-play")).not_to_have_class(re.compile("mmd-playing"))


SCREENS = [(1280, 720), (1920, 1080), (3840, 2160)]


def on_each_screen(page):
    """Show what is there on one screen after another, the smallest last."""
    for width, height in reversed(SCREENS):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(300)
        yield width, height


def ledger_is_seen(page, height, name):
    """The ledger lies on the first screen, as soon as its rows have found their places: a busy machine takes longer."""
    try:
        page.wait_for_function(f"(height) => {LEDGER} <= height", arg=height)
    except sync_api.TimeoutError:
        pytest.fail(f"{name}: the ledger ends at {page.evaluate(LEDGER)}, the screen at {height}")


def test_after_each_example_the_ledger_is_in_the_first_screen(visit):
    page = visit()
    page.keyboard.press("Shift")  # the first touch: Plotly comes
    for task in (0, 1):
        page.locator("#task label").nth(task).click()
        for name in examples(page, task):
            shown = page.locator("#text textarea").input_value(), verdict(page)
            page.locator(f"[data-example={name}]").click()
            changed(page, shown)
            assert page.evaluate("scrollY") == 0, name
            for width, height in on_each_screen(page):
                ledger_is_seen(page, height, name)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, name


def examples(page, task):
    """The names of a task's examples, once they are there."""
    expect(page.locator(f"[data-example={'seven' if task == 0 else 'smile'}]")).to_be_visible()
    return page.locator("#examples [data-example]").evaluate_all("(all) => all.map(({ dataset }) => dataset.example)")


def verdict(page):
    return page.locator("#answer .mm-answer").inner_text()


def changed(page, before):
    """Wait until something else is read, and its rows have found their places."""
    page.wait_for_function(
        """([words, answer]) => document.querySelector('#text textarea').value !== words
          || document.querySelector('#answer .mm-answer').innerText !== answer""",
        arg=list(before),
    )
    expect(page.locator("#drawing .mmd-strip .mmd-chip, #drawing .mmd-strip canvas").first).to_be_attached()
    page.wait_for_timeout(SETTLED)


CONTROLS = """() => [...document.querySelectorAll("button, a[href], input, select, summary, [tabindex='0']")]
  .filter((node) => node.checkVisibility() && node.getClientRects().length && !node.disabled)"""


def test_presenting_is_one_screen_and_keys_run_all_examples(visit):
    page = visit("/?present")
    expect(page.locator("body")).to_have_class(re.compile("mm-presenting"))
    names = page.locator("#examples [data-example]").evaluate_all("(all) => all.map(({ dataset }) => dataset.example)")
    for key in range(1, len(names) + 1):
        shown = page.locator("#text textarea").input_value(), page.locator("#answer .mm-answer").text_content()
        page.keyboard.press(str(key))
        page.wait_for_function(
            """([words, answer]) => document.querySelector('#text textarea').value !== words
              || document.querySelector('#answer .mm-answer').textContent !== answer""",
            arg=list(shown),
        )
        for width, height in on_each_screen(page):
            whole = page.evaluate("[document.documentElement.scrollHeight, document.documentElement.scrollWidth]")
            assert whole[0] <= height and whole[1] <= width, names[key - 1]
            ledger_is_seen(page, height, names[key - 1])
            card = page.locator("#answer .mm-answer").evaluate("(card) => [card.scrollHeight, card.clientHeight]")
            assert card[0] <= card[1] + 1, names[key - 1]  # nothing of the answer is cut off
    expect(page.locator(".mm-keys")).to_be_hidden(timeout=6000)  # after five seconds


def test_presenting_keys_work_whatever_has_the_focus(visit):
    page = visit()
    for focus in ("#task input", "#use-image input", "[data-example=seven]", ".mm-present"):
        page.locator(focus).first.focus()
        page.keyboard.press("p")
        expect(page.locator("body")).to_have_class(re.compile("mm-presenting"))
        page.keyboard.press("Escape")
    page.keyboard.press("p")
    page.keyboard.press("1")
    expect(page.locator("#answer .mm-label")).to_have_text("7")
    count = page.evaluate(f"({CONTROLS})().length")
    assert count > 8
    for place in range(count):
        held = page.evaluate(f"(place) => {{ const all = ({CONTROLS})(); all[place % all.length].focus(); }}", place)
        assert held is None
        key, answer = (("2", "5"), ("1", "7"))[place % 2]
        page.keyboard.press(key)
        expect(page.locator("#answer .mm-label")).to_have_text(answer)
    page.keyboard.press("PageDown")
    expect(page.locator("#answer .mm-label")).to_have_text("5" if answer == "7" else re.compile("3|No digit"))


VIEW = """() => ({
  answer: document.querySelector('#answer .mm-verdict').innerText,
  words: document.querySelector('#text textarea').value,
  given: [...document.querySelectorAll('.mm-given')].map(({ hidden }) => hidden),
  sliders: [...document.querySelectorAll('.mm-noise input[type=range]')].map(({ value }) => value),
  picks: [...document.querySelectorAll('#drawing .mmd-sheet select')].map(({ value }) => value),
  band: document.querySelector('#drawing .mmd-banded')?.textContent,
  opened: document.querySelector('#drawing .mmd-frame:not([hidden])')?.style.left ?? null,
  outcome: document.querySelector('#drawing .mmi-outcome')?.innerText ?? null,
  language: document.documentElement.lang,
})"""


def taken(page):
    """The link that the page hands out."""
    page.locator("[data-take=link]").click()
    expect(page.locator("#take [role=status]")).not_to_be_empty()
    return page.evaluate("navigator.clipboard.readText()").partition("#")[2]


def in_a_fresh_browser(visit, link, view):
    """What a link brings back is what was to be seen when it was taken."""
    page = visit(f"/#{link}")
    page.wait_for_function(f"(view) => JSON.stringify(({VIEW})()) === view", arg=json.dumps(view, **LIKE_BROWSERS))
    page.context.close()


LIKE_BROWSERS = {"separators": (",", ":"), "ensure_ascii": False}


@pytest.mark.parametrize("task", [0, 1])
def test_the_link_of_each_example_brings_back_answer_what_if_and_view(visit, task):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.keyboard.press("Shift")
    page.locator("#task label").nth(task).click()
    for k, name in enumerate(examples(page, task)):
        shown = page.locator("#text textarea").input_value(), verdict(page)
        page.locator(f"[data-example={name}]").click()
        changed(page, shown)
        page.locator("#drawing [data-pick=map]").select_option(index=k % 5)
        page.locator("#drawing [data-pick=order]").select_option(index=k % 3)
        page.locator("#drawing [data-pick=about]").select_option(index=k % 4)
        page.locator("#drawing .mmd-of-gates .mmd-key").nth(k % 3).click()
        steps = page.locator("#drawing .mmd-time")
        box = steps.bounding_box()
        steps.click(position={"x": box["width"] * (k + 0.5) / 14, "y": 60})
        suggested = page.locator(".mm-if:visible")
        page.wait_for_timeout(SETTLED)  # in which they are found
        if suggested.count():
            suggested.nth(k % suggested.count()).click()
            expect(page.locator("#drawing .mmi-outcome")).to_be_visible()
        link = taken(page)
        assert f"example={name}" in link and ("step=" in link or "if=" in link)  # one thing is selected at a time
        in_a_fresh_browser(visit, link, page.evaluate(VIEW))


def test_the_link_of_each_step_brings_it_back(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    read(page, "changes_its_mind", "5")
    for place in range(6):
        page.locator("#drawing .mmd-chip").nth(place).click()
        page.wait_for_timeout(200)
        link = taken(page)
        assert f"step={place + 1}" in link
        in_a_fresh_browser(visit, link, page.evaluate(VIEW))


def test_a_link_keeps_noise_and_language(visit):
    page = visit("/#task=digits&example=seven&noise-typing=100&noise-darkness=40&lang=zh&step=3&if=1_2_out_")
    expect(page.locator("h1")).to_have_text("看一个 LSTM 如何读、看、听")
    expect(page.locator(".mmi-outcome")).to_be_visible()
    expect(page.locator("#drawing .mmd-readout")).to_contain_text("3")
    expect(page.locator("#give-image .mm-given")).to_be_visible()
    view = page.evaluate(VIEW)
    assert view["words"] == "seven" and view["language"] == "zh" and view["sliders"] == ["100", "0", "40", "0"]


def test_a_link_says_that_the_noise_is_gone(visit):
    page = visit("/#task=digits&example=in_noise&noise-sound=0")
    expect(page.locator("#give-audio .mm-given")).to_be_visible()
    expect(page.locator("#harder button")).to_have_text("Make it harder")
    assert page.evaluate(VIEW)["sliders"] == ["0", "0", "0", "0"]


def test_the_slice_under_the_cursor_is_framed(visit):
    page = visit()
    read(page, "picture_only", "4")
    lit, time = page.locator("#drawing .mmd-lit"), page.locator("#drawing .mmd-time")
    expect(lit).to_be_hidden()
    time.focus()
    lefts = []
    for _ in range(14):
        page.keyboard.press("ArrowRight")
        expect(lit).to_be_visible()
        lefts.append(lit.bounding_box()["x"])
    assert np.all(np.diff(lefts) == pytest.approx(lit.bounding_box()["width"] + 1, abs=0.5))  # one beside the other
    read(page, "sound_only", "9")
    time.focus()
    page.keyboard.press("ArrowRight")
    expect(lit).to_be_hidden()


def numbers(page):
    return page.locator(".mm-cell .mmk-number").all_text_contents()


def test_the_machine_is_in_the_first_screen_and_moves_with_the_cursor(visit):
    page = visit()
    cell = page.locator(".mm-cell")
    box = cell.bounding_box()
    assert box["y"] + box["height"] <= 720
    page.locator(".mmd-time").focus()
    seen = []
    for step in range(1, 7):
        page.keyboard.press("ArrowRight")
        expect(page.locator("#drawing .mmd-readout")).to_contain_text(f"Step {step}")
        seen.append(numbers(page))
    assert len({tuple(each) for each in seen}) == 6
    expect(cell.locator(".mmk-step.mmk-lit")).to_have_count(1)
    cell.get_by_role("button", name="mean", exact=True).click()
    assert numbers(page) != seen[-1]
    readout = page.locator("#drawing .mmd-readout")
    page.locator(".mmd-time").focus()
    page.keyboard.press("ArrowLeft")
    means = dict(re.findall(r"(input|forget|output) (\d\.\d\d)", readout.inner_text()))
    _, i, f, o, *_ = (float(shown.replace("−", "-")) for shown in numbers(page))
    for gate, shown in {"input": i, "forget": f, "output": o}.items():
        assert shown == pytest.approx(float(means[gate]), abs=0.011)  # the map has 8 bits
    cell.get_by_role("button", name="equations").click()
    expect(page.locator(".mmi-equation")).to_have_count(6)
    expect(page.locator(".mmi-equation").first).to_contain_text("mean i")
    expect(page.locator(".mmi-step h3")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".mmi-step")).to_have_count(0)
    expect(page.locator(".mmd-time")).to_be_focused()


def test_on_a_phone_the_machine_is_below_the_drawing(visit):
    page = visit(viewport={"width": 390, "height": 844})
    expect(page.locator("#drawing .mm-cell")).to_be_visible()
    assert page.locator(".mm-cell").bounding_box()["y"] > page.locator(".mmd-ledger").bounding_box()["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_word_dragged_out_is_a_what_if_beside_the_answer_and_comes_back(visit):
    page = visit()
    page.wait_for_timeout(SETTLED)
    chip = page.locator(".mmd-chip", has_text="five")
    box = chip.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + 200, steps=5)
    page.mouse.up()
    pressed = page.locator(".mm-if[aria-pressed=true]")
    expect(pressed).to_contain_text("without “five”")
    expect(chip).to_have_class(re.compile("mmd-gone"))
    page.locator(".mmd-time").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Delete")
    expect(pressed).to_contain_text("without “three”")
    page.keyboard.press("Delete")
    expect(pressed).to_have_count(0)
    expect(page.locator(".mmd-gone")).to_have_count(0)


def test_the_words_stay_in_sight_while_a_step_is_open_and_one_thing_is_selected(visit):
    page = visit()
    page.locator(".mmd-chip", has_text="wait").click()
    expect(page.locator(".mmi-equation").first).to_be_visible()
    page.mouse.move(640, 400)
    page.mouse.wheel(0, 900)
    row = page.locator(".mmi-input")
    expect(row).to_be_visible()
    assert row.bounding_box()["y"] >= 0 and row.bounding_box()["y"] < 60
    assert "wait" in row.inner_text()
    row.locator(".mmd-chip", has_text="three").click()
    expect(page.locator(".mmi-step h3")).to_contain_text("“three”")
    page.evaluate("scrollTo(0, 0)")
    expect(row).to_be_hidden()
    chips = [page.locator("#drawing .mm-frame .mmd-chip").nth(k).bounding_box() for k in (1, 3)]
    page.mouse.move(chips[0]["x"] + 10, chips[0]["y"] + 20)
    page.mouse.down()
    page.mouse.move(chips[1]["x"] + 10, chips[0]["y"] + 20, steps=5)
    page.mouse.up()
    expect(page.locator(".mmi-if h3")).to_contain_text("steps 2 to 4")
    expect(page.locator(".mmi-step")).to_have_count(0)  # it was of another selection
