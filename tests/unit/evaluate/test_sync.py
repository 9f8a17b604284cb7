"""How well lips and voices are told together: by a listener who knows, one who guesses, and the plain correlation."""

import numpy as np
import pytest

from mmdemo.data.tasks.lips import LENGTH
from mmdemo.evaluate import sync
from mmdemo.evaluate.sync import AWAY, WIDTHS, correlation, draw
from mmdemo.evaluate.tables import tables
from mmdemo.video.reader import SHAPE, VOICE


@pytest.fixture(scope="module")
def clips():
    """Sentences whose first number of the lips is the first of the voice, 80 ms by 80 ms."""
    rng = np.random.default_rng(0)
    found = {}
    for speaker in ("s1", "s2"):
        for k in range(4):
            numbers = rng.normal(size=(LENGTH, SHAPE + VOICE)).astype(np.float32)
            numbers[:, SHAPE] = numbers[:, 0]
            found.setdefault(speaker, {})[f"{speaker}/{k}.mp4"] = numbers
    return found


def knows(items):
    apart = np.array([np.abs(item[:, 0] - item[:, SHAPE]).mean() for item in items])
    first = np.where(apart < 1e-3, 0.9, 0.1)
    return np.stack([first, 1 - first], axis=1)


def guesses(items):
    first = np.random.default_rng(1).uniform(0.2, 0.8, len(items))
    return np.stack([first, 1 - first], axis=1)


def test_windows_come_in_fours_of_the_same_lips_and_voices(clips):
    pairs = list(draw(clips, 12, 0))
    assert len(pairs) == 8 * 2 * sync.DRAWN * 4
    for first in range(0, len(pairs), 4):
        four = pairs[first : first + 4]
        assert [pair.synced for pair in four] == [True, True, False, False]
        for part in (slice(None, SHAPE), slice(SHAPE, None)):
            synced, apart = ({pair.numbers[:, part].tobytes() for pair in half} for half in (four[:2], four[2:]))
            assert synced == apart
        assert {pair.kind for pair in four[2:]} in ({"shifted"}, {"another"})
        assert all(pair.numbers.shape == (12, SHAPE + VOICE) for pair in four)
        assert all(knows([pair.beside])[0, 0] < 0.5 for pair in four)  # another's voice, whatever the pair is
    assert AWAY[0] * 0.08 >= 0.4


def test_who_knows_is_always_right_and_who_guesses_is_not(clips):
    found = sync._measure([(knows, clips)], seed=0)
    for width in WIDTHS:
        areas = found["areas"][width]
        assert areas["all"] == areas["another"] == areas["shifted"] == 1.0
        assert set(areas["by_speaker"]) == {"s1", "s2"} and areas["interval"] is None
        assert 0.3 < areas["correlation"] < 0.7
        assert found["position"][width] == 0.5
    assert found["offsets"]["exact"] == 1.0 and found["offsets"]["n"] == 8
    guessed = sync._measure([(guesses, clips)], seed=0)
    assert 0.4 < guessed["areas"]["1 s"]["all"] < 0.6


def test_the_correlation_finds_lips_that_move_where_it_is_loud():
    rng = np.random.default_rng(0)
    numbers = np.zeros((20, SHAPE + VOICE), np.float32)
    loud = np.repeat(rng.uniform(size=20), 2)
    moved = np.cumsum(loud * rng.choice([-1, 1], 40))
    numbers[:, :SHAPE] = np.repeat(moved, SHAPE // 2).reshape(20, SHAPE)
    numbers[:, -8:] = np.repeat(loud, 4).reshape(20, 8)
    assert correlation(numbers) > 0.95
    assert correlation(np.zeros_like(numbers)) == 0.0


def test_the_table_says_all_of_it(clips):
    found = sync._measure([(knows, clips)], seed=0)
    harmed = {"n": 8, "plain": 1.0, "webm": 0.9, "mirrored": 0.95, "noise": 0.91, "read": 1.0}
    metrics = {
        "command": "evaluate",
        "seed": 0,
        "split": "ours",
        "alone": {},
        "together": {},
        "sync": found | {"harmed": harmed},
    }
    assert "the folds" not in tables(metrics)
    metrics["folds"] = {"command": "strangers", "left_out": [["s1"], ["s2"]], **metrics["sync"]}
    said = tables(metrics)
    assert "| 2 s | the folds |" in said and "| chance | 8 | 7.69 % | 23.08 % |" in said and "0.950" in said


def test_a_webcam_in_poor_light_records_what_can_be_read(tmp_path):
    from films import film

    from mmdemo.video.reader import read_video

    file = tmp_path / "one.mp4"
    file.write_bytes(film())
    plain, webm = read_video(str(file)), read_video(sync.as_webm(file, seed=0))
    assert abs(len(webm) - len(plain)) <= 4 and not webm.absent
    count = min(len(webm.voice), len(plain.voice))
    assert np.corrcoef(webm.voice[:count, -1], plain.voice[:count, -1])[0, 1] > 0.9
