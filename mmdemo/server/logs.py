"""Logs for machines: one JSON object a line, on standard error, and nothing in it that a visitor gave.

Of an exception, the type and the place are written, not the message, which may quote the input.
"""

from __future__ import annotations

import errno
import functools
import json
import logging
import sys
import time
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

import gradio as gr

from mmdemo.messages import InputError, Note
from mmdemo.server import gradio_compat

log = logging.getLogger("mmdemo.server")
MAX_FRAMES = 6  # of a traceback, the innermost


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON: ``time``, ``level``, ``event`` and the record's own ``fields``."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; a sentence that another library wrote becomes its event."""
        when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {"time": f"{when}.{int(record.msecs):03d}Z", "level": record.levelname.lower()}
        line |= {"event": record.getMessage(), **getattr(record, "fields", {})}
        if record.exc_info and record.exc_info[0]:
            line |= describe_error(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True)


def describe_error(error: BaseException | None) -> dict[str, Any]:
    """The type of an exception, the system's reason if it has one, and where it happened, without its message."""
    where: TracebackType | None = error.__traceback__ if error else None
    frames = traceback.extract_tb(where)[-MAX_FRAMES:]
    places = [f"{'/'.join(frame.filename.replace(chr(92), '/').split('/')[-2:])}:{frame.lineno}" for frame in frames]
    number = {"errno": errno.errorcode.get(error.errno, error.errno)} if getattr(error, "errno", None) else {}
    return {"error": type(error).__name__, **number, "at": places}


def start(level: int = logging.INFO) -> None:
    """Write logs as lines of JSON, those of other libraries without what they say; Gradio's tracebacks, too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(_quieter)
    for name in ("mmdemo", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level if name == "mmdemo" else logging.WARNING)
    logging.getLogger().handlers = [handler]
    gradio_compat.replace_traceback(_LoggedTraceback())


def _quieter(record: logging.LogRecord) -> bool:
    """Take out of a record what is not ours to say.

    What uvicorn warns of is a visitor's nonsense, such as a request that is none: information, not our fault. What
    other libraries say may quote the visitor: only which of them has said something is kept.
    """
    room = record.name.split(".")[0]
    if room != "mmdemo" and record.levelno == logging.WARNING:
        record.levelno, record.levelname = logging.INFO, "INFO"
    if room not in ("mmdemo", "uvicorn"):
        record.msg, record.args, record.fields = "library", (), {"logger": record.name}
    return True


class _LoggedTraceback:
    """Stands in for the module ``traceback`` where Gradio prints one."""

    def print_exc(self) -> None:
        """Log the exception that is being handled: an unexpected one, or a refusal of Gradio's own."""
        error = sys.exc_info()[1]
        refused = isinstance(error, gr.Error)
        log.log(logging.INFO if refused else logging.ERROR, "refused" if refused else "unexpected",
                extra={"fields": describe_error(error)})  # fmt: skip

    def __getattr__(self, name: str) -> Any:
        return getattr(traceback, name)


def logged(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Wrap an event's function so that each run is logged; an unexpected error becomes one friendly sentence.

    Raises:
        gr.Error: the input is refused, or something unexpected went wrong.
    """

    @functools.wraps(function)
    def run(*given: Any, **named: Any) -> Any:
        begun, fields = time.perf_counter(), {"outcome": "done"}
        try:
            return function(*given, **named)
        except InputError as error:
            fields = {"outcome": "refused", "why": error.note.key}
            raise gr.Error(str(error), print_exception=False) from error
        except gr.Error:
            fields = {"outcome": "refused"}
            raise
        except Exception as error:
            fields = {"outcome": "unexpected", **describe_error(error)}
            raise gr.Error(Note("serve.unexpected").say(), print_exception=False) from error
        finally:
            level = logging.ERROR if fields["outcome"] == "unexpected" else logging.INFO
            took = round(1000 * (time.perf_counter() - begun), 1)
            log.log(level, "run", extra={"fields": {"name": name, "milliseconds": took, **fields}})

    return run
