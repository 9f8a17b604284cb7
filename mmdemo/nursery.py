"""Worker processes: how one is started, asked, watched, and ended.

Where processes can be forked safely (Linux), a small process with a single thread, the *nursery*, has imported and
prepared all that workers need, and forks one within milliseconds whenever it is told to: the memory of what they have
in common is there once, and one that was killed is replaced at once. Elsewhere every worker is a process that imports
everything itself. Either way there are two pipes to a worker, and nothing is shared that one could break for others.
"""

from __future__ import annotations

import gc
import os
import pickle
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import IO, Any

FORKS = sys.platform == "linux"  # macOS has fork, too, but libraries of its own that a forked process may not use
PREPARATION_SECONDS = (
    300.0  # that a process may take to start; a busy machine that reads from a slow disk takes a minute
)
REPLY_SECONDS = 20.0  # that a nursery may take for an order once it is prepared
GRACE_SECONDS = 3.0  # after the end of its time a worker ends itself, if nobody else has
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}  # what forks may have no others
NICENESS = 5  # more than before, of who shall let others go first: a third of their share of a busy processor
ORDER = struct.Struct("!cq")  # what a nursery is told: to fork or to end, and which worker
REPLY = struct.Struct("!q")  # the number of the new worker, or the code with which one has ended
FORK, END = b"f", b"e"


class Died(Exception):
    """A worker has ended in the middle of a call."""


class Worker:
    """A process that runs functions, and the pipes to it.

    Attributes:
        out_of_time: whether it was ended because a call took too long.
        nice: whether it was told to let others go first, which cannot be undone.
    """

    def __init__(self, number: int, questions: IO[bytes], answers: IO[bytes]) -> None:
        self.number, self.questions, self.answers = number, questions, answers
        self.out_of_time = self.nice = False
        self._asked = 0  # calls so far
        self._small = self._resident()
        self._begun = self._worked()
        self._lock = threading.Lock()  # between the end of a call and the end of its time

    def ask(self, function: Callable[..., Any], arguments: tuple[Any, ...], seconds: float) -> tuple[bool, Any]:
        """Have a function called and wait for its end: whether it succeeded, and its result or what it raised.

        Raises:
            Died: the process has ended, or was ended because it took longer than ``seconds``.
            Exception: the call cannot be sent; half of it may be on its way, so the worker cannot be used any more.
        """
        self._asked += 1
        self._begun = self._worked()
        watch = threading.Timer(seconds, self._stop, (self._asked,))
        watch.daemon = True
        watch.start()
        try:
            pickle.dump((function, arguments, seconds + GRACE_SECONDS), self.questions, protocol=5)
            self.questions.flush()
            return pickle.load(self.answers)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            raise Died from error
        finally:
            watch.cancel()
            with self._lock:
                self._asked += 1  # from now on the watch is too late

    def seconds(self) -> float:
        """How long the current call has taken: on Linux the processor's time, which a busy machine does not change."""
        return self._worked() - self._begun

    def _worked(self) -> float:
        try:
            with open(f"/proc/{self.number}/stat", encoding="utf-8", errors="replace") as file:
                after_name = file.read().rpartition(")")[2].split()
            return sum(map(int, after_name[11:13])) / os.sysconf("SC_CLK_TCK")
        except (OSError, ValueError):  # not on Linux, or it has ended
            return time.monotonic()

    def grown(self) -> float:
        """Megabytes that it has taken since it was ready and not given back; 0 where that is not known."""
        return self._resident() - self._small

    def _resident(self) -> float:
        try:
            with open(f"/proc/{self.number}/statm", encoding="ascii") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
        except (OSError, ValueError, IndexError):  # not on Linux, or it has ended
            return 0.0

    def step_back(self) -> None:
        """Let all other processes go first from now on."""
        self.nice = True
        with suppress(AttributeError, OSError):  # not on Windows, or it has ended
            before = os.getpriority(os.PRIO_PROCESS, self.number)  # that of who started it, which need not be 0
            os.setpriority(os.PRIO_PROCESS, self.number, before + NICENESS)  # the system itself stops at its most

    def is_alive(self) -> bool:
        """Whether it still waits for a question."""
        return not select.select([self.answers], [], [], 0)[0]  # it has not said anything, not even goodbye

    def end(self) -> int | None:
        """End it at once, unless it has ended; the code with which it did, as in ``subprocess``, if that is known."""
        raise NotImplementedError

    def close(self) -> None:
        """Give up the pipes: a worker that waits for a question ends by itself."""
        for pipe in (self.questions, self.answers):
            with suppress(OSError):  # what was not sent cannot be sent any more
                pipe.close()

    def _stop(self, call: int) -> None:
        with self._lock:
            if call == self._asked:
                self.out_of_time = True
                self.end()


