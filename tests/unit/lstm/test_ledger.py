"""The ledger against sums by hand, against the kernel's own logits, and against the writes taken away one by one."""

import doctest
from dataclasses import replace
from importlib import import_module

import pytest
import torch
from torch import nn

from mmdemo.lstm.ledger import (
    FORMS,
    LEAST,
    against_runner_up,
    contrast,
    forgotten_share,
    ledger,
    remaining,
    triangle,
    writes,
)
from mmdemo.lstm.readout import Readout
from mmdemo.lstm.trace import Trace, trace


def signals(f, u, o=1.0):
    """A trace of one unit from its forget gates and writes, by the plain loop."""
    f, u = torch.tensor(f)[:, None], torch.tensor(u)[:, None]
    c, cells = torch.zeros(1), []
    for f_t, u_t in zip(f, u, strict=True):
        c = f_t * c + u_t
        cells.append(c)
    c = torch.stack(cells)
    o = torch.full_like(c, o)
    return Trace(torch.ones_like(u), f, u, o, c, o * c.tanh(), c[-1:], c[-1:], ((0, "forward"),))


def a_classifier(seed, steps=12, units=16, classes=5, size=3.0):
    torch.manual_seed(seed)
    lstm, dense = nn.LSTM(6, units).eval(), nn.Linear(units, classes)
    for parameter in [*lstm.parameters(), *dense.parameters()]:
        parameter.requires_grad_(False).mul_(size)
    x = torch.randn(steps, 6)
    return lstm, dense, x, trace(lstm, x)


ONE = Readout(torch.ones(1, 1)), torch.ones(1)  # a dense layer that shows its only unit as it is


def test_both_ledgers_by_hand():
    inside = signals(f=[1.0, 0.5, 1.0], u=[0.8, 0.3, 0.3], o=0.5)  # e: 0.4, 0.3, 0.3; c = 1
    assert writes(inside)[:, 0].tolist() == pytest.approx([0, 0.4, 0.3, 0.3])
    tanh = torch.tensor([0.0, 0.4, 0.7, 1.0]).tanh()
    assert ledger(inside, *ONE, form="telescoped").steps.tolist() == pytest.approx((0.5 * tanh.diff()).tolist())
    proportional = [0.5 * e * float(tanh[3]) for e in (0.4, 0.3, 0.3)]
    assert ledger(inside, *ONE, form="proportional").steps.tolist() == pytest.approx(proportional)


def test_only_the_telescoped_form_depends_on_what_came_first():
    twice = signals(f=[1.0, 1.0], u=[1.5, 1.5])
    first, second = ledger(twice, *ONE, form="telescoped").steps
    assert first > 5 * second
    first, second = ledger(twice, *ONE, form="proportional").steps
    assert first == second


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(5))
def test_the_evidence_adds_up_to_the_logits(form, seed):
    lstm, dense, x, inside = a_classifier(seed, temperature := 40)
    logits = dense(lstm(x)[0]) / temperature
    for weights in (contrast(5, 2), contrast(5, 1, 4), against_runner_up(logits[-1]), torch.randn(5)):
        for t in (-1, 0, 7):
            book = ledger(inside, Readout.of(dense, temperature), weights, seen_from=t, form=form)
            assert float(book.total) == pytest.approx(float(logits[t] @ weights), abs=1e-4)
            less_bias = float((logits[t] - dense.bias / temperature) @ weights)
            assert float(book.steps.sum() + book.initial) == pytest.approx(less_bias, abs=1e-4)
            assert not book.steps[range(len(x))[t] + 1 :].any()


@pytest.mark.parametrize("form", FORMS)
def test_an_initial_state_has_its_own_entry(form):
    lstm, dense, x, _ = a_classifier(3)
    state = torch.randn(2, 1, 16)
    inside = trace(lstm, x[:4], tuple(state))
    book = ledger(inside, dense, contrast(5, 0), form=form, c_0=state[1])
    logits = dense(inside.h[-1])
    assert abs(float(book.initial)) > 1e-3
    assert float(book.total) == pytest.approx(float(logits[0] - logits.mean()), abs=1e-4)
    assert torch.allclose(writes(inside, c_0=state[1]).sum(0), inside.c[-1], atol=1e-5)


@pytest.mark.parametrize("steps", [1, 2, 30, 150])
def test_the_writes_sum_to_the_cell(steps):
    *_, inside = a_classifier(steps, steps)
    for t in range(0, steps, 7):
        assert torch.allclose(writes(inside, t).sum(0), inside.c[t], atol=1e-5)


def test_a_closed_forget_gate_erases_all_that_came_before():
    *_, inside = a_classifier(0)
    f = inside.f.clone()
    f[6] = 0
    kept = remaining(f)
    assert (kept[:7] == 0).all() and (kept[7:] > 0).all()  # of the states up to step 5, and the initial one
    e = writes(replace(inside, f=f))
    assert not e[:7].any() and e[7].any()


def test_to_take_away_one_write_with_gates_frozen_changes_the_cell_by_exactly_that():
    *_, inside = a_classifier(1)
    inside = replace(inside, **{name: getattr(inside, name).double() for name in "ifgoc"})
    e = writes(inside)
    for s in range(len(inside.c)):
        c = torch.zeros_like(inside.c[0])
        for t, (i, f, g) in enumerate(zip(inside.i, inside.f, inside.g, strict=True)):
            c = f * c + i * g * (t != s)
        assert torch.allclose(e.sum(0) - c, e[s + 1], atol=1e-12)


