"""The ledger by hand, by a second route, against older ledgers, and against the kernel's own logits."""

import doctest
import math
from importlib import import_module
from itertools import product

import pytest
import torch
from ledgers import proportional, telescoped, writes
from torch import nn

from mmdemo.lstm.ledger import (
    LEAST,
    ROWS,
    against_runner_up,
    contrast,
    forgotten_share,
    ledger,
    triangle,
)
from mmdemo.lstm.readout import Readout
from mmdemo.lstm.trace import Trace, trace

ANY = list(product((1, 2, 3), (False, True), (False, True), (False, True)))  # layers, directions, batch first, biases


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


def a_classifier(seed, steps=12, units=16, classes=5, size=3.0, **options):
    torch.manual_seed(seed)
    lstm = nn.LSTM(6, units, **options).eval()
    dense = nn.Linear(units * (1 + lstm.bidirectional), classes, dtype=options.get("dtype"))
    for parameter in [*lstm.parameters(), *dense.parameters()]:
        parameter.requires_grad_(False).mul_(size)
    return lstm, dense, torch.randn(steps, 6, dtype=options.get("dtype"))


def ends(lstm, inside, batch):
    """The top layer's states at the end, (B, D * H)."""
    directions = 1 + lstm.bidirectional
    return inside.h_n.view(lstm.num_layers, directions, batch, -1)[-1].transpose(0, 1).flatten(1)


def test_two_units_by_hand():
    """Two steps, one number each. Only unit 1's memory of the first is heard, by unit 0's candidate at the second."""
    lstm, dense = nn.LSTM(1, 2), Readout(torch.tensor([[1.5, -0.5]]))
    for parameter in lstm.parameters():
        nn.init.zeros_(parameter)  # all gates at a half
    with torch.no_grad():
        lstm.weight_ih_l0[4], lstm.weight_ih_l0[5] = 1.0, 2.0  # the candidates
        lstm.weight_hh_l0[4, 1] = 3.0
    book = ledger(lstm, dense, torch.tensor([[0.5], [-0.25]]), torch.ones(1))

    def sec(z):
        return math.tanh(z) / z

    c1 = [0.5 * math.tanh(0.5), 0.5 * math.tanh(1.0)]
    heard = 3 * 0.5 * math.tanh(c1[1])
    z2 = [-0.25 + heard, -0.5]
    c2 = [0.5 * c + 0.5 * math.tanh(z) for c, z in zip(c1, z2, strict=True)]
    m2 = [d * 0.5 * sec(c) for d, c in zip((1.5, -0.5), c2, strict=True)]
    second = m2[0] * 0.5 * sec(z2[0]) * -0.25 + m2[1] * 0.5 * math.tanh(-0.5)
    m1 = [0.5 * m2[0], 0.5 * m2[1] + 3 * m2[0] * 0.5 * sec(z2[0]) * 0.5 * sec(c1[1])]
    first = m1[0] * c1[0] + m1[1] * c1[1]
    assert book.steps.tolist() == pytest.approx([first, second], abs=1e-6)
    whole = 1.5 * 0.5 * math.tanh(c2[0]) - 0.5 * 0.5 * math.tanh(c2[1])
    assert first + second == pytest.approx(whole, abs=1e-12)


@pytest.mark.parametrize("dtype, close", [(torch.float32, 1e-5), (torch.float64, 1e-13)])
@pytest.mark.parametrize("seed", range(5))
def test_the_evidence_adds_up_to_the_logits(dtype, close, seed):
    lstm, dense, x = a_classifier(seed, temperature := 40, dtype=dtype)
    logits = dense(lstm(x)[0]) / temperature
    for weights in (contrast(5, 2), contrast(5, 1, 4), against_runner_up(logits[-1]), torch.randn(5)):
        for t in (-1, 0, 7):
            book = ledger(lstm, Readout.of(dense, temperature), x, weights, seen_from=t)
            assert float(book.total) == pytest.approx(float(logits[t] @ weights.to(dtype)), abs=close)
            assert not book.steps[range(len(x))[t] + 1 :].any()
            assert book.steps.shape == (len(x),) and book.initial == 0


@pytest.mark.parametrize("layers, both, batch_first, bias", ANY)
def test_it_adds_up_in_every_lstm_from_every_state(layers, both, batch_first, bias):
    options = {"num_layers": layers, "bidirectional": both, "batch_first": batch_first, "bias": bias}
    lstm, dense, _ = a_classifier(layers, units=8, dtype=torch.float64, **options)
    x = torch.randn((4, 9, 6) if batch_first else (9, 4, 6), dtype=torch.float64)
    rows, every = layers * (1 + both), torch.eye(5)
    for state in (None, tuple(torch.randn(2, rows, 4, 8, dtype=torch.float64))):
        for lengths in (None, [9, 3, 1, 7]):
            inside = trace(lstm, x, state, lengths=lengths)
            book = ledger(lstm, dense, x, every, initial_state=state, inside=inside)
            assert book.steps.shape == (5, 4, 9) and book.initial.shape == book.bias.shape == (5, 4)
            assert torch.allclose(book.total, dense(ends(lstm, inside, 4)).T, atol=1e-12)
            for n, length in enumerate(lengths or []):
                assert not book.steps[:, n, length:].any()
        outputs = inside.h.transpose(0, 1) if batch_first else inside.h  # (T, B, D * H)
        weights = torch.rand(9)
        seen = {3: outputs[3], -2: outputs[-2], weights: torch.tensordot(weights.double(), outputs, 1)}
        for seen_from, read in seen.items():
            book = ledger(lstm, dense, x, every, initial_state=state, inside=inside, seen_from=seen_from)
            assert torch.allclose(book.total, dense(read).T, atol=1e-12)


