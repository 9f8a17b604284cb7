"""The result taken away, in a real browser: files, a picture, a report that stands alone, a link; the noise sliders."""

import csv
import io
import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import torch
from browsing import drawn, expect, open_noise
from PIL import Image

import mmdemo
from mmdemo.app.reading import read
from mmdemo.app.report import report
from mmdemo.app.tasks import EXAMPLES
from mmdemo.inference.predictor import Predictor
from mmdemo.messages import strings

pytestmark = pytest.mark.browser
DIGITS = EXAMPLES / "digits"


def taken(page, kind):
    """Press a button and see what is saved: its name and its bytes."""
    with page.expect_download() as download:
        page.locator(f"[data-take={kind}]").click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def degree(page, name, value):
    """Move a slider to where it is nearly to stand, and the last bit with a key, as a person would."""
    slider = page.locator(f"#noise-{name} input[type=range]")
    slider.evaluate("(n, v) => { n.value = v; n.dispatchEvent(new Event('input', { bubbles: true })) }", value - 1)
    slider.focus()
    page.keyboard.press("ArrowRight")
    return slider


def test_every_file_holds_what_is_on_the_page(visit):
    page = visit()
    expect(page.locator("#take")).to_be_hidden()
    page.locator("[data-example=seven]").click()
    answer = drawn(page)
    name, contents = taken(page, "json")
    whole = json.loads(contents)
    assert name == f"mmdemo-digits-{whole['answer']['label']}.json"
    assert strings()[f"label.{whole['answer']['label']}"] == answer
    steps = len(whole["steps"])
    _, contents = taken(page, "npz")
    with np.load(io.BytesIO(contents), allow_pickle=False) as arrays:
        assert arrays["c"].shape == (steps, 128)
    _, contents = taken(page, "csv")
    assert len(list(csv.reader(io.StringIO(contents.decode("utf-8-sig"))))) == steps + 1


def test_the_picture_is_the_drawing(visit):
    page = visit()
    page.locator("[data-example=seven]").click()
    drawn(page)
    name, contents = taken(page, "png")
    picture = Image.open(io.BytesIO(contents)).convert("RGB")
    width = page.locator(".mmd").bounding_box()["width"]
    assert name == "mmdemo.png" and abs(picture.width - 2 * (width + 40)) <= 4
    pixels = np.asarray(picture)
    assert (pixels[2, 2] == 255).all()  # the page's ground
    viridis = (np.abs(pixels.astype(int) - [253, 231, 37]).sum(-1) < 12).mean()
    assert viridis > 0.01  # the heat map is on it
    assert (pixels.max(-1) < 25).mean() > 0.01  # and so is the picture's dark ground


def test_a_link_brings_back_the_words(visit, page_url):
    page = visit(permissions=["clipboard-read", "clipboard-write"], locale="en-GB")
    words = "seven <img src=x onerror=window.pwned=1> ${1} & 七"
    page.locator("#text textarea").fill(words)
    page.locator("#run").click()
    drawn(page)
    page.locator("[data-take=link]").click()
    expect(page.locator("#take [role=status]")).to_have_text(strings()["take.copied"])
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(page_url) and parse_qs(urlsplit(link).fragment) == {
        "task": ["digits"],
        "text": [words],
        "lang": ["en"],
    }
    assert not urlsplit(link).query  # the server's log gets to see none of it
    page.goto("about:blank")
    page.goto(link)
    drawn(page)
    expect(page.locator("#text textarea")).to_have_value(words)
    expect(page.locator(".mm-token").first).to_have_text("seven")
    assert page.evaluate("window.pwned") is None


@pytest.mark.parametrize("link", ["task=../digits&text=seven", "task=digits&text=" + "a" * 2001, "text=a", "%ff=%ff"])
def test_a_link_that_does_not_fit_does_nothing(visit, link):
    page = visit(f"/#{link}")
    page.wait_for_timeout(1500)
    expect(page.locator("#text textarea")).to_have_value("")


@pytest.mark.parametrize("scheme, width", [("light", 1180), ("dark", 390)])
def test_a_report_opens_from_the_disk_without_a_network(browser, checkpoints, tmp_path, scheme, width):
    reading = read(
        Predictor.load(checkpoints / "digits", "cpu"),
        text="three, no wait, </script><img src=x onerror=window.pwned=1>${window.pwned=2} five",
        image=DIGITS / "five.jpg" if (DIGITS / "five.jpg").exists() else DIGITS / "seven.jpg",
        audio=DIGITS / "nine.flac",
    )
    contents = report(reading, "zh")
    assert len(contents) < 600_000
    (tmp_path / "report.html").write_bytes(contents)
    person = {"locale": "en-GB", "color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    context = browser.new_context(offline=True, **person)
    page, troubles = context.new_page(), []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: message.type in ("error", "warning") and troubles.append(message.text))
    page.on("request", lambda request: request.url.startswith("http") and troubles.append(request.url))
    page.goto((tmp_path / "report.html").as_uri())
    expect(page.locator(".mmd-sketch image").first).to_be_attached()
    expect(page.locator("h1")).to_have_text(strings("zh")["take.report_title"])
    page.get_by_role("button", name="EN", exact=True).click()
    expect(page.locator("h1")).to_have_text(strings()["take.report_title"])
    for chances in reading.said["alone"].values():  # they disagree: each is named
        expect(page.locator(".mm-label")).to_contain_text(str(int(np.argmax(chances))))
    assert page.locator(".mm-say p").count() > 0
    page.locator(".mmd-chip").first.hover(force=True)
    expect(page.locator(".mmd-cursor")).to_be_visible()
    expect(page.locator(".mmd-readout")).to_contain_text("three")
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    ground = "getComputedStyle(document.querySelector('.mm-answer')).backgroundColor"
    assert page.evaluate(ground) == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(28, 31, 37)")
    context.close()
    assert troubles == []


