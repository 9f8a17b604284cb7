"""One scenario in the other engines: what a visitor does, from opening the page to taking the result away.

The long scenarios are in Chromium alone, in the files beside this one. With MMDEMO_SCREENSHOTS=FOLDER this one runs in
Chromium, too, and the pictures of each engine are put there, as ``make screenshots`` does.
"""

import os
import re
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest
import soundfile as sf
from drivers import ENGINES, Missing

from mmdemo.app.tasks import EXAMPLES, Tasks
from mmdemo.messages import strings

pytestmark = pytest.mark.browser
DIGITS = EXAMPLES / "digits"
SCREENSHOTS = os.environ.get("MMDEMO_SCREENSHOTS")
BLACK, WHITE = "rgb(28, 31, 37)", "rgb(255, 255, 255)"
LEFT = "AbortError|errored out"  # what Gradio says of its own stream when the page is left

# Words that are missing: a key in the place of its sentence, or nothing where a key says that there is something.
MISSING = """(keys) => {
  const all = new Set(keys);
  const found = [...document.querySelectorAll("[data-key]")]
    .filter((each) => all.has(each.dataset.key) && !each.textContent.trim()).map((each) => each.dataset.key);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (all.has(walker.currentNode.nodeValue.trim())) found.push(walker.currentNode.nodeValue);
  return found;
}"""
KEYS = [key for key, words in strings().items() if words]


@pytest.fixture(scope="module", params=[name for name in ENGINES if SCREENSHOTS or name != "chromium"])
def engine(request, tmp_path_factory):
    """A browser of each engine, one after the other; nothing may have gone wrong in it when it is closed."""
    folder = tmp_path_factory.mktemp(request.param)
    try:
        engine = ENGINES[request.param](folder)
    except Missing as missing:
        pytest.skip(f"{request.param}: {missing}")
    print(f"{engine.name} {engine.version}")  # pytest -rA shows it
    yield engine
    try:
        assert [error for error in engine.collect() if not re.search(LEFT, error)] == []
    finally:
        engine.close()


@pytest.fixture
def page(engine, page_url):
    """The page, just opened, with all its words."""
    arrive(engine, page_url)
    return engine


def arrive(engine, address):
    engine.open("about:blank")  # so that an address which differs behind its # alone is opened anew
    engine.open(address)
    engine.see("#footer footer button")
    engine.see("#answer .mm-answer > *")


def read(engine, selector):
    """Press something that makes the page read, and wait for the answer and its drawing."""
    engine.run("() => document.querySelector('#answer .mm-answer').firstElementChild.setAttribute('data-old', '')")
    engine.click(selector)
    answered(engine)


def answered(engine):
    engine.wait("() => !document.querySelector('#answer .mm-answer > [data-old], #answer .mm-hint')")
    engine.see("#answer .mm-verdict")
    engine.see("#drawing .mmd-figure .hm image")


def give(engine, modality, path):
    """Upload a file by the button, without the browser's own dialog, which no driver can answer in every engine."""
    engine.run("() => { HTMLInputElement.prototype.click = () => {}; return true; }")
    engine.click(f"#give-{modality} .mm-file")
    engine.wait("(modality) => Boolean(document.querySelector(`#${modality} input[type=file]`))", modality)
    engine.run("() => document.querySelector('#answer .mm-answer').firstElementChild.setAttribute('data-old', '')")
    engine.upload(f"#{modality} input[type=file]", path)
    answered(engine)
    engine.see(f"#give-{modality} .mm-given")


def shot(engine, name):
    if SCREENSHOTS:
        time.sleep(0.6)  # until what moves has come to rest
        folder = Path(SCREENSHOTS) / engine.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.png").write_bytes(engine.picture())


def ground(engine):
    return engine.run("() => getComputedStyle(document.querySelector('.mm-answer')).backgroundColor")


