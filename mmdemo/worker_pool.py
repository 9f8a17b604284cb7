"""Processes for what keeps Python busy, so that visitors need not wait for one another.

Finding ink or a face makes thousands of small calls, and each of them lets go of Python's lock and waits to have it
back: two threads that are at it are hardly faster than one. So a server has it done in other processes. Nobody else
starts any: everywhere else a function simply runs where it is called.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from functools import partial
from typing import Any, TypeVar

from loky import ProcessPoolExecutor, cpu_count  # unlike the standard library's, it does not run app.py again in each

MOST = 8  # processes: each takes about 80 MB
GLANCE = 1.0  # seconds between two looks at whether the server still lives
Told = TypeVar("Told")

_pool: ProcessPoolExecutor | None = None
_new_pool: Callable[[], ProcessPoolExecutor]
_renewing = threading.Lock()


def usual() -> int:
    """How many processes a server starts unless it is told: one for each core, and none where there is only one.

    Cores are those that this process may use, a container's limits and ``LOKY_MAX_CPU_COUNT`` respected.
    """
    count = min(cpu_count(), MOST)
    return count if count > 1 else 0


def start(count: int | None = None, prepare: Callable[[], Any] | None = None) -> None:
    """From now on, whatever is called ``run_in_worker`` runs in other processes, which begin with the first such call.

    Args:
        count: of processes; the usual number unless given.
        prepare: called once in each, before anything else.
    """
    global _pool, _new_pool
    if count := usual() if count is None else count:
        _new_pool = partial(ProcessPoolExecutor, count, initializer=_begin, initargs=(os.getpid(), prepare))
        try:
            _pool = _new_pool()
        except (OSError, NotImplementedError) as error:  # a container that has no semaphores: it works without, slower
            logging.getLogger(__name__).warning("no workers", extra={"fields": {"error": type(error).__name__}})


def stop() -> None:
    """End them; whatever is called from now on runs here."""
    global _pool
    ended, _pool = _pool, None
    if ended:
        ended.shutdown(kill_workers=True)


def run_in_worker(function: Callable[..., Told], *arguments: Any) -> Told:
    """The same as ``function(*arguments)``, in another process if there are any.

    Raises:
        BrokenExecutor: it has cost two processes their lives, as a crash of a library or a lack of memory does.
        Exception: whatever the function raises.
    """
    pool = _pool
    if pool is None:
        return function(*arguments)
    try:
        return pool.submit(function, *arguments).result()
    except BrokenExecutor:  # perhaps for something else, which ran beside it: once more, in new ones
        return _renewed(pool).submit(function, *arguments).result()


def _renewed(broken: ProcessPoolExecutor) -> ProcessPoolExecutor:
    """New processes in place of broken ones, unless another thread has seen to that."""
    global _pool
    with _renewing:
        if _pool is broken:
            _pool = _new_pool()
        return _pool


def _begin(server: int, prepare: Callable[[], Any] | None) -> None:
    """In a process, first of all."""
    for number in (signal.SIGINT, signal.SIGTERM):  # they are for the server, which finishes what runs
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_die_with, args=(server,), daemon=True).start()
    if prepare:
        prepare()


def _die_with(server: int) -> None:
    """A server that is killed has no time to end its processes."""
    while os.getppid() == server:
        time.sleep(GLANCE)
    os._exit(0)
