"""Micro-batching: calls that are waiting at the same time are computed in one batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Told = TypeVar("Told")


class MicroBatcher(Generic[Asked, Told]):
    """A function of a batch, called with one item at a time from many threads.

    If nothing is being computed, a call starts at once: it never waits for a batch to fill up. Calls that arrive
    meanwhile wait until that is done, and are then computed in one batch.

    Args:
        compute: from a list to a list as long.
        most: how many at once.
    """

    def __init__(self, compute: Callable[[Sequence[Asked]], Sequence[Told]], most: int = 8) -> None:
        self.compute, self.most = compute, most
        self._waiting: list[tuple[Asked, Future[Told]]] = []
        self._list, self._turn = Lock(), Lock()

    def __call__(self, asked: Asked) -> Told:
        """The same as ``compute([asked])[0]``.

        Raises:
            Exception: what ``compute`` raises for this one alone; the others of its turn are computed all the same.
        """
        told: Future[Told] = Future()
        with self._list:
            self._waiting.append((asked, told))
        with self._turn:
            if not told.done():  # it was not computed in the meantime
                self._take_turn()
        return told.result()

    def _take_turn(self) -> None:
        with self._list:
            now, self._waiting = self._waiting[: self.most], self._waiting[self.most :]
        try:
            results = self.compute([asked for asked, _ in now])
            for (_, told), result in zip(now, results, strict=True):
                told.set_result(result)
        except BaseException as error:
            if len(now) == 1:
                now[0][1].set_exception(error)
                return
            for asked, told in now:  # one of them spoils it for the others: each alone
                try:
                    told.set_result(self.compute([asked])[0])
                except BaseException as own:
                    told.set_exception(own)
