"""``trace`` against arithmetic by hand, against an ``nn.LSTMCell`` loop, and against the module itself."""

import doctest
import math
import random
import time
import warnings
from dataclasses import FrozenInstanceError
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import prune
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence
from torch.utils._python_dispatch import TorchDispatchMode

from mmdemo.lstm.trace import SIGNALS, full_precision, trace

module = import_module("mmdemo.lstm.trace")  # its name in the package is the function's

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-12}


def by_cells(lstm, x, state=None):
    """The slow, plain route: one sequence (T, I) through ``nn.LSTMCell``s, gates from their weights, nothing padded.

    Returns {(layer, direction): {signal: (T, H)}} and the last states, (layers * D, H) each.
    """
    seen, last_h, last_c = {}, [], []
    for k in range(lstm.num_layers):
        for direction in ("forward", "reverse")[: 1 + lstm.bidirectional]:
            suffix = f"_l{k}" + "_reverse" * (direction == "reverse")
            cell = nn.LSTMCell(x.shape[1], lstm.hidden_size, bias=lstm.bias, dtype=x.dtype)
            cell.load_state_dict({name: getattr(lstm, name + suffix) for name in cell.state_dict()})
            h, c = x.new_zeros(2, 1, lstm.hidden_size) if state is None else (s[len(last_h)][None] for s in state)
            rows = {}
            steps = range(len(x)) if direction == "forward" else range(len(x) - 1, -1, -1)
            for t in steps:
                z = cell.weight_ih @ x[t] + cell.weight_hh @ h[0] + (cell.bias_ih + cell.bias_hh if lstm.bias else 0)
                i, f, g, o = z.split(lstm.hidden_size)
                h, c = cell(x[t][None], (h, c))
                rows[t] = (i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid(), c[0], h[0])
            columns = zip(*(rows[t] for t in range(len(x))), strict=True)
            seen[k, direction] = {name: torch.stack(column) for name, column in zip(SIGNALS, columns, strict=True)}
            last_h.append(h[0])
            last_c.append(c[0])
        x = torch.cat([signals["h"] for (layer, _), signals in seen.items() if layer == k], -1)
    return seen, torch.stack(last_h), torch.stack(last_c)


def furthest(a, b):
    """Largest difference; of numbers beyond 1, in relation to their size."""
    assert a.shape == b.shape
    return float(((a - b).abs() / b.abs().clamp(min=1)).max())


def a_module(seed, dtype=torch.float32, **options):
    torch.manual_seed(seed)
    return nn.LSTM(**{"input_size": 3, "hidden_size": 4} | options, dtype=dtype).eval()


def test_one_unit_by_hand():
    """One unit, two steps, weights 1 to 4 for x, none for h, so that a pocket calculator can follow."""
    lstm = nn.LSTM(1, 1, bias=False)
    with torch.no_grad():
        lstm.weight_ih_l0[:] = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
        lstm.weight_hh_l0.zero_()
    t = trace(lstm, torch.tensor([[0.5], [-0.5]]))

    def sigmoid(z):
        return 1 / (1 + math.exp(-z))

    first_c = sigmoid(0.5) * math.tanh(1.5)
    second_c = sigmoid(-1.0) * first_c + sigmoid(-0.5) * math.tanh(-1.5)
    assert t.i[:, 0].tolist() == pytest.approx([sigmoid(0.5), sigmoid(-0.5)])  # 0.622, 0.378
    assert t.f[:, 0].tolist() == pytest.approx([sigmoid(1.0), sigmoid(-1.0)])  # 0.731, 0.269
    assert t.g[:, 0].tolist() == pytest.approx([math.tanh(1.5), math.tanh(-1.5)])  # 0.905, -0.905
    assert t.o[:, 0].tolist() == pytest.approx([sigmoid(2.0), sigmoid(-2.0)])  # 0.881, 0.119
    assert t.c[:, 0].tolist() == pytest.approx([first_c, second_c])  # 0.563, -0.190
    assert t.h[:, 0].tolist() == pytest.approx([sigmoid(2.0) * math.tanh(first_c), sigmoid(-2.0) * math.tanh(second_c)])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("seed", range(24))