@pytest.mark.parametrize("look, colour", [("light", WHITE), ("dark", BLACK)])
def test_it_opens_with_all_its_words(engine, page_url, look, colour):
    arrive(engine, f"{page_url}/?__theme={look}")
    assert engine.text("#title h1") == strings()["page.title"]
    engine.wait(
        "(words) => document.querySelector('#answer .mm-hint').textContent === words", strings()["of_digits.page.empty"]
    )
    assert len(
        engine.run("() => [...document.querySelectorAll('#examples button')].map((each) => each.textContent)")
    ) == len(Tasks.examples("digits"))
    assert engine.run(MISSING, KEYS) == []
    assert engine.run("() => document.querySelectorAll('.mm-failed').length") == 0
    assert ground(engine) == colour
    shot(engine, f"first-{look}")
    if look == "dark":
        read(engine, "[data-example=seven]")
        shot(engine, "read-dark")
        engine.click(".mm-theme")
        assert ground(engine) == WHITE


@pytest.mark.parametrize("task", ["digits", "emotion"])
def test_every_example_is_read(page, task):
    page.click(f'#task label:has(input[value="{task}"])')
    examples = [example.name for example in Tasks.examples(task)]
    page.see(f"[data-example={examples[-1]}]")
    for name in examples:
        read(page, f"[data-example={name}]")
        assert page.run("() => document.documentElement.scrollWidth <= innerWidth"), name
    assert page.run(MISSING, KEYS) == []


def test_the_drawing_answers_pointer_and_keys(page):
    read(page, "[data-example=seven]")
    shot(page, "read-light")
    page.hover("#drawing .mmd-chip")
    page.see("#drawing .mmd-cursor")
    assert "seven" in page.text("#drawing .mmd-readout")
    page.click("#drawing .mmd-chip")
    page.see("#drawing .mmi-step code, #drawing .mmi-told")
    assert page.run(MISSING, KEYS) == []
    page.click("#drawing .mmi-if .mmi-button")
    page.see("#drawing .mmi-outcome p")
    shot(page, "step")
    page.click("#drawing .mmd-play")
    page.see("#drawing .mmd-playing")
    before = page.text("#drawing .mmd-readout")
    page.wait("(before) => document.querySelector('#drawing .mmd-readout').textContent.trim() !== before", before)
    page.click("#drawing .mmd-play")


def test_two_readings_side_by_side(page):
    read(page, "[data-example=changes_its_mind]")
    page.click(".mmc-keep")
    page.see(".mmc-kept .mmd-figure .hm image")
    read(page, "[data-example=chinese]")
    assert "5" in page.text(".mmc-answer")
    page.see(".mmc-told table")
    shot(page, "compared")


def test_the_tour_shows_and_ends(page):
    page.click("#tour button")
    for stop in range(1, 6):
        page.wait(
            "(title) => document.querySelector('.mmt h3')?.textContent === title", strings()[f"tour.title_{stop}"]
        )
        page.wait("() => !['', '…'].includes(document.querySelector('.mmt p').textContent)")
        if stop == 2:
            shot(page, "tour")
        page.click(".mmt-after")
    page.wait("() => !document.querySelector('.mmt')")


def test_presenting_by_keys(page):
    page.click(".mm-present")
    page.key("2")
    answered(page)
    page.see(".mmd-playing")  # by itself
    shot(page, "presenting")
    page.key(" ")
    page.wait("() => !document.querySelector('.mmd-playing')")
    page.key(" ")
    page.see(".mmd-playing")
    page.key("ArrowRight")
    page.wait("() => !document.querySelector('.mmd-playing')")
    page.key("Escape")
    page.wait("() => !document.body.classList.contains('mm-presenting')")


def test_the_language_changes_in_place(page):
    read(page, "[data-example=chinese]")
    page.click("#switches button[lang=zh]")
    page.wait("(words) => document.querySelector('#title h1').textContent === words", strings("zh")["page.title"])
    assert page.text("#run") == strings("zh")["page.run"]
    assert page.run("() => document.documentElement.lang") == "zh"
    shot(page, "chinese")
    page.click("#switches button[lang=en]")
    page.wait("(words) => document.querySelector('#title h1').textContent === words", strings()["page.title"])


