"""What the model is asked about a picture: which of the finder's candidates is meant, how many digits there are, and
whether the picture lies on its side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mmdemo.config import ImageConfig
from mmdemo.image.ink import Box, Candidate
from mmdemo.image.mnist_style import to_square
from mmdemo.image.reader import ImageInput, take
from mmdemo.messages import Note, strings
from mmdemo.modality import Ask

RIVALS = 5  # candidates of which the model may know better than the finder which one is meant
LEGIBLE = 0.8  # probability of its likeliest class from which on a candidate is a digit to be counted
LIKELY = 0.2  # its score from which on it is
ALIKE = 2.0  # times: how much taller or shorter than the one that is read it may be
SHARED = 0.25  # of the smaller one's box, at most, may lie in the other's


def weigh(given: ImageInput, config: ImageConfig, labels: Sequence[str], ask: Ask) -> ImageInput:
    """Which candidate is read, and why its answer may not be called clear.

    The finder knows strokes, the model knows what they may mean; either alone takes a hand's edge for a digit more
    often. So the one is read whose score, by its root, times the model's confidence is highest; the root was chosen on
    composed photos of training digits.

    Args:
        given: as :func:`mmdemo.image.reader.read_image` returned it.
        config: what it was read with.
        labels: the names of the classes.
        ask: the model.

    Returns:
        The same with another candidate ``chosen``, unless a person chose it, and perhaps a ``doubt``.
    """
    if not given.found:
        return given
    squares = [
        given.pixels if number == given.chosen else to_square(given.picture, one, config.size)[0]
        for number, one in enumerate(given.found)
    ]
    answers = ask(squares)  # (N, C)
    confidence = answers.max(axis=1)
    if not given.asked:
        scores = np.array([one.score for one in given.found[:RIVALS]])
        given = take(given, config, int((np.sqrt(scores) * confidence[:RIVALS]).argmax()))
    digits = _digits(given.found, given.chosen, confidence)
    if len(digits) > 1:
        note = _several(given.found, digits, given.chosen, [labels[k] for k in answers.argmax(axis=1)])
        return replace(given, **{"notes": (*given.notes, note)} if given.asked else {"doubt": note})
    return given


def _digits(found: Sequence[Candidate], chosen: int, confidence: np.ndarray) -> list[int]:
    """Which candidates are digits like the chosen one: legible, of about its height, of ink as dark or light as its."""
    taken = [chosen]
    tall = found[chosen].box[3] - found[chosen].box[1]
    for number, one in enumerate(found):
        alike = one.dark == found[chosen].dark and 1 / ALIKE < (one.box[3] - one.box[1]) / tall < ALIKE
        legible = one.score >= LIKELY and confidence[number] >= LEGIBLE
        if alike and legible and all(_shared(one.box, found[other].box) < SHARED for other in taken):
            taken.append(number)
    return taken


def _several(found: Sequence[Candidate], digits: Sequence[int], chosen: int, labels: Sequence[str]) -> Note:
    """A sentence that counts and names digits in the order in which one would read them."""
    middles = {k: np.add(found[k].box[:2], found[k].box[2:]) / 2 for k in digits}
    across, down = np.ptp(list(middles.values()), axis=0)
    order = sorted(digits, key=lambda k: middles[k][int(down > across)])
    names = ", ".join(strings().get(f"label.{labels[k]}", labels[k]) for k in order)
    key = "image.several_down" if down > across else "image.several"
    return Note(key, {"count": len(order), "digits": names, "place": 1 + order.index(chosen)})


def _shared(a: Box, b: Box) -> float:
    """How much of the smaller of two boxes lies in the other, as a share of it."""
    shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
    return shared / min((one[2] - one[0]) * (one[3] - one[1]) for one in (a, b))
