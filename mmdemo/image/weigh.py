"""What the model is asked about a picture: which of the finder's candidates is meant, how many digits there are, and
whether the picture lies on its side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mmdemo.config import ImageConfig
from mmdemo.image.ink import Box, Candidate
from mmdemo.image.mnist_style import to_square, turned_square
from mmdemo.image.reader import ImageInput, take
from mmdemo.messages import Note, strings
from mmdemo.modality import Ask

RIVALS = 5  # candidates of which the model may know better than the finder which one is meant
WRITTEN = 0.5  # score by itself from which on a candidate is counted as a digit; a second one has it in 1 of 200 photos
LEGIBLE = 0.8  # probability of its likeliest class from which on it is named
ALIKE = 2.0  # times: how much taller or shorter than the one that is read it may be
INSIDE, FILLED = 0.9, 0.5  # of a digit's box lies in that of the number that it is a part of; how much digits fill that
SHARED = 0.25  # of the smaller one's box, at most, may lie in the other's
# Quarters to the left -> how many times less likely to be misread it must be, so that a picture is taken to lie so: it
# lies on its side more often than on its head, where a six is a nine. Chosen on composed photos of training digits.
TURNS = {1: 100, 2: 1000, 3: 100}
WAYS = ("left", "over", "right")
LEAST = 1e-6  # no reading is taken to be more certain than that
UNCLEAR = 1e-4  # the chance of a misreading from which on the turns are tried


def weigh(given: ImageInput, config: ImageConfig, labels: Sequence[str], ask: Ask) -> ImageInput:
    """Which candidate is read, and why its answer may not be called clear.

    The finder knows strokes, the model knows what they may mean; either alone takes a hand's edge for a digit more
    often. So the one is read whose score, by its root, times the square of the model's confidence is highest; both
    powers were chosen on composed photos of training digits.

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
    asked = [k for k, one in enumerate(given.found) if k in (*range(RIVALS), given.chosen) or one.alone >= WRITTEN]
    squares = [
        given.pixels if k == given.chosen else to_square(given.picture, given.found[k], config.size)[0] for k in asked
    ]
    answers = np.zeros((len(given.found), len(labels)), np.float32)
    answers[asked] = ask(squares)
    confidence = answers.max(axis=1)
    legible = [k for k, one in enumerate(given.found) if one.alone >= WRITTEN and confidence[k] >= LEGIBLE]
    if not given.asked:
        worth = np.sqrt([one.score for one in given.found]) * confidence**2
        worth[RIVALS:] = 0
        worth[[k for k in range(len(worth)) if _is_number(given.found, k, legible)]] = 0
        given = take(given, config, int(worth.argmax()))
    digits = _apart(given.found, [given.chosen, *(k for k, one in enumerate(given.found) if one.alone >= WRITTEN)])
    if len(digits) > 1:
        note = _several(given.found, digits, given.chosen, _names(answers, labels))
        return replace(given, **{"notes": (*given.notes, note)} if given.asked else {"doubt": note})
    return _upright(given, config, labels, ask, 1 - float(confidence[given.chosen]))


def _upright(given: ImageInput, config: ImageConfig, labels: Sequence[str], ask: Ask, wrong: float) -> ImageInput:
    """A picture turned by quarters, where that is much clearer; ``wrong``: the chance that it is misread as it is."""
    if wrong < UNCLEAR:
        return given
    one = given.found[given.chosen]
    squares = [turned_square(given.picture, one, config.size, turned)[0] for turned in TURNS]
    answers = ask(squares)  # (3, C)
    odds = np.array(list(TURNS.values())) * np.maximum(1 - answers.max(axis=1), LEAST)
    if odds.min() >= wrong:
        return given
    best = int(odds.argmin())
    note = Note(f"image.turned_{WAYS[best]}", {"label": labels[int(answers[best].argmax())]})
    return replace(take(given, config, given.chosen, list(TURNS)[best]), doubt=note)


def _apart(found: Sequence[Candidate], numbers: Sequence[int]) -> list[int]:
    """The first of some candidates, and those that lie apart, of about its height and of ink as dark or light."""
    taken, first = [numbers[0]], found[numbers[0]]
    for number in numbers[1:]:
        one = found[number]
        alike = one.dark == first.dark and 1 / ALIKE < _tall(one) / _tall(first) < ALIKE
        if alike and all(_shared(one.box, found[other].box) < SHARED for other in taken):
            taken.append(number)
    return taken


def _is_number(found: Sequence[Candidate], whole: int, legible: Sequence[int]) -> bool:
    """Whether a candidate is made up of several that are digits."""
    box = found[whole].box
    inside = [k for k in legible if k != whole and found[k].dark == found[whole].dark]
    inside = [k for k in inside if _shared(found[k].box, box) > INSIDE and _area(found[k].box) < _area(box)]
    if not inside or len(parts := _apart(found, inside)) < 2:
        return False
    return sum(_area(found[k].box) for k in parts) > FILLED * _area(box)


def _tall(one: Candidate) -> float:
    return one.box[3] - one.box[1]


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _names(answers: np.ndarray, labels: Sequence[str]) -> list[str]:
    """What each of N candidates is called, by what the model answers to it, (N, C); "?" where it is not sure."""
    called = [strings().get(f"label.{label}", label) for label in labels]
    return [called[int(p.argmax())] if p.max() >= LEGIBLE else "?" for p in answers]


def _several(found: Sequence[Candidate], digits: Sequence[int], chosen: int, names: Sequence[str]) -> Note:
    """A sentence that counts and names digits in the order in which one would read them."""
    middles = {k: np.add(found[k].box[:2], found[k].box[2:]) / 2 for k in digits}
    across, down = np.ptp(list(middles.values()), axis=0)
    order = sorted(digits, key=lambda k: middles[k][int(down > across)])
    key = "image.several_down" if down > across else "image.several"
    return Note(
        key, {"count": len(order), "digits": ", ".join(names[k] for k in order), "place": 1 + order.index(chosen)}
    )


def _shared(a: Box, b: Box) -> float:
    """How much of the smaller of two boxes lies in the other, as a share of it."""
    shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
    return shared / min(_area(a), _area(b))
