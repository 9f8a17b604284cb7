"""What Kokoro says, without the silence around it."""

import numpy as np
import pytest

from mmdemo.data.synthetic.kokoro import heard


def test_silence_around_is_cut_off():
    sound = np.zeros(30_000, np.float32)
    sound[10_000:12_000] = 0.5
    assert len(heard(sound, 24_000)) == pytest.approx(2_000 + 2 * 1_200, abs=2)
    assert not len(heard(np.zeros(10, np.float32), 24_000))
