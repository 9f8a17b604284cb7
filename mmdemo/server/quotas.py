"""How much of the server one visitor may have, and all of them together.

A visitor may be a whole class behind one address, so the shares are those of thirty people. What can be refused is
refused (``Share``). Of what is kept, the oldest goes first, and always one's own: never can a visitor have something of
another's forgotten by asking for more (``Holdings``).
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Limit:
    """The most of something.

    Attributes:
        one: for a single visitor.
        all: for everybody together.
    """

    one: int
    all: int

    def has_room(self, own: int, total: int) -> bool:
        """Whether a visitor who has ``own`` may have one more, where all have ``total``, and leaves room for others.

        The less is left, the less may one have, so that something is left for whoever comes next, however many others
        take what they can: the dynamic threshold of Choudhury & Hahne (1998).
        """
        return own * (self.all - self.one) < self.one * (self.all - total)


CONNECTIONS = Limit(
    256, 1_000
)  # a browser has six, and thirty browsers 180; fewer if we may not have so many files open
REQUESTS = Limit(256, 1_000)  # in progress, streams of answers among them
BODIES = Limit(64, 256)  # that are on their way
BODY_BYTES = Limit(32_000_000, 128_000_000)  # of bodies that are held in memory until they have been checked
UPLOADS = Limit(300_000_000, 2_000_000_000)  # bytes of uploads that are on their way
UPLOADED_AT_ONCE = 4  # files in one upload; the page sends one
WAITING = Limit(32, 64)  # runs in the queue; the latter is the queue's own limit
ANSWERS = Limit(100, 256)  # that nobody has fetched yet, of some 340 kB each
READINGS = Limit(60, 200)  # the last one of each session, which the drawing asks about
FILES = Limit(300_000_000, 2_000_000_000)  # bytes of uploads and of files that were made for somebody
LEAST_FILE = 100_000  # bytes that a file counts as, however small it is, so that there cannot be too many


class Share:
    """What visitors take and give back: requests in progress, for instance.

    Args:
        limit: the most of it.
    """

    def __init__(self, limit: Limit) -> None:
        self.limit, self.total = limit, 0
        self._taken: defaultdict[str, int] = defaultdict(int)

    def take(self, visitor: str, amount: int = 1) -> bool:
        """Take so much, if there is so much left for this visitor."""
        if self._taken[visitor] + amount > self.limit.one or self.total + amount > self.limit.all:
            self.give(visitor, 0)
            return False
        self._taken[visitor] += amount
        self.total += amount
        return True

    def give(self, visitor: str, amount: int = 1) -> None:
        """Give back what was taken."""
        self._taken[visitor] -= amount
        self.total -= amount
        if not self._taken[visitor]:
            del self._taken[visitor]

    def of(self, visitor: str) -> int:
        """How much a visitor has now."""
        return self._taken.get(visitor, 0)


class Holdings(Generic[Key]):
    """Who holds what, by age, and what goes first when it becomes too much.

    Of one visitor, the oldest. Of all, the oldest of whoever holds most, who is the one that asks for more than others.

    Args:
        limit: the most of it.
    """

    def __init__(self, limit: Limit) -> None:
        self.limit, self.total = limit, 0
        self._held: dict[str, OrderedDict[Key, int]] = {}  # by visitor: how much each thing is, the oldest first
        self._amounts: dict[str, int] = {}
        self._owners: dict[Key, str] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._owners

    def __len__(self) -> int:
        return len(self._owners)

    def everything(self) -> list[Key]:
        """Everything that is held."""
        return list(self._owners)

    def of(self, visitor: str) -> list[Key]:
        """What a visitor holds, the oldest first."""
        return list(self._held.get(visitor, ()))

    def add(self, visitor: str, key: Key, amount: int = 1) -> list[Key]:
        """Hold something, or hold it anew, as the youngest.

        Returns:
            what has to go for it. Of something that is too large by itself, that is itself.
        """
        self.remove(key)
        self._held.setdefault(visitor, OrderedDict())[key] = amount
        self._owners[key] = visitor
        self._amounts[visitor] = self._amounts.get(visitor, 0) + amount
        self.total += amount
        gone = []
        while self._amounts.get(visitor, 0) > self.limit.one:
            gone.append(self._forget_oldest(visitor))
        while self.total > self.limit.all:
            most = max(self._amounts, key=lambda who: (self._amounts[who], who == visitor))
            gone.append(self._forget_oldest(most))
        return gone

    def remove(self, key: Key) -> None:
        """Hold it no longer, if it is held."""
        if (visitor := self._owners.pop(key, None)) is None:
            return
        amount = self._held[visitor].pop(key)
        self._amounts[visitor] -= amount
        self.total -= amount
        if not self._held[visitor]:
            del self._held[visitor], self._amounts[visitor]

    def _forget_oldest(self, visitor: str) -> Key:
        key = next(iter(self._held[visitor]))
        self.remove(key)
        return key
