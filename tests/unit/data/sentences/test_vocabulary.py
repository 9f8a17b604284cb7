"""The vocabulary's own arithmetic."""

import random
import re

import pytest

from mmdemo.data.sentences.vocabulary import DIGITS, marked_number, unmarked


@pytest.mark.parametrize("digit", range(10))
def test_sums_are_right(digit):
    rng = random.Random(digit)
    value = {name: number for number, name in enumerate(DIGITS)} | {str(n): n for n in range(10)}
    value |= {"nought": 0, "nil": 0, "ten": 10, "twelve": 12}
    reckon = {
        r"(\w+) plus (\w+)|(\w+) ?\+ ?(\w+)|the sum of (\w+) and (\w+)|(\w+) and (\w+) together": lambda a, b: a + b,
        r"(\w+) minus (\w+)|(\w+) - (\w+)|(\w+) less (\w+)|(\w+) take away (\w+)": lambda a, b: a - b,
        r"two times (\w+)|twice (\w+)|double (\w+)": lambda a: 2 * a,
        r"one more than (\w+)|the number after (\w+)": lambda a: a + 1,
        r"one less than (\w+)|the number before (\w+)": lambda a: a - 1,
        r"a dozen (?:less|minus) (\w+)": lambda a: 12 - a,
    }
    for _ in range(200):
        written = unmarked(marked_number("sum", digit, rng, "en"))
        # "a dozen less three" must not be read as "dozen less three": the whole text has to match
        found = [(f, m) for pattern, f in reckon.items() if (m := re.fullmatch(pattern, written))]
        assert found, written
        result, match = found[0]
        assert result(*(value[group] for group in match.groups() if group)) == digit, written