def test_equals_an_lstm_cell_loop(seed, dtype):
    """Random sizes, layers, directions, layouts, states and lengths; every layer and direction of every sequence."""
    choose = random.Random(seed)
    lstm = a_module(
        seed,
        dtype,
        input_size=choose.randint(1, 20),
        hidden_size=choose.randint(1, 33),
        num_layers=choose.randint(1, 3),
        bidirectional=choose.random() < 0.5,
        batch_first=choose.random() < 0.5,
        bias=choose.random() < 0.7,
    )
    kind = ("plain", "lengths", "packed", "unbatched")[seed % 4]
    batch = 1 if kind == "unbatched" else choose.randint(1, 4)
    longest = choose.randint(1, 60)
    lengths = [longest] + [longest if kind == "plain" else choose.randint(1, longest) for _ in range(batch - 1)]
    choose.shuffle(lengths)
    sequences = [torch.randn(length, lstm.input_size, dtype=dtype) for length in lengths]
    rows = lstm.num_layers * (1 + lstm.bidirectional)
    state = None
    if choose.random() < 0.5:
        state = tuple(torch.randn(2, rows, batch, lstm.hidden_size, dtype=dtype))
    padded = nn.utils.rnn.pad_sequence(sequences, batch_first=lstm.batch_first)
    with torch.inference_mode():
        if kind == "unbatched":
            t = trace(lstm, sequences[0], state and tuple(s[:, 0] for s in state))
        elif kind == "packed":
            t = trace(lstm, pack_sequence(sequences, enforce_sorted=False), state)
        else:
            t = trace(lstm, padded, state, lengths if kind == "lengths" else None)
        for b, sequence in enumerate(sequences):
            seen, h_n, c_n = by_cells(lstm, sequence, state and [s[:, b] for s in state])
            for (k, direction), signals in seen.items():
                for name, expected in signals.items():
                    signal = getattr(t.layer(k, direction), name)
                    if kind != "unbatched":
                        signal = signal[b] if lstm.batch_first else signal[:, b]
                    assert furthest(signal[: len(sequence)], expected) <= TOLERANCE[dtype], (k, direction, name)
                    assert not signal[len(sequence) :].any()  # padded steps are zeros
            for end, expected in ((t.h_n, h_n), (t.c_n, c_n)):
                assert furthest(end if kind == "unbatched" else end[:, b], expected) <= TOLERANCE[dtype]


@pytest.mark.parametrize("scale", [3, 10, 30])
def test_large_weights_make_no_larger_errors(scale):
    """Saturated gates, and cells that pile up behind open forget gates.

    Each step of the loop is given the kernel's h: an LSTM with such weights is chaotic, so that two correct runs of it
    part from the last digit on, which says nothing about the gates.
    """
    lstm = a_module(scale, input_size=10, hidden_size=32)
    with torch.no_grad():
        for parameter in lstm.parameters():
            parameter *= scale
        lstm.bias_ih_l0[32:64] += 2 * scale  # the forget gates'
        x = torch.randn(80, 10)
        t = trace(lstm, x)
        cell = nn.LSTMCell(10, 32)
        cell.load_state_dict({name: getattr(lstm, name + "_l0") for name in cell.state_dict()})
        h = c = torch.zeros(32)
        for step in range(len(x)):
            _, c = cell(x[step], (h, c))
            h = t.h[step]
            assert furthest(t.c[step], c) <= 1e-5
    assert t.c.abs().max() > 30  # they did pile up


def test_scan_is_exact_for_any_gates():
    """Gates of exactly 0 and 1, cells that grow to thousands, overflow's neighbourhood: as a loop in more digits."""
    torch.manual_seed(0)
    for steps in (1, 9, 10, 19, 20, 21, 199, 200, 201, 209, 1000, 5003):
        f = torch.rand(steps, 2, 5)
        f[:, 0, 0], f[:, 0, 1], f[:, 0, 2] = 1, 0, (torch.rand(steps) < 0.5).float()
        f[:, 1, 0], f[:, 1, 1] = 1e-38, 1 - 1e-7
        u = torch.randn(steps, 2, 5).abs()
        u[:, 0, 3] *= 1e30
        u[:, 1, 3] *= 1e-30
        c_0 = torch.randn(2, 5).abs()
        expected, c = [], c_0.double().numpy()
        for f_t, u_t in zip(f.double().numpy(), u.double().numpy(), strict=True):
            c = f_t * c + u_t
            expected.append(c)
        np.testing.assert_allclose(module._scan(f, u, c_0), np.stack(expected), rtol=1e-5)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("batch_first", [False, True])
