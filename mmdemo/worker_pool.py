"""A pool of worker processes for what keeps Python's interpreter busy, so that visitors need not wait for one another.

Finding ink or a face makes thousands of small calls, and each of them releases Python's global lock and waits to get it
back: two threads that do so are hardly faster than one. So a server does it in worker processes. Only a server starts
any; everywhere else ``run_in_worker`` calls the function where it is.
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

from loky import (  # unlike the standard library's, it does not import app.py again in each
    ProcessPoolExecutor,
    cpu_count,
)

MAX_WORKERS = 8  # each takes about 80 MB
CHECK_SECONDS = 1.0  # between two looks at whether the server still runs
Result = TypeVar("Result")

_pool: ProcessPoolExecutor | None = None
_new_pool: Callable[[], ProcessPoolExecutor]
_renewing = threading.Lock()


def default_count() -> int:
    """How many workers a server starts unless told otherwise: one for each core, and none if there is only one.

    These are the cores that this process may use, according to a container's limits and ``LOKY_MAX_CPU_COUNT``.
    """
    count = min(cpu_count(), MAX_WORKERS)
    return count if count > 1 else 0


def start(count: int | None = None, prepare: Callable[[], Any] | None = None) -> None:
    """From now on, ``run_in_worker`` runs functions in workers, which start at the first call.

    Args:
        count: of workers; ``default_count()`` unless given.
        prepare: called once in each worker, before anything else.
    """
    global _pool, _new_pool
    if count := default_count() if count is None else count:
        _new_pool = partial(ProcessPoolExecutor, count, initializer=_begin, initargs=(os.getpid(), prepare))
        try:
            _pool = _new_pool()
        except (OSError, NotImplementedError) as error:  # a container that has no semaphores: it works without, slower
            logging.getLogger(__name__).warning("no workers", extra={"fields": {"error": type(error).__name__}})


def stop() -> None:
    """End the workers; from now on, ``run_in_worker`` runs functions where it is called."""
    global _pool
    ended, _pool = _pool, None
    if ended:
        ended.shutdown(kill_workers=True)


def run_in_worker(function: Callable[..., Result], *arguments: Any) -> Result:
    """The same as ``function(*arguments)``, in a worker if there are any.

    Raises:
        BrokenExecutor: two workers have died of it, as they do when a library crashes or memory runs out.
        Exception: whatever the function raises.
    """
    pool = _pool
    if pool is None:
        return function(*arguments)
    try:
        return pool.submit(function, *arguments).result()
    except BrokenExecutor:  # perhaps because of another call that ran beside it: try once more
        return _renewed(pool).submit(function, *arguments).result()


def _renewed(broken: ProcessPoolExecutor) -> ProcessPoolExecutor:
    """New workers in place of broken ones, unless another thread has started them already."""
    global _pool
    with _renewing:
        if _pool is broken:
            _pool = _new_pool()
        return _pool


def _begin(server: int, prepare: Callable[[], Any] | None) -> None:
    """What a worker does first."""
    for number in (signal.SIGINT, signal.SIGTERM):  # for the server, which finishes what runs
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_die_with, args=(server,), daemon=True).start()
    if prepare:
        prepare()


def _die_with(server: int) -> None:
    """End this worker when the server is gone: one that is killed has no time to end its workers."""
    while os.getppid() == server:
        time.sleep(CHECK_SECONDS)
    os._exit(0)
