"""A pool of worker processes: for what keeps Python's interpreter busy, and for what a stranger's file may never end.

Finding ink or a face makes thousands of small calls, and each of them releases Python's global lock and waits to get it
back: two threads that do so are hardly faster than one. A decoder may be kept busy for hours by a small file, may eat
all memory, or crash, and no thread can be stopped. So a server does both in worker processes, each of which has a time
for every call and an end to its memory, and is ended and replaced where that is not enough. Only a server starts any;
everywhere else ``run_in_worker`` calls the function where it is.

Whose turn it is: see ``Turns``, and for what is computed in the server's own process ``Seats``. How processes are
started and asked: see ``mmdemo.nursery``.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mmdemo.messages import InputError
from mmdemo.nursery import FORKS, PREPARATION_SECONDS, Died, Nursery, Spawned, Worker

MAX_WORKERS = 8  # that work at once; each takes up to 100 MB
SECONDS = 5.0  # that a call may take
MEGABYTES = 2048  # that a call may take besides what its process has already: the largest pictures take less than half
GROWN_MEGABYTES = 32.0  # by which a worker may have grown and still be kept: webcam photos and recordings take less
SLOW_SECONDS = 1.0  # of work, after which a call is slow: nearly all take a fifth of that
SLOW_BY_THE_CLOCK = 2.5  # times as long is slow, too, however busy the machine is
WASTED = 1.5  # if more of a visitor's calls were in vain, or are far too slow, further ones are refused...
FORGIVEN_SECONDS = 60.0  # ...and after how long one of them is forgotten
FAR_TOO_SLOW = 2.0  # times as long as what is slow
COMPUTING = 1  # runs that compute in the server's own process at the same time: Python lets one thread go on at once
BEHIND_SECONDS = 0.05  # by which each run that a visitor has in progress puts their next one behind those of others
TRIES = 3  # of a call whose worker was killed from outside: whoever kills all of them meets a call twice
RETRY_SECONDS = 10.0  # after no worker could be started, until it is tried again
ENDED_FROM_OUTSIDE = {None, -9, -1, -3}  # by SIGKILL, SIGHUP or SIGQUIT; None: together with the nursery
Result = TypeVar("Result")

log = logging.getLogger("mmdemo.server")
visitor: ContextVar[str | None] = ContextVar("visitor", default=None)
"""For whom a call is made, as far as it is known."""
_pool: _Pool | None = None


class TooMuchWork(InputError):
    """What was given took more time or memory than a call may, or crashed what reads it."""

    def __init__(self) -> None:
        super().__init__("serve.too_much_work")

    def __reduce__(self) -> tuple[Any, ...]:
        return TooMuchWork, ()


def default_count() -> int:
    """How many workers a server lets work at once unless told otherwise: one for each core.

    These are the cores that this process may use, according to a container's limits and ``LOKY_MAX_CPU_COUNT``.
    """
    from joblib import cpu_count  # workers do not need it

    return max(1, min(cpu_count(), MAX_WORKERS))


def start(
    count: int | None = None,
    prepare: Sequence[Callable[[], Any]] = (),
    seconds: float = SECONDS,
    megabytes: float = MEGABYTES,
) -> None:
    """From now on, ``run_in_worker`` runs functions in workers, the first of which start at once.

    Args:
        count: how many work at once; ``default_count()`` unless given.
        prepare: functions that are called before a worker does anything else. What they import, workers have; what
            they start besides, threads above all, is lost where workers are forked.
        seconds: that a call may take.
        megabytes: of memory that a call may take, on Linux; elsewhere there is no limit.
    """
    global _pool
    if count := default_count() if count is None else count:
        _pool = _Pool(count, prepare, seconds, megabytes)


def stop() -> None:
    """End the workers, whatever they do; from now on, ``run_in_worker`` runs functions where it is called."""
    global _pool
    ended, _pool = _pool, None
    if ended:
        ended.close()


def run_in_worker(function: Callable[..., Result], *arguments: Any) -> Result:
    """The same as ``function(*arguments)``, in a worker if there are any.

    A call whose worker was killed from outside is made again in another. One that took too long or crashed its
    worker is not: it would do so again.

    Raises:
        TooMuchWork: the call took more than ``seconds`` or ``megabytes``, or its worker crashed.
        InputError: calls for the same visitor have done so just before.
        Exception: whatever the function raises.
    """
    if (pool := _pool) is None:
        return function(*arguments)
    with seats.leave():
        return pool.run(function, arguments)


@dataclass(eq=False)
class _Call:
    """A call that waits for its turn or runs.

    Attributes:
        visitor: whose it is, if that is known.
        begun: when it came, or else when its worker was asked.
        worker: who makes it.
    """

    visitor: str | None
    begun: float = field(default_factory=time.monotonic)
    worker: Worker | None = None

    @property
    def is_far_too_slow(self) -> bool:
        """Whether it will probably be in vain."""
        return self.worker is not None and self.worker.seconds() > FAR_TOO_SLOW * SLOW_SECONDS

    @property
    def is_slow(self) -> bool:
        """Whether others should not wait for it any more."""
        if self.worker is None:
            return False
        by_the_clock = time.monotonic() - self.begun > SLOW_BY_THE_CLOCK * SLOW_SECONDS
        return by_the_clock or self.worker.seconds() > SLOW_SECONDS


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


class Turns:
    """Whose turn it is, so that nobody's slow calls keep others waiting.

    Calls are made in the order in which they come, so many at once. But

    - a call that has become slow gives its place to another one and lets it go first on the processor; there are as
      many places again for such calls;
    - while one of a visitor's calls is slow, none of their others begins;
    - calls that were in vain are remembered for a while; if a visitor has more than ``WASTED`` of these and of calls
      that will probably be, further ones are refused.

    Args:
        count: of the calls that run at once and are not slow.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._waiting: list[_Call] = []
        self._running: list[_Call] = []
        self._wasted: dict[str, tuple[float, float]] = {}  # by visitor: how many calls were in vain, and when
        self._changed = threading.Condition()

    @contextmanager
    def take(self) -> Iterator[_Call]:
        """Wait for the turn of a call for the current ``visitor``, and hold it until the block ends.

        Raises:
            InputError: too many of this visitor's calls were in vain.
        """
        call = _Call(visitor.get())
        with self._changed:
            self._waiting.append(call)
            try:
                while not self._may_begin(call):
                    self._changed.wait(SLOW_SECONDS / 5)
            finally:
                self._waiting.remove(call)
                self._changed.notify_all()
            self._running.append(call)
        try:
            yield call
        finally:
            with self._changed:
                self._running.remove(call)
                self._changed.notify_all()

    def waste(self, call: _Call) -> None:
        """Remember that a call was in vain."""
        if call.visitor is None:
            return
        with self._changed:
            count = self._count_wasted(call.visitor) + 1
            self._wasted = {who: what for who, what in self._wasted.items() if self._count_wasted(who)}
            self._wasted[call.visitor] = count, time.monotonic()

    def _count_wasted(self, who: str) -> float:
        count, then = self._wasted.get(who, (0.0, 0.0))
        return max(0.0, count - (time.monotonic() - then) / FORGIVEN_SECONDS)

    def _may_begin(self, call: _Call) -> bool:
        if call.visitor is not None:
            hopeless = sum(one.visitor == call.visitor and one.is_far_too_slow for one in self._running)
            if self._count_wasted(call.visitor) + hopeless > WASTED:
                raise InputError("serve.slow_files")
        slow = [one for one in self._running if one.is_slow]
        for one in slow:
            if one.worker and not one.worker.nice:
                one.worker.step_back()
        held_up = {one.visitor for one in slow} - {None}
        first = next((one for one in self._waiting if one.visitor not in held_up), None)
        return call is first and len(self._running) - min(len(slow), self.count) < self.count


