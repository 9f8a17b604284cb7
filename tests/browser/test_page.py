"""The page in a real browser, with a fake camera that shows a seven and a fake microphone that says nine."""

import re

import pytest
from browsing import FAKE, QUIET, choose_file, drawn, expect
from PIL import Image

from mmdemo.app.tasks import EXAMPLES
from mmdemo.messages import strings

pytestmark = pytest.mark.browser
DIGITS = EXAMPLES / "digits"
ELSEWHERE = "page.test"  # another name of this machine: not a secure context

NAMELESS = """() => [...document.querySelectorAll('button, a, input, textarea, select, img, [role=img]')]
  .filter((node) => node.checkVisibility() && !node.closest('[aria-hidden=true]'))
  .filter((node) => node.getAttribute('alt') !== '') // a picture beside words that say the same
  .filter((node) => !(node.ariaLabel || node.alt || node.textContent.trim() || node.title || node.labels?.length
    || node.getAttribute('aria-labelledby')))
  .map((node) => node.outerHTML.slice(0, 200))"""


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_words_are_read_with_enter_and_with_the_button(visit):
    page = visit()
    words = page.locator("#text textarea")
    words.fill("three, no wait, five")
    words.press("Enter")
    drawn(page)
    expect(page.locator(".mm-token")).to_have_text(["three", ",", "no", "wait", ",", "five"])
    words.fill("seven eight")
    page.locator("#run").click()
    expect(page.locator(".mm-token")).to_have_text(["seven", "eight"])


def test_camera_and_microphone(visit, request):
    page = visit()
    camera = page.locator("#image")
    page.locator("#give-image .mm-camera").click()  # and no other click before it looks
    page.wait_for_function("document.querySelector('#image video').videoWidth > 0")
    camera.get_by_role("button", name="capture photo").click()
    expect(page.locator("#give-image .mm-given img")).to_be_visible()
    microphone = page.locator("#audio")
    page.locator("#give-audio .mm-record").click()
    page.wait_for_timeout(1700)  # the fake microphone says its word once in this time
    microphone.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("#give-audio .mm-given")).to_be_visible()
    page.locator("#run").click()
    drawn(page)
    expect(page.locator(".mm-panel h3")).to_contain_text(["Picture", "Sound"])
    expect(page.locator(".mm-photo img")).to_be_visible()
    expect(page.locator(".mm-wave rect")).not_to_have_count(0)
    request.getfixturevalue("trained")  # what follows needs a model that has learned something
    expect(page.locator(".mm-panel h3 strong").first).to_contain_text("7")
    expect(page.locator(".mm-panel h3 strong").last).to_contain_text("9")
    expect(page.locator(".mm-verdict, .mm-warn").last).to_contain_text(
        re.compile("The picture says 7, the sound says 9.|but the (sound says 9|picture says 7)")
    )


def test_the_camera_does_not_mirror(visit):
    page = visit()
    page.locator("#give-image .mm-camera").click()
    page.wait_for_function("document.querySelector('#image video').videoWidth > 0")
    assert "matrix(-1" not in page.evaluate("getComputedStyle(document.querySelector('#image video')).transform")
    page.locator("#image").get_by_role("button", name="capture photo").click()
    page.locator("#run").click()
    drawn(page)
    # A seven's foot is left of its middle; rows 19 to 23 of 28 lie there.
    pixels = page.evaluate(
        """() => { const canvas = document.querySelector('.mm-seen canvas');
        return [...canvas.getContext('2d').getImageData(0, 19, canvas.width, 5).data].filter((_, k) => k % 4 === 0) }"""
    )
    columns = [sum(pixels[x::28]) for x in range(28)]
    foot = sum(x * weight for x, weight in enumerate(columns)) / sum(columns)
    assert foot < 14


def test_examples_fill_in_and_show_at_one_click(visit):
    page = visit()
    page.locator("[data-example=seven]").click()
    drawn(page)
    expect(page.locator("#text textarea")).to_have_value("seven")
    expect(page.locator('#give-image .mm-given img[src*="seven.jpg"]')).to_be_visible()
    expect(page.locator("#give-audio .mm-given")).to_be_visible()
    expect(page.locator(".mm-panel")).to_have_count(3)
    page.locator("[data-example=sound_only]").click()
    expect(page.locator(".mm-panel")).to_have_count(1)
    expect(page.locator("#text textarea")).to_have_value("")
    expect(page.locator('#image img[src*="/file="]')).to_have_count(0)


