"""What is run in workers gives the same results as here, and leaves no process behind."""

import ctypes
import functools
import math
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path

import joblib
import numpy as np
import psutil
import pytest

from mmdemo import nursery, worker_pool
from mmdemo.audio import decode as audio_decode
from mmdemo.audio.decode import RATES, check_limits
from mmdemo.image.decode import open_picture
from mmdemo.image.ink import find_ink
from mmdemo.image.worker import prepare
from mmdemo.messages import InputError, strings
from mmdemo.worker_pool import TooMuchWork, run_in_worker

ROOT = Path(__file__).parents[2]


ENDLESS = range(10**12)  # to be added up
linux = pytest.mark.skipif(not nursery.FORKS, reason="workers are forked, and their memory limited, on Linux only")


@pytest.fixture(params=[pytest.param(True, marks=linux, id="forked"), pytest.param(False, id="each on its own")])
def two(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(worker_pool, "FORKS", request.param)
    worker_pool.start(2, seconds=60)  # what a call imports counts, too
    yield
    worker_pool.stop()


@pytest.fixture
def forked(stopped: None) -> None:
    worker_pool.start(2, seconds=60)


@pytest.fixture
def stopped() -> Iterator[None]:
    """Whatever pool a test starts is stopped."""
    yield
    worker_pool.stop()


@pytest.mark.parametrize(("cores", "processes"), [(1, 1), (2, 2)])
def test_a_server_starts_one_for_each_core(cores, processes, monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", str(cores))
    assert worker_pool.default_count() <= processes
    monkeypatch.setattr(joblib, "cpu_count", lambda: cores)
    assert worker_pool.default_count() == processes


def test_no_more_than_are_worth_their_memory(monkeypatch):
    monkeypatch.setattr(joblib, "cpu_count", lambda: 96)
    assert worker_pool.default_count() == worker_pool.MAX_WORKERS


def test_without_workers_a_function_runs_here():
    assert run_in_worker(os.getpid) == os.getpid()


def test_where_there_can_be_no_workers_a_function_runs_here_until_there_can(stopped, monkeypatch):
    def refuse(*arguments, **named):
        raise OSError("no processes")

    monkeypatch.setattr(worker_pool, "RETRY_SECONDS", 0.5)
    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "Popen", refuse)
        worker_pool.start(2, seconds=60)
        assert run_in_worker(os.getpid) == os.getpid()
    time.sleep(0.6)
    assert run_in_worker(os.getpid) != os.getpid()


def test_with_workers_it_runs_in_another_process(two):
    assert run_in_worker(os.getpid) != os.getpid()


def test_after_the_stop_it_runs_here_again_and_no_process_is_left():
    worker_pool.start(1)
    worker = run_in_worker(os.getpid)
    worker_pool.stop()
    assert run_in_worker(os.getpid) == os.getpid()
    assert _is_gone(worker)


def test_all_threads_share_the_same_processes(two):
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(run_in_worker, [time.sleep] * 16, [0.05] * 16))
        used = set(threads.map(run_in_worker, [os.getpid] * 50))
    used.add(run_in_worker(os.getpid))  # they outlive the threads
    assert len(used) <= 2


def test_what_it_raises_arrives(two):
    with pytest.raises(ValueError, match="math domain error"):
        run_in_worker(math.sqrt, -1)


def test_ink_found_in_a_worker_is_the_ink_found_here():
    picture = np.full((240, 320, 3), 200, np.uint8)
    picture[60:180, 150:162] = 30
    here = find_ink(picture)
    worker_pool.start(1, [prepare])
    there = run_in_worker(find_ink, picture)
    worker_pool.stop()
    assert [(one.box, one.dark) for one in here] == [(one.box, one.dark) for one in there] != []
    assert np.allclose([one.score for one in here], [one.score for one in there])
    assert all(np.array_equal(a.mask, b.mask) for a, b in zip(here, there, strict=True))


