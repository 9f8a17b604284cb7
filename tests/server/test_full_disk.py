"""A disk without room: the operator is told, and the visitor is not blamed."""

import errno
import io
import logging
from types import SimpleNamespace

import gradio.route_utils
import httpx
import pytest

from mmdemo.messages import strings
from mmdemo.server import uploads

WORD = strings()["serve.no_room"]


def fail(*arguments, **named):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def full(monkeypatch):
    """No upload can be written."""

    class Full(io.BytesIO):
        name = str(uploads.folder() / "full")
        write = fail

    monkeypatch.setattr(uploads, "_had_no_room", float("-inf"))
    monkeypatch.setattr(gradio.route_utils, "NamedTemporaryFile", lambda *arguments, **named: Full())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_upload_without_room_is_answered_kindly_and_told_to_the_operator_once(page_url, full, caplog, language):
    logging.getLogger("mmdemo").propagate = True
    with caplog.at_level(logging.INFO, "mmdemo.server"), httpx.Client(base_url=page_url, timeout=60) as http:
        for _ in range(3):
            answer = http.post(
                "/gradio_api/upload",
                files={"files": ("a.png", b"seven" * 400_000)},
                headers={"accept-language": language},
            )
            assert (answer.status_code, answer.json()["detail"]) == (507, strings(language)["serve.no_room"])
        assert http.get("/health").json()["disk"] == "full"
    told = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [(record.getMessage(), record.fields["folder"]) for record in told] == [("disk full", str(uploads.folder()))]


def test_a_run_without_room_is_answered_in_the_same_words(page_url, monkeypatch):
    monkeypatch.setattr(uploads, "_had_no_room", float("-inf"))
    monkeypatch.setattr("mmdemo.app.api._file", fail)
    with httpx.Client(base_url=page_url, timeout=60) as http:
        asked = http.post("/gradio_api/call/explain", json={"data": ["seven"]}).json()
        assert WORD in http.get(f"/gradio_api/call/explain/{asked['event_id']}").text


def test_a_disk_with_little_room_counts_as_full(monkeypatch):
    monkeypatch.setattr(uploads, "_had_no_room", float("-inf"))
    for free, has in ((uploads.LEAST_ROOM + 1, True), (uploads.LEAST_ROOM - 1, False)):
        monkeypatch.setattr(uploads.shutil, "disk_usage", lambda place, free=free: SimpleNamespace(free=free))
        assert uploads.has_room() is has


def test_other_errors_are_no_full_disk():
    assert not uploads.found_no_room(OSError(errno.EACCES, "denied"))
    assert not uploads.found_no_room(ValueError())
    assert not uploads.found_no_room(None)
