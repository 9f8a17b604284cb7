"""Runs by visitor: they take turns, and answers that nobody fetches are not kept for long, nor too many of them."""

from __future__ import annotations

import asyncio

import gradio as gr

from mmdemo.server import gradio_compat
from mmdemo.server.quotas import ANSWERS, Holdings, Limit

ANSWER_SECONDS = 300  # that an answer is kept for whoever asked


class Runs:
    """The runs of a page whose answers have not been fetched.

    Args:
        demo: the page; its queue is watched from now on.
        limit: how many there may be.
        seconds: that an answer is kept.
    """

    def __init__(self, demo: gr.Blocks, limit: Limit = ANSWERS, seconds: float = ANSWER_SECONDS) -> None:
        self.demo, self.seconds = demo, seconds
        self._held: Holdings[tuple[str, str]] = Holdings(limit)
        gradio_compat.keep_mailboxes(demo)
        gradio_compat.watch_runs(demo, self._accepted)

    def _accepted(self, visitor: str, session: str, event_id: str) -> None:
        for key in self._held.everything():
            if not gradio_compat.is_undelivered(self.demo, *key):
                self._held.remove(key)
        gradio_compat.forget_heard_sessions(self.demo)
        gradio_compat.take_turns(self.demo, event_id)
        for key in self._held.add(visitor, (session, event_id)):
            gradio_compat.forget_run(self.demo, *key)
        asyncio.get_running_loop().call_later(self.seconds, self._too_old, (session, event_id))

    def _too_old(self, key: tuple[str, str]) -> None:
        if key not in self._held:
            return
        if gradio_compat.is_unfinished(self.demo, key[1]):  # it waits still, with many others
            asyncio.get_running_loop().call_later(self.seconds, self._too_old, key)
            return
        self._held.remove(key)
        gradio_compat.forget_run(self.demo, *key)
