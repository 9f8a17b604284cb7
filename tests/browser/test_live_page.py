"""A live session on the page: a camera that shows a seven, a microphone that says nine, words; and what fails."""

import csv
import json
import re

import pytest
from browsing import expect, hold_questions

from mmdemo.messages import strings

pytestmark = pytest.mark.browser
SAID = strings()
STEPS = "Number(document.querySelector('.mmw-canvas').dataset.index || -1)"
GONE = """(name) => {
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", name));
}"""
DEVICES = """() => {
  window.tracks = [];
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await ask(wanted);
    window.tracks.push(...stream.getTracks());
    window.wanted = [...(window.wanted ?? []), wanted];
    return stream;
  };
  window.contexts = [];
  const Context = window.AudioContext;
  window.AudioContext = class extends Context {
    constructor(...given) {
      super(...given);
      window.contexts.push(this);
    }
  };
}"""
TAKEN_AWAY = "window.tracks.forEach((track) => { track.stop(); track.dispatchEvent(new Event('ended')); })"
SLOW = """() => {
  const until = new Promise((go) => { window.goOn = go; });
  for (const [kind, name] of [[HTMLMediaElement, "play"], [AudioWorklet, "addModule"]]) {
    const act = kind.prototype[name];
    kind.prototype[name] = async function (...given) {
      await until;
      return act.apply(this, given);
    };
  }
}"""
HIDDEN = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
COUNTED = """() => {
  window.canvases = 0;
  const make = document.createElement.bind(document);
  document.createElement = (tag, ...rest) => {
    window.canvases += tag === "canvas";
    return make(tag, ...rest);
  };
}"""
PAINTED = """() => {
  const canvas = document.querySelector(".mmw-canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
}"""


def start(page):
    page.locator(".mm-go-live").click()
    flows(page)


def flows(page, steps=12):
    """So many steps more are read and painted."""
    before = page.evaluate(STEPS)
    page.wait_for_function(f"(before) => {STEPS} >= before + {steps}", arg=before, timeout=60_000)


def chip(page, label, modality):
    return page.locator(f".mmw-chip.mm-of-{modality}").get_by_text(label, exact=True).first


def line(page, modality):
    return page.locator(f".mmw-card.mm-of-{modality} .mmw-line")


def test_what_is_said_shown_and_typed_is_understood_by_one_memory(visit):
    page = visit()
    page.evaluate(DEVICES)
    start(page)
    expect(chip(page, "9", "audio")).to_be_visible(timeout=90_000)
    expect(chip(page, "7", "image")).to_be_visible(timeout=90_000)
    earliest = page.locator(".mmw-chip").first.element_handle()
    page.evaluate(COUNTED)
    for _ in range(8):  # it may be said in the middle of another word
        page.locator("#live textarea").press_sequentially("five five ")
        page.wait_for_timeout(1500)
        if page.locator(".mmw-chip").get_by_text("5", exact=True).count():
            break
    expect(page.locator(".mmw-chip").get_by_text("5", exact=True).first).to_be_visible()
    assert page.evaluate(PAINTED) > 100
    assert earliest.evaluate("(chip) => chip.isConnected")  # somebody may have walked to it
    assert page.evaluate("window.canvases") == 0  # or they would pile up, several for each picture
    expect(page.locator(".mmw-why")).to_have_text(re.compile(f"^({SAID['live.carried']}|{SAID['live.untaught']})$"))

    wanted = page.evaluate("window.wanted.find(({ audio }) => audio).audio")
    assert not any(wanted[each] for each in ("echoCancellation", "noiseSuppression", "autoGainControl"))
    page.locator(".mmw-stop").click()
    expect(page.locator(".mmw-go")).to_have_text(SAID["live.start"])
    assert set(page.evaluate("window.tracks.map((track) => track.readyState)")) == {"ended"}
    here = page.evaluate(STEPS)
    page.wait_for_timeout(500)
    assert page.evaluate(STEPS) == here


