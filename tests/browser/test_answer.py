"""The answer and why, in a real browser, on a page of its own."""

import json
import re

import pytest
from made_up import made_reading
from served import served

from mmdemo.app.reading import answer
from mmdemo.messages import Note, strings

pytestmark = pytest.mark.browser
PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="web/core/palette.css">
<link rel="stylesheet" href="web/drawing/drawing.css">
<link rel="stylesheet" href="web/page/answer.css">
<link rel="stylesheet" href="web/core/tooltip.css">
<link rel="stylesheet" href="web/page/page.css">
<div class="gradio-container"><div id="answer"></div></div>"""
SHOW = """async ([value, language, told]) => {
  const { answer } = await import("./web/page/answer.js");
  const { speak } = await import("./web/core/words.js");
  const parts = "<p class='mm-spoken'></p><div class='mm-card mm-answer'></div>";
  document.getElementById("answer").innerHTML = `<div>${parts}</div>`;
  const tell = told && ((data) => (window.told = data));
  answer({ element: document.getElementById("answer").firstChild, props: { value }, watch() {}, tell });
  speak(language);
}"""


@pytest.fixture(scope="module")
def window(chromium):
    context = chromium().new_context()
    context.set_default_timeout(120_000)  # a loaded machine is slow, not wrong
    page = context.new_page()
    with served(PAGE) as address:
        page.goto(address)
        yield page
    context.close()


@pytest.fixture(scope="module")
def said():
    result, explanation, *_ = made_reading(slices=6, moments=4, units=16)
    alone = explanation.unimodal_probabilities
    result.unimodal_probabilities.update({modality: p.numpy() for modality, p in alone.items()})
    return answer(result, explanation)


def show(page, said, language="en", told=True):
    page.evaluate(SHOW, [json.dumps(said), language, told])


def number(words):
    return float(re.search(r"[−+]?\d+\.\d+", words)[0].replace("−", "-"))


def in_numbers(page):
    page.locator(".mm-shared summary").click()


def test_the_shares_are_printed_and_add_up(window, said):
    show(window, said)
    assert not window.locator(".mm-shares").is_visible()  # one click deeper
    in_numbers(window)
    k = said["labels"].index(said["label"])
    rows = window.locator(".mm-shares li").all_inner_texts()
    assert [row.split()[0] for row in rows] == ["Words", "Picture", "Sound"]
    shares = [number(row) for row in rows]
    assert shares == pytest.approx([said["why"]["shares"][m][k] for m in ("text", "image", "audio")], abs=0.006)
    all_, none = re.findall(r"\d\.\d+", window.locator(".mm-sum").inner_text())
    assert sum(shares) == pytest.approx(float(all_) - float(none), abs=0.03)
    window.locator(".mm-sum").focus()
    terms, sides = window.locator(".mm-tip").inner_text().split(" = ", 1)
    exact = [float(term.replace("−", "-")) for term in terms.split()]
    all_, none = re.findall(r"\d\.\d+", sides)
    assert sum(exact) == pytest.approx(float(all_) - float(none), abs=3e-4)


def test_bars_lie_on_the_side_of_their_sign(window, said):
    show(window, said)
    in_numbers(window)
    for row in window.locator(".mm-shares li").all():
        zero, bar = (row.locator(name).bounding_box() for name in (".mm-zero", ".mm-bar"))
        if number(row.inner_text()) > 0:
            assert bar["x"] >= zero["x"] - 1
        else:
            assert bar["x"] + bar["width"] <= zero["x"] + 3


def test_at_most_two_sentences_with_what_matters_in_bold(window, said):
    notes = [Note("explain.order_same"), Note("explain.written_text", {"label": "five", "percent": 9, "word": "“a”"}),
             Note("explain.let_go_text", {"label": "three", "percent": 71, "word": "“<b>wait</b>”"}),
             Note("explain.settled_text", {"label": "five", "word": "“five”"})]  # fmt: skip
    why = {**said["why"], "shares": {}, "sentences": [{"key": note.key, "values": note.values} for note in notes]}
    show(window, {**said, "why": why})
    words = window.locator(".mm-why")
    assert window.locator(".mm-why b").all_inner_texts() == [
        "“<b>wait</b>”",
        "71 %",
        "3",
        "“five”",
        "5",
    ]
    assert strings()["explain.order_same"] not in words.inner_text()


def test_a_contradiction_stands_out(window, said):
    values = {"first": "text", "first_label": "three", "second": "image", "second_label": "eight"}
    note = {"key": "answer.contradiction", "values": values}
    show(window, {**said, "contradiction": note, "reason": note, "level": "unclear"})
    assert window.locator(".mm-say .mm-warn").all_inner_texts() == ["The text says 3, the picture says 8."]
    show(window, {**said, "contradiction": note, "reason": note, "level": "unclear"}, "zh")
    assert window.locator(".mm-say .mm-warn").inner_text() == "文字说的是 3，图片说的是 8。"


def test_an_answer_that_another_input_contradicts_says_so_in_one_breath(window, said):
    labels, sure = ["three", "eight", "nine"], {"image": [0.1, 0.9, 0], "audio": [0.98, 0.02, 0]}
    values = {"first": "image", "first_label": "eight", "second": "audio", "second_label": "three"}
    note = {"key": "answer.contradiction", "values": values}
    shares = {"image": [-0.3, 0.9, 0], "audio": [0.3, -0.2, 0]}
    why = {"sentences": [], "shares": shares, "prior": [0.3, 0.3, 0.4], "orders": []}
    likely = {**said, "labels": labels, "label": "eight", "probability": 0.97, "probabilities": [0.03, 0.97, 0],
              "level": "likely", "used": ["image", "audio"], "alone": sure, "why": why, "saw": {},
              "contradiction": note, "reason": note}  # fmt: skip
    show(window, likely)
    assert window.locator(".mm-label").inner_text() == "8"
    assert window.locator(".mm-but").inner_text() == "but the sound says 3"
    assert window.locator(".mm-warn").count() == 0  # it is said
    assert window.locator(".mm-why").inner_text() == "The picture pulled towards 8. The sound pulled towards 3."
    show(window, {**likely, "level": "unclear"})
    assert window.locator(".mm-but").count() == 0 and window.locator(".mm-label").inner_text() == "8 or 3?"
    show(window, {**likely, "alone": dict.fromkeys(sure, sure["image"]), "contradiction": None, "reason": None})
    assert window.locator(".mm-but").count() == 0


def test_what_could_not_be_read_is_named(window, said):
    nothing = {
        **said,
        "used": [],
        "level": "unclear",
        "why": None,
        "alone": {},
        "reason": {"key": "answer.nothing", "values": {}},
    }
    for ignored, key in (
        ({}, "answer.nothing"),
        ({"image": "image.nothing"}, "page.nothing_in_image"),
        ({"image": "image.unreadable"}, "page.unread_image"),
        ({"audio": "audio.silence"}, "page.nothing_in_audio"),
        ({"audio": "audio.silence", "image": "image.blank"}, "page.unread_several"),
    ):
        notes = {modality: {"key": note, "values": {}} for modality, note in ignored.items()}
        show(window, {**nothing, "ignored": notes, "saw": {}})
        assert window.locator(".mm-hint").inner_text() == strings()[key]
        assert window.locator(".mm-panel .mm-warn").count() == len(ignored)


def test_inputs_that_differ_stand_side_by_side_in_large_type(window, said):
    labels, alone = (
        ["joy", "sadness", "plum"],
        {"text": [0.2, 0.1, 0.7], "image": [0.9, 0.1, 0], "audio": [0, 0.96, 0.04]},
    )
    apart = {**said, "labels": labels, "label": "joy", "probabilities": [0.5, 0.4, 0.1], "alone": alone, "why": None}
    show(window, apart)
    large = window.locator(".mm-apart .mm-panel h3 strong")
    assert large.all_inner_texts() == ["plum", "joy", "sadness"]  # a label that nobody translated is called what it is
    assert [words.replace("\u00a0", "") for words in window.locator(".mm-panel h3 small").all_inner_texts()] == [
        "70%", "90%", "96%",
    ]  # fmt: skip
    assert window.locator(".mm-saw").inner_text() == strings()["page.apart"]
    show(window, apart, "zh")
    assert large.all_inner_texts() == ["plum", "喜悦", "悲伤"]
    alone = dict.fromkeys(alone, alone["image"])
    show(window, {**apart, "alone": alone})
    assert large.count() == 0 and "alone: joy" in window.locator(".mm-panel h3 small").first.inner_text()


def test_a_task_has_words_of_its_own(window, said):
    show(window, said)
    assert window.locator(".mm-caution").count() == 0
    speak_of = "(task) => import('./web/core/words.js').then((words) => words.speakOf(task))"
    for language in ("en", "zh"):
        show(window, said, language)
        window.evaluate(speak_of, "emotion")
        words = strings(language)
        assert window.locator(".mm-caution").inner_text() == words["of_emotion.task.caution"]
        assert window.locator(".mm-panel.mm-of-image h3").inner_text().startswith(words["of_emotion.page.image"])
        window.evaluate(speak_of, "a task of somebody's own")
        assert window.locator(".mm-caution").count() == 0
        assert window.locator(".mm-panel.mm-of-image h3").inner_text().startswith(words["page.image"])


def test_another_candidate_can_be_clicked_or_pressed(window, said):
    boxes = [[0.1, 0.1, 0.4, 0.9], [0.5, 0.2, 0.9, 0.8], [0.55, 0.3, 0.7, 0.7]]
    image = {**said["saw"]["image"], "candidates": boxes, "taken": 0, "box": boxes[0]}
    chosen = {**said, "saw": {**said["saw"], "image": image}}
    show(window, chosen)
    buttons = window.locator(".mm-photo button")
    assert [button.get_attribute("aria-label")[-8:] for button in buttons.all()] == ["(2 of 3)", "(3 of 3)"]
    buttons.last.click()  # it lies within the other, and on top of it
    assert window.evaluate("window.told") == {"candidate": 2}
    buttons.first.focus()
    window.keyboard.press("Enter")
    assert window.evaluate("window.told") == {"candidate": 1}
    show(window, chosen, told=False)  # a report
    assert (buttons.count(), window.locator(".mm-photo i.mm-other").count()) == (0, 2)
    show(window, {**said, "saw": {**said["saw"], "image": {**image, "candidates": boxes[:1]}}})
    assert buttons.count() == 0


def test_which_part_of_the_sound_was_taken_is_said(window, said):
    audio = {**said["saw"]["audio"], "seconds": 4.0, "segments": [[0.5, 0.94], [2.1, 2.7]]}
    show(window, {**said, "saw": {**said["saw"], "audio": audio}})
    words = window.locator(".mm-panel.mm-of-audio .mm-caption").inner_text()
    assert words.startswith("Used 0.5 s to 0.9 s, 2.1 s to 2.7 s of 4 s")
    assert window.locator(".mm-wave rect").count() == 2
    assert window.locator(".mm-listen").inner_text() == strings()["page.speech_play"]


def test_of_one_input_alone_the_chances_that_matter_are_shown(window):
    result, explanation, *_ = made_reading(slices=0, moments=0, units=16)
    said = answer(result, explanation)
    show(window, said)
    assert window.locator(".mm-shares").count() == 0
    matter = sum(p >= 0.02 for p in said["probabilities"])
    assert window.locator(".mm-chances li").count() == (min(3, matter) if matter > 1 else 0)
    one = [float(label == said["label"]) for label in said["labels"]]
    show(window, {**said, "probabilities": one})
    assert window.locator(".mm-chances").count() == 0


def test_it_fits_a_phone(window, said):
    window.set_viewport_size({"width": 390, "height": 844})
    show(window, said)
    assert window.evaluate("document.documentElement.scrollWidth <= innerWidth")
