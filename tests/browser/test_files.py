"""The files of phones and browsers get past Gradio's inputs, chosen or dropped, and are read."""

import base64

import pytest
import soundfile as sf
from browsing import choose_file, drawn, expect
from containers import contained
from PIL import Image

from mmdemo.app.tasks import EXAMPLES

DIGITS = EXAMPLES / "digits"


def photo(folder, kind):
    file = folder / f"photo.{kind}"
    Image.open(DIGITS / "seven.jpg").save(file, "HEIF" if kind == "heic" else "AVIF")
    return file


def voice(folder, kind):
    samples, rate = sf.read(DIGITS / "nine.flac")
    file = folder / f"voice.{kind}"
    file.write_bytes(contained(samples, kind, rate))
    return file


@pytest.mark.parametrize("kind", ["heic", "avif"])
def test_a_photo_of_a_phone_is_read(visit, tmp_path, kind):
    page = visit()
    choose_file(page, "image", photo(tmp_path, kind))
    drawn(page)
    expect(page.locator("#answer p.mm-spoken")).to_contain_text("7")


@pytest.mark.parametrize("kind", ["m4a", "mp4", "webm", "amr", "wma", "caf", "mov", "3gp", "mkv", "aac", "opus"])
def test_a_sound_of_a_phone_or_a_browser_is_read(visit, tmp_path, kind):
    page = visit()
    choose_file(page, "audio", voice(tmp_path, kind))
    drawn(page)
    expect(page.locator("#answer p.mm-spoken")).to_contain_text("9")


def open_upload(page, where):
    """Gradio's own place for a file, which waits behind the button."""
    with page.expect_file_chooser():
        page.locator(f"#give-{where[1:]} .mm-file").click()


DROP = """([where, name, type, data]) => {
  const files = new DataTransfer();
  files.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name, { type }));
  const target = document.querySelector(`${where} input[type=file]`).parentElement;
  target.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: files }));
}"""


@pytest.mark.parametrize(
    ("where", "make", "kind", "told", "digit"),
    [("#image", photo, "heic", "", "7"), ("#audio", voice, "mp4", "video/mp4", "9"), ("#audio", voice, "amr", "", "9")],
)
def test_a_dropped_file_is_read(visit, tmp_path, where, make, kind, told, digit):
    page = visit()
    open_upload(page, where)
    file = make(tmp_path, kind)
    page.evaluate(DROP, [where, file.name, told, base64.b64encode(file.read_bytes()).decode()])
    drawn(page)
    expect(page.locator("#answer p.mm-spoken")).to_contain_text(digit)


def test_what_the_dialog_offers(visit):
    page = visit()
    for where, wanted in (("#image", (".heic", ".avif", "image/*")), ("#audio", (".amr", "video/webm", "audio/*"))):
        with page.expect_file_chooser():
            page.locator(f"#give-{where[1:]} .mm-file").click()
        accept = page.locator(f"{where} input[type=file]").get_attribute("accept")
        assert all(kind in accept for kind in wanted)
