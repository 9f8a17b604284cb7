"""Run every task once at the start, so that the first visitor waits no longer than the others."""

from __future__ import annotations

import logging

from mmdemo.app.reading import read
from mmdemo.app.tasks import Tasks
from mmdemo.server import gradio_compat
from mmdemo.server.health import Health


def warm_up(tasks: Tasks, health: Health) -> None:
    """Load every task and read its fullest example, drawing included; ``health`` is told which of them answered."""
    gradio_compat.preload()
    for name in tasks.names:
        try:
            tasks.predictor(name).warm_up()
            for example in sorted(tasks.examples(name), key=lambda one: -len(one))[:1]:
                read(tasks.predictor(name), **example.given(name).to_read())
            health.answered.add(name)
        except Exception as error:  # whatever it is: the other tasks can still be read
            health.broken.add(name)
            logging.getLogger(__name__).warning("The checkpoint %s cannot be used: %s", name, error)
