"""The what-ifs that matter, held against running each change on its own."""

import torch

from mmdemo.inference.what_ifs import WORTH, telling
from mmdemo.lstm.counterfactual import GateIntervention, ablate, rerun
from mmdemo.lstm.explanation import Step
from mmdemo.lstm.readout import Readout

STEPS = [Step("text", word, (0, 1)) for word in "abcd"] + [Step("image", "", (0, 0, 1, 1))] * 3


def made(seed=0, strength=3.0):
    torch.manual_seed(seed)
    lstm = torch.nn.LSTM(5, 8)
    readout = Readout(strength * torch.randn(3, 8), torch.zeros(3))
    x = 2 * torch.randn(len(STEPS), 5)
    return lstm, readout, x, readout.probabilities(lstm(x)[0][-1:])[0].detach()


def again(lstm, readout, x, one):
    if one.gate is None:
        return readout.probabilities(rerun(lstm, ablate(x, one.start, one.stop)).h[-1:])[0]
    change = GateIntervention(one.gate, one.value, one.start, one.stop)
    return readout.probabilities(rerun(lstm, x, [change]).h[-1:])[0]


def test_each_outcome_is_that_of_the_change_alone():
    for seed in range(5):
        lstm, readout, x, p = made(seed)
        for one in telling(lstm, readout, x, STEPS, p):
            after = again(lstm, readout, x, one)
            assert int(after.argmax()) == one.answer
            assert abs(float(after.max()) - one.probability) < 1e-4
            assert abs(float((after - p).abs().sum() / 2) - one.moved) < 1e-4
            assert one.moved >= WORTH


def test_what_changes_the_answer_comes_first_and_no_kind_twice():
    for seed in range(8):
        lstm, readout, x, p = made(seed)
        found = telling(lstm, readout, x, STEPS, p)
        others = [one.answer != int(p.argmax()) for one in found]
        assert others == sorted(others, reverse=True) and len({one.kind for one in found}) == len(found) <= 3


def test_nothing_is_offered_where_nothing_would_change():
    lstm, readout, x, p = made(strength=0.0)
    assert telling(lstm, readout, x, STEPS, p) == []
    assert telling(lstm, readout, x[:1], STEPS[:1], p) == []
