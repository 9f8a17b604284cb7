"""Buckets of tokens, by a clock of the test's own."""

import pytest

from mmdemo.server import rate_limit
from mmdemo.server.rate_limit import RateLimiter


@pytest.fixture
def now():
    return [0.0]


def test_one_visitor_waits_and_another_does_not(now):
    limiter = RateLimiter(60, clock=lambda: now[0])
    assert [limiter.wait("a") for _ in range(12)] == [0.0] * 12  # a fifth of a minute's requests at once
    assert limiter.wait("a") == 1
    assert limiter.wait("b") == 0
    now[0] += 0.75
    assert limiter.wait("a") == 0.25  # to ask in vain costs nothing
    now[0] += 0.25
    assert limiter.wait("a") == 0
    assert limiter.wait("a") == 1


def test_a_bucket_never_holds_more_than_at_first(now):
    limiter = RateLimiter(60, clock=lambda: now[0])
    limiter.wait("a")
    now[0] += 3600
    assert [limiter.wait("a") > 0 for _ in range(13)] == [False] * 12 + [True]


@pytest.mark.parametrize("per_minute", [1, 4.9])
def test_even_a_low_limit_lets_one_request_through(per_minute, now):
    limiter = RateLimiter(per_minute, clock=lambda: now[0])
    assert limiter.wait("a") == 0
    assert limiter.wait("a") == pytest.approx(60 / per_minute)


def test_a_limit_of_nothing_is_no_limit():
    limiter = RateLimiter(0)
    assert not any(limiter.wait("a") for _ in range(1000))


def test_the_visitor_who_was_away_the_longest_is_forgotten_first(now, monkeypatch):
    monkeypatch.setattr(rate_limit, "MAX_VISITORS", 2)
    limiter = RateLimiter(1, clock=lambda: now[0])
    assert [limiter.wait(visitor) > 0 for visitor in "aba"] == [False, False, True]
    limiter.wait("c")  # so that b is forgotten, and a is not
    assert limiter.wait("a") > 0
    assert limiter.wait("b") == 0
