"""A temperature and a threshold that are known beforehand are found again."""

import pytest
import torch

from mmdemo.train.calibration import fit_temperature, fit_threshold, true_classes


def test_temperature_undoes_overconfidence():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(5000, 4, generator=generator)
    labels = torch.multinomial(logits.softmax(-1), 1, generator=generator)[:, 0]
    assert fit_temperature(logits, labels) == pytest.approx(1, abs=0.1)
    assert fit_temperature(2.5 * logits, labels) == pytest.approx(2.5, rel=0.1)


def test_threshold_by_hand():
    # 99 right answers at 0.9, then wrong ones at 0.7: at most 1 % may be wrong, so only one of those is let in
    probabilities = torch.tensor([[0.9, 0.1]] * 198 + [[0.75, 0.25]] * 2 + [[0.7, 0.3]] * 10)
    labels = torch.tensor([0] * 198 + [1] * 2 + [1] * 10)
    assert fit_threshold(probabilities, labels) == pytest.approx(0.75)


@pytest.mark.parametrize(("wrong", "expected"), [(1, 0.7), (2, 0.9)])
def test_one_answer_in_a_hundred_may_be_wrong(wrong, expected):
    """A hundred answers, of which the least confident are wrong: one more than is allowed shuts both out."""
    highest = torch.tensor([0.9] * 98 + [0.8, 0.7])
    labels = torch.tensor([0] * (100 - wrong) + [1] * wrong)
    assert fit_threshold(torch.stack([highest, 1 - highest], 1), labels) == pytest.approx(expected)


def test_no_answer_below_six_in_ten_is_ever_sure():
    highest = torch.linspace(0.99, 0.51, 49)
    assert fit_threshold(torch.stack([highest, 1 - highest], 1), torch.zeros(49).long()) == pytest.approx(0.6)


def test_what_belongs_to_no_class_speaks_for_none():
    taught = torch.tensor([[0.25, 0.25, 0.25, 0.25], [0.24, 0.24, 0.26, 0.26], [0, 0, 0, 1]])
    assert true_classes(taught).tolist() == [-1, 2, 3]


def test_threshold_of_a_hopeless_model_is_high():
    assert fit_threshold(torch.full((50, 2), 0.5), torch.arange(50) % 2) == 0.99


def test_an_answer_to_an_outlier_is_wrong_however_sure():
    assert true_classes(torch.tensor([[0.2, 0.8], [0.5, 0.5]])).tolist() == [1, -1]
    sure = torch.tensor([[0.95, 0.05], [0.9, 0.1], [0.7, 0.3]])
    assert fit_threshold(sure, torch.tensor([0, 0, -1])) == pytest.approx(0.9)
