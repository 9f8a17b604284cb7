"""Deletion curves by hand and one by one; integrated gradients against Captum and against their own axiom."""

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients
from captum.metrics import infidelity as captums_infidelity
from torch import nn

from mmdemo.lstm.faithfulness import (
    SPREAD,
    deletion_curves,
    deletion_points,
    faithfulness,
    gauss_legendre,
    infidelity,
    integrated_gradients,
    normalised_area,
)
from mmdemo.lstm.ledger import contrast
from mmdemo.lstm.readout import Readout


@pytest.fixture(scope="module", params=[True, False], ids=["batch first", "time first"])
def classifier(request):
    torch.manual_seed(0)
    lstm, dense = nn.LSTM(6, 16, batch_first=request.param).eval(), nn.Linear(16, 4)
    with torch.no_grad():
        for parameter in lstm.parameters():
            parameter.mul_(2)
    return lstm, dense


def logits(lstm, dense, x):
    """A batch (B, T, I) -> (B, C)."""
    return dense(lstm(x)[0][:, -1] if lstm.batch_first else lstm(x.transpose(0, 1))[0][-1])


def test_integrated_gradients_add_up_to_the_change_of_the_logits(classifier):
    lstm, dense = classifier
    x, weights = torch.randn(9, 6), contrast(4, 2)
    evidence = integrated_gradients(lstm, Readout.of(dense, 2.0), x, weights)
    with torch.no_grad():
        change = (logits(lstm, dense, x[None]) - logits(lstm, dense, torch.zeros_like(x)[None]))[0] @ weights / 2
    assert evidence.shape == (9,)
    assert float(evidence.sum()) == pytest.approx(float(change), abs=1e-4)


def test_integrated_gradients_are_captums(classifier):
    lstm, dense = classifier
    x, weights = torch.randn(9, 6), contrast(4, 1, 3)
    theirs = IntegratedGradients(lambda batch: logits(lstm, dense, batch) @ weights)
    expected = theirs.attribute(x[None], n_steps=32, method="gausslegendre")[0].sum(-1)
    ours = integrated_gradients(lstm, dense, x, weights, points=32)
    assert torch.allclose(ours, expected.float(), atol=1e-5)


def test_they_take_as_many_points_as_adding_up_takes():
    """A gate that opens only near the end of the line: 32 points miss it by far."""
    torch.manual_seed(0)
    lstm, dense = nn.LSTM(6, 16, batch_first=True).eval(), nn.Linear(16, 4)
    with torch.no_grad():
        for parameter in [*lstm.parameters(), *dense.parameters()]:
            parameter.mul_(10)
    x, weights = 3 * torch.randn(30, 6), contrast(4, 1)
    with torch.no_grad():
        change = float((logits(lstm, dense, x[None]) - logits(lstm, dense, torch.zeros_like(x)[None]))[0] @ weights)
    few, enough = (integrated_gradients(lstm, dense, x, weights, points=points).sum() for points in (32, None))
    assert abs(float(few) - change) > 10 * abs(float(enough) - change)


def test_infidelity_is_captums(classifier):
    """Ours is a share of what there was to predict, theirs the mean square itself; both scale each explanation."""
    lstm, dense = classifier
    x, weights, scores = torch.randn(7, 6), contrast(4, 1), {"some": torch.randn(7), "other": torch.randn(7)}
    found = infidelity(lstm, dense, x, weights, scores, trials=40, seed=3)
    generator = torch.Generator().manual_seed(3)
    shares = torch.rand(40, 1, generator=generator)
    gone = (torch.rand(40, 7, generator=generator) < shares).float()

    @torch.no_grad()
    def read(masks):  # 1: there; a batch (N, 7)
        states = [logits(lstm, dense, x[mask > 0.5][None])[0] if (mask > 0.5).any() else dense.bias for mask in masks]
        return torch.stack(states) @ weights

    changes = read(torch.ones(1, 7)) - read(1 - gone)
    for name, score in scores.items():
        theirs = captums_infidelity(
            read, lambda inputs: (gone, inputs - gone), torch.ones(1, 7), score[None],
            n_perturb_samples=40, max_examples_per_batch=40, normalize=True,
        )  # fmt: skip
        assert found[name] == pytest.approx(float(theirs[0] / changes.square().mean()), rel=1e-3)


def test_an_explanation_that_predicts_every_loss_has_no_infidelity():
    """In an LSTM that only adds, the evidence of what is taken away is what is lost."""
    lstm, dense = nn.LSTM(2, 1).eval(), nn.Linear(1, 2)
    with torch.no_grad():
        for parameter in lstm.parameters():
            parameter.zero_()
        lstm.bias_ih_l0[:2], lstm.bias_ih_l0[3] = 20.0, 20.0
        lstm.weight_ih_l0[2, 0] = 0.01  # so small that no tanh bends
    x = torch.randn(9, 2)
    found = infidelity(lstm, dense, x, contrast(2, 1), {"right": x[:, 0], "wrong": x[:, 1]})
    assert found["right"] < 1e-3 < 0.3 < found["wrong"]


