import pytest
import torch

from mmdemo.train.calibration import fit_temperature, fit_threshold


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


def test_threshold_of_a_hopeless_model_is_high():
    assert fit_threshold(torch.full((50, 2), 0.5), torch.arange(50) % 2) == 0.99