def test_a_batch_has_the_ledgers_of_its_sequences():
    lstm, dense, _ = a_classifier(1, num_layers=2, bidirectional=True, dtype=torch.float64)
    x, lengths = torch.randn(9, 3, 6, dtype=torch.float64), [4, 9, 6]
    every = ledger(lstm, dense, x, contrast(5, 1), inside=trace(lstm, x, lengths=lengths))
    for n, length in enumerate(lengths):
        alone = ledger(lstm, dense, x[:length, n], contrast(5, 1))
        assert torch.allclose(every.steps[n, :length], alone.steps, atol=1e-12)


@pytest.mark.parametrize("layers, both", list(product((1, 2), (False, True))))
def test_it_is_gradient_times_input_with_gates_and_ratios_held(layers, both):
    """A second route: the network written out with constants, differentiated by autograd."""
    lstm, dense, x = a_classifier(2, 7, num_layers=layers, bidirectional=both, dtype=torch.float64)
    inside = trace(lstm, x)
    shares = torch.ones(7, dtype=torch.float64, requires_grad=True)  # of what each step brings: its x, and its biases
    below, top = x * shares[:, None], []
    for k in range(layers):
        sides = []
        for n, name in enumerate(("forward", "reverse")[: 1 + both]):
            part = inside.layer(k, name)
            w_x, w_h, b_x, b_h = (weights[32:48] for weights in lstm.all_weights[k * (1 + both) + n])
            h = c = torch.zeros(16, dtype=torch.float64)
            outputs = {}
            for t in range(7) if name == "forward" else reversed(range(7)):
                z = w_x @ below[t] + w_h @ h + (b_x + b_h) * shares[t]
                g = z * (z.tanh() / z).detach()
                c = part.f[t] * c + part.i[t] * g
                h = part.o[t] * c * (c.tanh() / c).detach()
                outputs[t] = h
            sides.append(torch.stack([outputs[t] for t in range(7)]))
            top.append(h)
        below = torch.cat(sides, -1)
    read = dense(torch.cat(top[-1 - both :]))[2]
    (expected,) = torch.autograd.grad(read, shares)
    assert torch.allclose(ledger(lstm, dense, x, torch.eye(5)[2]).steps, expected, atol=1e-12)


def test_where_the_candidate_hears_nothing_it_is_the_proportional_ledger():
    lstm, dense, x = a_classifier(3)
    assert not torch.allclose(
        ledger(lstm, dense, x, torch.eye(5)[1]).steps, proportional(trace(lstm, x), dense.weight[1]), atol=0.1
    )
    lstm.weight_hh_l0[32:48] = 0
    inside = trace(lstm, x)
    book = ledger(lstm, dense, x, torch.eye(5)[1])
    assert torch.allclose(book.steps, proportional(inside, dense.weight[1]), atol=1e-5)
    assert not torch.allclose(book.steps, telescoped(inside, dense.weight[1]), atol=0.1)


def test_the_older_ledgers_add_up_to_the_same():
    lstm, dense, x = a_classifier(4)
    inside = trace(lstm, x)
    whole = float(ledger(lstm, dense, x, torch.eye(5)[1]).steps.sum())
    for older in (proportional, telescoped):
        assert float(older(inside, dense.weight[1]).sum()) == pytest.approx(whole, abs=1e-4)
    assert torch.allclose(writes(inside).sum(0), inside.c[-1], atol=1e-5)


def test_the_order_of_the_units_changes_nothing():
    lstm, dense, x = a_classifier(5, dtype=torch.float64)
    book = ledger(lstm, dense, x, torch.eye(5))
    order = torch.randperm(16)
    rows = torch.cat([order + 16 * gate for gate in range(4)])
    for name, weights in lstm.named_parameters():
        weights.copy_(weights[rows][:, order] if name == "weight_hh_l0" else weights[rows])
    other = ledger(lstm, Readout(dense.weight[:, order], dense.bias), x, torch.eye(5))
    assert torch.allclose(book.steps, other.steps, atol=1e-12)


def test_an_initial_state_has_its_own_entry():
    lstm, dense, x = a_classifier(3)
    state = tuple(torch.randn(2, 1, 16))
    book = ledger(lstm, dense, x[:4], contrast(5, 0), initial_state=state)
    logits = dense(lstm(x[:4], state)[0][-1])
    assert abs(float(book.initial)) > 1e-3
    assert float(book.total) == pytest.approx(float(logits[0] - logits.mean()), abs=1e-4)


