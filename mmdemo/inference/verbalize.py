"""An explanation in words: two or three sentences made from its numbers alone.

Every sentence is true as it stands, whatever the input: thresholds decide only whether it is worth saying.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch

from mmdemo.lstm.trajectory import nanargmax
from mmdemo.messages import Note
from mmdemo.model.modalities import SENSES

if TYPE_CHECKING:
    from mmdemo.lstm.explanation import Explanation

SAID_LET_GO = 0.3  # the share of what spoke for a class that must go before we say so...
BELIEVED = 0.5  # ...and how probable the class must have been until then
SAID_POINTS = 5  # percentage points of probability, below which a modality's share is not worth a sentence
BEATEN = 0.8  # of the random orders that a ledger must beat to count as better than chance...
TESTABLE = 6  # ...and the steps that it takes: of fewer, chance alone often begins with the right one


def verbalize(explanation: Explanation) -> list[Note]:
    """What the numbers support, in words for someone who has never heard of an LSTM; the most telling first."""
    return [*_settled(explanation), *_forgotten_share(explanation), *_written(explanation), *_shared(explanation),
            *_order(explanation), *_tested(explanation)]  # fmt: skip


def _settled(e: Explanation) -> Iterator[Note]:
    label = {"label": e.labels[e.answer]}
    yield _at(e, "settled", e.settled, label) if e.settled else Note("explain.settled_first", label)


def _forgotten_share(e: Explanation) -> Iterator[Note]:
    """Where the forget gates let go most of a class that had been believed."""
    believed = (
        e.step_probabilities.max(1).values.roll(1) >= BELIEVED
    )  # of the step before; the first step is never said
    t = nanargmax(e.forgotten_share.masked_fill(~believed, torch.nan))
    if t is not None and (share := float(e.forgotten_share[t])) >= SAID_LET_GO:
        values = {"label": e.labels[int(e.forgotten_class[t])], "percent": _percent(share)}
        yield _at(e, "let_go", t, values)


def _written(e: Explanation) -> Iterator[Note]:
    """The step that wrote most of what speaks for the class, if it is weighed against the mean of all."""
    steps = e.ledger.steps
    t = int(steps.argmax())
    if e.against is None and steps[t] > 0 and len(steps) > 1:
        share = float(steps[t] / steps.clamp(min=0).sum())
        yield _at(e, "written", t, {"label": e.labels[e.about], "percent": _percent(share)})


def _shared(e: Explanation) -> Iterator[Note]:
    """Who did most for the class, and who spoke against it."""
    points = {name: round(100 * float(share[e.about])) for name, share in e.shares.items()}
    if len(points) < 2:
        return
    most = max(points.values())
    unrivalled = list(points.values()).count(most) == 1  # in whole points; nobody did most if two did as much
    for name, value in points.items():
        if (unrivalled and value == most >= SAID_POINTS) or value <= -SAID_POINTS:
            key = "explain.raised" if value > 0 else "explain.lowered"
            yield Note(key, {"modality": name, "label": e.labels[e.about], "points": abs(value)})


def _order(e: Explanation) -> Iterator[Note]:
    """Whether the order of reading mattered, with the order that makes another answer most probable."""
    others = {order: p for order, p in e.orders.items() if int(p.argmax()) != e.answer}
    if len(e.shares) > 1 and not others:
        yield Note("explain.order_same")
    elif others:
        order = max(others, key=lambda order: float(others[order].max()))
        values = dict(zip(("first", "second", "third"), order, strict=False))
        label = e.labels[int(others[order].argmax())]
        yield Note("explain.order_three" if len(order) > 2 else "explain.order_two", {**values, "label": label})


def _tested(e: Explanation) -> Iterator[Note]:
    """Whether the ledger's order makes the answer fall faster than orders that know nothing."""
    if not e.deletion:
        return
    mine, values = e.deletion[e.form], {"label": e.labels[e.about]}
    if len(e.steps) < TESTABLE:
        yield Note("explain.short")
    elif mine.area != mine.area:  # not a number: there was no fall to measure
        yield Note("explain.untested", values)
    else:
        key = "explain.faithful" if mine.beaten >= BEATEN else "explain.unfaithful"
        yield Note(key, {**values, "percent": round(100 * mine.beaten)})


def _at(e: Explanation, key: str, t: int, values: dict[str, Any]) -> Note:
    """A sentence about a step, pointed at as a person would: a word, a slice of the picture, a moment of the sound."""
    step = e.steps[t]
    places = [n for n, other in enumerate(e.steps) if other.modality == step.modality]
    where = SENSES[step.modality].place(places.index(t), len(places), step.text, step.span)
    return Note(f"explain.{key}_{step.modality}", {**values, **where})


def _percent(share: float) -> int:
    """A whole percentage, 100 only for all and 0 only for nothing."""
    return 100 if share >= 1 else min(max(round(100 * share), 1), 99)
