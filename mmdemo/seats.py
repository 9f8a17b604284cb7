"""Who computes in the server's own process, and for whom."""

from __future__ import annotations

import heapq
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

COMPUTING = 1  # runs that compute in this process at the same time: Python lets one thread go on at once
BEHIND_SECONDS = 0.05  # by which each run that a visitor has in progress puts their next one behind those of others

visitor: ContextVar[str | None] = ContextVar("visitor", default=None)
"""For whom something is computed, as far as it is known."""


class Seats:
    """Who computes in this process, so that what answers requests, and each visitor, gets a share of it.

    So many do at once. The next one is who has come first, where a visitor's run counts as if it had come later by
    ``BEHIND_SECONDS`` for each other one that they have in progress. While a worker is asked, the seat is free.

    Args:
        count: of seats.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: list[tuple[float, int]] = []  # a heap: whose turn is when, and its thread
        self._in_progress: Counter[str | None] = Counter()  # runs by visitor
        self._turn: ContextVar[float | None] = ContextVar("turn", default=None)  # of the run that asks
        self._changed = threading.Condition()

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for a seat for a run of the current ``visitor``, and hold it until the block ends."""
        who = visitor.get()
        with self._changed:
            turn = time.monotonic() + BEHIND_SECONDS * self._in_progress[who]
            self._in_progress[who] += 1
        before = self._turn.set(turn)
        self._enter(turn)
        try:
            yield
        finally:
            self._leave()
            self._turn.reset(before)
            with self._changed:
                self._in_progress[who] -= 1
                if not self._in_progress[who]:
                    del self._in_progress[who]

    @contextmanager
    def leave(self) -> Iterator[None]:
        """Leave the seat, if there is one, until the block ends."""
        if (turn := self._turn.get()) is None:
            yield
            return
        self._leave()
        try:
            yield
        finally:
            self._enter(turn)

    def _enter(self, turn: float) -> None:
        mine = (turn, threading.get_ident())
        with self._changed:
            heapq.heappush(self._waiting, mine)
            while not self._free or self._waiting[0] is not mine:
                self._changed.wait()
            heapq.heappop(self._waiting)
            self._free -= 1
            self._changed.notify_all()

    def _leave(self) -> None:
        with self._changed:
            self._free += 1
            self._changed.notify_all()


seats = Seats(COMPUTING)