def test_saturated_units_and_empty_ones_divide_by_nothing():
    lstm, dense, x = a_classifier(0, size=60.0)
    assert float(ledger(lstm, dense, x, contrast(5, 0)).total) == pytest.approx(
        float(dense(lstm(x)[0][-1]) @ contrast(5, 0)), abs=1e-3
    )
    for parameter in lstm.parameters():
        parameter.zero_()
    assert not ledger(lstm, dense, x, contrast(5, 0)).steps.any()


def test_a_closed_forget_gate_erases_all_that_came_before_unless_it_was_heard():
    lstm, dense, x = a_classifier(0)
    lstm.weight_ih_l0[16:32], lstm.weight_hh_l0[16:32], lstm.bias_ih_l0[16:32] = 0, 0, -100  # never keeps anything
    assert ledger(lstm, dense, x, contrast(5, 0)).steps[:-1].any()
    lstm.weight_hh_l0[32:48] = 0
    book = ledger(lstm, dense, x, contrast(5, 0))
    assert not book.steps[:-1].any() and book.steps[-1] != 0


@pytest.mark.parametrize("both", [False, True])
def test_every_row_of_the_triangle_is_the_ledger_seen_from_there(both):
    lstm, dense, x = a_classifier(4, ROWS + 3, bidirectional=both)
    weights, readout = contrast(5, 1, 2), Readout.of(dense, 1.7)
    whole = triangle(lstm, readout, x, weights)
    for t in range(len(x)):
        row = ledger(lstm, readout, x, weights, seen_from=t)
        assert torch.allclose(whole.steps[t], row.steps, atol=1e-5)
        assert torch.allclose(whole.total[t], row.total, atol=1e-4)
    assert both or torch.equal(whole.steps, whole.steps.tril())


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


def test_the_ledger_of_every_class_holds_that_of_any_contrast():
    lstm, dense, _ = a_classifier(5)
    x, state = torch.randn(9, 3, 6), tuple(torch.randn(2, 1, 3, 16))
    every = ledger(lstm, dense, x, torch.eye(5), initial_state=state)
    for weights in (contrast(5, 2), contrast(5, 1, 4), torch.randn(5)):
        one, combined = ledger(lstm, dense, x, weights, initial_state=state), every.combine(weights)
        for name in ("steps", "initial", "bias", "total"):
            assert torch.allclose(getattr(combined, name), getattr(one, name), atol=1e-4), name


def test_contrasts_by_hand():
    assert contrast(4, 1).tolist() == [-0.25, 0.75, -0.25, -0.25]
    assert contrast(4, 1, 3).tolist() == [0, 1, 0, -1]
    logits = torch.tensor([0.5, 3.0, 2.0])
    assert against_runner_up(logits).tolist() == [0, 1, -1]
    assert against_runner_up(logits, 0).tolist() == [1, -1, 0]


def test_wrong_calls_are_explained():
    lstm, dense, x = a_classifier(0)
    one = contrast(5, 0)
    with pytest.raises(ValueError, match="16 numbers a step"):
        ledger(lstm, Readout(torch.zeros(5, 4)), x, one)
    with pytest.raises(ValueError, match=r"\(4,\)"):
        ledger(lstm, dense, x, contrast(4, 0))
    with pytest.raises(ValueError, match="each of the 12 steps"):
        ledger(lstm, dense, x, one, seen_from=torch.ones(3))
    with pytest.raises(IndexError, match="12"):
        ledger(lstm, dense, x, one, seen_from=12)
    with pytest.raises(ValueError, match="proj_size"):
        ledger(nn.LSTM(6, 16, proj_size=4), dense, x, one)
    with pytest.raises(ValueError, match="one sequence"):
        triangle(lstm, dense, x[:, None], one)
    inside = trace(lstm, x)
    with pytest.raises(ValueError, match="one sequence"):
        forgotten_share(trace(lstm, x[:, None]), dense, one)
    with pytest.raises(ValueError, match="forward"):
        forgotten_share(trace(nn.LSTM(6, 8, bidirectional=True), x), dense, one)
    with pytest.raises(ValueError, match="16 units"):
        forgotten_share(inside, Readout(torch.zeros(5, 4)), one)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_it_adds_up_on_a_gpu():
    lstm, dense, x = a_classifier(0, 150, units=128, size=1.5)
    here = ledger(lstm, dense, x, torch.eye(5))
    lstm, dense, x = lstm.cuda(), dense.cuda(), x.cuda()
    book = ledger(lstm, dense, x, torch.eye(5))
    assert torch.allclose(book.total, dense(trace(lstm, x).h[-1]), atol=1e-4)
    assert torch.allclose(book.steps.cpu(), here.steps, atol=1e-3)


def test_the_example():
    names = {"nn": nn, "torch": torch}
    assert not doctest.testmod(import_module("mmdemo.lstm.ledger"), extraglobs=names).failed
