"""Splits for rows that have none: seeded, every class in every split, and no speaker in two of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}
GROUP_COLUMNS = ("group", "speaker")  # rows with the same value here never go to different splits


def assign_splits(rows: pd.DataFrame, seed: int = 0, shares: dict[str, float] = SHARES) -> pd.Series:
    """A split for every row.

    The groups (single rows, if there is no column ``group`` or ``speaker``) come in seeded random order, large ones
    first, and each goes where its classes are most lacking. So a class with at least as many groups as there are splits
    is in each of them, and the shares are met as closely as the groups allow.

    Args:
        rows: a column ``label``, and perhaps one of ``GROUP_COLUMNS``, in which an empty cell is a group of its own.
        seed: of the order.
        shares: what part of every class each split should have; a tie goes to the first.

    Returns:
        Names of splits, indexed like ``rows``.
    """
    if rows.empty:
        return pd.Series(index=rows.index, dtype=object)
    alone = pd.Series(np.arange(len(rows)).astype(str), index=rows.index)
    column = next((name for name in GROUP_COLUMNS if name in rows), None)
    groups = alone if column is None else ("=" + rows[column].astype(str)).where(rows[column] != "", alone)
    codes, names = pd.factorize(groups)
    labels, _ = pd.factorize(rows["label"])

    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-np.bincount(codes)[order], kind="stable")]
    members = np.argsort(codes, kind="stable")  # rows, group by group
    bounds = np.append(0, np.bincount(codes).cumsum())
    missing = np.outer(list(shares.values()), np.bincount(labels))  # rows still wanted, (splits, classes)
    wanted = missing.copy()
    chosen = np.zeros(len(names), np.int64)
    for group in order:
        own, counts = np.unique(labels[members[bounds[group] : bounds[group + 1]]], return_counts=True)
        chosen[group] = (missing[:, own] / wanted[:, own] @ counts).argmax()
        missing[chosen[group], own] -= counts
    return pd.Series(np.array(list(shares), object)[chosen[codes]], index=rows.index)
