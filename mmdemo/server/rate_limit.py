"""How much one visitor may ask for: a bucket of tokens for each, which fills again with time."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

REMEMBERED = 10_000  # visitors; the one who was away the longest is forgotten first


class RateLimiter:
    """So many requests a minute for each visitor, and a fifth of them at once.

    Args:
        per_minute: 0 lets everybody ask as often as they like.
        clock: seconds, from any start.
    """

    def __init__(self, per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_second = per_minute / 60
        self.most = max(1.0, per_minute / 5)
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # visitor: tokens, and when they were counted

    def wait(self, visitor: str) -> float:
        """Take one token of a visitor's: 0 if there was one, else the seconds until there is."""
        if not self.per_second:
            return 0.0
        now = self._clock()
        tokens, then = self._left.pop(visitor, (self.most, now))
        tokens = min(self.most, tokens + (now - then) * self.per_second)
        enough = tokens >= 1
        self._left[visitor] = (tokens - enough, now)
        if len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
        return 0.0 if enough else (1 - tokens) / self.per_second
