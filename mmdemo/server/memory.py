"""Memory that is not needed any more goes back to the operating system: the C library would keep most of it.

Its allocator has up to eight heaps for each core, one for each thread that comes at the wrong moment, and what a busy
minute took of them stays taken. With glibc (Linux) that can be told otherwise; elsewhere nothing happens.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

HEAPS = 2  # that threads share; they hardly ever allocate at the same moment, since Python lets one run at a time
M_ARENA_MAX = -8  # glibc's name for that setting, from malloc.h


@cache
def _libc() -> Any:
    """The C library, if it is one that can be told."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None


def share_heaps() -> bool:
    """Have all threads share ``HEAPS`` heaps from now on; whether that could be done. See mallopt(3)."""
    return bool(_libc() and _libc().mallopt(M_ARENA_MAX, HEAPS))


def give_back() -> bool:
    """Give all free memory back; whether there was any that could be. Takes milliseconds. See malloc_trim(3)."""
    return bool(_libc() and _libc().malloc_trim(0))
