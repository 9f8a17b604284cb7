"""Shares that are refused, and things of which one's own oldest goes first."""

import random

import pytest

from mmdemo.server.quotas import Holdings, Limit, Share


def test_a_share_is_taken_and_given_back():
    share = Share(Limit(2, 3))
    assert [share.take("a") for _ in range(3)] == [True, True, False]
    assert [share.take("b") for _ in range(2)] == [True, False]  # no more for anybody
    share.give("a")
    assert share.take("b")
    assert (share.of("a"), share.of("b"), share.total) == (1, 2, 3)


def test_what_was_refused_is_not_counted():
    share = Share(Limit(10, 10))
    assert not share.take("a", 11)
    assert share.total == 0 and not share._taken  # nor is the visitor remembered
    assert share.take("a", 10)


@pytest.mark.parametrize(("greedy", "each", "left"), [(1, 32, 32), (2, 22, 21), (9, 7, 6), (40, 2, 1)])
def test_room_is_left_for_whoever_comes_next(greedy, each, left):
    """Some visitors take in turn what they can, and then another comes."""
    limit, own = Limit(32, 64), [0] * greedy
    for _ in range(64):
        for who in range(greedy):
            own[who] += limit.has_room(own[who], sum(own))
    assert max(own) == each and limit.all - sum(own) == left


def test_ones_own_oldest_goes_first():
    held = Holdings(Limit(2, 100))
    assert [held.add("a", key) for key in "xyz"] == [[], [], ["x"]]
    assert held.of("a") == ["y", "z"]
    assert held.add("a", "y") == []  # it is the youngest now
    assert held.add("a", "w") == ["z"]


def test_nobody_can_have_anothers_forgotten():
    held = Holdings(Limit(60, 200))
    held.add("mine", "reading")
    for number in range(10_000):
        assert "reading" not in held.add(f"greedy{number % 50}", number)
    assert held.of("mine") == ["reading"]
    assert len(held) == 200


def test_among_equals_it_is_the_one_that_asks():
    held = Holdings(Limit(10, 4))
    for key in ("a1", "b1", "a2", "b2"):
        held.add(key[0], key)
    assert held.add("b", "b3") == ["b1"]
    assert held.add("a", "a3") == ["a1"]
    assert held.add("c", "c1") == ["a2"]  # of those who have two, a has had them for longer


def test_amounts_count_not_things():
    held = Holdings(Limit(100, 150))
    assert held.add("a", "large", 90) == []
    assert held.add("a", "small", 20) == ["large"]
    assert held.add("a", "huge", 101) == ["small", "huge"]
    assert (held.everything(), held.total, held._held, held._amounts) == ([], 0, {}, {})


@pytest.mark.parametrize("seed", range(5))
def test_the_limits_hold_whatever_is_done(seed):
    chance, held, there = random.Random(seed), Holdings(Limit(30, 70)), {}
    for _ in range(2000):
        visitor, key = chance.choice("abcde"), chance.randrange(40)
        if chance.random() < 0.7:
            there[key] = chance.randrange(1, 20)
            for gone in held.add(visitor, key, there[key]):
                del there[gone]
        else:
            held.remove(key)
            there.pop(key, None)
        amounts = {who: sum(there[key] for key in held.of(who)) for who in "abcde"}
        assert max(amounts.values()) <= 30
        assert held.total == sum(amounts.values()) == sum(there.values()) <= 70
