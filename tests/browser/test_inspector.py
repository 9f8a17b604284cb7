"""What opens under the drawing, in a real browser, on a page of its own; its questions are answered for real."""

import json
import math
import re

import pytest
from made_up import MadePredictor, made_reading
from served import served

from mmdemo.app.questions import reply
from mmdemo.app.reading import Reading
from mmdemo.inference.figure import drawing
from mmdemo.messages import InputError, strings

pytestmark = pytest.mark.browser
PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="web/core/palette.css">
<link rel="stylesheet" href="web/drawing/drawing.css">
<link rel="stylesheet" href="web/inspect/inspector.css">
<link rel="stylesheet" href="web/page/answer.css">
<link rel="stylesheet" href="web/core/tooltip.css">
<link rel="stylesheet" href="web/page/page.css">
<script src="plotly-cartesian.min.js"></script>
<style>body { margin: 0; padding: 20px; background: var(--mm-card) }</style>
<div class="gradio-container"><div id="frame"></div><div id="place"></div></div>"""
INSPECT = """async ([payload, words, served]) => {
  const { inspect } = await import("./web/inspect/inspector.js");
  const { draw } = await import("./web/drawing/drawing.js");
  window.missing = [];
  const strings = new Proxy(words, {
    get: (all, key) => (key in all ? all[key] : (window.missing.push(key), undefined)),
  });
  const ask = async (question) => {
    const told = await window.askServer(question);
    if (told.refused) throw new Error(told.refused);
    return told;
  };
  const value = JSON.parse(payload);
  inspect(place, frame, value, { strings, ask: served ? ask : undefined });
  await draw(frame, value, { strings, ask });
}"""
NUMBER = r"−?\d+(?:\.\d+)?(?:e[−+]?\d+)?"


@pytest.fixture(scope="module")
def made():
    result, explanation, lstm, dense = made_reading("three, no wait, five", slices=6, moments=4, units=16)
    return MadePredictor(lstm, dense), Reading(result, explanation, {}, drawing(result, explanation))


@pytest.fixture(scope="module")
def window(chromium, made):
    """One page for all tests, on which what is asked is answered by the server's own function."""

    def answer(question):
        try:
            return reply(*made, question)
        except InputError as error:
            return {"refused": str(error)}

    context = chromium().new_context()
    context.set_default_timeout(120_000)  # a loaded machine is slow, not wrong
    page = context.new_page()
    page.expose_function("askServer", answer)
    with served(PAGE) as address:
        page.goto(address)
        yield page
    context.close()


@pytest.fixture
def page(window, made):
    """The page with everything closed; afterwards nothing may have gone wrong or lacked its words."""
    errors = []

    def note_error(error):
        errors.append(str(error))

    window.on("pageerror", note_error)
    window.set_viewport_size({"width": 1180, "height": 900})
    window.evaluate("async () => (await import('./web/drawing/drawing.js')).clear(frame)")
    show(window, made[1].figure)
    if window.locator(".mmi-step, .mmi-if").count():
        send(window, "open", {"step": None, "unit": None})
    yield window
    window.remove_listener("pageerror", note_error)
    assert not errors
    assert window.evaluate("window.missing") == []


def show(page, figure, language="en", served=True):
    page.evaluate(INSPECT, [json.dumps(figure), strings(language), served])


def send(page, name, detail):
    page.evaluate(
        "([name, detail]) => frame.firstChild.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }))",
        [f"mmdemo:{name}", detail],
    )


def open_step(page, step, unit=None):
    send(page, "open", {"step": step, "unit": unit})
    page.locator(".mmi-step h3", has_text=f"Step {step + 1}").wait_for()


def button(page, key):
    return page.locator(".mmi").get_by_role("button", name=strings()[f"inspect.{key}"], exact=True)


def equations(page):
    return page.locator(".mmi-equation").all_inner_texts()


def numbers(line):
    return [float(number.replace("−", "-")) for number in re.findall(NUMBER, line)]


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


@pytest.mark.parametrize("step", [0, 3, 15])
def test_the_equations_that_are_printed_hold(page, made, step):
    open_step(page, step, unit=5)
    rough = equations(page)
    button(page, "full").click()
    fine = equations(page)
    button(page, "full").click()
    assert equations(page) == rough
    for lines, precise in ((rough, 0.02), (fine, 1e-6)):
        i, f, g, o, c, h = map(numbers, lines)
        assert [len(line) for line in (i, f, g, o, c, h)] == [2, 2, 2, 2, 5, 3]
        for z, gate in (i, f, o):
            assert gate == pytest.approx(sigmoid(z), abs=precise)
        assert g[1] == pytest.approx(math.tanh(g[0]), abs=precise)
        assert c[:1] + c[2:4] == [f[1], i[1], g[1]]
        assert c[4] == pytest.approx(c[0] * c[1] + c[2] * c[3], abs=2 * precise)
        assert h[:2] == [o[1], c[4]]
        assert h[2] == pytest.approx(h[0] * math.tanh(h[1]), abs=precise)
    inside = made[1].result.trace
    assert c[4] == pytest.approx(float(inside.c[step, 5]), rel=1e-6)
    assert c[1] == pytest.approx(float(inside.c[step - 1, 5]) if step else 0, rel=1e-6)