def test_it_can_be_paused_looked_back_at_taken_away_reset_and_told_to_forget(visit, tmp_path):
    page = visit()
    page.evaluate(GONE, "NotFoundError")  # or the nine that is said speaks against the word
    start(page)
    page.locator("#live textarea").press_sequentially("three ")
    expect(chip(page, "3", "text")).to_be_visible(timeout=60_000)
    page.locator(".mmw-pause").click()
    expect(page.locator(".mmw-headline")).to_contain_text(SAID["live.paused"])
    page.wait_for_timeout(400)  # what was on its way has come
    here = page.evaluate(STEPS)
    page.wait_for_timeout(600)
    assert page.evaluate(STEPS) == here

    chip(page, "3", "text").click()
    expect(page.locator(".mmw-back .mmi-equation")).to_have_count(6)
    expect(page.locator(".mmw-back h3")).to_contain_text("“three”")
    numbers = re.findall(r"[\d.]+", page.locator(".mmw-back .mmi-equation").nth(1).inner_text())
    assert 0 <= float(numbers[-1]) <= 1  # f
    number = page.locator(".mmw-back h3").inner_text()
    page.locator(".mmw-canvas").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".mmw-back h3")).not_to_have_text(number)
    page.keyboard.press("Escape")
    expect(page.locator(".mmw-back")).to_be_hidden()

    files = {}
    for kind in ("json", "csv"):
        with page.expect_download() as loading:
            page.locator(f".mmw-take-{kind}").click()
        files[kind] = tmp_path / kind
        loading.value.save_as(files[kind])
    told = json.loads(files["json"].read_text())
    assert "three" in {step["word"] for step in told["steps"]} and told["understood"][0]["label"]
    rows = list(csv.DictReader(files["csv"].read_text().splitlines()))
    assert len(rows) == len(told["steps"]) and rows[0]["step"] == str(told["steps"][0]["step"])

    page.locator(".mmw-pause").click()
    flows(page)
    page.locator(".mmw-reset").click()
    page.wait_for_function(f"(here) => {STEPS} < here", arg=here)

    slider = page.locator(".mmw-leak input")
    slider.focus()
    page.keyboard.press("End")
    expect(page.locator(".mmw-leak output")).to_have_text(SAID["live.leak_all"])
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".mmw-leak output")).to_contain_text("s")
    flows(page)


def test_without_a_microphone_time_goes_by_words_are_read_and_a_recording_can_be_played(visit):
    page = visit()
    page.evaluate(GONE, "NotAllowedError")
    start(page)
    expect(line(page, "audio")).to_have_text(SAID["live.audio_denied"])
    expect(line(page, "image")).to_have_text(SAID["live.image_denied"])
    page.locator("#live textarea").press_sequentially("six ")
    expect(chip(page, "6", "text")).to_be_visible(timeout=60_000)
    page.locator(".mmw-play").click()
    expect(line(page, "audio")).to_have_text(SAID["live.playing"])
    expect(page.locator(".mmw-chip.mm-of-audio").first).to_be_visible(timeout=60_000)
    page.locator(".mmw-card.mm-of-audio .mmw-switch").click()
    expect(line(page, "audio")).to_have_text(SAID["live.off_audio"])
    expect(page.locator(".mmw-play")).to_have_text(SAID["live.play"])


def test_a_device_that_is_taken_away_is_said_to_be_and_can_be_switched_on_again(visit):
    page = visit()
    page.evaluate(DEVICES)
    start(page)
    page.wait_for_function("window.tracks?.length === 2")
    page.evaluate("window.contexts.at(-1).suspend()")  # as a call does
    flows(page)
    page.evaluate(TAKEN_AWAY)
    expect(line(page, "audio")).to_have_text(SAID["live.ended_audio"])
    expect(line(page, "image")).to_have_text(SAID["live.ended_image"])
    flows(page)  # as if it were quiet
    page.locator(".mmw-card.mm-of-audio .mmw-switch").click()
    expect(page.locator(".mmw-card.mm-of-audio .mmw-switch")).to_have_attribute("aria-checked", "true")
    expect(line(page, "audio")).to_be_empty()


