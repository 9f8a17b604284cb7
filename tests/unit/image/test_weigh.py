"""Which of several digits is read, how many there are, and what is said of it; by a model that is made up."""

from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import pytest
from pictures import far, seven

from mmdemo.config import ImageConfig
from mmdemo.image.reader import read_image
from mmdemo.image.weigh import weigh

CONFIG = ImageConfig()
LABELS = ("one", "seven")


def ask(squares, sure=()):
    """Sure that it is a seven, all but the squares whose numbers are not in ``sure``, where that is given."""
    right = [0.99 if not sure or number in sure else 0.5 for number in range(len(squares))]
    return np.array([[1 - p, p] for p in right])


def look(picture, candidate=None, **options):
    return weigh(read_image(picture, CONFIG, candidate), CONFIG, LABELS, partial(ask, **options))


def row(*places, tall=120, **options):
    """Sevens side by side, or wherever."""
    drawn = [seven(left=left, top=top, tall=tall, **options) for left, top in places]
    return np.min(drawn, axis=0)


def test_one_digit_is_read_without_a_doubt():
    given = look(seven())
    assert given.doubt is None and given.notes == () and given.chosen == 0


@pytest.mark.parametrize("count", [2, 3, 4])
def test_digits_side_by_side_are_counted_from_the_left(count):
    given = look(row(*((60 + 140 * n, 150) for n in range(count))))
    assert given.doubt.key == "image.several" and given.doubt.values["count"] == count
    assert given.doubt.values["digits"] == ", ".join(["7"] * count)
    lefts = sorted(box[0] for box, _ in given.candidates)
    assert given.box[0] == lefts[given.doubt.values["place"] - 1]
    assert str(count) in str(given.doubt) and given.doubt.say("zh")


def test_digits_in_a_column_are_counted_from_the_top():
    given = look(row((250, 20), (255, 170), (245, 320)))
    assert given.doubt.key == "image.several_down" and given.doubt.values["count"] == 3
    tops = sorted(box[1] for box, _ in given.candidates if box[3] - box[1] < 200)  # all three together are one, too
    assert given.box[1] == tops[given.doubt.values["place"] - 1]


def test_who_asks_for_one_of_them_is_told_but_not_doubted():
    given = look(row((60, 150), (300, 150)), candidate=1)
    assert given.chosen == 1 and given.doubt is None
    assert [note.key for note in given.notes] == ["image.several"]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [((0.25, 0.64), 0), ((0.64, 0.25), 0), ((0.06, 0.62), 0), ((0.06, 0.64), 1), ((0.0, 0.01), 1)],
)
def test_a_candidate_s_score_counts_by_its_root_and_confidence_by_its_square(scores, expected):
    """The model is sure of the first by 0.9 and of the second by 0.5: the score has to be 10.5 times as high."""
    given = read_image(row((60, 150), (300, 150)), CONFIG)
    found = tuple(replace(one, score=score, alone=0.0) for one, score in zip(given.found, scores, strict=True))
    answers = {2: np.array([[0.9, 0.1], [0.5, 0.5]]), 3: np.full((3, 2), 0.5)}  # of the candidates, and of three turns
    seen = weigh(replace(given, found=found), CONFIG, LABELS, lambda squares: answers[len(squares)])
    assert seen.chosen == expected


def test_what_is_much_smaller_is_no_second_digit():
    picture = np.minimum(seven(left=260), seven(left=60, top=60, tall=60, thick=6))
    assert look(picture).doubt is None


def test_what_the_model_cannot_read_is_counted_but_not_named():
    given = look(row((60, 150), (300, 150)), sure=(1,))
    assert given.chosen == 1  # the one that it can read
    assert sorted(given.doubt.values["digits"].split(", ")) == ["7", "?"]


def test_rules_and_a_comma_are_no_second_digit():
    picture = seven()
    picture[15::30] = np.minimum(picture[15::30], (170, 190, 225))
    cv2.line(picture, (400, 310), (392, 335), (20, 20, 60), 10, cv2.LINE_AA)
    assert look(picture).doubt is None


def test_where_nothing_was_found_nobody_is_asked():
    given = read_image(np.full((100, 100, 3), 200, np.uint8), CONFIG)
    assert weigh(given, CONFIG, LABELS, None) is given


def upright_only(squares):
    """Certain of squares that show a seven upright, at sea with any other."""
    reference = read_image(seven()).pixels
    right = [1 - 1e-7 if far(one, reference) < 0.3 else 0.6 for one in squares]
    return np.array([[1 - p, p] for p in right])


@pytest.mark.parametrize("turned, way", [(1, "right"), (2, "over"), (3, "left")])
def test_a_photo_on_its_side_is_read_upright_and_doubted(turned, way):
    picture = np.ascontiguousarray(np.rot90(seven(), turned))
    given = weigh(read_image(picture, CONFIG), CONFIG, LABELS, upright_only)
    assert given.doubt.key == f"image.turned_{way}" and given.doubt.values == {"label": "seven"}
    assert far(given.pixels, read_image(seven()).pixels) < 0.2
    assert given.doubt.say("en") and given.doubt.say("zh")
    assert (given.boxes.min(axis=0) >= 0).all()
    assert (given.boxes.max(axis=0)[2:] <= given.size).all()


def test_upright_stays_upright_where_a_turn_is_not_much_clearer():
    def both(squares):
        return np.array([[0.05, 0.95] if len(squares) == 1 else [0.99, 0.01]] * len(squares))

    given = weigh(read_image(seven(), CONFIG), CONFIG, LABELS, both)
    assert given.turned == 0 and given.doubt is None
