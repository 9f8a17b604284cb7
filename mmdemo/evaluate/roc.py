"""How well one number tells two kinds apart."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata


def auroc(values: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """The area under the ROC curve: the chance that a positive one is greater than another; ties count half.

    Args:
        values: (N,) or (N, H).
        positive: which of them are, (N,) bool.

    Returns:
        One area, or one for each of the H columns.
    """
    ranks, n = rankdata(values, axis=0), int(positive.sum())
    return (ranks[positive].sum(0) - n * (n + 1) / 2) / (n * (len(positive) - n))
