"""Streams that are told what comes: recordings one by one, corrections, and nothing but music."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from numpy.random import Generator

from mmdemo.audio.stream import STEP
from mmdemo.data.synthetic.clatter import clatter
from mmdemo.messages import InputError
from mmdemo.model.modalities import SENSES
from mmdemo.train.stream_maker import STEPS_PER_SECOND, TRIES, Given, Stream, StreamMaker

MUSIC = ("melody", "drums", "chords", "arpeggio")


def one_by_one(maker: StreamMaker, said: Sequence[tuple[str, int]], steps: int, rng: Generator) -> Stream:
    """A stream of recordings drawn from some, with quiet between them.

    Args:
        maker: of streams, with its gaps and its noise.
        said: recordings, each with its class; -1 for none.
        steps: how long it is.
        rng: the only source of chance.
    """
    given, now = [], _quiet(maker, rng)
    while one := _drawn(maker, said, now, rng):
        if (now := one.at + one.steps) >= steps:
            break
        given.append(one)
        now += _quiet(maker, rng)
    return maker.of(given, steps, maker.config.noise[0], rng)


def corrections(maker: StreamMaker, said: Sequence[tuple[str, int]], steps: int, rng: Generator) -> Stream:
    """A stream of "three", a pause, "no", a pause, "five": both digits are recordings, and the word comes typed.

    Args:
        maker, said, steps, rng: as for :func:`one_by_one`.
    """
    config = maker.task.of("text")
    word = SENSES["text"].item(SENSES["text"].read("no", config))
    given: list[Given] = []
    now = _quiet(maker, rng)
    while first := _drawn(maker, said, now, rng):
        typed = Given("text", word, -1, first.at + first.steps + _quiet(maker, rng), len(word))
        others = [one for one in said if one[1] != first.label]
        second = _drawn(maker, others, typed.at + _quiet(maker, rng), rng)
        if second is None or (now := second.at + second.steps) >= steps:
            break
        given += [first, typed, second]
        now += _quiet(maker, rng)
    return maker.of(given, steps, maker.config.noise[0], rng)


def last_of_three(stream: Stream) -> Stream:
    """The same with no input but the last of each three: what a correction ends at."""
    return replace(stream, inputs=stream.inputs[2::3])


def music(maker: StreamMaker, steps: int, rng: Generator) -> list[Given]:
    """Melodies, chords and drums of our own without a pause, as inputs of no class."""
    given, now = [], 0
    while now < steps:
        sound = clatter(str(rng.choice(MUSIC)), rng)
        length = -(-len(sound) // STEP)
        given.append(Given(maker.clock, sound, -1, now, min(length, steps - now)))
        now += length
    return given


def _quiet(maker: StreamMaker, rng: Generator) -> int:
    return max(1, round(rng.uniform(*maker.config.gaps) * STEPS_PER_SECOND))


def _drawn(maker: StreamMaker, said: Sequence[tuple[str, int]], at: int, rng: Generator) -> Given | None:
    """One of some recordings, whose class is drawn first; None if nothing can be heard in several."""
    labels = sorted({label for _, label in said})
    for _ in range(TRIES if labels else 0):
        label = int(rng.choice(labels))
        cells = [cell for cell, its in said if its == label]
        with suppress(InputError):
            cell = cells[rng.integers(len(cells))]
            if clip := SENSES[maker.clock].clip(cell, maker.task.of(maker.clock), None):
                return Given(maker.clock, clip[0], label, at, clip[1])
    return None