def test_integrated_gradients_work_where_a_prediction_does(classifier):
    lstm, dense = classifier
    x = torch.randn(5, 6)
    expected = integrated_gradients(lstm, dense, x, contrast(4, 0))
    with torch.inference_mode():
        assert torch.equal(integrated_gradients(lstm, dense, x.clone(), contrast(4, 0)), expected)
    assert all(parameter.grad is None for parameter in lstm.parameters())


@pytest.mark.parametrize("points", [1, 2, 5, 32])
def test_the_quadrature_is_numpys(points):
    nodes, weights = np.polynomial.legendre.leggauss(points)  # on the interval from -1 to 1
    ours = gauss_legendre(points)
    assert ours[0].numpy() == pytest.approx((nodes + 1) / 2, abs=1e-14)
    assert ours[1].numpy() == pytest.approx(weights / 2, abs=1e-14)


def test_a_curve_is_what_reading_the_rest_gives(classifier):
    lstm, dense = classifier
    x, orders = torch.randn(7, 6), [torch.randperm(7) for _ in range(3)]
    removed = deletion_points(7, 4)
    curves = deletion_curves(lstm, Readout.of(dense, 1.5), x, orders, removed, 1)
    with torch.no_grad():
        for order, curve in zip(orders, curves, strict=True):
            for n, p in zip(removed.tolist(), curve, strict=True):
                left = [t for t in range(7) if t not in order[:n].tolist()]
                answer = logits(lstm, dense, x[left][None])[0] if left else dense.bias
                assert float(p) == pytest.approx(float((answer / 1.5).softmax(0)[1]), abs=1e-6)


def test_points_are_even_and_reach_from_none_to_all():
    assert deletion_points(3).tolist() == [0, 1, 2, 3]
    assert deletion_points(150).tolist() == [round(7.5 * k) for k in range(21)]
    assert deletion_points(1).tolist() == [0, 1]
    for steps in range(1, 60):
        assert (deletion_points(steps).diff() > 0).all()


def test_areas_by_hand():
    removed = torch.tensor([0, 1, 2])
    at_once, at_last = [0.9, 0.1, 0.1], [0.9, 0.9, 0.1]
    evenly, nowhere = [0.9, 0.5, 0.1], [0.1 + SPREAD / 2, 0.9, 0.1]
    areas = normalised_area(removed, torch.tensor([at_once, at_last, evenly, nowhere]))
    assert areas[:3].tolist() == pytest.approx([0.25, 0.75, 0.5])
    assert areas[3].isnan()


def test_what_matters_is_found_first():
    """One step of twenty carries the answer, and all explanations know which; chance does not."""
    torch.manual_seed(0)
    lstm, dense = nn.LSTM(2, 4).eval(), nn.Linear(4, 2)
    with torch.no_grad():
        for parameter in [*lstm.parameters(), *dense.parameters()]:
            parameter.zero_()
        lstm.weight_ih_l0[:4, 0], lstm.bias_ih_l0[:4] = 20.0, -10.0  # write only where the first number is 1
        lstm.weight_ih_l0[8:12, 0] = 3.0
        lstm.bias_ih_l0[4:8] = lstm.bias_ih_l0[12:] = 10.0  # forget nothing, show all
        dense.weight[1] = 2.0
    x = torch.zeros(20, 2)
    x[13, 0] = 1
    found = faithfulness(lstm, dense, x, contrast(2, 1), answer=1)
    assert list(found) == ["ledger", "changed", "gradients", "random"]
    for name in ("ledger", "changed", "gradients"):
        assert found[name].area == pytest.approx(0.5 / 20, abs=1e-3)  # all is lost at the first point of twenty
        assert found[name].curve[0] > 0.99 and found[name].curve[1:].tolist() == pytest.approx([0.5] * 20, abs=1e-3)
        assert found[name].beaten >= 0.8
    assert found["random"].area > 0.3


def test_with_one_step_nobody_is_better_than_chance(classifier):
    lstm, dense = classifier
    found = faithfulness(lstm, dense, torch.randn(1, 6), contrast(4, 0), 0)
    assert {deletion.beaten for deletion in found.values()} == {0}


def test_chance_is_the_same_every_time(classifier):
    lstm, dense = classifier
    asked = lstm, dense, torch.randn(5, 6), contrast(4, 0), 0
    one, two = (faithfulness(*asked, seed=7)["random"] for _ in range(2))
    assert torch.equal(one.curve, two.curve)
    assert "random" not in faithfulness(*asked, random=0)
