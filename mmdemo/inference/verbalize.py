"""An explanation in words: two or three sentences made from its numbers alone.

Every sentence is true as it stands, whatever the input: thresholds decide only whether it is worth saying.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch

from mmdemo.lstm.trajectory import nanargmax
from mmdemo.messages import Note, strings
from mmdemo.model.modalities import SENSES

if TYPE_CHECKING:
    from mmdemo.lstm.explanation import Explanation

BELIEVED = 0.5  # how probable a class must be, or must have been, for a sentence to say that it was ahead
SAID_LET_GO = 0.3  # the share of what spoke for a class that must go before we say so
SAID_WRITTEN = 1 / 3  # the share of what speaks for a class, from which one step is worth naming
SAID_POINTS = 5  # percentage points of probability, below which a modality's share is not worth a sentence
BEATEN = 0.8  # of the random orders that a ledger must beat to count as better than chance...
TESTABLE = 6  # ...and the steps that it takes: of fewer, chance alone often begins with the right one
LEVEL = 0.02  # of area under the deletion curve, within which two explanations are as good


def verbalize(explanation: Explanation) -> list[Note]:
    """What the numbers support, in words for someone who has never heard of an LSTM; the most telling first."""
    return [*_settled(explanation), *_forgotten_share(explanation), *_written(explanation), *_shared(explanation),
            *_order(explanation), *_tested(explanation)]  # fmt: skip


def _settled(e: Explanation) -> Iterator[Note]:
    label = {"label": e.labels[e.answer]}
    if float(e.step_probabilities[-1, e.answer]) < BELIEVED:
        return  # to be ahead of others as improbable says nothing
    yield _at(e, "settled", e.settled, label) if e.settled else Note("explain.settled_first", label)


def _forgotten_share(e: Explanation) -> Iterator[Note]:
    """Where the forget gates let go most of a class that had been believed, and whose belief fell there."""
    believed = (
        e.step_probabilities.max(1).values.roll(1) >= BELIEVED
    )  # of the step before; the first step is never said
    t = nanargmax(e.forgotten_share.masked_fill(~believed, torch.nan))
    if t is not None and (share := float(e.forgotten_share[t])) >= SAID_LET_GO:
        values = {"label": e.labels[int(e.forgotten_class[t])], "percent": _percent(share)}
        yield _at(e, "let_go", t, values)


def _written(e: Explanation) -> Iterator[Note]:
    """The step that wrote most of what speaks for the class, if that is much and it is weighed against all others."""
    steps = e.ledger.steps
    t = int(steps.argmax())
    if e.against is None and steps[t] > 0 and len(steps) > 1:
        share = float(steps[t] / steps.clamp(min=0).sum())
        if share >= SAID_WRITTEN:
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
    """How fast the answer falls in the ledger's order: against orders that know nothing, and integrated gradients."""
    if not e.deletion:
        return
    mine, theirs, values = e.deletion["ledger"], e.deletion["gradients"], {"label": e.labels[e.about]}
    if len(e.steps) < TESTABLE:
        yield Note("explain.short")
    elif mine.area != mine.area:  # not a number: there was no fall to measure
        yield Note("explain.untested", values)
    else:
        key = "explain.faithful" if mine.beaten >= BEATEN else "explain.unfaithful"
        yield Note(key, {**values, "percent": round(100 * mine.beaten)})
        apart = mine.area - theirs.area
        yield Note("explain.as_gradients" if abs(apart) < LEVEL else f"explain.{'later' if apart > 0 else 'sooner'}")


def _at(e: Explanation, key: str, t: int, values: dict[str, Any]) -> Note:
    """A sentence about a step, pointed at as a person would: a word, a slice of the picture, a moment of the sound."""
    step = e.steps[t]
    places = [n for n, other in enumerate(e.steps) if other.modality == step.modality]
    where = SENSES[step.modality].place(places.index(t), len(places), step.text, step.span)
    own = f"explain.{key}_{step.modality}"
    return Note(own if own in strings() else f"explain.{key}_step", {**values, **where})


def _percent(share: float) -> int:
    """A whole percentage, 100 only for all and 0 only for nothing."""
    return 100 if share >= 1 else min(max(round(100 * share), 1), 99)