def test_a_device_that_is_taken_away_while_it_is_switched_on_is_said_to_be_too(visit):
    page = visit()
    page.evaluate(DEVICES)
    page.evaluate(SLOW)
    page.locator(".mm-go-live").click()
    for modality, devices in (("audio", 1), ("image", 2)):
        page.wait_for_function(f"window.tracks?.length === {devices}")
        page.evaluate(TAKEN_AWAY)
        expect(line(page, modality)).to_have_text(SAID[f"live.ended_{modality}"])
        page.evaluate("window.goOn()")
        if modality == "audio":
            page.evaluate(SLOW)
    flows(page)
    for modality in ("audio", "image"):
        expect(line(page, modality)).to_have_text(SAID[f"live.ended_{modality}"])
        expect(page.locator(f".mmw-card.mm-of-{modality} .mmw-switch")).to_have_attribute("aria-checked", "false")


def test_what_is_pressed_twice_while_it_is_switched_on_is_there_once(visit):
    page = visit()
    page.evaluate(DEVICES)
    page.evaluate(SLOW)
    page.locator(".mm-go-live").click()
    page.wait_for_function("window.tracks?.length === 1")
    for _ in range(2):
        page.locator(".mmw-play").click()
    for tracks in (2, 3):
        page.locator(".mmw-card.mm-of-image .mmw-switch").click()
        page.wait_for_function(f"window.tracks.length === {tracks}")
    page.evaluate("window.goOn()")
    expect(line(page, "audio")).to_have_text(SAID["live.playing"])
    expect(chip(page, "7", "image")).to_be_visible(timeout=60_000)  # it is seen by the last of them
    page.wait_for_function("window.tracks.filter(({ readyState }) => readyState === 'live').length === 1")
    page.wait_for_function("window.contexts.filter(({ state }) => state !== 'closed').length === 1")
    page.locator(".mmw-stop").click()
    page.wait_for_function("window.tracks.every(({ readyState }) => readyState === 'ended')")
    page.wait_for_function("window.contexts.every(({ state }) => state === 'closed')")


def test_a_recording_that_cannot_be_listened_to_does_not_play_on(visit):
    """As over plain HTTP, where there are no AudioWorklets."""
    page = visit()
    page.evaluate(GONE, "NotAllowedError")
    page.evaluate(DEVICES)
    page.evaluate("() => { AudioWorklet.prototype.addModule = () => Promise.reject(new Error('none')); }")
    start(page)
    page.locator(".mmw-play").click()
    expect(line(page, "audio")).to_have_text(SAID["live.no_recording"])
    assert page.evaluate("window.contexts.map(({ state }) => state)") == ["closed"]


def test_what_is_typed_before_the_memory_is_there_is_read(visit):
    page = visit()
    page.evaluate(GONE, "NotAllowedError")
    _, let_go = hold_questions(page)
    page.locator(".mm-go-live").click()
    page.locator("#live textarea").press_sequentially("four ")
    page.wait_for_timeout(1500)
    let_go()
    expect(chip(page, "4", "text")).to_be_visible(timeout=60_000)


def test_a_late_answer_takes_back_nothing_that_is_said_of_the_camera(visit):
    page = visit()
    start(page)
    late, let_go = hold_questions(page)
    while not late:
        page.wait_for_timeout(200)  # for a picture that is on its way
    page.locator(".mmw-card.mm-of-image .mmw-switch").click()
    expect(line(page, "image")).to_have_text(SAID["live.off_image"])
    with page.expect_response("**/queue/join*"):
        let_go()
    flows(page, 25)
    expect(line(page, "image")).to_have_text(SAID["live.off_image"])


