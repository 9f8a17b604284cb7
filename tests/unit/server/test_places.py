"""Names of folders in what is answered, and files by these names only."""

import asyncio
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from mmdemo.server import gradio_compat
from mmdemo.server.asgi import Refusal
from mmdemo.server.places import Hidden, Places, places

FOLDER = Path("/srv/a b/\u4e03")
PLACES = Places({"/uploads": FOLDER / "temp", "/mmdemo": FOLDER})


@pytest.mark.parametrize(
    "written",
    [
        str(FOLDER / "temp" / "x.png"),
        quote(str(FOLDER / "temp" / "x.png")),
        json.dumps(str(FOLDER / "temp" / "x.png")),
        json.dumps(str(FOLDER / "temp" / "x.png"), ensure_ascii=False),
        json.dumps(json.dumps({"path": str(FOLDER / "temp" / "x.png")})),
        f"File not allowed: {FOLDER}/temp/x.png, nor {FOLDER}/y.",
    ],
)
def test_however_a_folder_is_written_its_name_is_said(written):
    hidden = PLACES.hide(written.encode()).decode()
    assert "/uploads/x.png" in hidden
    assert not any(part in hidden for part in ("srv", "\u4e03", "4e03", "%E4"))


def test_a_folder_whose_name_only_begins_like_anothers_keeps_its_own():
    named = Places({"/uploads": Path("/tmp/mm-0"), "/live": Path("/tmp/mm-0abc/live")})
    assert named.hide(b"/tmp/mm-0abc/live/x.js /tmp/mm-0/y.png /tmp/mm-0") == b"/live/x.js /uploads/y.png /uploads"


def test_two_folders_of_one_name_are_refused(monkeypatch):
    two = [Path("/srv/one/live"), Path("/srv/two/live")]
    monkeypatch.setattr(gradio_compat, "static_paths", lambda: [path / "x.js" for path in two])
    with pytest.raises(ValueError, match="told apart"):
        places()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("/uploads/a/b.png", str(FOLDER / "temp" / "a" / "b.png")),
        ("/mmdemo/web/x.js", str(FOLDER / "web" / "x.js")),
        ("/uploads", None),
        ("/uploadsx/y", None),
        ("/uploads/../../etc/passwd", None),
        (str(FOLDER / "x"), None),
        ("/etc/passwd", None),
        ("", None),
    ],
)
def test_only_names_are_found(asked, found):
    assert PLACES.find(asked) == found


def answered(path, *messages, method="GET"):
    """What is answered to a request, where Gradio says so much."""
    told, asked = [], []

    async def gradio(scope, receive, send):
        asked.append(scope["path"])
        for message in messages:
            await send(message)

    async def send(message):
        told.append(message)

    scope = {"type": "http", "path": path, "method": method}
    asyncio.run(Hidden(gradio, PLACES)(scope, None, send))
    return asked[0], told


def start(kind=b"application/json", status=200, length=b"999"):
    headers = [(b"content-type", kind), (b"content-length", length)]
    return {"type": "http.response.start", "status": status, "headers": headers}


def body(text, more=False):
    return {"type": "http.response.body", "body": text.encode(), "more_body": more}


def test_an_answers_length_fits_what_is_left_of_it():
    _, told = answered("/config", start(), body(f'"{FOLDER}/x"'))
    assert told[1]["body"] == b'"/mmdemo/x"'
    assert dict(told[0]["headers"])[b"content-length"] == b"11"


def test_a_stream_is_hidden_piece_by_piece():
    pieces = body(f"data: {FOLDER}/x\n\n", more=True), body("data: 7\n\n", more=True), body("")
    _, told = answered("/gradio_api/queue/data", start(b"text/event-stream"), *pieces)
    assert b"".join(piece["body"] for piece in told[1:]) == b"data: /mmdemo/x\n\ndata: 7\n\n"
    assert b"content-length" not in dict(told[0]["headers"])


def test_what_is_no_text_and_answers_to_head_stay_as_they_are():
    picture = start(b"image/png"), body(str(FOLDER))
    assert answered("/static/x.png", *picture)[1] == list(picture)
    assert answered("/config", start(), body(""), method="HEAD")[1][0] == start()


def test_files_are_asked_for_by_their_names():
    asked, told = answered("/gradio_api/file=/uploads/x.png", start(b"image/png"), body("7"))
    assert asked == f"/gradio_api/file={FOLDER}/temp/x.png" and len(told) == 2
    for path, status in (("/etc/passwd", 200), (f"{FOLDER}/x", 200), ("/uploads/x", 403), ("/mmdemo/x", 404)):
        with pytest.raises(Refusal) as refused:
            answered(f"/gradio_api/file={path}", start(status=status), body("no"))
        assert refused.value.status == 404