def test_noise_is_on_what_is_read_and_an_example_takes_it_away(visit):
    page = visit(locale="en-GB")
    page.locator("[data-example=seven]").click()
    drawn(page)
    expect(page.locator(".mm-token")).to_have_text(["seven"])
    photo = page.locator(".mm-photo img").get_attribute("src")
    open_noise(page)
    degree(page, "typing", 100)
    expect(page.locator(".mm-token")).not_to_have_text(["seven"])
    expect(page.locator("#text textarea")).to_have_value("seven")  # what was given stays
    degree(page, "darkness", 60)
    expect(page.locator(".mm-photo img")).not_to_have_attribute("src", photo)
    slider = degree(page, "sound", 21)
    expect(page.locator("#noise-sound")).to_contain_text("10 dB")
    assert slider.get_attribute("aria-valuetext") == "10 dB"
    page.locator("[data-example=seven]").click()
    expect(page.locator(".mm-token")).to_have_text(["seven"])
    expect(page.locator(".mm-photo img")).to_have_attribute("src", photo)
    for name in ("typing", "blur", "darkness", "sound"):
        expect(page.locator(f"#noise-{name} input[type=range]")).to_have_value("0")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("#noise-blur")).to_contain_text(strings("zh")["noise.blur"])


def test_the_file_of_an_lstm_of_ones_own_answers_about_each_step(browser, tmp_path):
    torch.manual_seed(0)
    lstm, dense, x = torch.nn.LSTM(5, 8), torch.nn.Linear(8, 3), torch.randn(4, 5)
    shown = mmdemo.show(lstm, dense, x, steps=["not", "<b>bad</b>", "at", "all"], labels=["no", "so so", "yes"])
    context = browser.new_context(offline=True, locale="en-GB", viewport={"width": 1180, "height": 900})
    page, troubles = context.new_page(), []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: message.type in ("error", "warning") and troubles.append(message.text))
    page.goto(shown.save(tmp_path / "own.html").as_uri())
    expect(page.locator(".mmd-sketch image").first).to_be_attached()
    expect(page.locator(".mmd-hint")).to_be_visible()
    expect(page.locator(".mmi button")).to_have_count(0)  # nothing that only a server could answer
    page.locator(".mmd-chip").nth(1).click()
    expect(page.locator(".mmi-equations li")).to_have_count(6)
    page.locator(".mmi-unit input").fill("3")
    page.locator(".mmi-unit input").press("Enter")
    i, f, g, c = (float(getattr(shown.trace, signal)[1, 2]) for signal in "ifgc")
    page.locator("[data-focus=full]").click()
    cell = page.locator(".mmi-equations li").nth(4).inner_text().replace("−", "-")
    numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", cell)]
    assert numbers == pytest.approx([f, float(shown.trace.c[0, 2]), i, g, c], abs=1e-6)
    for change, told in {"leave_out": shown.what_if(1), "hold_open": shown.what_if(1, gate="f")}.items():
        page.locator(f"[data-change={change}]").click()
        probability = float(dense(told.trace.h[-1]).softmax(-1).max())
        expect(page.locator(".mmi-outcome p")).to_contain_text(f"{100 * probability:.0f}")
    expect(page.locator(".mmi-hold")).to_be_hidden()
    expect(page.locator(".mmi-doors")).to_have_count(0)
    context.close()
    assert troubles == []


def test_both_directions_in_a_file(browser, tmp_path):
    torch.manual_seed(0)
    lstm, dense, x = torch.nn.LSTM(5, 8, bidirectional=True), torch.nn.Linear(16, 3), torch.randn(4, 5)
    shown = mmdemo.show(lstm, dense, x, steps=["not", "<b>bad</b>", "at", "all"], labels=["no", "so so", "yes"])
    context = browser.new_context(offline=True, viewport={"width": 1180, "height": 1000})
    page, troubles = context.new_page(), []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(shown.save(tmp_path / "both.html").as_uri())
    expect(page.locator(".js-plotly-plot .subplot")).to_have_count(7)
    expect(page.locator(".x7tick", has_text="<b>bad</b>")).to_have_count(1)  # text, not bold
    expect(page.locator(".gtitle")).to_contain_text("no belief after a step")
    context.close()
    assert troubles == []