def test_another_task_has_its_own_examples_words_and_caution(visit):
    page = visit()
    assert page.locator("#examples [data-example=smile]").count() == 0
    page.locator("#task label", has_text="Emotion").click()
    expect(page.locator("#text textarea")).to_have_attribute(
        "placeholder", strings()["of_emotion.page.text_placeholder"]
    )
    expect(page.locator("#help-image p")).to_have_text(strings()["of_emotion.help.image"])
    expect(page.get_by_text(strings()["of_emotion.page.image_label"], exact=True)).to_be_visible()
    page.locator("#examples [data-example=smile]").click()
    drawn(page)
    expect(page.locator(".mm-caution")).to_have_text(strings()["of_emotion.task.caution"])
    expect(page.locator(".mm-photo i")).to_be_visible()
    expect(page.locator("#footer")).to_contain_text(strings()["of_emotion.task.terms"])
    page.locator("#footer a").click()
    expect(page.locator("#evaluate-card .mme-card")).to_be_visible()
    page.go_back()
    page.locator("#task label", has_text="Digits").click()
    expect(page.locator(".mm-caution")).to_have_count(0)
    expect(page.locator("#examples [data-example=seven]")).to_be_visible()


@pytest.mark.parametrize("example, answer", [("changes_its_mind", "5"), ("chinese", "7"), ("picture_only", "4")])
def test_examples_are_answered(visit, trained, example, answer):
    page = visit()
    page.locator(f"[data-example={example}]").click()
    assert drawn(page) == answer
    expect(page.locator(".mm-verdict")).to_have_class(re.compile("mm-clear|mm-likely"))


def test_a_switch_leaves_an_input_out_and_keeps_it(visit):
    page = visit()
    page.locator("[data-example=seven]").click()
    drawn(page)
    page.locator("#use-image input").uncheck()
    expect(page.locator(".mm-panel")).to_have_count(2)
    expect(page.locator("#give-image .mm-given img")).to_be_visible()
    page.locator("#use-image input").check()
    expect(page.locator(".mm-panel")).to_have_count(3)


def test_nothing_given_is_answered_kindly(visit):
    page = visit()
    page.locator("#run").click()
    expect(page.locator(".mm-answer")).to_have_text(strings()["answer.nothing"])
    page.locator("#text textarea").fill("   ")
    page.locator("#run").click()
    expect(page.locator(".mm-panel .mm-warn")).to_have_text(strings()["text.empty"])


def test_a_bad_file_is_refused_kindly_and_nothing_is_lost(visit, tmp_path):
    (tmp_path / "not.png").write_text("this is no picture")
    page = visit()
    page.locator("#text textarea").fill("seven")
    choose_file(page, "image", tmp_path / "not.png")
    expect(page.locator("#give-image .mm-given")).to_be_visible()
    page.locator("#run").click()
    drawn(page)
    expect(page.locator(".mm-panel .mm-warn")).to_have_text(strings()["image.unreadable"])
    expect(page.locator("#text textarea")).to_have_value("seven")


def test_another_candidate_in_the_picture_is_read_at_a_click(visit, tmp_path):
    both = Image.new("RGB", (800, 300))
    for place, name in enumerate(("seven", "four")):
        both.paste(Image.open(DIGITS / f"{name}.jpg").resize((400, 300)), (400 * place, 0))
    both.save(tmp_path / "both.png")
    page = visit()
    choose_file(page, "image", tmp_path / "both.png")
    drawn(page)
    taken = page.locator(".mm-photo i").bounding_box()
    other = page.locator(".mm-photo button").first.bounding_box()
    page.locator(".mm-photo button").first.press("Enter")
    page.wait_for_function(
        "(x) => Math.abs(document.querySelector('.mm-photo i').getBoundingClientRect().x - x) < 2", arg=other["x"]
    )
    assert abs(taken["x"] - other["x"]) > 10
    page.locator("[data-example=picture_only]").click()  # a new picture: its best candidate
    expect(page.locator("#answer p.mm-spoken")).to_contain_text("4")


def test_what_is_typed_stays_text(visit):
    page = visit()
    page.locator("#text textarea").fill("<img src=x onerror=window.pwned=1> ${window.pwned=2} {{value}} seven")
    page.locator("#run").click()
    drawn(page)
    assert page.evaluate("window.pwned") is None
    expect(page.locator("#answer .mm-tokens img")).to_have_count(0)


def test_the_language_changes_in_place(visit):
    page = visit()
    page.locator("#text textarea").fill("seven eight")
    page.locator("#run").click()
    drawn(page)
    page.get_by_role("button", name="中文").click()
    expect(page.locator("h1")).to_have_text(strings("zh")["page.title"])
    expect(page.locator("#run")).to_have_text(strings("zh")["page.run"])
    expect(page.locator("#use-image")).to_have_text(strings("zh")["of_digits.page.image_label"])
    expect(page.locator("#image")).to_contain_text(strings("zh")["gradio.webcam"])
    likely = page.locator(".mm-likely").count()
    expect(page.locator("#answer")).to_contain_text(strings("zh")["page.level_likely"] if likely else "清楚")
    expect(page.locator("#drawing")).to_contain_text(strings("zh")["drawing.gates"])
    expect(page.locator("#text textarea")).to_have_value("seven eight")
    for english in ("Words", "Picture", "Sound", "Record", "alone", "forget", "Nothing you give"):
        assert english not in page.locator("main").inner_text()
    page.get_by_role("button", name="EN", exact=True).click()