def test_when_a_process_is_killed_new_ones_take_over(two):
    killed = run_in_worker(os.getpid)
    os.kill(killed, signal.SIGKILL)
    assert run_in_worker(os.getpid) not in (killed, os.getpid())


def test_no_call_is_lost_when_processes_are_killed_under_load(two):
    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(run_in_worker, math.sqrt, n) for n in range(2000)]
        os.kill(run_in_worker(os.getpid), signal.SIGKILL)
        assert [answer.result() for answer in answers] == [math.sqrt(n) for n in range(2000)]


def test_what_crashes_its_process_is_refused_and_takes_nobody_along(two):
    with ThreadPoolExecutor(1) as threads:
        other = threads.submit(run_in_worker, time.sleep, 1.0)
        time.sleep(0.2)
        with pytest.raises(TooMuchWork):
            run_in_worker(ctypes.string_at, 0)
        assert other.result() is None
    assert run_in_worker(math.sqrt, 4) == 2


def test_a_call_that_takes_too_long_is_stopped_once_and_the_others_go_on():
    worker_pool.start(2, seconds=0.5)
    run_in_worker(os.getpid)
    begun = time.perf_counter()
    with ThreadPoolExecutor(1) as threads:
        endless = threads.submit(run_in_worker, time.sleep, 60)
        assert run_in_worker(math.sqrt, 4) == 2
        with pytest.raises(TooMuchWork):
            endless.result()
    assert time.perf_counter() - begun < 2 * 0.5 + 1.5  # no second try
    assert {run_in_worker(os.getpid) for _ in range(8)}  # the one that is left, and the new one
    worker_pool.stop()


@linux
def test_a_call_that_takes_too_much_memory_is_refused():
    worker_pool.start(1, megabytes=500)
    assert len(run_in_worker(bytes, 100_000_000)) == 100_000_000
    worker = run_in_worker(os.getpid)
    with pytest.raises(TooMuchWork):
        run_in_worker(bytearray, 600_000_000)
    assert run_in_worker(os.getpid) == worker
    worker_pool.stop()


def test_what_cannot_be_sent_is_an_error_and_the_next_call_is_answered(two):
    with pytest.raises((AttributeError, TypeError, pickle.PicklingError)):
        run_in_worker(lambda: 1)
    with pytest.raises(RuntimeError):
        run_in_worker(open, os.devnull)
    assert run_in_worker(math.sqrt, 4) == 2


def test_a_refusal_arrives_with_its_words(two):
    with pytest.raises(InputError) as refused:
        run_in_worker(open_picture, b"seven")
    assert refused.value.note.key == "image.unreadable"
    with pytest.raises(InputError) as refused:
        run_in_worker(check_limits, 1, 1, 1.0)
    assert str(refused.value) == str(InputError("audio.rate", rate=1, lowest=RATES[0], highest=RATES[1]))


def test_what_a_library_prints_gets_neither_among_the_answers_nor_into_the_log(two, capfd):
    run_in_worker(print, "seven")
    assert run_in_worker(os.write, 2, b"seven") == 5
    assert run_in_worker(os.system, "echo seven") == 0
    assert run_in_worker(math.sqrt, 4) == 2
    assert capfd.readouterr() == ("", "")


@linux
def test_the_place_of_one_that_was_ended_is_taken_at_once(stopped):
    worker_pool.start(1, seconds=1)
    run_in_worker(os.getpid)
    with pytest.raises(TooMuchWork):
        run_in_worker(time.sleep, 60)
    begun = time.monotonic()
    run_in_worker(os.getpid)
    assert time.monotonic() - begun < 1


def _keep(megabytes: int) -> int:
    """Take memory and keep it; the process that did."""
    _kept.append(np.ones(megabytes * 125_000))
    return os.getpid()


_kept: list[np.ndarray] = []