def test_the_telescoped_form_is_the_papers_partial_sums():
    _, dense, _, inside = a_classifier(2)
    sums = writes(inside).cumsum(0).tanh().diff(dim=0)  # (T, H)
    by_the_paper = (inside.o[-1] * sums) @ dense.weight[3]
    book = ledger(inside, Readout(dense.weight), torch.eye(5)[3], form="telescoped")
    assert torch.allclose(book.steps, by_the_paper, atol=1e-5)


def test_the_proportional_form_is_integrated_gradients_of_the_tanh():
    _, dense, _, inside = a_classifier(2)
    e = writes(inside).double()
    alphas = (torch.arange(2000).double() + 0.5) / 2000
    slope = (1 - (alphas[:, None] * e.sum(0)).tanh().square()).mean(0)  # of the tanh, along the line from 0 to c_T
    by_integral = (inside.o[-1] * e * slope)[1:] @ dense.weight[3].double()
    book = ledger(inside, Readout(dense.weight), torch.eye(5)[3], form="proportional")
    assert torch.allclose(book.steps.double(), by_integral, atol=1e-5)


def test_writes_that_cancel_do_not_divide_by_nothing():
    inside = signals(f=[1.0, 1.0], u=[0.5, -0.5])
    assert ledger(inside, *ONE, form="proportional").steps.tolist() == pytest.approx([0.5, -0.5])


@pytest.mark.parametrize("form", FORMS)
def test_every_row_of_the_triangle_is_the_ledger_seen_from_there(form):
    _, dense, _, inside = a_classifier(4)
    c_0, weights = torch.randn(16), contrast(5, 1, 2)
    readout, options = Readout.of(dense, 1.7), {"form": form, "c_0": c_0}
    whole = triangle(inside, readout, weights, **options)
    for t in range(12):
        row = ledger(inside, readout, weights, seen_from=t, **options)
        assert torch.allclose(whole.steps[t], row.steps, atol=1e-5)
        assert torch.allclose(whole.initial[t], row.initial, atol=1e-5)
    assert torch.equal(whole.steps, whole.steps.tril())


def test_forgotten_share_by_hand():
    inside = signals(f=[1.0, 1.0, 0.25, 0.0], u=[2.0, 0.0, 0.0, 0.5])
    share = forgotten_share(inside, Readout(torch.full((1, 1), 4.0)), torch.ones(1))
    kept = torch.tanh(torch.tensor(0.5)) / torch.tanh(torch.tensor(2.0))
    assert share[0].isnan()  # nothing came before
    assert share[1:].tolist() == pytest.approx([0, float(1 - kept), 1])


def test_forgotten_share_is_not_given_of_almost_nothing():
    inside = signals(f=[1.0, 0.5], u=[2.0, 0.0])
    enough, too_little = (Readout(share * LEAST / inside.h[:1]) for share in (1.01, 0.99))
    assert forgotten_share(inside, enough, torch.ones(1))[1] > 0
    assert forgotten_share(inside, too_little, torch.ones(1)).isnan().all()
    assert forgotten_share(inside, enough, -torch.ones(1)).isnan().all()  # evidence against is not evidence for
    rows = torch.tensor([[0.0], [-1.0]])  # a contrast for each step
    assert forgotten_share(inside, Readout(-enough.weight), rows)[1] > 0


@pytest.mark.parametrize("form", FORMS)
def test_the_ledger_of_every_class_holds_that_of_any_contrast(form):
    _, dense, _, inside = a_classifier(5)
    options = {"form": form, "c_0": torch.randn(16), "seen_from": 9}
    every = ledger(inside, dense, torch.eye(5), **options)
    for weights in (contrast(5, 2), contrast(5, 1, 4), torch.randn(5)):
        one, combined = ledger(inside, dense, weights, **options), every.combine(weights)
        for name in ("steps", "initial", "bias", "total"):
            assert torch.allclose(getattr(combined, name), getattr(one, name), atol=1e-4), name


def test_contrasts_by_hand():
    assert contrast(4, 1).tolist() == [-0.25, 0.75, -0.25, -0.25]
    assert contrast(4, 1, 3).tolist() == [0, 1, 0, -1]
    logits = torch.tensor([0.5, 3.0, 2.0])
    assert against_runner_up(logits).tolist() == [0, 1, -1]
    assert against_runner_up(logits, 0).tolist() == [1, -1, 0]


def test_wrong_calls_are_explained():
    lstm, dense, x, inside = a_classifier(0)
    good = (dense, contrast(5, 0))
    with pytest.raises(ValueError, match="telescoped, proportional"):
        ledger(inside, *good, form="other")
    with pytest.raises(ValueError, match="16 units"):
        ledger(inside, Readout(torch.zeros(5, 4)), contrast(5, 0))
    with pytest.raises(ValueError, match=r"\(4,\)"):
        ledger(inside, dense, contrast(4, 0))
    with pytest.raises(ValueError, match="one sequence"):
        ledger(trace(lstm, x[:, None]), *good)
    with pytest.raises(ValueError, match="forward"):
        ledger(trace(nn.LSTM(6, 8, bidirectional=True), x), *good)
    with pytest.raises(IndexError, match="12"):
        ledger(inside, *good, seen_from=12)


def test_one_direction_of_two_has_its_ledger():
    torch.manual_seed(0)
    lstm, x, weight = nn.LSTM(6, 8, num_layers=2, bidirectional=True).eval(), torch.randn(9, 6), torch.randn(3, 16)
    with torch.no_grad():
        forward = trace(lstm, x).layer(-1, "forward")
    book = ledger(forward, Readout(weight[:, :8]), torch.eye(3)[1])
    assert float(book.total) == pytest.approx(float(weight[1, :8] @ forward.h[-1]), abs=1e-5)


def test_the_example():
    names = {"nn": nn, "torch": torch, "trace": trace}
    assert not doctest.testmod(import_module("mmdemo.lstm.ledger"), extraglobs=names).failed
