"""The drawing in a real browser, on a page of its own: no Gradio, no checkpoint."""

import json
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import plotly
import pytest
from made_up import made_drawing, made_result

from mmdemo.messages import strings

pytestmark = pytest.mark.browser
UI = Path(__file__).parents[1] / "mmdemo" / "ui"
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
FIGURE = "document.querySelector('.mmd-figure')"
PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="drawing.css"><script src="plotly.min.js"></script>
<style>body { margin: 0; padding: 20px; background: var(--mm-card) }</style><div id="place"></div>"""
DRAW = """async ([payload, words]) => {
  const { draw } = await import("./drawing.js");
  window.missing = [];
  const strings = new Proxy(words, {
    get: (all, key) => (key in all ? all[key] : (window.missing.push(key), undefined)),
  });
  window.steps = [];
  place.addEventListener("mmdemo:step", ({ detail }) => window.steps.push(detail));
  await draw(place, JSON.parse(payload), { strings });
}"""


class Files(SimpleHTTPRequestHandler):
    """The page, the drawing's modules and style sheet, and Plotly."""

    extensions_map = {".js": "text/javascript", ".css": "text/css"}  # noqa: RUF012

    def translate_path(self, path):
        name = path.strip("/")
        return str(PLOTLY if name == PLOTLY.name else UI / name)

    def do_GET(self):
        if self.path != "/":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def window(chromium):
    """One page for all tests, since loading Plotly takes longer than any of them."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    Thread(target=server.serve_forever, daemon=True).start()
    context = chromium().new_context(has_touch=True)
    context.set_default_timeout(120_000)  # a loaded machine is slow, not wrong
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    yield page
    context.close()
    server.shutdown()
    server.server_close()


@pytest.fixture
def open_page(window):
    """Call it with a payload: the page, on which that is drawn and nothing is left of what was before."""
    errors = []

    def note_error(error):
        errors.append(str(error))

    def show(payload, width=1180):
        window.set_viewport_size({"width": width, "height": 900})
        window.mouse.move(1, 1)
        window.evaluate("async () => (await import('./drawing.js')).clear(place)")
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


def line_colour(page, trace=3):
    return page.evaluate(f"{FIGURE}.data[{trace}].line.color")


@pytest.fixture(scope="module")
def result():
    return made_result()


@pytest.fixture(scope="module")
def payload():
    return made_drawing()


def test_everything_is_there(open_page, payload, result):
    page = open_page(payload)
    assert page.locator(".mmd-title").all_inner_texts() == ["Input", "Belief", "Gates", "Cell state", "Units"]
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


def test_the_cursor_runs_through_all_of_it_and_says_what_is_there(open_page, payload, result):
    page = open_page(payload)
    page.evaluate("window.drawn = 0, place.querySelector('.mmd-figure').on('plotly_afterplot', () => window.drawn++)")
    point_at(page, 3, 36, down=0.3)
    cursor, time = (page.locator(f".mmd-{part}").bounding_box() for part in ("cursor", "time"))
    assert cursor["x"] - time["x"] == pytest.approx(3 * time["width"] / 36, abs=1)
    assert cursor["width"] == pytest.approx(time["width"] / 36, abs=1)
    assert cursor["height"] > 0.9 * time["height"]
    assert page.locator(".mmd-chip.mmd-on").all_inner_texts() == ["wait"]
    said = page.locator(".mmd-readout").inner_text()
    best, second = np.argsort(result.beliefs[3])[:-3:-1]
    for part in (
        "Step 4",
        "“wait”",
        f"{result.labels[best]} ({100 * result.beliefs[3, best]:.0f}\u202f%)",
        f"{result.labels[second]} ({100 * result.beliefs[3, second]:.0f}\u202f%)",
        f"input {result.trace.i[3].mean():.2f}",
        f"forget {result.trace.f[3].mean():.2f}",
        f"output {result.trace.o[3].mean():.2f}",
    ):
        assert part in said
    assert page.evaluate("steps.at(-1)") == {"step": 3, "unit": None}
    point_at(page, 7, 36, row="strip")
    assert "slice 2 of 14" in page.locator(".mmd-readout").inner_text()
    point_at(page, 20, 36, row="strip")
    assert "0.20–0.28 s" in page.locator(".mmd-readout").inner_text()
    page.mouse.move(5, 5)
    assert page.locator(".mmd-cursor").is_hidden()
    assert page.evaluate("steps.at(-1)") == {"step": None, "unit": None}
    assert "settled" in page.locator(".mmd-readout").inner_text()
    assert page.evaluate("drawn") == 0  # the cursor is quick because Plotly has nothing to do


def test_over_the_heat_map_it_names_the_unit(open_page, payload, result):
    page = open_page(payload)
    heatmap = page.locator(".mmd-figure .hm image").last.bounding_box()
    page.mouse.move(heatmap["x"] + heatmap["width"] * 10.5 / 36, heatmap["y"] + heatmap["height"] * 40.5 / 128)
    unit = payload["order"][40]
    shown = page.evaluate(f"[...{FIGURE}.data.find((t) => t.meta.row === 'units' && t.visible).z[40]]")
    assert shown == np.rint(255 * result.trace.f[:, unit].numpy()).tolist()
    assert page.evaluate("steps.at(-1)") == {"step": 10, "unit": unit}
    assert f"unit {unit + 1} forget {result.trace.f[10, unit]:.2f}"[:-1] in page.locator(".mmd-readout").inner_text()
    page.locator(".mmd-order").click()
    page.locator(".mmd select").select_option("c")
    page.mouse.move(heatmap["x"] + heatmap["width"] * 10.5 / 36, heatmap["y"] + heatmap["height"] * 40.5 / 128)
    assert page.evaluate("steps.at(-1)") == {"step": 10, "unit": 40}
    said = page.locator(".mmd-readout").inner_text().replace("−", "-")
    assert float(said.rpartition(" ")[2]) == pytest.approx(float(result.trace.c[10, 40]), abs=0.05)


def test_any_of_the_six_maps_can_be_chosen_and_stays_chosen(open_page, payload, result):
    page = open_page(payload)
    maps = f"{FIGURE}.data.filter((trace) => trace.meta.row === 'units' && trace.visible)"
    visible = f"{maps}.map((trace) => trace.meta.key)"
    assert page.evaluate(visible) == ["f"]
    for key in "iogchf":
        page.locator(".mmd select").select_option(key)
        assert page.evaluate(visible) == [key]
        ends = {"g": ["−1", "1"], "h": ["−1", "1"], "c": ["≤", "−3", "≥", "3"]}.get(key, ["0", "1"])
        assert page.locator(".mmd-legend").inner_text().split() == ends
    page.locator(".mmd select").select_option("c")
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
    tip = page.locator(".mmd-tip")
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
        assert page.evaluate("steps.at(-1).step") == step


def test_without_steps_there_is_a_kind_word_and_then_a_drawing(open_page, payload, result):
    page = open_page({"steps": [], "labels": ["a"]})
    assert page.locator("#place").inner_text() == strings()["drawing.empty"]
    redraw(page, payload)
    assert page.locator(".mmd-chip").count() == 6
    redraw(page, {"steps": [], "labels": ["a"]})
    assert page.locator("#place").inner_text() == strings()["drawing.empty"]
    redraw(page, payload)
    page.evaluate("async () => (await import('./drawing.js')).clear(place)")
    assert page.locator("#place").inner_html() == ""