@linux
@pytest.mark.parametrize("imported", ["by its nursery", "by itself"])
def test_what_it_has_imported_beforehand_does_not_make_it_large(imported, stopped, monkeypatch):
    monkeypatch.setattr(worker_pool, "FORKS", imported == "by its nursery")
    worker_pool.start(1, [_import_much], seconds=60)
    assert run_in_worker(os.getpid) == run_in_worker(os.getpid)


def _import_much() -> None:
    _kept.append(np.ones(300 * 125_000))


@linux
def test_one_that_has_grown_large_is_replaced(stopped):
    worker_pool.start(1, seconds=60)  # what a call imports counts, too
    run_in_worker(_keep, 1)
    small = run_in_worker(os.getpid)  # the imports may have been too much for the first
    assert run_in_worker(_keep, 300) == small
    assert run_in_worker(os.getpid) != small and _is_gone(small)


@linux
def test_what_all_workers_have_in_common_is_small_and_has_one_thread(stopped):
    worker_pool.start(1, [prepare, audio_decode.prepare], seconds=60)
    run_in_worker(os.getpid)
    loaded = set(run_in_worker(eval, "sorted(__import__('sys').modules)"))
    assert {"cv2", "soundfile", "mmdemo.image.ink"} <= loaded
    assert not {"torch", "gradio", "scipy", "librosa", "nltk", "pandas", "joblib"} & loaded
    assert psutil.Process(run_in_worker(os.getppid)).num_threads() == 1


@linux
def test_no_call_is_lost_when_the_nursery_is_killed_while_they_run(forked):
    with ThreadPoolExecutor(4) as threads:
        slow = [threads.submit(run_in_worker, time.sleep, 0.5) for _ in range(2)]
        time.sleep(0.2)
        os.kill(run_in_worker(os.getppid), signal.SIGKILL)
        answers = [threads.submit(run_in_worker, math.sqrt, n) for n in range(200)]
        assert [answer.result() for answer in (*slow, *answers)] == [None, None, *map(math.sqrt, range(200))]


@linux
def test_when_the_nursery_and_all_workers_are_killed_others_take_over(forked):
    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(run_in_worker, math.sqrt, n) for n in range(2000)]
        time.sleep(0.1)
        nurse = psutil.Process(run_in_worker(os.getppid))
        for process in (nurse, *nurse.children()):
            process.kill()
        assert [answer.result() for answer in answers] == list(map(math.sqrt, range(2000)))
    assert run_in_worker(os.getppid) not in (nurse.pid, os.getpid())


def test_when_all_workers_are_killed_while_they_wait_no_call_is_lost(two):
    with ThreadPoolExecutor(2) as threads:
        used = set(
            threads.map(
                run_in_worker, [eval] * 4, ["[__import__('time').sleep(0.2), __import__('os').getpid()][1]"] * 4
            )
        )
    for pid in used:
        os.kill(pid, signal.SIGKILL)
    assert run_in_worker(math.sqrt, 4) == 2


def test_the_stop_does_not_wait_for_what_runs():
    worker_pool.start(1, seconds=60)
    run_in_worker(os.getpid)
    with ThreadPoolExecutor(1) as threads:
        endless = threads.submit(run_in_worker, time.sleep, 50)
        time.sleep(0.3)
        begun = time.perf_counter()
        worker_pool.stop()
        with pytest.raises(TooMuchWork):
            endless.result()
    assert time.perf_counter() - begun < 5


def test_signals_to_the_whole_group_are_for_the_server():
    worker_pool.start(1)
    worker = run_in_worker(os.getpid)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(worker, number)
    assert run_in_worker(os.getpid) == worker
    worker_pool.stop()