def test_the_means_add_up_and_say_what_they_are(page, made):
    open_step(page, 3)
    button(page, "full").click()
    button(page, "mean_of_all").click()
    i, f, g, o, c, h = map(numbers, equations(page))
    inside = made[1].result.trace
    for line, signal in ((i, "i"), (f, "f"), (g, "g"), (o, "o"), (h, "h")):
        assert line == [pytest.approx(float(getattr(inside, signal)[3].mean()), abs=1e-6)]
    assert c[0] + c[1] == pytest.approx(c[2], abs=1e-6)
    assert c[2] == pytest.approx(float(inside.c[3].mean()), abs=1e-6)
    assert strings()["inspect.means_note"] in page.locator(".mmi-story").inner_text()
    button(page, "mean_of_all").click()
    button(page, "full").click()


def test_the_unit_that_changed_most_comes_first_and_others_can_be_chosen(page, made):
    inside = made[1].result.trace
    most = int((inside.c[3] - inside.c[2]).abs().argmax())
    open_step(page, 3)
    field = page.locator(".mmi-unit input")
    assert field.input_value() == str(most + 1)
    button(page, "next").click()
    assert field.input_value() == str((most + 1) % 16 + 1)
    assert page.evaluate("document.activeElement.ariaLabel") == strings()["inspect.next"]
    field.fill("99")
    field.press("Enter")
    assert field.input_value() == "16"
    button(page, "changed_most").click()
    assert field.input_value() == str(most + 1)
    open_step(page, 4, unit=7)
    assert field.input_value() == "8"


def test_the_story_is_true_of_every_unit(page, made):
    """Whatever is said of forgetting and writing is what the numbers say, in every unit and in some of the steps."""
    inside = made[1].result.trace
    told = page.evaluate(
        """async (rows) => {
          const { story } = await import("./web/inspect/equations.js");
          return rows.map(([inside, first]) => inside[0].map((_, unit) => story(inside, unit, first)));
        }""",
        [[step_rows(inside, t), t == 0] for t in range(16)],
    )
    for t, units in enumerate(told):
        for u, ((head, values), (memory, _), (news, _), (shows, _)) in enumerate(units):
            before = float(inside.c[t - 1, u]) if t else 0.0
            i, f, g, o = (float(getattr(inside, key)[t, u]) for key in "ifgo")
            if head in ("forgot", "replaced"):
                assert f < 0.5 and abs(before) >= 0.1
            if head == "kept":
                assert f >= 0.9 and abs(i * g) < 0.1
            assert (head in ("replaced", "added", "opposed", "wrote")) == (abs(i * g) >= 0.1)
            assert (memory == "held_nothing") == (t == 0)
            assert news != "news_shut" or i < 0.1
            assert (shows == "shows_shut") == (o < 0.1)
            assert numbers(values["kept"])[0] == pytest.approx(f * before, abs=0.006)
            assert numbers(values["wrote"])[0] == pytest.approx(i * g, abs=0.006)


def step_rows(inside, t):
    before = inside.c[t - 1] if t else inside.c[0] * 0
    rows = [*(inside.c[0] * 0 for _ in range(4)), inside.i[t], inside.f[t], inside.g[t], inside.o[t]]
    return [row.tolist() for row in (*rows, before, inside.c[t], inside.h[t])]


def test_every_number_is_there_in_full_when_it_is_pointed_at(page):
    open_step(page, 3, unit=5)
    tip = page.locator("#place > .mm-tip")
    page.locator(".mmi-equation").first.focus()
    said = tip.inner_text()
    z, gate = numbers(said.split(strings()["inspect.in_full"])[1])
    assert gate == pytest.approx(sigmoid(z), abs=1e-7)
    page.keyboard.press("Escape")
    assert tip.is_hidden()


def test_the_ledger_seen_from_the_step(page, made):
    open_step(page, 3)
    button(page, "seen_from").click()
    assert button(page, "seen_from").get_attribute("aria-pressed") == "true"
    page.locator(".mmd", has_text="step 4").first.wait_for()
    button(page, "close").click()
    assert page.locator(".mmi-step, .mmi-if").count() == 0