def test_how_it_works_and_how_good_it_is(page):
    """The lines of the charts are lines, and not one solid block: as thick as they say, in a chart of any shape."""
    page.click("[data-view=how]")
    page.see("#how-cell .mmh-line-c")
    strokes = page.run(
        """() => [...document.querySelectorAll("#how svg")].flatMap((chart) => {
          const matrix = chart.querySelector(".mmh-line")?.getScreenCTM();
          return matrix ? [[matrix.a, matrix.d]] : [];
        })"""
    )
    assert len(strokes) == 2 and all(scale == pytest.approx([1, 1]) for scale in strokes)
    page.run("() => document.querySelector('#how-cell').scrollIntoView()")
    shot(page, "how-cell")
    page.run("() => document.querySelector('#how-gates').scrollIntoView()")
    shot(page, "how-gates")
    assert page.run(MISSING, KEYS) == []
    page.run("() => scrollTo(0, 0)")
    page.click("[data-view=evaluate]")
    page.see("#evaluate-card .mme-card")
    shot(page, "evaluation")


def test_a_picture_and_a_sound_are_uploaded(page, tmp_path):
    samples, rate = sf.read(DIGITS / "nine.flac")
    sf.write(tmp_path / "nine.wav", samples, rate, "PCM_16")
    give(page, "image", DIGITS / "four.jpg")
    page.see(".mm-photo img")
    give(page, "audio", tmp_path / "nine.wav")
    page.see(".mm-wave")
    assert page.run("() => document.querySelectorAll('.mm-panel').length") == 2
    shot(page, "uploaded")


def test_the_result_is_taken_away(page, page_url, tmp_path):
    read(page, "[data-example=seven]")
    for kind, name in (
        ("json", "mmdemo*.json"),
        ("npz", "*.npz"),
        ("csv", "*.csv"),
        ("png", "*.png"),
        ("report", "*.html"),
    ):
        page.click(f"[data-take={kind}]:not([aria-busy])")
        contents = page.file(name)
        assert len(contents) > 1000, kind
    page.click("[data-take=link]")
    told = "document.querySelector('#take [role=status]').textContent || document.querySelector('#take input').value"
    assert page.wait(f"() => {told}")
    report = tmp_path / "report.html"
    report.write_bytes(contents if contents.startswith(b"<!doctype") else page.file("*.html"))
    page.open(report.as_uri())
    page.see(".mmd-sketch image")
    assert page.text("h1") == strings()["take.report_title"]
    assert page.text(".mm-label") == "7"
    page.hover(".mmd-chip")
    page.see(".mmd-cursor")
    assert page.run(MISSING, KEYS) == []
    shot(page, "report")
    arrive(page, f"{page_url}/#{urlencode({'task': 'digits', 'text': 'three, no wait, five'})}")
    answered(page)
    assert page.run("() => document.querySelector('#text textarea').value") == "three, no wait, five"


def test_a_phone(engine, page_url):
    """As narrow as a phone, or as the engine's window goes."""
    engine.resize(390, 844)
    arrive(engine, page_url)
    assert engine.run("() => innerWidth") < 500
    read(engine, "[data-example=seven]")
    assert engine.run("() => document.documentElement.scrollWidth <= innerWidth")
    engine.run("() => scrollTo(0, 0)")
    shot(engine, "phone-top")
    engine.run("() => document.querySelector('#answer').scrollIntoView()")
    shot(engine, "phone-answer")
    engine.run("() => document.querySelector('#drawing').scrollIntoView()")
    shot(engine, "phone-drawing")
    engine.resize(1280, 900)


def test_every_sound_that_the_page_plays_can_be_played(page):
    """What Gradio plays of ours (the examples' files), and what the drawing plays (the recording as WAV)."""
    can = page.run("() => ['audio/flac', 'audio/wav'].map((type) => new Audio().canPlayType(type))")
    assert all(can)


def test_a_part_that_fails_says_so_and_takes_no_other_along(page):
    """A part's value that is broken: an error in the log, a sentence in its place, and the page goes on."""
    page.run(
        """async () => {
          const element = Object.assign(document.createElement("div"), { id: "broken" });
          document.body.append(element);
          const { live } = await window.mmdemo;
          const told = console.error;
          console.error = (...given) => { window.told = given.map(String).join(" "); };
          live("footer", { element, props: { value: "{" }, watch() {} });
          while (!element.querySelector(".mm-failed")) await new Promise((resolve) => setTimeout(resolve, 10));
          console.error = told;
          return true;
        }"""
    )
    assert page.text("#broken .mm-failed") == strings()["page.failed"]
    assert re.search(r"footer.*Error", page.run("() => window.told"))
    read(page, "[data-example=chinese]")
