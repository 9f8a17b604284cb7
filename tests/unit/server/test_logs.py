"""What is logged of whom: our own faults loudly, a visitor's nonsense in passing, and nothing that they gave."""

import contextlib
import io
import json
import logging

import pytest

from mmdemo.server import gradio_compat, logs


@pytest.fixture
def lines(monkeypatch):
    """The lines that were logged, as a server logs them; all loggers are put back."""
    names = ("", "mmdemo", "uvicorn")
    kept = {name: (log := logging.getLogger(name), log.handlers, log.propagate, log.level) for name in names}
    monkeypatch.setattr(gradio_compat, "replace_traceback", lambda stand_in: None)
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        logs.start()
    yield lambda: [json.loads(line) for line in said.getvalue().splitlines()]
    for log, handlers, propagate, level in kept.values():
        log.handlers, log.propagate = handlers, propagate
        log.setLevel(level)


def test_a_visitors_nonsense_is_information(lines):
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    [line] = lines()
    assert (line["level"], line["event"]) == ("info", "Invalid HTTP request received.")


def test_other_libraries_do_not_quote_anybody(lines):
    for name in ("mcp.server.lowlevel", "python_multipart", "anything"):
        logging.getLogger(name).warning("Failed to read %s", "my secret")
    logging.warning("my secret")
    said = lines()
    assert "secret" not in json.dumps(said)
    assert [line["logger"] for line in said] == ["mcp.server.lowlevel", "python_multipart", "anything", "root"]
    assert {line["level"] for line in said} == {"info"}


def test_our_own_faults_are_loud_and_whole(lines):
    logging.getLogger("mmdemo.server").error("unexpected", extra={"fields": logs.describe_error(OSError(28, "secret"))})
    [line] = lines()
    assert (line["level"], line["event"], line["error"], line["errno"]) == ("error", "unexpected", "OSError", "ENOSPC")
    assert "secret" not in json.dumps(line)
