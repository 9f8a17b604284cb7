"""How many requests a visitor may make: a token bucket for each."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

MAX_VISITORS = 10_000  # remembered at once; the one who was away longest is forgotten first


class RateLimiter:
    """A number of requests a minute for each visitor, a fifth of which may come at once.

    Args:
        per_minute: 0 for no limit.
        clock: gives seconds, counted from any point.
    """

    def __init__(self, per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_second = per_minute / 60
        self.burst = max(1.0, per_minute / 5)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # visitor: tokens, and when counted

    def wait(self, visitor: str) -> float:
        """Take one of a visitor's tokens: 0 if there was one, otherwise the seconds until there is."""
        if not self.per_second:
            return 0.0
        now = self._clock()
        tokens, before = self._buckets.pop(visitor, (self.burst, now))
        tokens = min(self.burst, tokens + (now - before) * self.per_second)
        enough = tokens >= 1
        self._buckets[visitor] = (tokens - enough, now)
        if len(self._buckets) > MAX_VISITORS:
            self._buckets.popitem(last=False)
        return 0.0 if enough else (1 - tokens) / self.per_second