def test_output_is_the_modules_own(layers, bidirectional, batch_first):
    lstm = a_module(
        1, num_layers=layers, bidirectional=bidirectional, batch_first=batch_first, dropout=0.3 * (layers > 1)
    )
    x = torch.randn(5, 6, 3)
    rows = layers * (1 + bidirectional)
    state = tuple(torch.randn(2, rows, 5 if batch_first else 6, 4))
    with torch.inference_mode():
        for given in (None, state):
            output, (h_n, c_n) = lstm(x, given)
            t = trace(lstm, x, given)
            assert all(getattr(t, name).shape == output.shape for name in SIGNALS)
            for ours, theirs in ((t.h, output), (t.h_n, h_n), (t.c_n, c_n), (t.o * t.c.tanh(), output)):
                torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=0)
            unbatched = trace(lstm, x[0] if batch_first else x[:, 0], given and tuple(s[:, 0] for s in given))
            torch.testing.assert_close(unbatched.f, t.f[0] if batch_first else t.f[:, 0], atol=1e-6, rtol=0)
            assert unbatched.h_n.shape == unbatched.c_n.shape == (rows, 4)


def test_lengths_a_packed_sequence_and_the_sequences_alone_agree():
    lstm = a_module(2, num_layers=2, bidirectional=True)
    x = torch.randn(9, 4, 3)
    lengths = [4, 9, 1, 6]
    state = tuple(torch.randn(2, 4, 4, 4))
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    with torch.inference_mode():
        t, from_packed = trace(lstm, x, state, lengths=lengths), trace(lstm, packed, state)
        output, (h_n, c_n) = lstm(packed, state)
        padded, _ = nn.utils.rnn.pad_packed_sequence(output)
        for ours, theirs in ((t.h, padded), (t.h_n, h_n), (t.c_n, c_n)):
            torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=0)
        assert t.lengths.tolist() == from_packed.lengths.tolist() == lengths
        for b, length in enumerate(lengths):
            unimodal_probabilities = trace(lstm, x[:length, b], tuple(s[:, b] for s in state))
            for name in SIGNALS:
                signal = getattr(t, name)
                torch.testing.assert_close(signal[:length, b], getattr(unimodal_probabilities, name), atol=1e-6, rtol=0)
                assert not signal[length:, b].any()
                torch.testing.assert_close(signal, getattr(from_packed, name), atol=0, rtol=0)


def test_padding_is_never_read():
    lstm = a_module(3, bidirectional=True, batch_first=True)
    x = torch.randn(2, 5, 3)
    spoiled = x.clone()
    spoiled[0, 3:] = math.nan
    t, other = trace(lstm, x, lengths=[3, 5]), trace(lstm, spoiled, lengths=torch.tensor([3, 5]))
    assert torch.equal(t.c, other.c)
    other.c.sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in lstm.parameters())


@pytest.mark.parametrize("lengths", [None, [30, 11, 23]])
def test_blocks_do_not_show(lengths, monkeypatch):
    """A long sequence goes through in blocks that hand on their states: the same numbers, whatever their size."""
    lstm = a_module(4, num_layers=2, bidirectional=True)
    x = torch.randn(30, 3, 3)
    whole = trace(lstm, x, lengths=lengths)
    monkeypatch.setattr(module, "BLOCK", 7)
    monkeypatch.setattr(module, "CACHED", 7 * 3 * 16)
    blocks = trace(lstm, x, lengths=lengths)
    for name in (*SIGNALS, "h_n", "c_n"):
        torch.testing.assert_close(getattr(blocks, name), getattr(whole, name), atol=1e-6, rtol=0)