class Forked(Worker):
    """A worker that a nursery has forked."""

    def __init__(self, nursery: Nursery, number: int, questions: IO[bytes], answers: IO[bytes]) -> None:
        super().__init__(number, questions, answers)
        self.nursery = nursery
        self._ended, self._code = False, None

    def end(self) -> int | None:
        """See ``Worker``; the code is not known if the nursery itself was killed. Then the worker ends by itself."""
        with self.nursery.lock:
            if not self._ended:
                self._ended = True
                with suppress(OSError):
                    self._code = self.nursery.tell(END, self.number)
            return self._code


class Spawned(Worker):
    """A worker that imports everything itself.

    Args:
        prepare, megabytes: see ``work``.

    Raises:
        OSError: no process can be started, or it has ended before it was ready.
    """

    def __init__(self, prepare: Sequence[Callable[[], Any]], megabytes: float) -> None:
        command = _command("work_alone", prepare, megabytes)
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        super().__init__(self.process.pid, self.process.stdin, self.process.stdout)
        try:
            self.ask(int, (), PREPARATION_SECONDS)
        except Died as error:
            self.end()
            raise ChildProcessError("a worker has ended before it was ready") from error
        self._small = self._resident()  # with all that it has imported

    def is_alive(self) -> bool:
        """See ``Worker``."""
        return self.process.poll() is None

    def end(self) -> int | None:
        """See ``Worker``."""
        self.process.kill()  # which changes nothing for one whose pipes are closed because it ends already
        return self.process.wait()


class Nursery:
    """A process that forks workers.

    Args:
        prepare, megabytes: see ``work``.

    Raises:
        OSError: no process can be started.
    """

    def __init__(self, prepare: Sequence[Callable[[], Any]], megabytes: float) -> None:
        self.lock = threading.RLock()  # one order at a time
        self.control, theirs = socket.socketpair()
        self.control.settimeout(PREPARATION_SECONDS)  # the first order waits until it is prepared
        with theirs:
            self.process = subprocess.Popen(
                _command("nurse", prepare, megabytes),
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                env=os.environ | ONE_THREAD,
            )

    def fork(self) -> Forked:
        """A new worker.

        Raises:
            OSError: there can be no more, or the nursery has ended.
        """
        its_questions, questions = os.pipe()
        answers, its_answers = os.pipe()
        ours = os.fdopen(questions, "wb"), os.fdopen(answers, "rb")
        try:
            number = self.tell(FORK, 0, [its_questions, its_answers])
        except OSError:
            for pipe in ours:
                pipe.close()
            raise
        finally:
            os.close(its_questions)
            os.close(its_answers)
        return Forked(self, number, *ours)

    def tell(self, order: bytes, worker: int, pipes: Sequence[int] = ()) -> int:
        """Give an order and wait for the reply.

        Raises:
            OSError: it cannot be done, or the nursery has ended.
        """
        with self.lock:
            try:
                socket.send_fds(self.control, [ORDER.pack(order, worker)], pipes)
                (said,) = REPLY.unpack(self.control.recv(REPLY.size))
                self.control.settimeout(REPLY_SECONDS)
            except (OSError, struct.error) as error:  # it has ended, or hangs; a reply that comes late would mislead
                self.process.kill()
                raise ChildProcessError("the nursery has ended") from error
        if order == FORK and said <= 0:
            raise ChildProcessError("there can be no more processes")
        return said

    def end(self) -> None:
        """End it; its workers go on until their pipes are closed."""
        self.process.kill()
        self.process.wait()
        self.control.close()


