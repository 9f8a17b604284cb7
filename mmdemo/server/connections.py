"""Connections: how many there may be, and how long one may take to say what it wants or to hear the answer.

What uvicorn sets limits to is left to it: connections that are kept for another request, the size of headers, and
connections that wait to be accepted. It has none for a connection that says nothing or that says its headers letter by
letter, for one that does not read what it is sent, nor for how many of one address there are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from mmdemo.server.headers import visitor
from mmdemo.server.quotas import CONNECTIONS, Limit

KEEP_SECONDS = 5  # that a connection is kept for another request
HEADER_SECONDS = 10  # until a request's headers have come whole
STALL_SECONDS = 30  # that a client may stop reading what it is sent
MAX_HEADERS = 32_000  # bytes of a request's headers
BACKLOG = 512  # connections that may wait to be accepted
SETTINGS = {
    "timeout_keep_alive": KEEP_SECONDS,
    "h11_max_incomplete_event_size": MAX_HEADERS,
    "backlog": BACKLOG,
    "log_config": None,  # ours, not uvicorn's own
}


def most(limit: Limit = CONNECTIONS) -> Limit:
    """How many connections there may be: fewer where the system allows few open files, as each of them is one."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if files != resource.RLIM_INFINITY:
            return Limit(min(limit.one, files // 4), min(limit.all, files // 2))
    return limit


class Connections:
    """All open connections, by the address that they come from.

    Args:
        limit: how many there may be.
        by_address: whether an address is a visitor's; a proxy's is everybody's.
    """

    def __init__(self, limit: Limit, *, by_address: bool) -> None:
        self.limit, self.by_address = limit, by_address
        self._open: dict[str, dict[Any, None]] = {}  # by address: connections, the oldest first
        self.total = 0

    def add(self, connection: Any) -> Any | None:
        """Count a connection, which has an ``address``, and says whether it is ``busy`` with an answer.

        Returns:
            the one that has to be closed for it, which is counted no longer; None if there is room for all. It is the
            oldest of the same address that waits for a request, or for the rest of its headers, or else the new one. If
            there are too many in all, it is the oldest of the address that has most, whatever it does.
        """
        own = self._open.setdefault(connection.address, {})
        own[connection] = None
        self.total += 1
        if self.by_address and len(own) > self.limit.one:
            crowd = own
        elif self.total > self.limit.all:
            crowd = max(self._open.values(), key=len)
        else:
            return None
        waiting = next((each for each in crowd if each is not connection and not each.busy), None)
        gone = waiting or (connection if connection in crowd else next(iter(crowd)))
        self.remove(gone)
        return gone

    def remove(self, connection: Any) -> None:
        """Count it no longer, if it is counted."""
        own = self._open.get(connection.address, {})
        if connection in own:
            del own[connection]
            self.total -= 1
            if not own:
                del self._open[connection.address]


def guarded(protocol: type, connections: Connections) -> Callable[..., asyncio.Protocol]:
    """One of uvicorn's protocols for HTTP with these limits.

    Args:
        protocol: a class of uvicorn's: it keeps the request that it answers as ``cycle``, which knows when it is done.
        connections: where its connections are counted.
    """

    class Guarded(protocol):
        """A connection that is counted and has no time to waste."""

        _timer: asyncio.TimerHandle | None = None
        _stalled: asyncio.TimerHandle | None = None
        address = ""

        @property
        def busy(self) -> bool:
            """Whether a request is being answered."""
            return self.cycle is not None and not self.cycle.response_complete

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self.address = visitor({"client": self.client}, 0)
            self._timer = self.loop.call_later(HEADER_SECONDS, transport.abort)
            if (one_too_many := connections.add(self)) is not None:
                one_too_many.transport.abort()

        def data_received(self, data: bytes) -> None:
            if self.transport.is_closing():
                return
            super().data_received(data)
            if self.busy:
                self._rest()
            elif self._timer is None:  # the first bytes of another request, or of a body that nobody wants
                self._timer = self.loop.call_later(HEADER_SECONDS, self.transport.abort)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.remove(self)
            self._rest()
            self._go_on()
            super().connection_lost(exc)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._stalled = self._stalled or self.loop.call_later(STALL_SECONDS, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            self._go_on()

        def _rest(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

        def _go_on(self) -> None:
            if self._stalled is not None:
                self._stalled.cancel()
                self._stalled = None

    return Guarded
