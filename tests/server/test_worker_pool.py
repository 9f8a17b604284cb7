"""What is run in workers gives the same results as here, and leaves no process behind."""

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from mmdemo import worker_pool
from mmdemo.image.ink import find_ink
from mmdemo.image.reader import prepare
from mmdemo.worker_pool import run_in_worker

ROOT = Path(__file__).parents[2]


@pytest.fixture
def two() -> Iterator[None]:
    worker_pool.start(2)
    yield
    worker_pool.stop()


@pytest.mark.parametrize(("cores", "processes"), [(1, 0), (2, 2)])
def test_a_server_starts_one_for_each_core_and_none_where_there_is_only_one(cores, processes, monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", str(cores))
    assert worker_pool.default_count() <= processes
    monkeypatch.setattr(worker_pool, "cpu_count", lambda: cores)
    assert worker_pool.default_count() == processes


def test_no_more_than_are_worth_their_memory(monkeypatch):
    monkeypatch.setattr(worker_pool, "cpu_count", lambda: 96)
    assert worker_pool.default_count() == worker_pool.MAX_WORKERS


def test_without_workers_a_function_runs_here():
    assert run_in_worker(os.getpid) == os.getpid()


def test_where_there_can_be_no_workers_a_function_runs_here(monkeypatch):
    def refuse(*arguments, **named):
        raise OSError("no semaphores")

    monkeypatch.setattr(worker_pool, "ProcessPoolExecutor", refuse)
    worker_pool.start(2)
    assert run_in_worker(os.getpid) == os.getpid()


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
    worker_pool.start(1, prepare)
    there = run_in_worker(find_ink, picture)
    worker_pool.stop()
    assert [(one.box, one.dark) for one in here] == [(one.box, one.dark) for one in there] != []
    assert np.allclose([one.score for one in here], [one.score for one in there])
    assert all(np.array_equal(a.mask, b.mask) for a, b in zip(here, there, strict=True))


def test_when_a_process_is_killed_new_ones_take_over(two):
    killed = run_in_worker(os.getpid)
    os.kill(killed, signal.SIGKILL)
    assert run_in_worker(os.getpid) not in (killed, os.getpid())


def test_what_kills_every_process_is_an_error_and_the_next_call_is_answered(two):
    with pytest.raises(BrokenExecutor):
        run_in_worker(os._exit, 1)
    assert run_in_worker(math.sqrt, 4) == 2


def test_signals_to_the_whole_group_are_for_the_server():
    worker_pool.start(1)
    worker = run_in_worker(os.getpid)
    for number in (signal.SIGINT, signal.SIGTERM):
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
