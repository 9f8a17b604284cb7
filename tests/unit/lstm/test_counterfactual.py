"""Reading again: by hand on an LSTM of one unit, and against the kernel where nothing is changed."""

from itertools import permutations

import pytest
import torch
from torch import nn

from mmdemo.lstm.counterfactual import (
    GateIntervention,
    ablate,
    changed,
    coalitions,
    last_states,
    rerun,
    run_coalitions,
    shapley,
)
from mmdemo.lstm.ledger import contrast, ledger
from mmdemo.lstm.readout import Readout
from mmdemo.lstm.trace import SIGNALS, trace

EVIDENCE, WAIT, NOTHING = torch.eye(3)


@pytest.fixture
def forgetful():
    """One unit that writes 1 at EVIDENCE, forgets all at WAIT, and shows what it holds. Gates see only the input."""
    lstm = nn.LSTM(3, 1)
    with torch.no_grad():
        for parameter in lstm.parameters():
            parameter.zero_()
        #                                    EVIDENCE, WAIT, NOTHING
        lstm.weight_ih_l0[0] = torch.tensor([20.0, -20.0, -20.0])  # i
        lstm.weight_ih_l0[1] = torch.tensor([20.0, -20.0, 20.0])  # f
        lstm.weight_ih_l0[2] = torch.tensor([20.0, 0.0, 0.0])  # g
        lstm.bias_ih_l0[3] = 20.0  # o
    return lstm


def a_module(**options):
    torch.manual_seed(0)
    return nn.LSTM(5, 7, **options).eval()


def test_forget_gates_fixed_open_bring_the_evidence_back(forgetful):
    x = torch.stack([EVIDENCE, NOTHING, WAIT, NOTHING])
    assert rerun(forgetful, x).c[:, 0].tolist() == pytest.approx([1, 1, 0, 0], abs=1e-4)
    fixed = rerun(forgetful, x, [GateIntervention("f", 1.0, 2, 3)])
    assert fixed.c[:, 0].tolist() == pytest.approx([1, 1, 1, 1], abs=1e-4)
    assert fixed.h[-1, 0] == pytest.approx(float(torch.tensor(1.0).tanh()), abs=1e-4)


@pytest.mark.parametrize("gate, value, c, h", [("i", 0.0, 0, 0), ("o", 0.0, 1, 0), ("g", -0.5, -0.5, -0.4621)])
def test_any_gate_can_be_fixed(forgetful, gate, value, c, h):
    inside = rerun(forgetful, EVIDENCE[None], [GateIntervention(gate, value, 0, 1)])
    assert getattr(inside, gate)[0, 0] == value
    assert (inside.c[0, 0], inside.h[0, 0]) == pytest.approx((c, h), abs=1e-4)


@pytest.mark.parametrize("bias", [True, False])
def test_with_nothing_fixed_it_is_the_original(bias):
    lstm, x = a_module(bias=bias, batch_first=True), torch.randn(20, 5)
    with torch.no_grad():
        for state in (None, tuple(torch.randn(2, 1, 7))):
            again, original = rerun(lstm, x, initial_state=state), trace(lstm, x, state)
            for name in (*SIGNALS, "h_n", "c_n"):
                assert torch.allclose(getattr(again, name), getattr(original, name), atol=1e-6), name


def test_gates_after_a_intervention_are_worked_out_anew():
    lstm, x = a_module(), torch.randn(9, 5)
    plain, fixed = rerun(lstm, x), rerun(lstm, x, [GateIntervention("f", 1.0, 3, 5)])
    assert torch.equal(plain.h[:3], fixed.h[:3])
    assert (fixed.f[3:5] == 1).all()
    assert not torch.allclose(plain.i[5:], fixed.i[5:], atol=1e-4)
    with torch.no_grad():  # from the fixed state on, the kernel goes on by itself
        h, c = fixed.h[4][None], fixed.c[4][None]
        assert torch.allclose(trace(lstm, x[5:], (h, c)).h, fixed.h[5:], atol=1e-6)


def test_wrong_interventions_are_explained():
    for gate, start, stop in (("c", 0, 1), ("f", 2, 2), ("f", 0, 10)):
        with pytest.raises(ValueError, match="from 0 to 9"):
            rerun(a_module(), torch.randn(9, 5), [GateIntervention(gate, 1.0, start, stop)])
    with pytest.raises(ValueError, match="one layer"):
        rerun(a_module(num_layers=2), torch.randn(9, 5))
    with pytest.raises(ValueError, match="forward"):
        rerun(a_module(bidirectional=True), torch.randn(9, 5))


@pytest.mark.parametrize("batch_first", [True, False])
def test_a_batch_of_any_lengths_is_read_as_each_alone(batch_first):
    lstm, x = a_module(batch_first=batch_first), torch.randn(8, 5)
    with torch.no_grad():
        states = last_states(lstm, [x, x[:3], x[:0], x[2:4]])
        for n, part in ((0, x), (1, x[:3]), (3, x[2:4])):
            assert torch.allclose(states[n], lstm(part)[0][-1], atol=1e-6)
        assert not states[2].any()
        assert last_states(lstm, [x[:0]]).shape == (1, 7)