def test_steps_are_not_gone_through_one_by_one():
    """The number of operations, which, unlike time, is the same on a busy machine."""

    class Counter(TorchDispatchMode):
        count = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            self.count += "lstm" not in str(func) and "view" not in str(func)
            return func(*args, **(kwargs or {}))

    def operations(steps):
        with torch.no_grad(), Counter() as counter:
            trace(lstm, torch.randn(steps, 3))
        return counter.count

    lstm = a_module(5)
    hundred, thousand, many = operations(100), operations(1000), operations(5000)
    assert thousand < 2 * hundred
    assert thousand < 1000
    assert many <= 6 * thousand


def test_gradients_are_the_modules_and_reach_every_signal():
    lstm = a_module(6, torch.float64, num_layers=2, bidirectional=True)
    x = torch.randn(20, 2, 3, dtype=torch.float64, requires_grad=True)
    wanted = torch.autograd.grad(lstm(x)[0].sin().sum(), [x, *lstm.parameters()])
    for ours, theirs in zip(
        torch.autograd.grad(trace(lstm, x).h.sin().sum(), [x, *lstm.parameters()]), wanted, strict=True
    ):
        torch.testing.assert_close(ours, theirs)

    class Signals(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = a_module(7, torch.float64, input_size=2, hidden_size=2)

        def forward(self, x):
            t = trace(self.lstm, x)
            return tuple(getattr(t, name) for name in SIGNALS)

    signals = Signals()
    names, weights = zip(*signals.named_parameters(), strict=True)
    x = torch.randn(24, 1, 2, dtype=torch.float64, requires_grad=True)  # more steps than the scan's plain loop takes
    assert torch.autograd.gradcheck(
        lambda x, *weights: torch.func.functional_call(signals, dict(zip(names, weights, strict=True)), x),
        (x, *weights),
        fast_mode=True,
    )


def test_module_and_inputs_stay_as_they_were():
    lstm = a_module(8, num_layers=2, bidirectional=True).train()
    x, state = torch.randn(5, 2, 3), tuple(torch.randn(2, 4, 2, 4))
    before = {name: value.clone() for name, value in lstm.state_dict().items()}
    given = [tensor.clone() for tensor in (x, *state)]
    weights = list(lstm._flat_weights)
    trace(lstm, x, state, lengths=[5, 3])
    assert lstm.training
    assert all(ours is theirs for ours, theirs in zip(lstm._flat_weights, weights, strict=True))
    assert all(torch.equal(value, before[name]) for name, value in lstm.state_dict().items())
    assert all(torch.equal(*pair) for pair in zip(given, (x, *state), strict=True))
    assert all(parameter.grad is None for parameter in lstm.parameters())


def test_layers_and_directions():
    lstm = a_module(9, num_layers=2, bidirectional=True, batch_first=True)
    t = trace(lstm, torch.randn(2, 5, 3))
    assert len(t.layers) == 2
    assert t.parts == ((1, "forward"), (1, "reverse"))
    assert t.layer(-1) is t.layer(1) is t.layers[1]
    assert torch.equal(t.layer(1).c, t.c)
    forward, reverse = t.layer(0, "forward"), t.layer(0, "reverse")
    assert torch.equal(torch.cat([forward.i, reverse.i], -1), t.layer(0).i)
    assert torch.equal(torch.cat([t.layer(k, d).c_n for k in (0, 1) for d in ("forward", "reverse")]), t.c_n)
    assert reverse.layer(0) is reverse
    assert repr(t) == "Trace(5 steps, batch of 2, 2 layers, forward and reverse, 4 units, float32 on cpu)"
    assert repr(reverse) == "Trace(5 steps, batch of 2, layer 0, reverse, 4 units, float32 on cpu)"
    with pytest.raises(FrozenInstanceError):
        t.c = None
    with pytest.raises(IndexError, match="layer 2 was asked for, but this trace has 2"):
        t.layer(2)
    with pytest.raises(ValueError, match="'backward' was asked for, but this trace has forward and reverse"):
        t.layer(0, "backward")


@pytest.mark.parametrize("batch_first", [False, True])
def test_dataframe(batch_first):
    lstm = a_module(10, num_layers=2, bidirectional=True, batch_first=batch_first)
    x = torch.randn(3, 5, 3)
    with torch.inference_mode():
        t = trace(lstm, x if batch_first else x.transpose(0, 1), lengths=[5, 2, 4])
    table = t.to_dataframe()
    assert list(table.columns) == ["batch", "step", "layer", "direction", "unit", *SIGNALS]
    assert len(table) == (5 + 2 + 4) * 2 * 2 * 4
    index = table.set_index(["batch", "step", "layer", "direction", "unit"])
    assert index.index.is_unique and index.index.is_monotonic_increasing
    row = index.loc[(2, 3, 1, "reverse", 1)]
    at = (2, 3) if batch_first else (3, 2)
    assert [row[name] for name in SIGNALS] == [float(getattr(t, name)[(*at, 4 + 1)]) for name in SIGNALS]
    assert table.h.dtype == np.float32
    assert set(t.layer(1, "reverse").to_dataframe()[["layer", "direction"]].itertuples(index=False, name=None)) == {
        (1, "reverse")
    }
    assert len(trace(lstm, x[0]).to_dataframe()) == 5 * 2 * 2 * 4


X = torch.zeros(5, 2, 3)


@pytest.mark.parametrize(
    ("options", "arguments", "error", "said"),
    [
        ({"proj_size": 2}, {}, ValueError, "proj_size=2.*nn.Linear after"),
        ({"num_layers": 2, "dropout": 0.5}, {}, ValueError, r"dropout=0.5.*lstm.eval\(\)"),
        ({}, {"x": [[1.0]]}, TypeError, "a tensor or a PackedSequence, got list"),
        ({}, {"x": torch.zeros(3)}, ValueError, r"3 dimensions, or 2 .* got shape \(3,\)"),
        ({}, {"x": torch.zeros(5, 2, 7)}, ValueError, "reads 3 numbers a step .* got 7"),
        ({}, {"x": torch.zeros(0, 2, 3)}, ValueError, "x is empty: 0 steps in a batch of 2"),
        ({}, {"x": torch.zeros(0, 3)}, ValueError, "x is empty: 0 steps"),
        ({}, {"x": X.double()}, ValueError, r"x is float64 on cpu but the LSTM is float32 on cpu.*\.to"),
        ({}, {"x": X.to("meta")}, ValueError, "x is float32 on meta but the LSTM is float32 on cpu"),
        ({}, {"lengths": [5]}, ValueError, r"one for each of the 2 sequences, got shape \(1,\)"),
        ({}, {"lengths": [5, 6]}, ValueError, "from 1 to 5, the steps of x; sequence 1 has 6"),
        ({}, {"lengths": [0, 5]}, ValueError, "from 1 to 5, the steps of x; sequence 0 has 0"),
        ({}, {"lengths": [2.5, 5]}, TypeError, "whole numbers, got float32"),
        ({}, {"lengths": [True, True]}, TypeError, "whole numbers, got bool"),
        ({}, {"x": X[:, 0], "lengths": [5]}, ValueError, r"give x\[:length\]"),
        ({}, {"x": pack_sequence([X[:, 0]]), "lengths": [5]}, ValueError, "leave `lengths` out"),
        ({}, {"initial_state": X}, TypeError, r"\(h_0, c_0\), got Tensor"),
        ({}, {"initial_state": (X, X, X)}, TypeError, r"\(h_0, c_0\), got tuple"),
        (
            {},
            {"initial_state": (torch.zeros(1, 2, 4), torch.zeros(1, 4))},
            ValueError,
            r"c_0 .* \(1, 2, 4\).* got \(1, 4\)",
        ),
        ({}, {"x": X[:, 0], "initial_state": torch.zeros(2, 1, 2, 4).unbind()}, ValueError, r"h_0 .* \(1, 4\)"),
        (
            {},
            {"initial_state": torch.zeros(2, 1, 2, 4).double().unbind()},
            ValueError,
            "h_0 is float64 .* x is float32",
        ),
    ],
)
def test_errors_say_what_was_given_and_what_to_do(options, arguments, error, said):
    lstm = nn.LSTM(3, 4, **options)
    with pytest.raises(error, match=said):
        trace(lstm, **{"x": X} | arguments)


def test_only_an_lstm():
    with pytest.raises(TypeError, match=r"torch.nn.LSTM, got GRU"):
        trace(nn.GRU(3, 4), X)


class Doubled(nn.LSTM):
    def forward(self, x, hx=None):
        return super().forward(2 * x, hx)


class Named(nn.LSTM):
    """A subclass that computes what an LSTM computes."""


def with_hook(register):
    lstm = nn.LSTM(3, 4)
    register(lstm)
    return lstm


def replaced_forward():
    lstm = nn.LSTM(3, 4)
    lstm.forward = lambda x: (x, None)
    return lstm


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Doubled(3, 4), "this Doubled has a forward of its own"),
        (replaced_forward, "this LSTM has a forward of its own"),
        (lambda: with_hook(lambda m: m.register_forward_pre_hook(lambda *_: None)), "a forward pre-hook"),
        (lambda: with_hook(lambda m: m.register_forward_hook(lambda *_: None)), "a forward hook"),
        (
            lambda: with_hook(lambda m: prune.l1_unstructured(m, "weight_hh_l0", 0.5)),
            r"a forward pre-hook.*prune\.remove",
        ),
        (
            lambda: torch.ao.nn.quantized.dynamic.LSTM(3, 4),
            "quantised.*Trace the torch.nn.LSTM it came",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_computes_something_else_is_refused_and_told_why(make, said):
    with pytest.raises(TypeError, match=said):
        trace(make(), X)


def test_a_hook_is_seen_on_a_module_that_was_traced_before():
    lstm = nn.LSTM(3, 4)
    before = trace(lstm, X).h
    handle = lstm.register_forward_hook(lambda *_: None)
    with pytest.raises(TypeError, match="a forward hook"):
        trace(lstm, X)
    handle.remove()
    assert torch.equal(trace(lstm, X).h, before)


def test_a_subclass_that_changes_no_number_and_parametrized_weights_are_read():
    named, normed = Named(3, 4), nn.utils.parametrizations.weight_norm(nn.LSTM(3, 4), "weight_hh_l0")
    with torch.no_grad():
        normed.parametrizations.weight_hh_l0.original0.mul_(3)
        for lstm in (named, normed):
            torch.testing.assert_close(trace(lstm, X + 1).h, lstm(X + 1)[0])


def test_what_torch_compile_made_is_unwrapped():
    lstm = nn.LSTM(3, 4)
    torch.testing.assert_close(trace(torch.compile(lstm), X + 1).f, trace(lstm, X + 1).f, atol=0, rtol=0)


def test_hx_is_the_initial_state():
    lstm, state = a_module(12), tuple(torch.randn(2, 1, 2, 4))
    assert torch.equal(trace(lstm, X, hx=state).c, trace(lstm, X, state).c)
    with pytest.raises(TypeError, match="hx and initial_state are the same"):
        trace(lstm, X, state, hx=state)


@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True, "batch_first": True}])
def test_a_batch_of_none(options):
    lstm = a_module(13, **options)
    x = torch.zeros(0, 5, 3) if lstm.batch_first else torch.zeros(5, 0, 3)
    output, (h_n, c_n) = lstm(x)
    for t in (trace(lstm, x), trace(lstm, x, lengths=[])):
        assert t.f.shape == t.h.shape == output.shape
        assert (t.h_n.shape, t.c_n.shape) == (h_n.shape, c_n.shape)
        assert t.to_dataframe().empty


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("steps", "batch"), [(1, 1), (10, 1), (100, 1), (10, 16), (100, 16), (5, 64)])
def test_every_way_gives_the_same(steps, batch, dtype, monkeypatch):
    """The kernel with a scan and the loop, also in blocks, whichever is the faster one for this shape."""
    lstm = a_module(14, dtype, input_size=10, hidden_size=24)
    x, state = torch.randn(steps, batch, 10, dtype=dtype), tuple(torch.randn(2, 1, batch, 24, dtype=dtype))
    monkeypatch.setattr(module, "CACHED", 7 * batch * 4 * 24)
    found = []
    for kernel in (True, False):
        monkeypatch.setattr(module, "kernel_is_faster", lambda *_, kernel=kernel: kernel)
        with torch.inference_mode():
            found.append(trace(lstm, x, state))
    for b in {0, batch - 1}:
        with torch.inference_mode():
            seen, _, _ = by_cells(lstm, x[:, b], [s[:, b] for s in state])
        for t in found:
            for name, expected in seen[0, "forward"].items():
                assert furthest(getattr(t, name)[:, b], expected) <= TOLERANCE[dtype], name


