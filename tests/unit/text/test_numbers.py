"""The numbers of a text by hand, what makes a doubt of them, and that the grammar's own sentences make hardly any."""

import pytest

from mmdemo.config import TextConfig
from mmdemo.data.sentences.grammar import sentences
from mmdemo.data.sentences.vocabulary import LANGUAGES, language
from mmdemo.messages import strings
from mmdemo.model.modalities import SENSES
from mmdemo.text.numbers import digit_names, doubt_about, number_words, numbers_in, strip_accents
from mmdemo.text.reader import tokenize

NUMBERS = TextConfig(numbers=True)


def doubt(text):
    note = SENSES["text"].read(text, NUMBERS).doubt
    return note and note.key.removeprefix("text.")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("seven eleven", [7, None]),
        ("three hundred and five people", [None]),
        ("twenty-three", [None]),
        ("三百零五个", [None]),
        ("一起去，三个人", [3]),
        ("this one is one of my 4 dogs", [4]),
        ("one", [1]),
        ("einundzwanzig", [None]),
        ("7️⃣ ❽ ⑨ ५ ٣", [7, 8, 9, 5, 3]),
        ("なな さん", [7, 3]),
        ("fire at the tower", []),
    ],
)
def test_numbers_by_hand(text, numbers):
    assert [number.value for number in numbers_in(tokenize(text))] == numbers


@pytest.mark.parametrize(
    ("key", "texts"),
    {
        "several": [
            "seven eleven",
            "five five",
            "1, 2, 3",
            "three and four",
            "七七",
            "三、四",
            "7️⃣8️⃣",
            "dos o tres",
            "un; trois",
            "〇以及六",
            "तीन चार",
        ],
        "range": ["between 3 and 5", "from three to five", "3-5", "三到五"],
        "no_digit": [
            *(
                "three hundred",
                "fifteen",
                "42",
                "negative five",
                "-5",
                "minus drei",
                "3.5",
                "three point five",
                "1/2",
                "½",
            ),
            *(
                "two thirds",
                "三百",
                "十",
                "负五",
                "零下五度",
                "三点五",
                "تسعون",
                "тридцать три",
                "dreihundert",
                "soixante-dix",
            ),
            *(
                "five plus seven",
                "3 - 5",
                "XII",
                "quinze",
                "삼십",
                "five below zero",
                "minus nine, the red one",
                "4 + 12",
                "one third",
                "5多个人",
                "七 多。",
            ),
        ],
        "time": ["three o'clock", "3 pm", "half past three", "a quarter to six", "6 a.m.", "三点", "um sieben Uhr"],
        "ordinal": ["third", "he came first", "the 3rd floor", "第三", "the fifth of May", "третий"],
        "excluded": [
            "anything but five",
            "not seven",
            "everything except the number 3",
            "不是三",
            "außer acht",
            "not six or eight",
            "既不是6也不是7",
        ],
    }.items(),
)
def test_what_makes_a_doubt(key, texts):
    assert {text: doubt(text) for text in texts} == dict.fromkeys(texts, key)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "five",
            "5",
            "❸",
            "3.0",
            "s e v e n",
            "nine or nothing",
            "one moment, 5",
            "un moment, 5",
            "eine Person, 5",
            "this one, 5",
            "why not five",
        ),
        *(
            "three, no wait, five",
            "five, not three",
            "three, three, no wait, five",
            "not two or three but nine",
            "不是三，是五",
        ),
        *(
            "of 20 chairs, three are left",
            "the first digit is 5",
            "two plus two",
            "9 - 3",
            "change three to five",
            "三，一起吧",
            "三多少",
            "多五个",
        ),
        *(
            "half of ten",
            "a pair",
            "no. 5",
            "5 second rule",
            "first of all, 5",
            "not six, eight",
            "good morning",
            "",
            "hang on",
            "oh",
        ),
    ],
)
def test_what_makes_none(text):
    assert doubt(text) is None


def test_a_note_names_the_numbers_as_they_were_written():
    note = doubt_about("Seven, ELEVEN", tokenize("Seven, ELEVEN"))
    assert note.values == {"count": 2, "numbers": "Seven, ELEVEN"} and "Seven, ELEVEN" in str(note)
    many = ", ".join("123456789")
    assert doubt_about(many, tokenize(many)).values == {"count": 9, "numbers": "1, 2, 3, 4, 5, …"}


@pytest.mark.parametrize("name", ["en", "zh"])
def test_every_doubt_can_be_said(name):
    for key in ("several", "range", "no_digit", "time", "ordinal", "excluded"):
        assert f"text.{key}" in strings(name)


def test_a_task_of_other_labels_has_no_doubt():
    assert SENSES["text"].read("seven eleven", TextConfig()).doubt is None


def test_digits_of_other_languages_are_looked_up_where_nothing_else_is_meant():
    def items(text):
        given = SENSES["text"].read(text, NUMBERS)
        assert [(t.start, t.end) for t in given.tokens] == [(t.start, t.end) for t in tokenize(text)]
        return SENSES["text"].item(given)

    assert items("Tatu!") == ("3", "!") and items("మూడు") == ("3",) and items("kolme") == ("3",)
    assert items("أريد ثلاثة كتب") == ("أريد", "3", "كتب")
    assert items("San Francisco")[0] == "san" and items("я один дома")[1] == "один" and items("이 책")[0] == "이"
    assert items("seven") == ("seven",) and items("siete") == ("siete",)  # taught languages are read by the model
    assert SENSES["text"].item(SENSES["text"].read("tatu", TextConfig())) == ("tatu",)


def test_sentences_of_the_grammar_make_hardly_any_doubt():
    rows = sentences("validation", 3000, 0)
    doubted = [row.text for row in rows if doubt(row.text)]
    assert len(doubted) <= 9, doubted


def test_no_word_is_two_digits_and_the_taught_ones_are_known():
    digits = {}
    for words in number_words().values():
        for digit, names in enumerate(words["digits"]):
            for name in names:
                assert digits.setdefault(name, digit) == digit, name
    others = {
        name
        for words in number_words().values()
        for group in ("more", "tens", "units")
        for name in words.get(group, [])
    }
    assert not others & digits.keys()
    assert len(number_words()) > 40 and all(len(words["digits"]) == 10 for words in number_words().values())
    known = digit_names() | {"un", "une", "um", "uma", "due", "eentje"}  # which are articles, or English, too
    assert {n for name in LANGUAGES for names in language(name)["numbers"] for n in names} <= known


def test_only_latin_letters_lose_their_accents():
    assert strip_accents("três, Ærø, ventitré, ňň") == "tres, Ærø, ventitre, nn"
    assert strip_accents("한글 が ệ") == "한글 が ệ"