def test_when_the_server_is_killed_its_processes_end():
    script = (
        "import os, signal; from mmdemo import worker_pool; worker_pool.start(1);"
        "print(worker_pool.run_in_worker(os.getpid), flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert _is_gone(int(killed.stdout))


def _for(visitor: str, function: Callable, *arguments: object) -> object:
    """A call for a visitor."""

    def run() -> object:
        worker_pool.visitor.set(visitor)
        return run_in_worker(function, *arguments)

    return copy_context().run(run)


def _leave_a_note(folder: Path) -> None:
    (folder / str(os.getpid())).touch()


def test_each_first_worker_has_done_once_what_it_will_be_asked(stopped, tmp_path):
    worker_pool.start(3, [functools.partial(_leave_a_note, tmp_path)], seconds=60)
    deadline = time.monotonic() + 120
    while len(worker_pool._pool.idle) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert {str(worker.number) for worker in worker_pool._pool.idle} <= {file.name for file in tmp_path.iterdir()}
    assert len(worker_pool._pool.idle) == 3


def test_slow_calls_do_not_keep_another_visitor_waiting(stopped, monkeypatch):
    monkeypatch.setattr(worker_pool, "SLOW_SECONDS", 0.3)
    worker_pool.start(2, seconds=15)
    run_in_worker(os.getpid)
    with ThreadPoolExecutor(4) as threads:
        endless = [threads.submit(_for, "hostile", sum, ENDLESS) for _ in range(4)]
        time.sleep(0.2)
        for _ in range(3):
            assert _for("honest", math.sqrt, 4) == 2
        assert not any(each.done() for each in endless)
        worker_pool.stop()


def test_a_slow_worker_lets_others_go_first(stopped, monkeypatch):
    monkeypatch.setattr(worker_pool, "SLOW_SECONDS", 0.2)
    worker_pool.start(1, seconds=60)  # one that lets others go first may wait long
    with ThreadPoolExecutor(1) as threads:
        hog = run_in_worker(os.getpid)
        slow = threads.submit(run_in_worker, sum, range(6 * 10**7))
        time.sleep(0.1)
        other = run_in_worker(os.getpid)  # one at a time, unless it is slow
        assert other != hog
        ours = os.getpriority(os.PRIO_PROCESS, 0)
        assert os.getpriority(os.PRIO_PROCESS, other) == ours
        assert os.getpriority(os.PRIO_PROCESS, hog) == min(ours + nursery.NICENESS, 19)  # 19 is the most there is
        slow.result()
        assert hog not in {run_in_worker(os.getpid) for _ in range(3)}  # it is of no use afterwards


class _Hog:
    """A worker whose call is slow from the beginning."""

    nice = False

    def seconds(self) -> float:
        return 60.0

    def step_back(self) -> None:
        self.nice = True


def test_while_one_call_of_a_visitor_is_slow_their_others_wait():
    turns, order = worker_pool.Turns(2), []

    def call(visitor: str, seconds: float) -> None:
        worker_pool.visitor.set(visitor)
        with turns.take() as call:
            call.worker = _Hog()
            order.append(visitor)
            time.sleep(seconds)

    with ThreadPoolExecutor(3) as threads:
        running = [threads.submit(copy_context().run, call, "one", 0.9)]
        time.sleep(0.2)
        for who in ("one", "other"):
            running.append(threads.submit(copy_context().run, call, who, 0))
            time.sleep(0.1)
        for each in running:
            each.result()
    assert order == ["one", "other", "one"]


def test_of_slow_calls_only_so_many_run():
    turns, lock, running, most = worker_pool.Turns(2), threading.Lock(), 0, 0

    def call() -> None:
        nonlocal running, most
        with turns.take() as call:
            call.worker = _Hog()
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.5)
            with lock:
                running -= 1

    with ThreadPoolExecutor(10) as threads:
        for each in [threads.submit(call) for _ in range(10)]:
            each.result()
    assert most == 4