@pytest.mark.parametrize("span", [{"start": 0, "stop": 1}, {"start": 2, "stop": 6}])
def test_what_if_it_had_not_been_there(page, made, span):
    send(page, "span", span)
    button(page, "leave_out").click()
    result = page.locator(".mmi-outcome")
    result.wait_for()
    told = reply(*made, {"ask": "what_if", **span})
    assert f"{told['label']}" in result.locator("p").inner_text()
    rows = result.locator("li").all_inner_texts()
    was, now = made[1].result.probabilities, told["probabilities"]
    most = max(range(10), key=lambda k: abs(now[k] - was[k]))
    assert made[1].result.labels[most] in rows[0]
    assert page.locator(".mmi-live").inner_text() == result.locator("p").inner_text()
    assert page.locator(".mmd-beside i").count() > 0
    button(page, "back").click()
    assert page.locator(".mmi-outcome").count() == 0
    assert page.locator(".mmd-beside i").count() == 0


def test_what_if_a_gate_had_been_held(page, made):
    open_step(page, 3)
    button(page, "hold_open").click()
    page.locator(".mmi-outcome p", has_text="forget gates held open").wait_for()
    page.get_by_label(strings()["inspect.gate"], exact=True).select_option("g")
    slider = page.get_by_label(strings()["inspect.value"], exact=True)
    assert slider.get_attribute("min") == "-1"
    slider.fill("-0.5")
    button(page, "try").click()
    page.locator(".mmi-outcome p", has_text="candidates held at −0.5").wait_for()
    told = reply(*made, {"ask": "what_if", "start": 3, "stop": 4, "gate": "g", "value": -0.5})
    assert told["label"] in page.locator(".mmi-outcome p").inner_text()


def test_the_triangle_says_what_each_step_meant(page, made):
    button(page, "triangle").click()
    heat = page.locator(".mmi-heat")
    heat.wait_for()
    assert heat.evaluate("(canvas) => [canvas.width, canvas.height]") == [16, 16]
    heat.focus()
    page.keyboard.press("ArrowLeft")
    said = page.locator(".mmi-readout").inner_text()
    assert said.startswith("Step 15") and "step 16" in said
    button(page, "triangle").click()
    assert heat.count() == 0


def test_the_proof_draws_four_curves_and_says_what_they_mean(page, made):
    button(page, "proof").click()
    page.locator(".mmi-chart").wait_for()
    assert page.locator(".mmi-curve").count() == 4
    told = reply(*made, {"ask": "faithful", **page.evaluate(STATE)})
    shown = page.locator(".mmi-areas li").all_inner_texts()
    mine = told["curves"]["ledger"]
    assert f"{mine['area']:.2f}".replace("-", "−") in shown[0] if mine["area"] is not None else "–" in shown[0]
    words = page.locator(".mmi-proof .mmi-words").inner_text()
    if mine["area"] is not None:
        assert ("Do not rely" in words) == (mine["beaten"] < 0.8)
    button(page, "proof").click()


STATE = """async () => {
  const { about, against } = (await import("./web/drawing/drawing.js")).state(frame);
  return { about, against };
}"""


def test_another_contrast_is_asked_anew(page):
    button(page, "triangle").click()
    page.locator(".mmi-triangle h3", has_text="evidence for").wait_for()
    send(page, "contrast", {"about": 1, "against": 2})
    page.locator(".mmi-triangle h3", has_text="evidence for one against two").wait_for()
    button(page, "triangle").click()


def test_a_refused_question_says_why(page):
    page.evaluate("frame.firstChild.dispatchEvent(new CustomEvent('mmdemo:open', {bubbles: true, detail: {step: 99}}))")
    page.locator(".mmi-trouble", has_text=strings()["ask.unknown"]).wait_for()


def test_another_language_keeps_what_is_open_and_another_reading_closes_it(page, made):
    open_step(page, 3)
    show(page, made[1].figure, "zh")
    assert "第 4 步" in page.locator(".mmi-step h3").inner_text()
    other, explanation, *_ = made_reading("seven", slices=0, moments=0, units=16, seed=1)
    show(page, drawing(other, explanation))
    assert page.locator(".mmi-step, .mmi-if").count() == 0


def test_without_a_server_there_is_nothing_to_ask(page, made):
    show(page, made[1].figure, served=False)
    assert page.locator("#place").is_hidden()
    open_hidden = {"step": 2, "unit": None}
    send(page, "open", open_hidden)
    assert page.locator("#place").is_hidden()


def test_it_fits_a_phone(page, made):
    page.set_viewport_size({"width": 390, "height": 844})
    open_step(page, 3)
    button(page, "full").click()
    button(page, "leave_out").click()
    page.locator(".mmi-outcome").wait_for()
    for name in ("triangle", "proof"):
        button(page, name).click()
    page.locator(".mmi-chart").wait_for()
    page.locator(".mmi-heat").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    button(page, "full").click()
