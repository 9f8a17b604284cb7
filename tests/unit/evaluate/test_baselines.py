"""What the simplest of models make of the sentences."""

import pytest

from mmdemo.data.sentences.grammar import sentences
from mmdemo.evaluate.baselines import bag_of_words_accuracy


@pytest.mark.parametrize("ngrams", [(1, 1), (1, 2)])
def test_bags_of_words_fail_on_corrections_but_not_on_sentences(ngrams):
    train = [row.as_row() for row in sentences("train", 3000, 0)]
    test = [row.as_row() for row in sentences("test", 1000, 0, kinds=["correction"])]
    plain = [row.as_row() for row in sentences("test", 300, 0, kinds=["sentence"])]
    assert bag_of_words_accuracy(train, test, ngrams) < 0.60
    assert bag_of_words_accuracy(train, plain, ngrams) > 0.85  # so it is the order that they lack