def test_the_browsers_language_comes_first(visit):
    page = visit(locale="zh-CN")
    expect(page.locator("h1")).to_have_text(strings("zh")["page.title"])
    assert page.evaluate("document.documentElement.lang") == "zh"
    page.get_by_role("button", name="EN", exact=True).click()
    expect(page.locator("#audio")).to_contain_text("Record")
    page.reload()
    expect(page.locator("h1")).to_have_text(strings()["page.title"])


def test_dark_follows_the_system_and_the_switch(visit):
    ground = "getComputedStyle(document.querySelector('.mm-answer')).backgroundColor"
    page = visit(color_scheme="dark", locale="en-GB")
    assert page.evaluate(ground) == "rgb(28, 31, 37)"
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.reload()
    expect(page.locator("#answer .mm-hint")).to_be_visible()
    assert page.evaluate(ground) == "rgb(255, 255, 255)"


@pytest.mark.parametrize("width", [390, 820])
def test_no_sideways_scrolling(visit, width):
    page = visit(viewport={"width": width, "height": 844}, has_touch=width < 400, locale="en-GB")
    assert fits(page)
    page.locator("[data-example=seven]").click()
    drawn(page)
    assert fits(page)


def test_everything_has_a_name_and_can_be_reached(visit):
    page = visit()
    assert page.evaluate(NAMELESS) == []
    page.locator("[data-example=seven]").click()
    drawn(page)
    assert page.evaluate(NAMELESS) == []
    page.locator("#text textarea").focus()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.dataset.example || ''"))
    assert {"run", "seven", "not_a_digit"} <= reached
    expect(page.locator(".show-api")).to_have_count(1)  # Gradio's, which our link to the interface presses
    page.locator("[data-example=chinese]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#text textarea")).to_have_value("七")


def test_another_task_has_its_own_labels_and_no_examples(visit):
    page = visit()
    page.locator("#text textarea").fill("plum")
    page.get_by_text("Fruit").click()
    assert drawn(page) in {"apple", "pear", "plum", strings()["page.unclear"]}
    assert page.locator(".mm-chances li").count() in {0, 2, 3}  # those that matter
    expect(page.locator("#examples button")).to_have_count(0)


def test_a_refused_camera_is_explained(chromium, page_url):
    browser = chromium(*QUIET, FAKE, f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1")
    page = browser.new_page(locale="en-GB")
    page.goto(page_url)
    expect(page.locator("#help-image")).to_have_text(strings()["of_digits.help.image"])
    page.locator("#give-image .mm-camera").click()
    expect(page.locator("#help-image")).to_have_text(strings()["help.image_denied"])
    page.locator("#give-audio .mm-record").click()
    expect(page.locator("#help-audio")).to_have_text(strings()["help.audio_denied"])
    page.goto(page_url.replace("127.0.0.1", ELSEWHERE))
    expect(page.locator("#help-image")).to_have_text(strings()["help.image_insecure"])
    expect(page.locator("#help-audio")).to_have_text(strings()["help.audio_insecure"])
    page.locator("[data-example=changes_its_mind]").click()
    drawn(page)
    browser.close()


def test_the_page_within_another_as_spaces_show_it(checkpoints, browser):
    """In a frame of another origin, with the permissions that Spaces give theirs; and only where that is allowed."""
    from served import served

    from mmdemo.app import build
    from mmdemo.server import launch

    def embedded(frames):
        demo = build(checkpoints, opening=False)
        _, url, _ = launch(
            demo, per_minute=0, frames=frames, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True
        )
        return demo, f'<iframe src="{url}" allow="camera; microphone" style="width:1200px;height:860px"></iframe>'

    for frames, shown in (("*", True), ("'self'", False)):
        demo, html = embedded(frames)
        with served(html) as outer:
            page = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900}).new_page()
            page.goto(outer.replace("127.0.0.1", "localhost"))  # another origin than the page's
            inner = page.frame_locator("iframe")
            if shown:
                inner.locator("#text textarea").fill("three, no wait, seven")
                inner.locator("#run").click()
                expect(inner.locator("#answer .mm-verdict")).to_be_visible()
                expect(inner.locator("#drawing .js-plotly-plot")).to_be_visible()
                inner.locator("#give-audio .mm-record").click()
            else:
                page.wait_for_timeout(2000)
                expect(inner.locator("#text")).to_have_count(0)
            page.context.close()
        demo.close()