def test_the_way_is_chosen_by_shape():
    """What the benchmark showed: long and narrow for the kernel, wide, short or float64 for the loop."""

    def kernel(steps, batch, dtype=torch.float32, units=128):
        return module.kernel_is_faster(torch.empty(steps, batch, 100, dtype=dtype), units)

    assert kernel(100, 1) and kernel(1000, 1) and kernel(100, 4) and kernel(30, 1, units=32)
    assert not kernel(10, 1) and not kernel(1000, 16) and not kernel(100, 64) and not kernel(50, 1, units=512)
    assert not kernel(1000, 1, torch.float64)
    assert kernel(1000, 64, torch.bfloat16)


def test_gradients_flow_whatever_the_shape():
    lstm = a_module(15)
    x = torch.randn(3, 2, 3)
    assert not trace(lstm.requires_grad_(False), x).c.requires_grad
    trace(lstm.requires_grad_(True), x).c.sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in lstm.parameters())
    wanted = torch.autograd.grad(lstm(x)[0].sum(), lstm.weight_hh_l0)
    torch.testing.assert_close(torch.autograd.grad(trace(lstm, x).h.sum(), lstm.weight_hh_l0), wanted)


def test_autocast_changes_no_number():
    lstm, state = a_module(16), tuple(torch.randn(2, 1, 2, 4))
    x = torch.randn(30, 2, 3).bfloat16()  # what a layer before it returns under autocast
    with torch.autocast("cpu", dtype=torch.bfloat16):
        t = trace(lstm, x, state)
        assert torch.is_autocast_enabled("cpu")
    assert t.f.dtype == torch.float32
    assert torch.equal(t.c, trace(lstm, x.float(), state).c)
    with pytest.raises(ValueError, match="x is bfloat16"):  # without autocast that is a mistake
        trace(lstm, x)