def test_sound_goes_on_while_the_server_does_not_answer_and_after_it_was_lost(browser, page_url):
    page = browser.new_context(locale="en-GB").new_page()  # whose console may say that nothing comes any more
    page.goto(page_url)
    expect(page.locator("#answer .mm-hint")).to_be_visible()
    start(page)
    _, let_go = hold_questions(page)
    page.locator("#live textarea").press_sequentially("four ")
    expect(line(page, "text")).to_have_text(SAID["live.slow"])
    flows(page)
    for hidden in (True, False):
        page.evaluate(HIDDEN, hidden)
    expect(line(page, "image")).to_have_text(SAID["live.was_hidden"])
    flows(page)

    let_go()
    expect(line(page, "text")).to_be_empty()

    page.evaluate("window.same = true")
    page.context.set_offline(True)
    page.locator("#live textarea").press_sequentially("five ")
    expect(line(page, "text")).to_have_text(SAID["live.lost"])
    page.context.set_offline(False)
    flows(page, 40)
    assert page.evaluate("window.same")  # the page was not made anew under it
    page.locator(".mm-go-live").click()
    page.wait_for_function("!window.same")  # but is as soon as nothing is lost by it
    page.context.close()


def test_where_no_worker_can_be_started_the_page_reads_by_itself(visit):
    page = visit()
    page.evaluate("() => { window.Worker = class { constructor() { throw new Error('none'); } }; }")
    start(page)
    flows(page)


def test_leaving_stops_it_and_an_address_alone_does_not_start_it(visit):
    page = visit()
    page.evaluate(DEVICES)
    start(page)
    page.wait_for_function("window.tracks?.length === 2")
    page.locator(".mm-go-live").click()
    expect(page.locator("#live .mmw-body")).to_be_hidden()
    page.wait_for_function("window.tracks.every((track) => track.readyState === 'ended')")
    page = visit(viewport={"width": 1280, "height": 720})
    page.wait_for_timeout(6000)  # whatever the test itself did counts as a press for five seconds
    page.goto(f"{page.url.partition('#')[0]}#live")
    expect(page.locator(".mmw-go")).to_have_text(SAID["live.start"])
    expect(page.locator(".mmw-headline")).to_have_text(SAID["live.before"] + SAID["live.leaves"])
    keys = page.evaluate("[...document.querySelectorAll('#live [data-key]')].map(({ dataset }) => dataset.key)")
    assert set(keys) <= set(SAID)  # or the key itself would be put there, whenever the page is translated


def test_l_starts_it_while_presenting_and_without_a_microphone_the_recording_plays(visit):
    page = visit()
    page.evaluate(GONE, "NotFoundError")
    page.keyboard.press("p")
    page.keyboard.press("l")
    expect(line(page, "audio")).to_have_text(SAID["live.playing"])
    flows(page)
    size = page.evaluate("[document.documentElement.scrollHeight, document.documentElement.scrollWidth]")
    assert size[0] <= page.viewport_size["height"] and size[1] <= page.viewport_size["width"]
    page.keyboard.press("l")
    expect(page.locator("#live .mmw-body")).to_be_hidden()
    expect(page.locator("body")).to_have_class(re.compile("mm-presenting"))


def test_on_a_phone_nothing_is_cut_off(visit):
    page = visit(viewport={"width": 390, "height": 844}, locale="zh-CN", color_scheme="dark", reduced_motion="reduce")
    start(page)
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        flows(page, 6)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.evaluate(PAINTED) > 50
    assert page.locator(".mmw-leaves").inner_text() == strings("zh")["live.leaves"]


def test_feelings_are_live_without_a_voice(visit):
    page = visit()
    page.locator("#task label").nth(1).click()
    expect(page.locator("[data-example=smile]")).to_be_visible()
    start(page)
    expect(line(page, "audio")).to_have_text(SAID["live.deaf"])
    page.locator("#task label").nth(0).click()  # it begins again with another memory
    expect(line(page, "audio")).to_be_empty(timeout=60_000)
    flows(page)
