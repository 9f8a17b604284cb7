"""Makes streams of a split's rows: words, pictures and sounds that follow one another for minutes, and what to believe.

Between them is quiet; some come at once, some again, some against each other. An input is to be believed while it is
read and for a moment after it; then anything is possible again.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.random import Generator
from torch import Tensor

from mmdemo.config import ModelConfig
from mmdemo.messages import InputError
from mmdemo.modality import Item, StepTarget
from mmdemo.model.modalities import SENSES
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.recipes import StreamConfig
from mmdemo.train.samples import MultimodalSamples

STEPS_PER_SECOND = 12.5
HOLD = 4  # steps of the clock for which an input is still believed after its end: 0.3 s
FADE = 3  # steps in which that ends
TYPED = 7  # steps that a typed word takes, at most
AGREE = 0.5  # share of the inputs at once that agree
VARIED = 0.35  # share of the inputs that are made worse
BELIEVED = 0.5  # weight from which on an input is of its class
TYPOS = 0.3  # share of letters that are mistyped, at the worst
TRIES = 5  # how often another input is drawn in place of one in which nothing can be read


@dataclass(frozen=True)
class StreamInput:
    """One input of a stream.

    Attributes:
        modality: of what sense it is.
        label: the class that is believed at its end, or -1 for none.
        first, last: its steps in the stream.
        until: the step before the next input, or the stream's last.
    """

    modality: str
    label: int
    first: int
    last: int
    until: int


@dataclass(frozen=True)
class Stream:
    """What the LSTM reads.

    Attributes:
        x: the steps, (T, S).
        taught: the distribution to believe after each, (T, C).
        inputs: what comes in it, in order.
    """

    x: Tensor
    taught: Tensor
    inputs: list[StreamInput]


@dataclass
class _Event:
    """An input on its way into a stream: where its steps come on the clock, and what they say."""

    modality: str
    item: Item
    target: StepTarget
    at: np.ndarray  # (n,): the steps of the clock that are its own or, of another sense, that it comes before


@dataclass(frozen=True)
class Given:
    """An input that is told to come, in place of one that is drawn.

    Attributes:
        modality: of what sense it is.
        item: of the continuous sense a clip, as its ``clip`` returns; else an item as it is read.
        label: its class, or -1 for none.
        at: the step of the clock at which it comes.
        steps: how many it has.
    """

    modality: str
    item: Item
    label: int
    at: int
    steps: int


def has_clock(config: ModelConfig) -> bool:
    """Whether a task can live in streams: it has a sense that goes on in time, whose steps are the clock."""
    return any(SENSES[modality].continuous for modality in config.modalities)


class StreamMaker:
    """Makes streams of a split's rows.

    Args:
        model: whose stems make the steps; they are not changed.
        samples: the split's samples, whose rows are drawn.
        rows: the same rows in the manifest, of which a continuous sense's cells are read again.
        config: what streams are like.
    """

    def __init__(
        self, model: MultimodalLSTM, samples: MultimodalSamples, rows: pd.DataFrame, config: StreamConfig
    ) -> None:
        self.model, self.samples, self.rows, self.config = model, samples, rows, config
        self.task = model.config
        self.clock = next(m for m in self.task.modalities if SENSES[m].continuous)
        wanted = config.modalities or self.task.modalities
        self.modalities = [m for m in samples.pools if m in wanted and (m != self.clock or m in rows)]

    def make(self, seed: int) -> list[Stream]:
        """All streams; the same for the same seed."""
        return [self.one(np.random.default_rng([seed, k])) for k in range(self.config.count)]

    def one(self, rng: Generator) -> Stream:
        """One stream."""
        steps = round(self.config.seconds * STEPS_PER_SECOND)
        events, clips = self._events(steps, rng)
        return self._heard(events, clips, steps, float(rng.uniform(*self.config.noise)), rng)

    def of(self, given: Sequence[Given], steps: int, noise: float, rng: Generator) -> Stream:
        """A stream of given inputs.

        Args:
            given: in the order in which they come.
            steps: how long it is, on the clock.
            noise: of the room, dB of full scale.
            rng: of the noise, and of how loud somebody is.
        """
        events, clips = [], []
        for one in given:
            said = SENSES[one.modality].target(one.label, one.steps, (0.0, 1.0))
            if one.modality == self.clock:
                clips.append((one.at, one.item))
                at = one.at + np.arange(one.steps)
            else:
                at = np.full(one.steps, one.at)
            events.append(_Event(one.modality, one.item, said, at))
        return self._heard(events, clips, steps, noise, rng)

    def _heard(
        self, events: Sequence[_Event], clips: Sequence[tuple[int, Item]], steps: int, noise: float, rng: Generator
    ) -> Stream:
        """The stream of what comes, in a room with noise."""
        sense, config = SENSES[self.clock], self.task.of(self.clock)
        stem = self.model.stem(self.clock)
        ticks = sense.stream(clips, steps, noise, rng, config=config, stem=stem)
        return self._joined(events, ticks, steps, rng)

    def _events(self, steps: int, rng: Generator) -> tuple[list[_Event], list[tuple[int, Item]]]:
        """What comes, and the continuous sense's clips among it, each with its step."""
        events: list[_Event] = []
        clips: list[tuple[int, Item]] = []
        now, label, before = 0, -1, ""
        while self.modalities:
            at_once = bool(events) and len(self.modalities) > 1 and rng.random() < self.config.at_once
            now += 0 if at_once else self._gap(rng)
            modality = str(rng.choice([m for m in self.modalities if not at_once or m != before]))
            if rng.random() >= (AGREE if at_once else self.config.again):
                label = self._label(modality, rng)
            if (drawn := self._drawn(modality, label, rng)) is None:
                drawn = self._drawn(modality, self._label(modality, rng), rng)
            if now >= steps or drawn is None:
                break
            item, target, length = drawn
            if modality == self.clock:
                at = now + np.arange(length)
                clips.append((now, item))
            elif SENSES[modality].inline and rng.random() < self.config.typed:  # a person types it, word by word
                at = now + np.cumsum(rng.integers(1, TYPED, length))
            else:
                at = np.full(length, now)
            if (now := int(at[-1]) + (modality == self.clock)) >= steps:
                break
            events.append(_Event(modality, item, target, at))
            before = modality
        return events, clips[: sum(event.modality == self.clock for event in events)]

    def _gap(self, rng: Generator) -> int:
        seconds = rng.uniform(*self.config.gaps) * (3 if rng.random() < 0.1 else 1)
        return max(1, round(seconds * STEPS_PER_SECOND))

    def _label(self, modality: str, rng: Generator) -> int:
        """A class that the modality has rows of, or none."""
        *known, none = self.samples.by_class[modality]
        if len(none) and rng.random() < self.config.strange:
            return -1
        return int(rng.choice([k for k, rows in enumerate(known) if len(rows)] or [-1]))

    def _drawn(self, modality: str, label: int, rng: Generator) -> tuple[Item, StepTarget, int] | None:
        """An input of a class, what it says step by step, and how many steps it has; None if none can be read."""
        pool, chances = self.samples.by_class[modality][label], self.samples.chances[modality][label]
        features, sense, config = self.samples.features, SENSES[modality], self.task.of(modality)
        for _ in range(TRIES if len(pool) else 0):
            row = int(rng.choice(pool, p=chances))
            if modality != self.clock:
                item = features.item(modality, row, 0)
                target = features.target(modality, row, sense.steps(item, config))
                if self.config.vary:
                    item = sense.disturb(item, lambda: float(rng.random() < VARIED) * rng.random(), TYPOS, rng)
                return item, target, len(target.label)
            with suppress(InputError):
                cell = self.rows[modality].iloc[row]
                if clip := sense.clip(cell, config, rng if self.config.vary else None):
                    return clip[0], features.target(modality, row, clip[1]), clip[1]
        return None

    @torch.no_grad()
    def _joined(self, events: Sequence[_Event], ticks: Item, steps: int, rng: Generator) -> Stream:
        """The clock's steps, and those of the other inputs between them."""
        others = [(event, t) for event in events if event.modality != self.clock for t in range(len(event.at))]
        places = np.array([event.at[t] for event, t in others], np.int64)
        ranked = np.argsort(places, kind="stable")
        where = np.empty(len(places), np.int64)  # of each inserted step in the stream
        where[ranked] = places[ranked] + np.arange(len(places))
        ticking = np.arange(steps) + np.searchsorted(places[ranked], np.arange(steps), side="right")
        total = steps + len(places)
        clock = np.empty(total, np.int64)  # the time of every step
        clock[ticking], clock[where] = np.arange(steps), places

        x = torch.zeros(total, self.task.embedding_dim)
        x[ticking] = self._encoded(self.clock, [ticks], rng)[0][:steps]
        begun, own = 0, {}
        for k, event in enumerate(events):
            if event.modality == self.clock:
                own[k] = ticking[event.at]
            else:
                own[k] = where[begun : begun + len(event.at)]
                begun += len(event.at)
        for modality in self.task.modalities:
            numbers = [k for k, event in enumerate(events) if event.modality == modality]
            if modality != self.clock and numbers:
                encoded = self._encoded(modality, [events[k].item for k in numbers], rng)
                for k, part in zip(numbers, encoded, strict=True):
                    x[own[k]] = part[: len(own[k])]

        spoken = [(event.modality, own[k], event.target) for k, event in enumerate(events)]
        taught = stream_targets(spoken, clock, len(self.task.labels))
        starts = sorted(int(own[k][0]) for k in range(len(events)))
        inputs = []
        for k, event in enumerate(events):
            first, last = int(own[k][0]), int(own[k][-1])
            later = [start for start in starts if start > last]
            label = int(event.target.label[-1]) if event.target.weight[-1] > BELIEVED else -1
            inputs.append(StreamInput(event.modality, label, first, last, (later[0] if later else total) - 1))
        return Stream(x, torch.from_numpy(taught).float(), inputs)

    def _encoded(self, modality: str, items: Sequence[Item], rng: Generator) -> list[Tensor]:
        """The steps of some inputs, after the stem and its norm, (n, S) each."""
        sense, config, device = SENSES[modality], self.task.of(modality), self.model.device
        lengths = torch.tensor([len(item) if modality == self.clock else sense.steps(item, config) for item in items])
        batch = sense.collate(items, config)
        if self.config.vary and modality != self.clock:
            makers = [torch.Generator().manual_seed(int(rng.integers(2**31))) for _ in items]
            severity = torch.from_numpy(rng.random(len(items)) * (rng.random(len(items)) < VARIED)).float()
            batch = sense.augment(batch, torch.ones(len(items), dtype=torch.bool), severity, makers, config)
        norm = self.model.norms[self.task.modalities.index(modality)]
        steps = norm(self.model.stem(modality)(batch.to(device), lengths.to(device))).cpu()
        return [part[:length] for part, length in zip(steps, lengths.tolist(), strict=True)]


