"""The drawing in a real browser, on a page of its own: no Gradio, no checkpoint."""

import base64
import io
import json
import re
from itertools import pairwise

import numpy as np
import pytest
import soundfile
import torch
from made_up import made_drawing, made_reading, made_result
from packed import decode, trace_of, unpack
from served import served

from mmdemo.inference.figure import packed_numbers
from mmdemo.lstm.ledger import contrast, ledger
from mmdemo.messages import strings

pytestmark = pytest.mark.browser
FIGURE = "document.querySelector('.mmd-figure')"
PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="web/core/palette.css">
<link rel="stylesheet" href="web/drawing/drawing.css">
<link rel="stylesheet" href="web/core/tooltip.css">
<script src="plotly-cartesian.min.js"></script>
<style>body { margin: 0; padding: 20px; background: var(--mm-card) }</style><div id="place"></div>"""
DRAW = """async ([payload, words]) => {
  const { draw } = await import("./web/drawing/drawing.js");
  window.missing = [];
  const strings = new Proxy(words, {
    get: (all, key) => (key in all ? all[key] : (window.missing.push(key), undefined)),
  });
  if (!window.told) {
    for (const name of ["step", "open", "span", "contrast", "play", "unit", "leave"]) {
      place.addEventListener(`mmdemo:${name}`, ({ detail }) => window.told[name].push(detail));
    }
  }
  window.told = { step: [], open: [], span: [], contrast: [], play: [], unit: [], leave: [] };
  await draw(place, JSON.parse(payload), { strings, ask: window.ask });
}"""


@pytest.fixture(scope="module")
def window(chromium):
    """One page for all tests, since loading Plotly takes longer than any of them."""
    with served(PAGE) as address:
        context = chromium().new_context(has_touch=True)
        context.set_default_timeout(120_000)  # a loaded machine is slow, not wrong
        page = context.new_page()
        page.goto(address)
        yield page
        context.close()


@pytest.fixture
def open_page(window):
    """Call it with a payload: the page, on which that is drawn and nothing is left of what was before."""
    errors = []

    def note_error(error):
        errors.append(str(error))

    def show(payload, width=1180):
        window.set_viewport_size({"width": width, "height": 900})
        window.mouse.move(1, 1)
        window.evaluate("async () => (await import('./web/drawing/drawing.js')).clear(place)")
        redraw(window, payload)
        return window

    window.on("pageerror", note_error)
    yield show
    window.remove_listener("pageerror", note_error)
    window.evaluate("document.body.classList.remove('dark')")
    assert not errors


def redraw(page, payload):
    page.evaluate(DRAW, [json.dumps(payload), strings()])
    assert page.evaluate("window.missing") == []


def point_at(page, step, of, row="figure", down=0.5):
    """Move the pointer to a step, at a share of the height of the strip or the figure."""
    box = page.locator(f".mmd-{row}").bounding_box()
    page.mouse.move(box["x"] + box["width"] * (step + 0.5) / of, box["y"] + box["height"] * down)


def pick(page, choice, value):
    page.locator(f"[data-pick={choice}]").select_option(str(value))


def press_at(page, *place, **where):
    point_at(page, *place, **where)
    page.mouse.down()
    page.mouse.up()


def drag(page, start, end, of):
    """With the mouse, from one step to another."""
    point_at(page, start, of)
    page.mouse.down()
    point_at(page, (start + end) / 2, of)
    point_at(page, end, of)
    page.mouse.up()


def call(page, function, *arguments):
    """One of the functions that drawing.js offers to the rest of the page."""
    script = "async ([name, rest]) => (await import('./web/drawing/drawing.js'))[name](place, ...rest)"
    return page.evaluate(script, [function, list(arguments)])


def told(page, name):
    return page.evaluate(f"told.{name}")


def number(value):
    """As the page writes it."""
    return f"{value:+.2f}".replace("-", "−") if abs(value) >= 0.005 else "+0.00"


def default_contrast(payload):
    """The answer against what another input says, or else against the class that was most believed besides it."""
    if payload["ledger"]["against"] is not None:
        return payload["answer"], payload["ledger"]["against"]
    _, chosen = (unpack(t["z"]) for t in payload["figure"]["data"] if t["meta"]["row"] == "belief")
    others = unpack(next(t["z"] for t in payload["figure"]["data"] if t["meta"]["row"] == "belief"))
    assert len(chosen) == 1 and not others[payload["answer"]].any()
    return payload["answer"], int(others.max(1).argmax())


def line_colour(page, trace=3):
    return page.evaluate(f"{FIGURE}.data[{trace}].line.color")


@pytest.fixture(scope="module")
def result():
    return made_result()


@pytest.fixture(scope="module")
def payload():
    return made_drawing()


@pytest.fixture(scope="module")
def evidence():
    """For a contrast of classes, seen from a step: what each step wrote, by the ledger itself."""
    result, _, lstm, dense = made_reading()
    x = torch.cat(list(result.embeddings.values()))

    def find(about, against, seen_from=-1):
        weights = contrast(len(result.labels), about, against)
        return ledger(lstm, dense, x, weights, seen_from=seen_from).steps.numpy()

    return find


def test_everything_is_there(open_page, payload, result):
    page = open_page(payload)
    assert page.locator(".mmd-title").all_inner_texts() == [
        *("Input", "Belief", "Gates"),
        *("Let go", "Ledger", "Changed"),
        *("Cell state", "Units"),
    ]
    assert page.locator(".mmd-bands span").all_inner_texts() == ["Words", "Picture", "Sound"]
    assert page.locator(".mmd-chip").all_inner_texts() == ["three", ",", "no", "wait", ",", "five"]
    assert page.locator(".mmd-strip canvas").count() == 2
    assert page.locator(".mmd-scale").nth(1).inner_text().split() == result.labels
    assert page.locator(".mmd-scale .mmd-answer").inner_text() == result.label
    assert page.locator(".mmd-ticks .mmd-image").all_inner_texts()[:2] == ["1", "2"]
    assert "0.4 s" in page.locator(".mmd-ticks .mmd-audio").all_inner_texts()
    assert page.locator(".mmd-figure .annotation-text").text_content() == "settled here"
    assert page.locator(".mmd-figure .hm image").count() == 3  # two of beliefs, one of units


def test_what_is_one_step_on_the_strip_is_one_step_in_the_figure(open_page, payload, result):
    page = open_page(payload)
    for width in (1180, 700, 1180):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"Math.abs({FIGURE}._fullLayout.width - {FIGURE}.offsetWidth) < 1")
        axis = page.evaluate(f"(({{ _offset, _length }}) => [_offset, _length])({FIGURE}._fullLayout.xaxis)")
        time = page.locator(".mmd-time").bounding_box()
        assert axis == [0, pytest.approx(time["width"], abs=1)]
        chip = page.locator(".mmd-chip").nth(3).bounding_box()
        assert chip["x"] - time["x"] == pytest.approx(3 * time["width"] / 36, abs=1)
        names = page.locator(".mmd-title")
        heatmap = page.locator(".mmd-figure .hm image").last.bounding_box()
        assert names.last.bounding_box()["y"] == pytest.approx(heatmap["y"], abs=4)


def test_the_cursor_runs_through_all_of_it_and_says_what_is_there(open_page, payload, result, evidence):
    page = open_page(payload)
    page.evaluate("window.drawn = 0, place.querySelector('.mmd-figure').on('plotly_afterplot', () => window.drawn++)")
    point_at(page, 3, 36, down=0.3)
    cursor, time = (page.locator(f".mmd-{part}").bounding_box() for part in ("cursor", "time"))
    assert cursor["x"] - time["x"] == pytest.approx(3 * time["width"] / 36, abs=1)
    assert cursor["width"] == pytest.approx(time["width"] / 36, abs=1)
    assert cursor["height"] > 0.9 * time["height"]
    assert page.locator(".mmd-chip.mmd-on").all_inner_texts() == ["wait"]
    said = page.locator(".mmd-readout").inner_text()
    best, second = np.argsort(result.step_probabilities[3])[:-3:-1]
    for part in (
        "Step 4",
        "“wait”",
        f"{result.labels[best]} ({100 * result.step_probabilities[3, best]:.0f}\u202f%)",
        f"{result.labels[second]} ({100 * result.step_probabilities[3, second]:.0f}\u202f%)",
        f"input {result.trace.i[3].mean():.2f}",
        f"forget {result.trace.f[3].mean():.2f}",
        f"output {result.trace.o[3].mean():.2f}",
        f"{number(evidence(*default_contrast(payload))[3])} for six against",
    ):
        assert part in said
    assert page.evaluate("told.step.at(-1)") == {"step": 3, "unit": None}
    point_at(page, 7, 36, row="strip")
    assert "slice 2 of 14" in page.locator(".mmd-readout").inner_text()
    point_at(page, 20, 36, row="strip")
    assert "0.20–0.28 s" in page.locator(".mmd-readout").inner_text()
    page.mouse.move(5, 5)
    assert page.locator(".mmd-cursor").is_hidden()
    assert page.evaluate("told.step.at(-1)") == {"step": None, "unit": None}
    assert "Settled" in page.locator(".mmd-readout").inner_text()
    assert page.evaluate("drawn") == 0  # the cursor is quick because Plotly has nothing to do


def test_over_the_heat_map_it_names_the_unit(open_page, payload, result):
    page = open_page(payload)
    heatmap = page.locator(".mmd-figure .hm image").last.bounding_box()
    page.mouse.move(heatmap["x"] + heatmap["width"] * 10.5 / 36, heatmap["y"] + heatmap["height"] * 40.5 / 128)
    unit = payload["order"][40]
    shown = page.evaluate(f"[...{FIGURE}.data.find((t) => t.meta.row === 'units' && t.visible).z[40]]")
    assert shown == np.rint(255 * result.trace.f[:, unit].numpy()).tolist()
    assert page.evaluate("told.step.at(-1)") == {"step": 10, "unit": unit}
    assert f"unit {unit + 1} forget {result.trace.f[10, unit]:.2f}"[:-1] in page.locator(".mmd-readout").inner_text()
    pick(page, "order", "by_number")
    pick(page, "map", "c")
    page.mouse.move(heatmap["x"] + heatmap["width"] * 10.5 / 36, heatmap["y"] + heatmap["height"] * 40.5 / 128)
    assert page.evaluate("told.step.at(-1)") == {"step": 10, "unit": 40}
    said = page.locator(".mmd-readout").inner_text().replace("−", "-")
    assert float(re.search(r"cell state c (\S+)", said)[1]) == pytest.approx(float(result.trace.c[10, 40]), abs=0.05)


def test_any_of_the_six_maps_can_be_chosen_and_stays_chosen(open_page, payload, result):
    page = open_page(payload)
    maps = f"{FIGURE}.data.filter((trace) => trace.meta.row === 'units' && trace.visible)"
    visible = f"{maps}.map((trace) => trace.meta.key)"
    assert page.evaluate(visible) == ["f"]
    for key in "iogchf":
        pick(page, "map", key)
        assert page.evaluate(visible) == [key]
        ends = {"g": ["−1", "1"], "h": ["−1", "1"], "c": ["≤", "−3", "≥", "3"]}.get(key, ["0", "1"])
        assert page.locator(".mmd-legend").inner_text().split() == ends
    pick(page, "map", "c")
    redraw(page, made_drawing("two"))
    assert page.evaluate(visible) == ["c"]
    assert page.locator(".mmd-chip").all_inner_texts() == ["two"]
    assert page.locator(".mmd").count() == 1


def test_light_and_dark(open_page, payload, result):
    page = open_page(payload)
    light = line_colour(page)
    page.evaluate("document.body.classList.add('dark')")
    page.wait_for_function(f"(light) => {FIGURE}.data[3].line.color !== light", arg=light)
    assert (light, line_colour(page)) == ("#9b59b6", "#cf9be6")
    page.evaluate("document.body.classList.remove('dark')")
    page.wait_for_function(f"(light) => {FIGURE}.data[3].line.color === light", arg=light)


def test_on_a_phone_the_drawing_scrolls_and_the_names_stay(open_page, payload, result):
    page = open_page(payload, width=390)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    over = "[...document.querySelectorAll('.mmd-name')].map((name) => name.scrollHeight - name.clientHeight)"
    assert max(page.evaluate(over)) <= 12  # what stands beside a row reaches into the gap below it at most
    scroll = page.locator(".mmd-scroll")
    assert scroll.evaluate("(box) => box.scrollWidth - box.clientWidth") > 200
    before = page.locator(".mmd-title").nth(1).bounding_box()["x"]
    scroll.evaluate("(box) => box.scrollTo(200, 0)")
    assert page.locator(".mmd-title").nth(1).bounding_box()["x"] == before >= 0
    box = page.locator(".mmd-strip").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 20.5 / 36, box["y"] + 20)
    assert page.locator(".mmd-readout b").first.inner_text() == "Step 21"  # and it stays when the finger has left


def test_words_that_do_not_fit_stand_upright(open_page):
    upright = "document.querySelector('.mmd-strip').classList.contains('mmd-upright')"
    assert not open_page(made_drawing("three, no wait", 0, 0)).evaluate(upright)
    assert open_page(made_drawing("three hundred " * 20, 0, 0)).evaluate(upright)


def test_a_strangers_words_stay_words(open_page):
    page = open_page(made_drawing("<img src=x onerror=hacked=1> five ${hacked=1}"))
    assert "<" in page.locator(".mmd-chip").all_inner_texts()
    point_at(page, 0, page.locator(".mmd-chip").count() + 30)
    assert page.evaluate("typeof hacked") == "undefined"
    assert page.locator(".mmd img").count() == 0
    labelled = made_drawing(labels=["<b>a</b>", "<img src=x onerror=hacked=1>"])
    redraw(page, labelled)
    assert "<b>a</b>" in page.locator(".mmd-scale").nth(1).inner_text()
    assert page.evaluate("typeof hacked") == "undefined"


def test_one_word_alone(open_page):
    page = open_page(made_drawing("five", 0, 0))
    assert page.locator(".mmd-figure .hm image").count() == 3
    assert page.locator(".mmd-figure .annotation").count() == 0
    assert page.locator(".mmd-figure .scatterlayer .point").count() == 5  # i, f, o, the mean of c and of |c|
    assert page.locator(".mmd-readout").inner_text() == strings()["drawing.rest_always"]


def test_names_explain_themselves(open_page, payload, result):
    page = open_page(payload)
    tip = page.locator(".mm-tip")
    assert tip.is_hidden()
    page.get_by_role("button", name="forget", exact=True).hover()
    assert tip.inner_text() == strings()["drawing.f_about"]
    page.locator(".mmd-title").first.focus()
    assert tip.inner_text() == strings()["drawing.input_about"]
    page.keyboard.press("Escape")
    assert tip.is_hidden()
    for name in page.locator("[data-about]").all():
        assert len(name.get_attribute("data-about")) > 20


def test_keys_move_the_cursor(open_page, payload, result):
    page = open_page(payload)
    page.locator(".mmd-time").focus()
    for key, step in (
        ("ArrowRight", 0),
        ("ArrowRight", 1),
        ("End", 35),
        ("ArrowRight", 35),
        ("ArrowLeft", 34),
        ("Home", 0),
    ):
        page.keyboard.press(key)
        assert page.evaluate("told.step.at(-1).step") == step


def test_without_steps_there_is_a_kind_word_and_then_a_drawing(open_page, payload, result):
    page = open_page({"steps": [], "labels": ["a"]})
    assert page.locator("#place").inner_text() == strings()["drawing.empty"]
    redraw(page, payload)
    assert page.locator(".mmd-chip").count() == 6
    redraw(page, {"steps": [], "labels": ["a"]})
    assert page.locator("#place").inner_text() == strings()["drawing.empty"]
    redraw(page, payload)
    page.evaluate("async () => (await import('./web/drawing/drawing.js')).clear(place)")
    assert page.locator("#place").inner_html() == ""


def summed(page):
    return page.locator(".mmd-sum button").get_attribute("data-about")


SUMS = """async ([payload, contrast]) => {
  const { evidence, sums } = await import("./web/drawing/ledger.js");
  const { unpack } = await import("./web/core/packed.js");
  return [evidence(unpack(payload.ledger.evidence), contrast), sums(payload, contrast)];
}"""


@pytest.mark.parametrize(("about", "against"), [(6, 5), (5, 6), (0, None), (9, 3), (3, None)])
def test_the_ledger_adds_up_for_any_contrast(open_page, payload, evidence, about, against):
    page = open_page(payload)
    steps, sums = page.evaluate(SUMS, [payload, {"about": about, "against": against}])
    assert np.abs(np.array(steps) - evidence(about, against)).max() < 1e-5 * np.abs(steps).max()
    assert abs(sums["evidence"] - (sums["logits"] - sums["bias"])) < 1e-5 * np.abs(steps).sum()
    _, explanation, *_ = made_reading()
    weights = contrast(10, about, against)
    assert sums["logits"] == pytest.approx(float(weights @ explanation.logits), abs=1e-5)
    call(page, "choose", {"about": about, "against": against})
    side = {key: number(value) for key, value in sums.items()}
    said = strings()["drawing.sum"].format(**side)
    assert page.locator(".mmd-sum").inner_text() == strings()["drawing.sum_short"].format(**side)
    assert summed(page) == said  # one click deeper


def test_bars_stand_on_the_line_or_hang_from_it(open_page, payload, evidence):
    page = open_page(payload)
    values = evidence(*default_contrast(payload))
    boxes = page.evaluate("""[...document.querySelectorAll('.mmd-ledger i')].map((bar) => {
        const [box, zero] = [bar, document.querySelector('.mmd-ledger hr')].map((node) => node.getBoundingClientRect());
        return [zero.top - box.top, box.bottom - zero.top, box.left + box.width / 2];
    })""")
    room = page.locator(".mmd-ledger").bounding_box()
    scale = room["height"] / (max(values.max(), 0) - min(values.min(), 0))
    for step, (value, (above, below, middle)) in enumerate(zip(values, boxes, strict=True)):
        assert above == pytest.approx(max(value, 0) * scale, abs=1.5)
        assert below == pytest.approx(max(-value, 0) * scale, abs=1.5)
        assert middle == pytest.approx(room["x"] + room["width"] * (step + 0.5) / 36, abs=1)


def test_what_each_step_changed_has_a_row_of_its_own(open_page, payload):
    page = open_page(payload)
    _, explanation, *_ = made_reading()
    about, against = default_contrast(payload)
    values = (explanation.changed[about] - explanation.changed[against]).numpy()
    bars = page.locator(".mmd-changed i")
    assert bars.count() == 36
    step = int(np.abs(values).argmax())
    room = page.locator(".mmd-changed").bounding_box()
    scale = room["height"] / (max(values.max(), 0) - min(values.min(), 0))
    assert bars.nth(step).bounding_box()["height"] == pytest.approx(abs(values[step]) * scale, abs=1.5)
    point_at(page, step, 36)
    assert f"{number(values[step])} changed" in page.locator(".mmd-readout").inner_text()


def test_bars_fall_where_a_belief_did_and_there_is_no_row_where_none_did(open_page, payload):
    page = open_page(payload)
    gone = {step: one for step, one in enumerate(payload["ledger"]["let_go"]) if one}
    bars, line = page.locator(".mmd-let_go i"), page.locator(".mmd-let_go").bounding_box()
    assert bars.count() == len(gone)
    for n, step in enumerate(gone):
        box = bars.nth(n).bounding_box()
        assert box["y"] == pytest.approx(line["y"], abs=1)
        assert box["x"] + box["width"] / 2 == pytest.approx(line["x"] + line["width"] * (step + 0.5) / 36, abs=1)
    most = max(gone, key=lambda step: gone[step][0])
    assert page.locator(".mmd-let_go small").inner_text() == f"{100 * gone[most][0]:.0f}\u202f%"
    point_at(page, most, 36)
    assert f"of {payload['labels'][gone[most][1]]}" in page.locator(".mmd-readout").inner_text()
    never = {**payload, "ledger": {**payload["ledger"], "let_go": [None] * 36}}
    page = open_page(never)
    assert page.locator(".mmd-let_go").is_hidden()
    assert "Let go" not in page.locator(".mmd-title").all_inner_texts()
    names, bars = (page.locator(name).bounding_box()["y"] for name in (".mmd-of-ledger", ".mmd-ledger"))
    assert names == pytest.approx(bars, abs=1)


def test_the_contrast_can_be_chosen(open_page, payload, evidence):
    page = open_page(payload)
    about, against = default_contrast(payload)
    assert told(page, "contrast") == [{"about": about, "against": against}]
    pick(page, "against", "null")
    pick(page, "about", 2)
    assert told(page, "contrast")[1:] == [{"about": about, "against": None}, {"about": 2, "against": None}]
    point_at(page, 35, 36)
    assert f"{number(evidence(2, None)[35])} for two against mean of all" in page.locator(".mmd-readout").inner_text()
    call(page, "choose", {"about": 4, "against": 7})
    assert told(page, "contrast")[-1] == {"about": 4, "against": 7}
    assert page.locator("[data-pick=about]").input_value() == "4"
    assert page.locator("[data-pick=against] option[value='4']").is_disabled()
    redraw(page, payload)  # the same reading, in another language say
    assert page.locator("[data-pick=against]").input_value() == "7"
    redraw(page, made_drawing(seed=1))
    assert told(page, "contrast") == [
        dict(zip(("about", "against"), default_contrast(made_drawing(seed=1)), strict=True))
    ]


def test_the_ledger_as_seen_from_an_earlier_step(open_page, payload, evidence):
    page = open_page(payload)
    result, _, lstm, dense = made_reading()
    with torch.no_grad():
        seen = ledger(lstm, dense, torch.cat(list(result.embeddings.values())), torch.eye(10), seen_from=20).steps
        logits = dense(result.trace.h[20])
    call(page, "seenFrom", {"step": 20, "evidence": packed_numbers(seen.numpy())})
    assert page.locator(".mmd-seen").inner_text() == "seen from step 21"
    assert page.locator(".mmd-ledger span:visible").count() <= 21
    assert page.locator(".mmd-ledger span").nth(21).is_hidden()
    about, against = default_contrast(payload)
    said = summed(page)
    assert said.startswith(f"The bars add up to {number(evidence(about, against, 20).sum())}: ")
    assert f"({number(float(logits[about] - logits[against]))})" in said
    call(page, "seenFrom", None)
    assert page.locator(".mmd-seen").inner_text() == ""
    assert f"add up to {number(evidence(about, against).sum())}: " in summed(page)


def test_a_click_opens_a_step_until_escape(open_page, payload):
    page = open_page(payload)
    press_at(page, 8, 36, row="strip")
    assert told(page, "open")[1:] == [{"step": 8, "unit": None}]
    frame, time = (page.locator(f".mmd-{part}").bounding_box() for part in ("frame", "time"))
    assert frame["x"] - time["x"] == pytest.approx(8 * time["width"] / 36, abs=1)
    point_at(page, 30, 36, row="strip")
    assert page.locator(".mmd-frame").bounding_box() == frame
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert told(page, "open")[-1] == {"step": 31, "unit": None, "focus": True}  # by keys: they go on there
    page.keyboard.press("Escape")
    assert told(page, "open")[-1] == {"step": None, "unit": None}
    assert page.locator(".mmd-frame").is_hidden()


def test_a_unit_can_be_followed(open_page, payload, result):
    page = open_page(payload)
    heatmap = page.locator(".mmd-figure .hm image").last.bounding_box()
    place = heatmap["x"] + heatmap["width"] * 10.5 / 36, heatmap["y"] + heatmap["height"] * 40.5 / 128
    page.mouse.click(*place)
    unit = payload["order"][40]
    assert told(page, "open")[-1] == {"step": 10, "unit": unit}
    mark = page.locator(".mmd-mark").bounding_box()
    assert mark["y"] + mark["height"] / 2 == pytest.approx(place[1], abs=1)
    own = page.evaluate(f"{FIGURE}.data.filter((t) => t.meta.kind === 'own').map((t) => [t.meta.key, [...t.y]])")
    assert [key for key, _ in own] == list("ifoc")
    for key, y in own:
        assert np.allclose(y, decode(trace_of(payload, "units", key))[unit], atol=1e-6)
        assert np.abs(np.array(y) - getattr(result.trace, key)[:, unit].numpy()).max() < 0.05
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    assert told(page, "open")[-1] == {"step": 10, "unit": payload["order"][41], "focus": True}
    assert told(page, "unit")[-1] == {"unit": payload["order"][41]}
    page.keyboard.press("Escape")
    assert page.locator(".mmd-mark").is_hidden()
    assert page.evaluate(f"{FIGURE}.data.some((t) => t.meta.kind === 'own')") is False


def test_units_in_three_orders(open_page, payload):
    page = open_page(payload)
    _, explanation, *_ = made_reading()
    about, against = default_contrast(payload)
    carried = explanation.carried[about] - explanation.carried[against]
    orders = {"by_action": payload["order"], "by_number": range(128), "by_evidence": carried.argsort(descending=True)}
    codes = unpack(trace_of(payload, "units", "f")["z"])
    shown = f"{FIGURE}.data.find((t) => t.meta.row === 'units' && t.visible).z.map((row) => [...row])"
    for name, order in orders.items():
        pick(page, "order", name)
        assert (np.array(page.evaluate(shown)) == codes[list(order)]).all()
    pick(page, "about", 1)
    carried = explanation.carried[1] - explanation.carried[against]
    assert page.evaluate(shown)[0] == codes[int(carried.argmax())].tolist()


def busiest(payload, start, stop):
    c = decode(trace_of(payload, "units", "c"))  # (H, T)
    moved = np.abs(np.diff(c, prepend=0))[:, start:stop].mean(1)
    return [(k + 1, moved[k]) for k in np.argsort(-moved)[:3]]


def test_dragging_selects_steps(open_page, payload):
    page = open_page(payload)
    for start, end in ((10, 19), (5, 0)):
        drag(page, start, end, 36)
        low, high = sorted((start, end))
        assert told(page, "span")[-1] == {"start": low, "stop": high + 1}
        said = page.locator(".mmd-line").text_content()
        assert f"{high - low + 1} steps, {low + 1} to {high + 1}." in said
        for k, (unit, moved) in enumerate(busiest(payload, low, high + 1)):
            assert (
                f"unit {unit} (c changes by {moved:.2f} a step)" in said if k == 0 else f"{unit} ({moved:.2f})" in said
            )
    assert len(told(page, "span")) == 3  # null at first, then one for each
    assert told(page, "open") == [{"step": None, "unit": None}]  # to drag is not to click
    press_at(page, 3, 36, row="strip")  # one thing is selected at a time
    assert page.locator(".mmd-tint").is_hidden() and told(page, "open")[-1]["step"] == 3
    press_at(page, 20, 36, row="strip")
    assert page.locator(".mmd-tint").is_hidden() and told(page, "span")[-1] is None


def test_a_word_dragged_out_of_the_row_is_left_out(open_page, payload):
    page = open_page(payload)
    chip = page.locator(".mmd-chip", has_text="wait").bounding_box()
    x, y = chip["x"] + chip["width"] / 2, chip["y"] + chip["height"] / 2
    for away, left in ((20, []), (120, [{"start": 3, "stop": 4}])):  # back in the row, nothing happens
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 3, y + away, steps=4)
        assert page.locator(".mmd-dragged").count() == 1
        page.mouse.up()
        assert told(page, "leave") == left
        assert page.locator(".mmd-dragged").count() == 0
    assert told(page, "span") == [None] and told(page, "open") == [{"step": None, "unit": None}]
    picture = page.locator(".mmd-strip canvas").first.bounding_box()
    page.mouse.move(picture["x"] + 40, picture["y"] + 20)
    page.mouse.down()
    page.mouse.move(picture["x"] + 40, picture["y"] + 220, steps=4)
    page.mouse.up()
    assert told(page, "leave")[-1] == {"start": 6, "stop": 20}  # all of the picture
    page.locator(".mmd-time").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Delete")
    assert told(page, "leave")[-1] == {"start": 0, "stop": 1}


def test_what_is_not_read_looks_so_in_the_row(open_page, payload):
    page = open_page(payload)
    kept = [*range(3), *range(4, 6), *range(20, 36)]
    beliefs = packed_numbers(np.full((10, len(kept)), 0.1))
    call(page, "overlay", {"kept": kept, "beliefs": beliefs, "label": "without"})
    assert page.locator(".mmd-chip.mmd-gone").all_inner_texts() == ["wait"]
    assert page.locator("canvas.mmd-gone").count() == 1
    call(page, "overlay", None)
    assert page.locator(".mmd-gone").count() == 0


def test_playing_moves_the_ledger_as_it_stood(open_page, payload):
    rows = np.tril(np.random.default_rng(0).normal(size=(36, 36)))
    about, against = default_contrast(payload)
    page = open_page({**payload, "seen": {"about": about, "against": against, "steps": packed_numbers(rows)}})
    heights = "() => [...document.querySelectorAll('.mmd-ledger > span i')].map((bar) => bar.style.height)"
    before = page.evaluate(heights)
    page.locator(".mmd-play").click()
    page.wait_for_function("document.querySelector('.mmd-readout b').textContent === 'Step 3'")
    moved = page.evaluate(heights)
    assert moved != before
    page.locator(".mmd-play").click()
    assert page.evaluate(heights) == before


def test_keys_select_steps(open_page, payload):
    page = open_page(payload)
    page.locator(".mmd-time").focus()
    for key, span in (
        ("Home", None),
        ("Shift+ArrowRight", (0, 2)),
        ("Shift+ArrowRight", (0, 3)),
        ("Shift+ArrowLeft", (0, 2)),
        ("Shift+End", (0, 36)),
        ("Escape", None),
        ("Shift+ArrowLeft", (34, 36)),
    ):
        page.keyboard.press(key)
        assert told(page, "span")[-1] == (span and {"start": span[0], "stop": span[1]})


def test_zoom_survives_a_new_run_of_the_same_length(open_page, payload):
    page = open_page(payload)
    whole = page.locator(".mmd-time").bounding_box()
    drag(page, 18, 26, 36)
    page.get_by_role("button", name="Zoom in").click()
    page.wait_for_function(f"Math.abs({FIGURE}._fullLayout.width - {FIGURE}.offsetWidth) < 1")

    def zoomed():
        time, tint = (page.locator(f".mmd-{part}").bounding_box() for part in ("time", "tint"))
        assert time["width"] == pytest.approx(4 * whole["width"], rel=0.01)
        assert page.evaluate(f"{FIGURE}.offsetWidth") == pytest.approx(time["width"], abs=1)
        return time["x"], tint

    left, tint = zoomed()
    assert (tint["x"], tint["width"]) == (pytest.approx(whole["x"], abs=2), pytest.approx(whole["width"], rel=0.01))
    redraw(page, made_drawing(seed=1))
    assert page.locator(".mmd-time").bounding_box()["x"] == left
    redraw(page, made_drawing("two"))
    assert page.locator(".mmd-time").bounding_box()["width"] == pytest.approx(whole["width"], abs=1)
    assert page.get_by_role("button", name="Whole").is_hidden()
    drag(page, 3, 5, 31)
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Whole").click()
    assert page.locator(".mmd-time").bounding_box()["width"] == pytest.approx(whole["width"], abs=1)


CLOCK = """() => {
  window.clock = { ring: window.setTimeout, bells: [] };
  window.setTimeout = (bell, wait, ...rest) =>
    [350, 120, 80].includes(wait) ? clock.bells.push([bell, wait]) : clock.ring.call(window, bell, wait, ...rest);
}"""
RING = "() => { const [bell, wait] = clock.bells.shift(); bell(); return wait; }"


@pytest.fixture
def clock(window):
    """Time goes on when it is called: by one step of play. Returns how long that would have taken."""
    window.evaluate(CLOCK)
    yield lambda: window.evaluate(RING)
    window.evaluate("window.setTimeout = clock.ring")


def test_play_runs_through_the_steps_at_their_pace(open_page, payload, clock):
    page = open_page(payload)
    page.get_by_role("button", name="Play").click()
    assert call(page, "playing") and told(page, "play") == [{"playing": True}]
    cursor, unread, time = (page.locator(f".mmd-{part}").bounding_box() for part in ("cursor", "unread", "time"))
    read = page.locator(".mmd-unread").evaluate(
        "each => parseFloat(getComputedStyle(each).clipPath.split(' ').pop()) / 100"
    )
    assert unread["x"] + read * unread["width"] == pytest.approx(cursor["x"] + cursor["width"], abs=1)
    assert unread["x"] + unread["width"] == pytest.approx(time["x"] + time["width"], abs=1)
    point_at(page, 30, 36)  # while it plays, the mouse only looks on
    assert [clock() for _ in range(36)] == 6 * [350] + 14 * [120] + 16 * [80]
    assert [step for step in told(page, "step") if step["step"] is not None] == [
        {"step": k, "unit": None} for k in range(36)
    ]
    assert not call(page, "playing") and told(page, "play")[-1] == {"playing": False}
    assert page.locator(".mmd-unread").is_hidden()


def test_space_plays_and_holds(open_page, payload, clock):
    page = open_page(payload)
    page.locator(".mmd-time").focus()
    page.keyboard.press("Space")
    clock()
    clock()
    page.keyboard.press("Space")
    assert not call(page, "playing") and told(page, "step")[-1]["step"] == 2
    clock()  # too late
    assert told(page, "step")[-1]["step"] == 2
    page.keyboard.press("Space")  # from there on
    clock()
    assert told(page, "step")[-1]["step"] == 3
    redraw(page, made_drawing(seed=1))
    assert not call(page, "playing")


def test_the_sound_is_played_with_its_steps(open_page):
    file = io.BytesIO()
    soundfile.write(file, np.zeros(16_000), 16_000, format="WAV", subtype="PCM_16")
    url = f"data:audio/wav;base64,{base64.b64encode(file.getvalue()).decode()}"
    payload = made_drawing("", 0, 5)
    window = open_page(made_drawing("two"))
    window.evaluate(
        """(url) => {
          window.asked = [];
          window.ask = (question) => { asked.push(question); return Promise.resolve({ url }); };
          window.heard = [];
          place.addEventListener("mmdemo:step", ({ detail }) => heard.push([detail.step, window.sound?.currentTime]));
          const Plain = window.Audio;
          window.Audio = function (source) { window.sound = new Plain(source); return sound; };
        }""",
        url,
    )
    try:
        redraw(window, payload)
        window.get_by_role("button", name="Play").click()
        window.wait_for_function("told.play.length === 2")
        assert [question["ask"] for question in window.evaluate("asked")] == ["sound", "triangle"]
        starts = [step["span"][0] for step in payload["steps"]]
        heard = [(step, time) for step, time in window.evaluate("heard") if step]
        assert [step for step, _ in heard] == [1, 2, 3, 4]
        assert all(time >= starts[step] - 1e-3 for step, time in heard)
        assert window.evaluate("sound.paused") and window.evaluate("sound.currentTime") >= starts[-1] + 0.08 - 1e-3
    finally:
        window.evaluate("delete window.ask")


def test_a_what_if_stands_beside_the_real_beliefs(open_page, payload, result):
    page = open_page(payload)
    kept = [t for t in range(36) if t not in (3, 4)]
    other = result.step_probabilities[kept].copy()  # (T', C)
    other[-1] = np.eye(10)[2] * 0.55 + 0.045
    call(page, "overlay", {"kept": kept, "beliefs": packed_numbers(other.T), "label": "without “wait”"})
    assert page.locator(".mmd-beside .mmd-out").count() == 2
    assert page.locator(".mmd-beside .mmd-same").count() == 33
    mark = page.locator(".mmd-beside i:not(.mmd-same, .mmd-out)").bounding_box()
    row = page.locator(".mmd-scale").nth(1).locator("span").nth(2).bounding_box()
    assert mark["y"] + mark["height"] / 2 == pytest.approx(row["y"] + row["height"] / 2, abs=1.5)
    point_at(page, 35, 36)
    assert "without “wait”: two (60\u202f%)" in page.locator(".mmd-readout").inner_text().replace("59", "60")
    call(page, "overlay", {"kept": [], "beliefs": packed_numbers(np.zeros((10, 0)))})
    assert page.locator(".mmd-beside .mmd-out").count() == 36
    call(page, "overlay", None)
    assert page.locator(".mmd-beside i").count() == 0


def test_the_same_as_a_table(open_page, payload, result, evidence):
    page = open_page(payload)
    button = page.get_by_role("button", name="As a table")
    assert button.get_attribute("aria-expanded") == "false"
    button.click()
    rows = page.locator(".mmd-table tbody tr")
    assert rows.count() == 36
    best = result.step_probabilities[3].argmax()
    expected = ["4", "“wait”", f"{result.labels[best]} ({100 * result.step_probabilities[3, best]:.0f}\u202f%)"]
    expected += [f"{getattr(result.trace, gate)[3].mean():.2f}" for gate in "ifo"]
    expected += [f"{result.trace.c[3].abs().mean():.2f}", number(evidence(*default_contrast(payload))[3])]
    about, against = default_contrast(payload)
    changed, gone = unpack(payload["ledger"]["changed"]), payload["ledger"]["let_go"][3]
    expected.append(number(changed[about, 3] - changed[against, 3]))
    expected.append(f"{100 * gone[0]:.0f}\u202f% ({result.labels[gone[1]]})" if gone else "–")
    assert rows.nth(3).locator("th, td").all_inner_texts() == expected
    pick(page, "about", 1)
    against = default_contrast(payload)[1]
    assert rows.nth(35).locator("td").nth(6).inner_text() == number(evidence(1, against)[35])
    assert page.locator(".mmd-table th").last.inner_text() == "36"
    button.click()
    assert page.locator(".mmd-table").is_hidden()


def test_a_band_of_one_step_keeps_its_name_where_there_is_room(open_page):
    page = open_page(made_drawing("five"))
    names = page.locator(".mmd-bands span")
    boxes = [name.bounding_box() for name in names.all()]
    assert [name.is_visible() for name in names.all()] == 3 * [True]
    for one, next_one in pairwise(boxes):
        assert one["x"] + one["width"] < next_one["x"]
    page = open_page(made_drawing("five", 0, 60))
    assert page.locator(".mmd-bands div").first.get_attribute("title") == "Words"
