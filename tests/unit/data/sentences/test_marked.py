"""Marks in a sentence say what is believed from where on, however it is dressed."""

import random

import pytest

from mmdemo.data.sentences.marked import dress, read_marks
from mmdemo.text.reader import tokenize


@pytest.mark.parametrize(
    ("marked", "text", "belief"),
    [
        ("three<3>, no<?> wait, five<5>", "three, no wait, five", ((5, "three"), (9, None), (20, "five"))),
        ("not two but nine<9>", "not two but nine", ((16, "nine"),)),
        ("five<5>, not three", "five, not three", ((4, "five"),)),
        ("2<2> plus<?> 2<4>", "2 plus 2", ((1, "two"), (6, None), (8, "four"))),
        ("三<3>，不<?>对，是五<5>", "三，不对，是五", ((1, "three"), (3, None), (7, "five"))),
        ("7<7>th<7>", "7th", ((1, "seven"),)),
        ("hello", "hello", ()),
    ],
)
def test_marks_by_hand(marked, text, belief):
    assert read_marks(marked) == (text, belief)


def test_dressing_keeps_the_marks_in_their_places():
    rng = random.Random(0)
    for _ in range(300):
        text, belief = read_marks(dress("I said three<3>, no<?> wait, it is 5<5> please", "en", rng))
        assert [label for _, label in belief] == ["three", None, "five"]
        assert text[: belief[2][0]].endswith("5") and {o for o, _ in belief} <= {t.end for t in tokenize(text)}
