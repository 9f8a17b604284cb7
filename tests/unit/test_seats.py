"""Each visitor gets a share of what is computed in the server's own process, and nobody keeps a seat."""

import threading
import time
from contextlib import contextmanager

import pytest

import mmdemo.seats
from mmdemo.seats import Seats, visitor


def test_each_visitor_gets_a_share_of_the_seats(monkeypatch):
    """Somebody with many runs in progress comes after somebody who has none."""
    monkeypatch.setattr(mmdemo.seats, "BEHIND_SECONDS", 10.0)
    seats, order, begun = Seats(1), [], threading.Barrier(2)

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
    seats = Seats(1)
    with seats.take():
        with seats.leave():
            with seats.take():
                assert seats._free == 0
            assert seats._free == 1
        assert seats._free == 0
    with seats.leave():  # without a seat there is none to leave
        assert seats._free == 1


def test_who_fails_gives_the_seat_back():
    seats = Seats(1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), seats.take():
            raise ZeroDivisionError


@contextmanager
def _visit_of(who):
    before = visitor.set(who)
    try:
        yield
    finally:
        visitor.reset(before)