def settings():
    return torch.get_float32_matmul_precision(), [getattr(place, module.SETTING) for place in module.PLACES]


def test_full_precision_leaves_the_settings_as_they_were():
    """Whatever was set, by whichever of PyTorch's ways, for one kind of operation or for all."""
    cpu = torch.device("cpu")
    original = settings()
    changes = [
        lambda: None,
        lambda: torch.set_float32_matmul_precision("medium"),
        lambda: torch.set_float32_matmul_precision("high"),
    ]
    if hasattr(torch.backends, "fp32_precision"):
        changes.append(lambda: setattr(torch.backends, "fp32_precision", "tf32"))
    for change in changes:
        try:
            change()
            before = settings()
            with full_precision(cpu):
                inside = settings()
                assert inside[0] == "highest" and module.FULL.issuperset(inside[1])
                with full_precision(cpu):  # as another thread may
                    pass
                assert settings() == inside
            assert settings() == before
        finally:
            if hasattr(torch.backends, "fp32_precision"):
                torch.backends.fp32_precision = "none"
            torch.set_float32_matmul_precision("highest")
    assert settings()[0] == original[0]


def test_full_precision_and_the_setting_that_older_code_reads_agree(monkeypatch):
    """Where cuDNN's older and newer settings contradict each other, PyTorch's own code may run into an error."""
    if not hasattr(torch.backends.cudnn, "rnn"):
        pytest.skip("needs PyTorch 2.9")
    cudnn = torch.backends.cudnn
    monkeypatch.setattr(module, "PLACES", (cudnn.rnn, cudnn.conv))  # as where there is CUDA
    for allowed in (True, False):
        monkeypatch.setattr(cudnn, "allow_tf32", allowed)
        before = settings()
        with full_precision(torch.device("cpu")):
            assert cudnn.allow_tf32 is False
            assert module.FULL.issuperset(settings()[1])
        assert cudnn.allow_tf32 is allowed
        assert settings() == before


