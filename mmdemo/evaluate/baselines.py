"""Bags of words: how far one gets without knowing the order of the words.

They must fail on corrections, or else corrections do not test memory. ``evaluate`` reports them beside the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mmdemo.text.reader import tokenize


def bag_of_words_accuracy(
    train_rows: Iterable[Mapping[str, str]],
    test_rows: Iterable[Mapping[str, str]],
    ngram_range: tuple[int, int] = (1, 1),
) -> float:
    """Accuracy of a logistic regression on counts of word n-grams.

    It gets the model's own tokens, including numerals and punctuation. scikit-learn's default pattern would drop single
    characters, and with them most of the answers.

    Args:
        train_rows: mappings with ``text`` and ``label``.
        test_rows: the same.
        ngram_range: shortest and longest n-gram: (1, 1) for words, (1, 2) for pairs of neighbours too.

    Returns:
        Share of the test rows that it gets right, 0 to 1.
    """
    from sklearn.feature_extraction.text import CountVectorizer  # here, since only training and tests have scikit-learn
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    counts = CountVectorizer(tokenizer=_words, token_pattern=None, lowercase=False, ngram_range=ngram_range)
    bag = make_pipeline(counts, LogisticRegression(max_iter=300))
    texts, labels = zip(*((row["text"], row["label"]) for row in train_rows), strict=True)
    bag.fit(texts, labels)
    texts, labels = zip(*((row["text"], row["label"]) for row in test_rows), strict=True)
    return float(bag.score(texts, labels))


def _words(text: str) -> list[str]:
    return [token.text for token in tokenize(text)]