class _Pool:
    """Workers that wait for a call, and a way to get more of them."""

    def __init__(self, count: int, prepare: Sequence[Callable[[], Any]], seconds: float, megabytes: float) -> None:
        self.prepare, self.seconds, self.megabytes = prepare, seconds, megabytes
        self.turns = Turns(count)
        self.nursery: Nursery | None = None
        self.hired: set[Worker] = set()
        self.idle: list[Worker] = []
        self.lock = threading.Lock()  # of the two above
        self.hiring = threading.RLock()  # one at a time
        self.next_try = 0.0  # not before that is it tried again to start a worker
        self.closed = False
        threading.Thread(target=self._hire_first, daemon=True).start()

    def run(self, function: Callable[..., Result], arguments: tuple[Any, ...]) -> Result:
        """See ``run_in_worker``."""
        with self.turns.take() as call:
            for left in reversed(range(TRIES)):
                if (worker := self._idle() or self._hire()) is None:
                    return function(*arguments)
                call.worker, call.begun = worker, time.monotonic()
                try:
                    succeeded, answer = worker.ask(function, arguments, self.seconds)
                except Died:
                    code = worker.end()
                    self._fire(worker)
                    if self.closed:
                        raise TooMuchWork from None
                    fields = {"function": function.__name__, "out_of_time": worker.out_of_time, "code": code}
                    log.warning("worker ended", extra={"fields": fields})
                    if left and not worker.out_of_time and code in ENDED_FROM_OUTSIDE:
                        continue
                    self.turns.waste(call)
                    raise TooMuchWork from None
                except BaseException:  # what cannot be sent
                    self._fire(worker)
                    raise
                self._release(worker)
                if succeeded:
                    return answer
                raise TooMuchWork if isinstance(answer, MemoryError) else answer
        raise AssertionError("the last time is the last")

    def close(self) -> None:
        """End all workers."""
        self.closed = True
        with self.lock:
            hired = list(self.hired)
        for worker in hired:
            worker.end()
        if self.nursery:
            self.nursery.end()

    def _idle(self) -> Worker | None:
        """A worker that has nothing to do, if there is one."""
        while True:
            with self.lock:
                if not self.idle:
                    return None
                worker = self.idle.pop()
            if worker.is_alive():
                return worker
            self._fire(worker)

    def _release(self, worker: Worker) -> None:
        """Keep a worker for the next call, if it is of use; one that has grown large makes room for a new one."""
        spent = worker.nice or worker.out_of_time or worker.grown() > GROWN_MEGABYTES
        with self.lock:
            if kept := not (spent or self.closed) and len(self.idle) < self.turns.count:
                self.idle.append(worker)
        if not kept:
            self._fire(worker)

    def _fire(self, worker: Worker) -> None:
        """End a worker for good."""
        worker.end()
        worker.close()
        with self.lock:
            self.hired.discard(worker)

    def _hire(self) -> Worker | None:
        """A worker, new if need be; None if there can be none: then calls are made here, slower and unprotected.

        Raises:
            TooMuchWork: the pool is closed.
        """
        with self.hiring:
            if worker := self._idle():  # one has become ready meanwhile
                return worker
            problem: Exception | None = None
            for _ in range(2):  # the nursery may have been killed
                if self.closed:
                    raise TooMuchWork
                if time.monotonic() < self.next_try:
                    return None
                try:
                    worker = self._start()
                except OSError as error:
                    problem = error
                    if self.nursery:
                        self.nursery.end()
                        self.nursery = None
                    continue
                with self.lock:
                    self.hired.add(worker)
                if self.closed:
                    self.close()
                return worker
            self.next_try = time.monotonic() + RETRY_SECONDS
        log.error("no worker", extra={"fields": {"error": type(problem).__name__, "left": len(self.hired)}})
        return None

    def _start(self) -> Worker:
        if not FORKS:
            return Spawned(self.prepare, self.megabytes)
        if self.nursery is None:
            self.nursery = Nursery(self.prepare, self.megabytes)
        return self.nursery.fork()

    def _hire_first(self) -> None:
        """Have workers ready before the first call, each of which has done once what it will be asked to do.

        One that was forked has what its nursery has loaded, but the first time it changes any of that, the system makes
        it a copy: on a machine with many workers each first picture would take several times as long as a later one.
        """
        with self.hiring, suppress(TooMuchWork):  # closed already
            ready = [self._hire() for _ in range(self.turns.count - len(self.hired))]
            for worker in filter(None, ready):
                try:
                    worker.ask(_do_all, (tuple(self.prepare),), PREPARATION_SECONDS)
                except (Died, OSError):  # killed from outside, or at the end of the server
                    self._fire(worker)
                else:
                    self._release(worker)


def _do_all(functions: Sequence[Callable[[], Any]]) -> None:
    for function in functions:
        function()