def test_dropout_is_refused_only_where_it_acts():
    two = nn.LSTM(3, 4, num_layers=2, dropout=0.5).eval()
    torch.testing.assert_close(trace(two, X).h, two(X)[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch says that one layer has nowhere to drop
        one = nn.LSTM(3, 4, dropout=0.5)
    torch.testing.assert_close(trace(one, X).h, one(X)[0])


def test_the_docstrings_example_runs():
    results = doctest.testmod(module)
    assert results.attempted > 5
    assert not results.failed


def test_knows_nothing_of_this_project():
    assert "mmdemo" not in Path(module.__file__).read_text(encoding="utf-8")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_cuda():
    """The same numbers as on the CPU, no complaint from cuDNN, and gradients in evaluation mode."""
    lstm = a_module(11, torch.float64, num_layers=2, bidirectional=True)
    x = torch.randn(40, 3, 3, dtype=torch.float64)
    lengths = [40, 7, 23]
    expected = trace(lstm, x, lengths=lengths)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        t = trace(lstm.cuda(), x.cuda().requires_grad_(), lengths=lengths)
        assert t.h.device.type == "cuda"
        for name in (*SIGNALS, "h_n", "c_n"):
            torch.testing.assert_close(getattr(t, name).cpu(), getattr(expected, name), atol=1e-10, rtol=0)
        t.c.sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in lstm.parameters())
    output, _ = lstm(pack_padded_sequence(x.cuda(), lengths, enforce_sorted=False))
    torch.testing.assert_close(nn.utils.rnn.pad_packed_sequence(output)[0], t.h, atol=1e-10, rtol=0)


needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.mark.gpu
@needs_cuda
def test_on_cuda_all_bits_are_computed_and_the_callers_settings_stay():
    lstm = a_module(17, input_size=100, hidden_size=128).cuda()
    x = torch.randn(150, 32, 100, device="cuda")
    try:
        torch.set_float32_matmul_precision("high")
        before = settings()
        with torch.no_grad():
            t = trace(lstm, x)
            alone = trace(lstm, x[:, 3])
        assert settings() == before
    finally:
        torch.set_float32_matmul_precision("highest")
    assert (t.o * t.c.tanh() - t.h).abs().max() < 1e-4
    torch.testing.assert_close(t.h[:, 3], alone.h, atol=1e-5, rtol=0)
    exact = trace(lstm.cpu(), x.cpu())
    for name in SIGNALS:
        torch.testing.assert_close(getattr(t, name).cpu(), getattr(exact, name), atol=1e-4, rtol=0)


@pytest.mark.gpu
@needs_cuda
def test_on_cuda_autocast_changes_no_number():
    lstm = a_module(18).cuda()
    x = torch.randn(30, 2, 3, device="cuda")
    with torch.autocast("cuda", dtype=torch.bfloat16):
        t = trace(lstm, x.bfloat16())
    assert t.f.dtype == torch.float32
    torch.testing.assert_close(t.h, trace(lstm, x.bfloat16().float()).h)


@pytest.mark.gpu
@needs_cuda
@pytest.mark.parametrize(("steps", "batch"), [(1000, 1), (150, 32)])
def test_on_cuda_the_gates_cost_at_most_as_much_again(steps, batch):
    lstm = a_module(19, input_size=100, hidden_size=128).cuda()
    x = torch.randn(steps, batch, 100, device="cuda")

    def seconds(call):
        torch.cuda.synchronize()
        start = time.perf_counter()
        call()
        torch.cuda.synchronize()
        return time.perf_counter() - start

    with torch.inference_mode(), full_precision(x.device):
        for _ in range(3):
            lstm(x), trace(lstm, x)
        turns = [(seconds(lambda: lstm(x)), seconds(lambda: trace(lstm, x))) for _ in range(20)]
    bare, ours = (min(column) for column in zip(*turns, strict=True))
    assert ours <= 2 * bare
