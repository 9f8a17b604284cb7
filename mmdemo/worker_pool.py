"""A pool of worker processes: for what keeps Python's interpreter busy, and for what a stranger's file may never end.

Finding ink or a face makes thousands of small calls, and each of them releases Python's global lock and waits to get it
back: two threads that do so are hardly faster than one. A decoder may be kept busy for hours by a small file, may eat
all memory, or crash, and no thread can be stopped. So a server does both in worker processes, each of which has a time
for every call and an end to its memory, and is killed and replaced where that is not enough. Only a server starts any;
everywhere else ``run_in_worker`` calls the function where it is.

A worker is a process and the two pipes to it: nothing is shared that one of them could break for the others.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Queue
from typing import Any, TypeVar

from joblib import cpu_count

from mmdemo.messages import InputError

MAX_WORKERS = 8  # each takes about 200 MB
SECONDS = 5.0  # that a call may take
MEGABYTES = 2048  # that a call may take besides what its process has already: a picture of 16 megapixels takes a third
PREPARATION_SECONDS = 300.0  # that a worker has to start; a busy machine that reads from a slow disk takes a minute
FIRST_TRIES, MORE_TRIES = (0.0,), (0.0, 1.0, 5.0, 25.0)  # seconds before each try to start, and to replace, a worker
SPARE_TRIES = (30.0, 30.0)  # seconds before each try to start a spare one, so that they do not slow down the start
SPARES = 2  # of a server: a worker takes seconds to start, in which nobody is read by it
CHECK_SECONDS = 1.0  # between two looks at whether the server still runs
ENDED_FROM_OUTSIDE = {-getattr(signal, name) for name in ("SIGKILL", "SIGHUP", "SIGQUIT") if hasattr(signal, name)}
Result = TypeVar("Result")

log = logging.getLogger("mmdemo.server")
_pool: _Pool | None = None


class TooMuchWork(InputError):
    """What was given took more time or memory than a call may, or crashed what reads it."""

    def __init__(self) -> None:
        super().__init__("serve.too_much_work")

    def __reduce__(self) -> tuple[Any, ...]:
        return TooMuchWork, ()


def default_count() -> int:
    """How many workers a server starts unless told otherwise: one for each core.

    These are the cores that this process may use, according to a container's limits and ``LOKY_MAX_CPU_COUNT``.
    """
    return max(1, min(cpu_count(), MAX_WORKERS))


def start(
    count: int | None = None,
    prepare: Sequence[Callable[[], Any]] = (),
    seconds: float = SECONDS,
    megabytes: float = MEGABYTES,
    spares: int = 0,
) -> None:
    """From now on, ``run_in_worker`` runs functions in workers, which begin to start at once.

    Args:
        count: of workers; ``default_count()`` unless given.
        prepare: functions that are called once in each worker, before anything else.
        seconds: that a call may take.
        megabytes: of memory that a call may take, on Linux; elsewhere there is no limit.
        spares: workers besides, which are ready to take the place of one that was killed; they start after the others.
    """
    global _pool
    if count := default_count() if count is None else count:
        _pool = _Pool(count, prepare, seconds, megabytes, spares)


def stop() -> None:
    """End the workers, whatever they do; from now on, ``run_in_worker`` runs functions where it is called."""
    global _pool
    ended, _pool = _pool, None
    if ended:
        ended.close()


def run_in_worker(function: Callable[..., Result], *arguments: Any) -> Result:
    """The same as ``function(*arguments)``, in a worker if there are any.

    A call whose worker was killed from outside is made once more in another. One that took too long or crashed its
    worker is not: it would do so again.

    Raises:
        TooMuchWork: the call took more than ``seconds`` or ``megabytes``, or its worker crashed.
        Exception: whatever the function raises.
    """
    if (pool := _pool) is None:
        return function(*arguments)
    return pool.run(function, arguments)


class _Died(Exception):
    """A worker has ended in the middle of a call."""


class _Worker:
    """A process and the pipes to it.

    Raises:
        OSError: no process can be started.
    """

    def __init__(self) -> None:
        script = f"import sys; sys.path[:] = {sys.path!r}; from mmdemo.worker_pool import work; work()"
        self.process = subprocess.Popen(  # unlike multiprocessing's, it does not import app.py again
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.out_of_time = False

    def ask(self, message: Any, seconds: float) -> tuple[bool, Any]:
        """Send a message and wait for the answer to it: whether it succeeded, and its result or what it raised.

        Raises:
            _Died: the process has ended, or was killed because it took longer than ``seconds``.
        """
        watch = threading.Timer(seconds, self._stop)
        watch.daemon = True
        watch.start()
        try:
            pickle.dump(message, self.process.stdin, protocol=5)
            self.process.stdin.flush()
            return pickle.load(self.process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(CHECK_SECONDS)  # so that what ended it is known
            self.kill()
            raise _Died from error
        finally:
            watch.cancel()

    def _stop(self) -> None:
        self.out_of_time = True
        self.process.kill()

    def kill(self) -> None:
        """End the process at once."""
        self.process.kill()
        self.process.wait()


class _Pool:
    """A number of workers, and who of them has nothing to do."""

    def __init__(
        self, count: int, prepare: Sequence[Callable[[], Any]], seconds: float, megabytes: float, spares: int
    ) -> None:
        self.prepare, self.seconds, self.megabytes = prepare, seconds, megabytes
        self.idle: Queue[_Worker | None] = Queue()  # None: there can be no worker, so the call is made here
        self.places = threading.Semaphore(count)  # that many work at once: there may be spare workers besides
        self.hired: set[_Worker] = set()
        self.lock = threading.Lock()
        self.closed = False
        for _ in range(count):
            self._hire(FIRST_TRIES)
        for _ in range(spares):
            self._hire(SPARE_TRIES)

    def run(self, function: Callable[..., Result], arguments: tuple[Any, ...]) -> Result:
        """See ``run_in_worker``."""
        with self.places:
            return self._run(function, arguments)

    def _run(self, function: Callable[..., Result], arguments: tuple[Any, ...]) -> Result:
        for again in (True, False):
            if (worker := self.idle.get()) is None:
                self.idle.put(None)
                if self.closed:
                    raise TooMuchWork
                return function(*arguments)
            try:
                succeeded, answer = worker.ask((function, arguments), self.seconds)
            except _Died:
                code = worker.process.returncode
                self._replace(worker)
                fields = {"function": function.__name__, "out_of_time": worker.out_of_time, "code": code}
                log.warning("worker ended", extra={"fields": fields})
                if again and not worker.out_of_time and code in ENDED_FROM_OUTSIDE:
                    continue
                raise TooMuchWork from None
            except BaseException:  # what cannot be sent: half of it may be on its way
                worker.kill()
                self._replace(worker)
                raise
            self.idle.put(worker)
            if succeeded:
                return answer
            raise TooMuchWork if isinstance(answer, MemoryError) else answer
        raise AssertionError("the second time is the last")

    def close(self) -> None:
        """End all workers."""
        with self.lock:
            self.closed = True
            for worker in self.hired:
                worker.kill()
        self.idle.put(None)

    def _replace(self, worker: _Worker) -> None:
        with self.lock:
            self.hired.discard(worker)
        self._hire(MORE_TRIES)

    def _hire(self, tries: Sequence[float]) -> None:
        """Start a worker beside everything else; it is idle once it is ready."""
        threading.Thread(target=self._prepare, args=(tries,), daemon=True).start()

    def _prepare(self, tries: Sequence[float]) -> None:
        for pause in tries:
            time.sleep(pause)
            try:
                with self.lock:
                    if self.closed:
                        return
                    worker = _Worker()
                    self.hired.add(worker)
                worker.ask((os.getpid(), self.prepare, self.megabytes), PREPARATION_SECONDS)
                self.idle.put(worker)
                return
            except (OSError, _Died) as error:
                problem = error
                with self.lock:
                    self.hired = {one for one in self.hired if one.process.poll() is None}
        if not self.closed:
            log.error("no worker", extra={"fields": {"error": type(problem).__name__, "left": len(self.hired)}})
            if not self.hired:  # it works without, slower and without protection
                self.idle.put(None)


def work() -> None:
    """What a worker does: it answers what comes in on standard input, until there is no more."""
    for number in (signal.SIGINT, signal.SIGTERM):  # for the server, which finishes what runs
        signal.signal(number, signal.SIG_IGN)
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that is printed gets among the answers
    server, prepare, megabytes = pickle.load(questions)
    threading.Thread(target=_die_with, args=(server,), daemon=True).start()
    for function in prepare:
        function()
    _limit_memory(megabytes)
    _answer(answers, True, None)
    with suppress(EOFError):
        while True:
            function, arguments = pickle.load(questions)
            try:
                succeeded, answer = True, function(*arguments)
            except Exception as error:
                succeeded, answer = False, error.with_traceback(None)
            _answer(answers, succeeded, answer)


def _answer(answers: Any, succeeded: bool, answer: Any) -> None:
    try:
        said = pickle.dumps((succeeded, answer), protocol=5)
    except Exception as error:  # some exceptions of libraries cannot be pickled
        said = pickle.dumps((False, RuntimeError(f"{type(answer).__name__}: {type(error).__name__}")), protocol=5)
    answers.write(said)
    answers.flush()


def _limit_memory(megabytes: float) -> None:
    """Let this process take no more than so much besides what it has: more raises a MemoryError, or ends it."""
    with suppress(ImportError, OSError, ValueError):  # not on Linux, or a lower limit is set already
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[0])
        most = pages * resource.getpagesize() + int(megabytes * 2**20)
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _die_with(server: int) -> None:
    """End this worker when the server is gone: one that is killed has no time to end its workers."""
    while os.getppid() == server:
        time.sleep(CHECK_SECONDS)
    os._exit(0)
