"""Calls that wait for one another are computed in one go, and none hears of another's."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from mmdemo.app.tasks import EXAMPLES
from mmdemo.inference.micro_batch import MicroBatcher
from mmdemo.inference.predictor import Predictor

DIGITS = EXAMPLES / "digits"


def test_who_waits_is_computed_together():
    turns, first = [], threading.Event()

    def double(many):
        turns.append(list(many))
        if len(turns) == 1:
            first.set()
            time.sleep(0.3)
        return [2 * one for one in many]

    together = MicroBatcher(double, most=4)
    with ThreadPoolExecutor(8) as pool:
        told = [pool.submit(together, 0)]
        first.wait(5)
        told += [pool.submit(together, number) for number in range(1, 8)]
        assert [each.result(5) for each in told] == [0, 2, 4, 6, 8, 10, 12, 14]
    assert [len(turn) for turn in turns] == [1, 4, 3]


def test_one_failure_is_only_its_own():
    entered = threading.Event()

    def invert(many):
        entered.set()
        time.sleep(0.1)
        return [1 / one for one in many]

    together = MicroBatcher(invert)
    with ThreadPoolExecutor(4) as pool:
        told = [pool.submit(together, 1)]
        entered.wait(5)
        told += [pool.submit(together, number) for number in (2, 0, 4)]
        assert [told[k].result(5) for k in (0, 1, 3)] == [1, 0.5, 0.25]
        with pytest.raises(ZeroDivisionError):
            told[2].result(5)
    assert together(5) == 0.2  # and the next comes through


def test_answers_are_those_of_each_alone(checkpoints):
    predictor = Predictor.load(checkpoints / "digits")
    asked = [
        {"text": "three, no wait, seven", "image": DIGITS / "eight.jpg", "audio": DIGITS / "nine.flac"},
        {"text": "five"},
        {"image": DIGITS / "four.jpg"},
        {"audio": DIGITS / "three.flac"},
        {},
        {"text": "nine", "audio": DIGITS / "seven.flac"},
    ]
    read = [{name: predictor.preprocess(name, source) for name, source in one.items()} for one in asked]
    alone = [predictor.predict(**one) for one in read]
    orders = [("text", "image", "audio")] * len(read)
    with torch.inference_mode():
        for x, result in zip(predictor._encode_many(list(zip(read, orders, strict=True))), alone, strict=True):
            assert len(x) == len(result.steps)
            np.testing.assert_allclose(
                predictor._run(x, result.used)[0], result.step_probabilities, atol=1e-5
            )  # float32's rounding
