"""The area under the ROC curve, by hand and beside scikit-learn's."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from mmdemo.evaluate.roc import auroc


def test_auroc_is_the_chance_to_be_greater():
    values = np.array([1.0, 2, 2, 3])
    positive = np.array([False, True, False, True])
    assert auroc(values, positive) == pytest.approx((1 + 0.5 + 1 + 1) / 4)
    assert auroc(np.stack([values, -values], 1), positive) == pytest.approx([0.875, 0.125])
    assert auroc(values[:2], positive[:2]) == 1
    assert auroc(np.zeros(2), positive[:2]) == 0.5


def test_it_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    values, positive = rng.integers(0, 30, 200) / 30, rng.random(200) < 0.3
    assert auroc(values, positive) == pytest.approx(roc_auc_score(positive, values), abs=1e-12)