def test_whose_calls_are_in_vain_is_refused_for_a_while_and_nobody_else(stopped, monkeypatch):
    monkeypatch.setattr(worker_pool, "FORGIVEN_SECONDS", 3.0)
    worker_pool.start(1, seconds=0.5)
    run_in_worker(os.getpid)
    for _ in range(2):
        with pytest.raises(TooMuchWork):
            _for("hostile", time.sleep, 60)
        assert _for("honest", math.sqrt, 4) == 2
    begun = time.monotonic()
    with pytest.raises(InputError) as refused:
        _for("hostile", math.sqrt, 4)
    assert time.monotonic() - begun < 0.3
    assert refused.value.note.key == "serve.slow_files"
    assert _for("honest", math.sqrt, 4) == run_in_worker(math.sqrt, 4) == 2
    time.sleep(2.5)
    assert _for("hostile", math.sqrt, 4) == 2


def test_who_waits_for_two_hopeless_calls_of_their_own_is_refused():
    turns = worker_pool.Turns(2)
    worker_pool.visitor.set("hostile")

    def call() -> None:
        with turns.take() as call:
            call.worker = _Hog()
            time.sleep(1)

    with ThreadPoolExecutor(2) as threads:
        running = [threads.submit(copy_context().run, call)]
        time.sleep(0.1)
        turns._running.append(turns._running[0])  # the second one of the kind
        with pytest.raises(InputError, match=strings()["serve.slow_files"]), turns.take():
            pass
        turns._running.pop()
        running[0].result()
    worker_pool.visitor.set(None)


def test_what_nobody_ends_ends_itself(stopped, monkeypatch):
    monkeypatch.setattr(nursery, "GRACE_SECONDS", 0.5)
    worker_pool.start(1, seconds=1)
    worker = run_in_worker(os.getpid)
    monkeypatch.setattr(nursery.Worker, "_stop", lambda *anything: None)
    with pytest.raises(TooMuchWork):
        run_in_worker(time.sleep, 20)
    assert _is_gone(worker)


def _is_gone(pid: int, seconds: float = 20) -> bool:
    """Whether a process ends within some seconds; one that has ended but was not waited for yet is gone, too."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.1)
    return False


# Who computes in the server's own process


def test_each_visitor_gets_a_share_of_the_seats(monkeypatch):
    """Somebody with many runs in progress comes after somebody who has none."""
    monkeypatch.setattr(worker_pool, "BEHIND_SECONDS", 10.0)
    seats, order, begun = worker_pool.Seats(1), [], threading.Barrier(2)

    def first() -> None:
        with _visit_of("greedy"), seats.take():
            begun.wait()
            until = time.monotonic() + 10
            while len(seats._waiting) < 5 and time.monotonic() < until:
                time.sleep(0.001)

    def other(who: str) -> None:
        with _visit_of(who), seats.take():
            order.append(who)

    threads = [threading.Thread(target=first)]
    threads[0].start()
    begun.wait()
    for who in ("greedy", "greedy", "greedy", "modest", "other"):
        threads.append(threading.Thread(target=other, args=(who,)))
        threads[-1].start()
        while len(seats._waiting) < len(threads) - 1 and threads[0].is_alive():
            time.sleep(0.0001)
    for thread in threads:
        thread.join(10)
    assert order == ["modest", "other", "greedy", "greedy", "greedy"]
    assert not seats._in_progress and not seats._waiting and seats._free == 1


def test_the_seat_is_free_while_a_worker_is_asked():
    seats = worker_pool.Seats(1)
    with seats.take():
        with seats.leave():
            with seats.take():
                assert seats._free == 0
            assert seats._free == 1
        assert seats._free == 0
    with seats.leave():  # without a seat there is none to leave
        assert seats._free == 1


def test_who_fails_gives_the_seat_back():
    seats = worker_pool.Seats(1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), seats.take():
            raise ZeroDivisionError


@contextmanager
def _visit_of(who):
    before = worker_pool.visitor.set(who)
    try:
        yield
    finally:
        worker_pool.visitor.reset(before)
