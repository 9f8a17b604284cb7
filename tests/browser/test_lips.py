"""A video of somebody who speaks: recorded with one press, moved by hand, and another one chosen."""

import cv2
import pytest
import soundfile as sf
from browsing import choose_file, expect
from films import RATE, film, speaking, speech


@pytest.fixture(scope="module")
def browser(chromium, tmp_path_factory):
    """Chromium with a camera and a microphone before a face that speaks."""
    from browsing import ALLOWED, FAKE, QUIET

    folder = tmp_path_factory.mktemp("speaks")
    camera, microphone = folder / "camera.mjpeg", folder / "microphone.wav"
    shown = (speaking(k / 30)[:, :, ::-1] for k in range(90))
    camera.write_bytes(b"".join(cv2.imencode(".jpg", picture)[1].tobytes() for picture in shown))
    sf.write(microphone, speech(), RATE, "PCM_16")
    flags = (f"--use-file-for-fake-video-capture={camera}", f"--use-file-for-fake-audio-capture={microphone}")
    return chromium(*QUIET, FAKE, ALLOWED, *flags)


def test_three_seconds_are_recorded_moved_and_replaced(visit, tmp_path):
    page = visit()
    expect(page.locator("#give-video")).to_have_count(0)  # until a task reads videos
    page.locator('#task label:has(input[value="lips"])').click()
    moved = page.locator(".mm-moved")
    page.locator("#give-video .mm-film").click()
    expect(page.locator("#give-video .mm-filming")).to_be_visible()
    expect(page.locator("#answer .mm-offsets")).to_be_visible()
    expect(page.locator("#drawing .mmd-figure .hm image").first).to_be_visible()
    expect(page.locator("#answer .mm-beside tbody tr")).to_have_count(3)
    expect(moved).to_contain_text("not moved")

    page.locator(".mm-mover").focus()
    page.keyboard.press("ArrowRight")
    expect(moved).to_contain_text("80 ms later")
    expect(page.locator("#answer .mm-fits")).to_be_visible()
    expect(page.locator(".mm-mover")).to_be_focused()

    talk = tmp_path / "talk.mp4"
    talk.write_bytes(film("mp4"))
    choose_file(page, "video", talk)
    expect(moved).to_contain_text("not moved")
    page.locator("#give-video .mm-clear").click()
    expect(page.locator("#give-video .mm-given")).to_be_hidden()

    page.locator("#give-video .mm-film").click()  # the camera again, not the dialog for files
    page.locator("#give-video .mm-filming").click()  # pressed twice, it goes on
    page.wait_for_timeout(700)
    page.locator("#video .capture-button").click()
    expect(page.locator("#answer .mm-warn")).to_contain_text("too short")
    page.locator('#task label:has(input[value="digits"])').click()
    expect(page.locator("#answer .mm-hint")).to_contain_text("Type a number")  # it reads none of that


def test_filming_waits_until_it_is_allowed(visit):
    page = visit()
    page.locator('#task label:has(input[value="lips"])').click()
    page.evaluate(
        """() => {
          const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
          const thought = new Promise((allow) => { window.allow = allow; });
          navigator.mediaDevices.getUserMedia = (wanted) => thought.then(() => ask(wanted));
        }"""
    )
    page.locator("#give-video .mm-film").click()
    page.wait_for_timeout(5000)  # somebody reads what the browser asks
    page.evaluate("window.allow()")
    expect(page.locator("#give-video .mm-filming")).to_be_visible()
    expect(page.locator("#answer .mm-offsets")).to_be_visible()
