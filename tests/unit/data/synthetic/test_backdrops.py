"""Backdrops of training and test share nothing."""

import numpy as np

from mmdemo.data.synthetic.backdrops import FACES, PHOTOS, SURFACES, backdrop


def test_training_and_test_backdrops_share_nothing():
    assert not set(PHOTOS["train"]) & set(PHOTOS["test"])
    assert not set(SURFACES["train"]) & set(SURFACES["test"])
    assert not set(SURFACES["train"].values()) & set(SURFACES["test"].values())
    rng = np.random.default_rng(0)
    shown = {split: {backdrop(split, 64, 48, rng, n % 8 == 0)[1] for n in range(120)} for split in PHOTOS}
    assert not shown["train"] & shown["test"]
    for split, names in shown.items():
        assert names == set(PHOTOS[split]) | set(SURFACES[split])
        assert any(name in FACES for name in names)