def nurse(settings: bytes) -> None:
    """What a nursery does: it prepares, and forks a worker whenever it is told to, until the server is gone."""
    control = socket.socket(fileno=os.dup(0))
    _prepare(settings)
    gc.collect()
    gc.freeze()  # what no collection looks at stays shared
    workers: set[int] = set()
    while True:
        said, pipes, _, _ = socket.recv_fds(control, ORDER.size, 2)
        if len(said) < ORDER.size:
            break
        order, worker = ORDER.unpack(said)
        reply = 0
        with suppress(OSError):
            if order == FORK:
                if not (reply := os.fork()):
                    control.close()
                    _work(settings, *pipes)
                workers.add(reply)
            elif worker in workers:
                os.kill(worker, signal.SIGKILL)
                reply = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
                workers.discard(worker)
        for pipe in pipes:
            os.close(pipe)
        control.sendall(REPLY.pack(reply))
    for worker in workers:  # they may be in the middle of something
        os.kill(worker, signal.SIGKILL)


def work_alone(settings: bytes) -> None:
    """What a worker does that no nursery has forked."""
    questions, answers = os.dup(0), os.dup(1)
    _prepare(settings)
    _work(settings, questions, answers)


def _command(what: str, prepare: Sequence[Callable[[], Any]], megabytes: float) -> list[str]:
    """The command line of a process; unlike multiprocessing's, it does not import app.py again."""
    settings = pickle.dumps((tuple(prepare), megabytes))
    code = f"import sys; sys.path[:] = {sys.path!r}; from mmdemo import nursery; nursery.{what}({settings!r})"
    return [sys.executable, "-c", code]


def _prepare(settings: bytes) -> None:
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # for the server, which finishes what runs
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    for function in pickle.loads(settings)[0]:
        function()


def _work(settings: bytes, questions: int, answers: int) -> None:
    """Answer what comes in until there is no more, and end."""
    with open(os.devnull, "wb") as nothing:  # decoders write about a file whatever it makes them, a million times
        for output in (1, 2):
            os.dup2(nothing.fileno(), output)
    try:
        _limit_memory(pickle.loads(settings)[1])
        with os.fdopen(questions, "rb") as asked, os.fdopen(answers, "wb") as said:
            while True:
                function, arguments, seconds = pickle.load(asked)
                _end_in(seconds)
                try:
                    succeeded, answer = True, function(*arguments)
                except Exception as error:
                    succeeded, answer = False, error.with_traceback(None)
                _answer(said, succeeded, answer)
                _end_in(0)
    except (EOFError, OSError):  # the server is gone
        os._exit(0)
    finally:
        os._exit(1)


def _answer(said: IO[bytes], succeeded: bool, answer: Any) -> None:
    try:
        written = pickle.dumps((succeeded, answer), protocol=5)
    except Exception as error:  # some exceptions of libraries cannot be pickled
        written = pickle.dumps((False, RuntimeError(f"{type(answer).__name__}: {type(error).__name__}")), protocol=5)
    said.write(written)
    said.flush()


def _end_in(seconds: float) -> None:
    """Have the operating system end this process in so many seconds, whatever it does then; 0: do not."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _limit_memory(megabytes: float) -> None:
    """Let this process take no more than so much besides what it has: more raises a MemoryError, or ends it."""
    with suppress(ImportError, OSError, ValueError):  # not on Linux, or a lower limit is set already
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[0])
        most = pages * resource.getpagesize() + int(megabytes * 2**20)
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))
