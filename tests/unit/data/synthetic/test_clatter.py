"""Clatter is sound, and the same for the same seed."""

import numpy as np
import pytest

from mmdemo.config import SAMPLE_RATE
from mmdemo.data.synthetic.clatter import CLATTER, clatter


@pytest.mark.parametrize("kind", [kind for kinds in CLATTER.values() for kind in kinds])
def test_clatter_is_sound_and_the_same_for_a_seed(kind):
    for seed in range(5):
        sound = clatter(kind, np.random.default_rng(seed))
        assert sound.dtype == np.float32 and np.isfinite(sound).all() and sound.std() > 0.001
        assert 0.29 * SAMPLE_RATE <= len(sound) <= 2.01 * SAMPLE_RATE
        assert np.array_equal(sound, clatter(kind, np.random.default_rng(seed)))
