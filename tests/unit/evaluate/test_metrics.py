import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix
from torchmetrics.functional.classification import multiclass_f1_score, multiclass_recall

from mmdemo.evaluate.metrics import Outcome, paired_difference, recall_and_f1, share_right, with_intervals


def test_summary_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]], np.float32)
    summary = Outcome(probabilities, np.array([0, 0, 1, 1]), np.array(["clear", "likely", "clear", "unclear"])).summary(
        2
    )
    assert summary["n"] == 4
    assert (summary["clear"], summary["clear_right"], summary["likely"], summary["likely_right"]) == (0.5, 1, 0.25, 1)
    assert summary["wrong_and_clear"] == 0
    assert summary["accuracy"] == 0.75
    assert summary["confusion"] == [[2, 0], [1, 1]]
    assert summary["loss"] == pytest.approx(-np.log([0.9, 0.8, 0.7, 0.4]).mean(), abs=1e-4)
    # each answer is alone in its bin, so the error is the mean of |right - confidence|
    assert summary["ece"] == pytest.approx(np.mean([0.1, 0.2, 0.3, 0.6]), abs=1e-4)
    low, high = summary["interval"]
    assert low < 0.75 < high
    assert summary["recall"][0] == pytest.approx((1 + 0.5) / 2)
    assert summary["f1"][0] == pytest.approx((4 / 5 + 2 / 3) / 2, abs=1e-5)
    for value, low, high in (summary["recall"], summary["f1"]):
        assert low < value < high


def test_the_share_that_is_right_and_wilsons_interval_by_hand():
    """Of 10 answers 8: the interval's middle is (8 + z² / 2) / (10 + z²), with z = 1.96."""
    found = share_right([True] * 8 + [False] * 2)
    assert found == share_right(np.arange(10) < 8)
    assert list(found) == ["n", "accuracy", "interval"] and (found["n"], found["accuracy"]) == (10, 0.8)
    assert sum(found["interval"]) / 2 == pytest.approx((8 + 1.96**2 / 2) / (10 + 1.96**2), abs=1e-4)
    assert found["interval"] == pytest.approx([0.4902, 0.9433], abs=1e-4)


def test_mean_recall_and_macro_f1_are_those_of_torchmetrics():
    rng = np.random.default_rng(0)
    truth, guess = rng.integers(0, 4, 300), rng.integers(0, 4, 300)
    table = confusion_matrix(truth, guess)
    asked = torch.from_numpy(guess), torch.from_numpy(truth), 4
    theirs = float(multiclass_recall(*asked, average="macro")), float(multiclass_f1_score(*asked, average="macro"))
    np.testing.assert_allclose(recall_and_f1(table), theirs, atol=1e-6)
    np.testing.assert_allclose(recall_and_f1(np.stack([table, table])), [theirs, theirs], atol=1e-6)


def test_an_interval_of_means_holds_what_it_should():
    """Of 40 samples of each of two classes with recalls 0.9 and 0.5, about 95 of 100 intervals hold 0.7."""
    rng = np.random.default_rng(0)
    right = rng.binomial(40, (0.9, 0.5), size=(200, 2))
    tables = np.stack([np.stack([right[:, 0], 40 - right[:, 0]], 1), np.stack([40 - right[:, 1], right[:, 1]], 1)], 1)
    inside = [low <= 0.7 <= high for (_, low, high), _ in map(with_intervals, tables)]
    assert 0.88 < np.mean(inside) <= 0.99


def test_paired_difference_by_hand():
    labels = np.zeros(100, int)
    better, worse = np.tile([0.9, 0.1], (100, 1)), np.tile([0.9, 0.1], (100, 1))
    worse[:10] = [0.1, 0.9]
    gain, half = paired_difference(Outcome(better, labels, labels), Outcome(worse, labels, labels))
    assert gain == pytest.approx(0.1)
    assert half == pytest.approx(1.96 * 0.3 / 10, rel=0.02)
    assert paired_difference(Outcome(better, labels, labels), Outcome(better, labels, labels)) == (0, 0)


def test_an_answer_that_must_not_be_clear_is_likely_at_most():
    answers = Outcome(np.tile([0.9, 0.1], (3, 1)), np.zeros(3, int), np.array(["clear", "clear", "unclear"]))
    outcome = answers.never_clear(np.array([True, False, True]))
    assert outcome.levels.tolist() == ["likely", "clear", "unclear"]
    assert outcome.trust()["clear"] == pytest.approx(1 / 3, abs=1e-4)
