"""Comments: what could be a digit keeps one out, and the published splits stay apart."""

import pytest

from mmdemo.data.sources.goemotions import FILES, comments, names_no_number


@pytest.mark.parametrize(
    "text",
    [
        "someone ate what we won, and anyone could come to us for tea",
        "I often weigh the heights of our zebra",
        "I think that I am late",
        "oh no, what a day!",
    ],
)
def test_what_only_sounds_like_a_number_is_none(text):
    assert names_no_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "no one knows",
        "SEVEN it is",
        "room 12b",
        "just ½ of it",
        "my first car",
        "chapter IV was long",
        "a couple of days",
        "how many legs of a dog",
        "cuatro por favor",
        "我要七个",
        "twenty-three of us",
        "a hundred thanks",
        "word " * 65,
        " \u200b ",
    ],
)
def test_what_could_be_read_as_a_digit_is_left_out(text):
    assert not names_no_number(text)


@pytest.fixture
def folder(tmp_path):
    for split, name in FILES.items():
        texts = [f"{split} {word}" for word in ("apple", "pear", "pear", "plum", "two", "fig 3", "grape")]
        (tmp_path / name).write_text("".join(f"{text}\t0,1\tid{k}\n" for k, text in enumerate(texts)), encoding="utf-8")
    return tmp_path


def test_distinct_comments_of_the_split_that_was_asked_for(folder):
    for split in FILES:
        expected = {f"{split} {word}" for word in ("apple", "pear", "plum", "grape")}
        assert set(comments(folder, split, 100, 0)) == expected and len(comments(folder, split, 100, 0)) == 4
    assert len(comments(folder, "train", 3, 0)) == 3


def test_the_same_seed_chooses_the_same(folder):
    assert comments(folder, "train", 4, 1) == comments(folder, "train", 4, 1)
    assert len({tuple(comments(folder, "train", 4, seed)) for seed in range(6)}) > 1