def stream_targets(events: Sequence[tuple[str, np.ndarray, StepTarget]], clock: np.ndarray, classes: int) -> np.ndarray:
    """What to believe after every step of a stream.

    An input counts while it is read, and for a moment after its end. Another of the same modality takes its place as
    far as that says something; what is of another modality stands beside it, as in a single sample.

    Args:
        events: each input's modality, the steps in the stream that are its own, ascending, and what they say.
        clock: the time of each step, in the clock's steps, (T,).
        classes: C.

    Returns:
        Distributions, (T, C).
    """
    said: dict[str, np.ndarray] = {}
    for modality, own, target in sorted(events, key=lambda event: event[1][0]):
        now = np.arange(own[0], len(clock))
        step = np.searchsorted(own, now, side="right") - 1  # the last of its steps that was read
        gone = np.where(now > own[-1], clock[now] - clock[own[-1]], 0)
        weight = target.weight[step] * np.clip(1 - (gone - HOLD) / FADE, 0, 1)
        mine = said.setdefault(modality, np.zeros((len(clock), classes)))
        mine[now] *= 1 - np.maximum.accumulate(weight)[:, None]
        mine[now, target.label[step]] += weight
    total = sum(said.values(), np.zeros((len(clock), classes)))
    spoken = total.sum(1, keepdims=True)
    return total / np.maximum(spoken, 1) + np.maximum(1 - spoken, 0) / classes
