import numpy as np
import pytest

from mmdemo.evaluate import Outcome, paired_difference


def test_summary_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]], np.float32)
    summary = Outcome(probabilities, np.array([0, 0, 1, 1])).summary(2)
    assert summary["n"] == 4
    assert summary["accuracy"] == 0.75
    assert summary["confusion"] == [[2, 0], [1, 1]]
    assert summary["loss"] == pytest.approx(-np.log([0.9, 0.8, 0.7, 0.4]).mean(), abs=1e-4)
    # each answer is alone in its bin, so the error is the mean of |right - confidence|
    assert summary["ece"] == pytest.approx(np.mean([0.1, 0.2, 0.3, 0.6]), abs=1e-4)
    low, high = summary["interval"]
    assert low < 0.75 < high


def test_paired_difference_by_hand():
    labels = np.zeros(100, int)
    better, worse = np.tile([0.9, 0.1], (100, 1)), np.tile([0.9, 0.1], (100, 1))
    worse[:10] = [0.1, 0.9]
    gain, half = paired_difference(Outcome(better, labels), Outcome(worse, labels))
    assert gain == pytest.approx(0.1)
    assert half == pytest.approx(1.96 * 0.3 / 10, rel=0.02)
    assert paired_difference(Outcome(better, labels), Outcome(better, labels)) == (0, 0)
