"""Scenes stay within the limits that are stated."""

import numpy as np

from mmdemo.data.synthetic.scenes import KINDS, SHARE, TILT, TURN, UNEVEN, draw_scene


def test_scenes_stay_within_the_stated_limits():
    drawn = [draw_scene(np.random.default_rng(n)) for n in range(600)]
    share, turn = np.array([one.share for one in drawn]), np.array([one.turn for one in drawn])
    assert share.min() >= SHARE[0] and share.max() <= SHARE[1] and share.min() < 0.1 and share.max() > 0.7
    assert 18 < np.abs(turn).max() <= TURN
    assert 32 < max(one.tilt for one in drawn) <= TILT
    assert all(1 <= one.uneven <= UNEVEN for one in drawn) and max(one.uneven for one in drawn) > 2.7
    assert {one.kind for one in drawn} == set(KINDS)
    assert {one.tool for one in drawn} == {"pen", "pencil", "marker", "screen"}
    assert any(one.hand for one in drawn) and any(one.face for one in drawn)
    assert all((one.kind == "phone") == (one.tool == "screen") for one in drawn)