def test_steps_left_out():
    x = torch.arange(5.0)[:, None]
    assert ablate(x, 1).flatten().tolist() == [0, 2, 3, 4]
    assert ablate(x, 1, 4).flatten().tolist() == [0, 4]


def test_coalitions_and_orders_are_the_embeddings_joined():
    lstm = a_module()
    embeddings = {name: torch.randn(n, 5) for name, n in (("text", 2), ("image", 4), ("audio", 3))}
    with torch.no_grad():
        subsets, orders = run_coalitions(lstm, embeddings)
        assert len(subsets) == 8 and len(orders) == 6 and list(orders) == list(permutations(embeddings))
        assert not subsets[frozenset()].any()
        both = torch.cat([embeddings["text"], embeddings["audio"]])
        assert torch.allclose(subsets[frozenset(["audio", "text"])], lstm(both)[0][-1], atol=1e-6)
        turned = torch.cat([embeddings["audio"], embeddings["text"], embeddings["image"]])
        assert torch.allclose(orders["audio", "text", "image"], lstm(turned)[0][-1], atol=1e-6)


def test_shares_by_hand():
    gloves = {"left": {"a"}, "right": {"b", "c"}}  # the glove game: a pair is worth 1
    values = {
        some: torch.tensor(float(bool(some & gloves["left"]) and bool(some & gloves["right"])))
        for some in coalitions("abc")
    }
    shares = shapley(values)
    assert [float(shares[player]) for player in "abc"] == pytest.approx([2 / 3, 1 / 6, 1 / 6])


@pytest.mark.parametrize("n", [1, 2, 3])
def test_shares_are_the_mean_over_orders_and_add_up(n):
    torch.manual_seed(n)
    players = ["text", "image", "audio"][:n]
    values = {some: torch.randn(4) for some in coalitions(players)}
    shares = shapley(values)
    assert torch.allclose(sum(shares.values()), values[frozenset(players)] - values[frozenset()], atol=1e-6)
    for player in players:
        gains = []
        for order in permutations(players):
            before = frozenset(order[: order.index(player)])
            gains.append(values[before | {player}] - values[before])
        assert torch.allclose(shares[player], torch.stack(gains).mean(0), atol=1e-6)


def test_shares_need_every_subset():
    values = {some: torch.zeros(()) for some in coalitions("abc")}
    del values[frozenset("ab")]
    with pytest.raises(ValueError, match="all 8 subsets"):
        shapley(values)
    assert shapley({frozenset(): torch.zeros(3)}) == {}


@pytest.mark.parametrize("layers, both", [(1, False), (2, False), (1, True), (2, True)])
def test_what_each_step_changed_is_what_reading_parts_gives(layers, both):
    torch.manual_seed(0)
    lstm = nn.LSTM(6, 8, layers, bidirectional=both, dtype=torch.float64).eval()
    dense, x = nn.Linear(8 * (1 + both), 3, dtype=torch.float64), 2 * torch.randn(5, 6, dtype=torch.float64)
    weights = torch.randn(3, dtype=torch.float64)

    def read(start, stop):
        if start == stop:
            return float(dense.bias @ weights)
        return float(dense(lstm(x[start:stop])[1][0][-1 - both :].flatten()) @ weights)

    with torch.no_grad():
        expected = [(read(0, t + 1) - read(0, t) + read(t, 5) - read(t + 1, 5)) / 2 for t in range(5)]
        for inside in (None, trace(lstm, x)):
            found = changed(lstm, dense, x, weights, inside=inside)
            assert found.tolist() == pytest.approx(expected, abs=1e-12)
        assert float(found.sum()) == pytest.approx(read(0, 5) - read(0, 0), abs=1e-12)
        every = changed(lstm, dense, x, torch.eye(3))
    assert torch.allclose(weights @ every, found, atol=1e-12)


def test_a_word_that_only_erases_is_credited_with_it(forgetful):
    """ "evidence, wait": the ledger has nothing to say of "wait", and what was changed is all its doing."""
    x, readout = torch.stack([EVIDENCE, NOTHING, WAIT]), Readout(torch.tensor([[-3.0], [3.0]]))
    weights = contrast(2, 0)  # for the class that the evidence speaks against
    assert ledger(forgetful, readout, x, weights).steps.abs().max() < 1e-3
    before, between, wait = changed(forgetful, readout, x, weights).tolist()
    shown = 3 * float(torch.tensor(1.0).tanh())
    assert wait == pytest.approx(shown / 2, abs=1e-3) and before == pytest.approx(-shown / 2, abs=1e-3)
    assert between == pytest.approx(0, abs=1e-3)


def test_what_cannot_be_read_in_parts_is_refused():
    lstm, dense = a_module(), nn.Linear(4, 2)
    for wrong in (torch.zeros(0, 3), torch.zeros(2, 5, 3)):
        with pytest.raises(ValueError, match="one sequence"):
            changed(lstm, dense, wrong, contrast(2, 0))
