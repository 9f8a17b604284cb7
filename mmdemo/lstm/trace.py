"""The exact inside of a ``torch.nn.LSTM``: every gate of every unit at every step, from the untouched fused kernel.

An LSTM (Hochreiter & Schmidhuber 1997, "Long Short-Term Memory"; with the forget gate of Gers, Schmidhuber & Cummins
2000, "Learning to Forget") reads x_1 ... x_T and keeps a memory c:

    i_t = sigmoid(W_ii x_t + b_ii + W_hi h_(t-1) + b_hi)      input gate: how much is written
    f_t = sigmoid(W_if x_t + b_if + W_hf h_(t-1) + b_hf)      forget gate: how much is kept
    g_t = tanh   (W_ig x_t + b_ig + W_hg h_(t-1) + b_hg)      candidate: what would be written
    o_t = sigmoid(W_io x_t + b_io + W_ho h_(t-1) + b_ho)      output gate: how much is shown
    c_t = f_t * c_(t-1) + i_t * g_t                           cell state
    h_t = o_t * tanh(c_t)                                     output

PyTorch stacks the weights of the four gates in the order i, f, g, o. Its kernels return every h, but only the last c
and no gates, so people unroll an ``nn.LSTMCell`` to see them, many times slower. There is no need: once h is known,
h_(t-1) is known for every t, so all gates are one matrix product over all steps, and only c is left to be scanned.

>>> lstm = nn.LSTM(input_size=3, hidden_size=4, num_layers=2, bidirectional=True, batch_first=True)
>>> x = torch.randn(5, 7, 3)
>>> t = trace(lstm, x)
>>> t
Trace(7 steps, batch of 5, 2 layers, forward and reverse, 4 units, float32 on cpu)
>>> t.f.shape == t.h.shape == lstm(x)[0].shape
True
>>> torch.allclose(t.h, t.o * t.c.tanh(), atol=1e-6)
True
>>> t.layer(0, "reverse").f.shape
torch.Size([5, 7, 4])
>>> list(t.to_dataframe().columns)
['batch', 'step', 'layer', 'direction', 'unit', 'i', 'f', 'g', 'o', 'c', 'h']

This file needs nothing but PyTorch, and pandas for ``to_dataframe`` alone: it can be copied elsewhere as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

if TYPE_CHECKING:
    import pandas

SIGNALS = ("i", "f", "g", "o", "c", "h")
DIRECTIONS = ("forward", "reverse")

BLOCK = 1024  # steps worked on at a time. Memory of that size is used again, that of 100,000 steps is fetched from the
# system anew at every operation: in one piece they took 1.7 times as long
CHUNK = 10  # steps in a chunk of the scan: from 60 to 1,000 steps the fastest, or nearly so, of 3 to 64


@dataclass(frozen=True, repr=False, eq=False)
class Trace:
    """What happened inside an LSTM: the six signals of its top layer, and under ``layers`` those of every layer.

    Attributes:
        i, f, g, o, c, h: the signals of the equations above, each shaped like the module's own output: (T, B, D * H),
            or (B, T, D * H) if the module is ``batch_first``, or (T, D * H) for an unbatched input; the D directions
            side by side, forward first. Steps beyond a sequence's length are zero in all six.
        h_n, c_n: the last states as the module returns them, (layers * D, B, H), or (layers * D, H) if unbatched.
        parts: which (layer, direction) the last dimension holds, H units each, in order.
        layers: one such trace for each layer, from the bottom up; empty in those themselves.
        lengths: real steps of each sequence, shape (B,), or None if none were given.
        batch_first: whether the batch is the first dimension.
    """

    i: Tensor
    f: Tensor
    g: Tensor
    o: Tensor
    c: Tensor
    h: Tensor
    h_n: Tensor
    c_n: Tensor
    parts: tuple[tuple[int, str], ...]
    layers: tuple[Trace, ...] = ()
    lengths: Tensor | None = None
    batch_first: bool = False

    def layer(self, k: int, direction: str | None = None) -> Trace:
        """The trace of one layer, with all its directions or with one.

        Args:
            k: the layer, 0 at the bottom; negative counts from the top.
            direction: "forward", "reverse", or None for all that the layer has.

        Raises:
            IndexError: there is no such layer.
            ValueError: the layer has no such direction.
        """
        layers = self.layers or (self,)
        if not -len(layers) <= k < len(layers):
            raise IndexError(f"layer {k} was asked for, but this trace has {len(layers)}, counted from 0")
        layer = layers[k]
        if direction is None:
            return layer
        names = [name for _, name in layer.parts]
        if direction not in names:
            raise ValueError(f"direction {direction!r} was asked for, but this trace has {' and '.join(names)}")
        n, units = names.index(direction), layer.h.shape[-1] // len(names)
        signals = {name: getattr(layer, name)[..., n * units : (n + 1) * units] for name in SIGNALS}
        ends = {"h_n": layer.h_n[n : n + 1], "c_n": layer.c_n[n : n + 1]}
        return replace(layer, **signals, **ends, parts=layer.parts[n : n + 1])

    def to_dataframe(self) -> pandas.DataFrame:
        """A long table: a row for each sequence, real step, layer, direction and unit, with a column for each signal.

        Columns: batch, step, layer, direction, unit, i, f, g, o, c, h. Padded steps have no rows. Needs pandas.
        """
        import pandas as pd

        parts = [self.layer(k, name) for k in range(len(self.layers) or 1) for _, name in self.parts]
        signals = {}
        for name in SIGNALS:
            stack = [_time_major(getattr(part, name).detach().cpu(), self.batch_first) for part in parts]
            signals[name] = torch.stack(stack, 2).transpose(0, 1)  # (B, T, parts, H)
        grid = torch.meshgrid(*map(torch.arange, signals["h"].shape), indexing="ij")
        batch, step, part, unit = (index.flatten().numpy() for index in grid)
        names = pd.DataFrame([p.parts[0] for p in parts], columns=["layer", "direction"])
        layer, direction = (names[column].to_numpy()[part] for column in names)
        table = {"batch": batch, "step": step, "layer": layer, "direction": direction, "unit": unit}
        table |= {name: signal.flatten().numpy() for name, signal in signals.items()}
        if self.lengths is not None:
            real = step < self.lengths.cpu().numpy()[batch]
            table = {name: column[real] for name, column in table.items()}
        return pd.DataFrame(table)

    def __repr__(self) -> str:
        steps, batch, width = _time_major(self.h, self.batch_first).shape
        directions = " and ".join(name for _, name in self.parts)
        facts = [
            _count(steps, "step"),
            "unbatched" if self.h.dim() == 2 else f"batch of {batch}",
            _count(len(self.layers), "layer") if self.layers else f"layer {self.parts[0][0]}",
            directions,
            _count(width // len(self.parts), "unit"),
            _kind(self.h),
        ]
        return f"Trace({', '.join(facts)})"


def trace(
    lstm: nn.LSTM,
    x: Tensor | PackedSequence,
    initial_state: tuple[Tensor, Tensor] | None = None,
    lengths: Tensor | Sequence[int] | None = None,
) -> Trace:
    """Run an LSTM and see every gate: h is the fused kernel's, the gates and the cells follow from it exactly.

    The module is only read: its weights go, layer by layer and direction by direction, to the kernel that it calls
    itself. Any number of layers, one or both directions, with or without biases, on any device. Gradients flow if the
    caller lets them, from a module in evaluation mode too.

    Args:
        lstm: the module; in training mode only if it has no dropout between its layers.
        x: what it would be called with: (T, B, I), (B, T, I) if it is ``batch_first``, (T, I), or a PackedSequence.
        initial_state: the pair (h_0, c_0), each (layers * D, B, H), or (layers * D, H) if unbatched; zeros if None.
        lengths: real steps of each padded sequence, in any order. The reverse direction then begins at each sequence's
            own end, as it does with a PackedSequence.

    Returns:
        A ``Trace``; padded steps are zeros in it. For a PackedSequence it is padded, in the batch's own order, and
        knows its ``lengths``.

    Raises:
        TypeError: what was given is not an ``nn.LSTM``, a tensor, a pair of states or whole lengths.
        ValueError: proj_size, dropout in training mode, no steps, or shapes, types or devices that do not fit.
    """
    _check_module(lstm)
    x, lengths, batched = _read_input(lstm, x, lengths)  # (T, B, I), (B,)
    h_0, c_0 = _read_state(lstm, x, batched, initial_state)  # (layers * D, B, H)
    names = DIRECTIONS[: 1 + lstm.bidirectional]
    batch_first = lstm.batch_first and batched
    ragged = lengths if lengths is not None and (lengths < len(x)).any() else None
    if ragged is not None:
        padding = (torch.arange(len(x), device=x.device)[:, None] >= ragged)[..., None]  # (T, B, 1)
        x = x.masked_fill(padding, 0)  # whatever the padding holds, even a NaN, stays out

    def like_output(signal: Tensor) -> Tensor:
        """(T, B, D * H) -> the module's own layout."""
        return signal.transpose(0, 1) if batch_first else signal if batched else signal[:, 0]

    layers: list[Trace] = []
    for k in range(lstm.num_layers):
        runs = []
        for n, name in enumerate(names, start=k * len(names)):
            runs.append(_run(x, lstm.all_weights[n], h_0[n], c_0[n], ragged, reverse=name == "reverse"))
        *signals, h_n, c_n = zip(*runs, strict=True)
        signals = [torch.cat(pair, -1) if len(pair) > 1 else pair[0] for pair in signals]  # (T, B, D * H)
        if ragged is not None:
            signals = [signal.masked_fill(padding, 0) for signal in signals]
        x = signals[-1]  # h is what the next layer reads
        h_n, c_n = (torch.stack(pair) if batched else torch.cat(pair) for pair in (h_n, c_n))  # (D, B, H) or (D, H)
        parts = tuple((k, name) for name in names)
        layers.append(Trace(*map(like_output, signals), h_n, c_n, parts, (), lengths, batch_first))
    h_n, c_n = torch.cat([layer.h_n for layer in layers]), torch.cat([layer.c_n for layer in layers])
    return replace(layers[-1], h_n=h_n, c_n=c_n, layers=tuple(layers))


def _run(
    x: Tensor, weights: list[Tensor], h: Tensor, c: Tensor, lengths: Tensor | None, reverse: bool
) -> tuple[Tensor, ...]:
    """One direction of one layer.

    Args:
        x: what it reads, (T, B, I).
        weights: W_ih (4H, I), W_hh (4H, H) and, if there are biases, b_ih and b_hh (4H,).
        h, c: the states that it starts from, (B, H).
        lengths: real steps of each sequence, (B,), or None if all are T.
        reverse: whether it reads from each sequence's end.

    Returns:
        i, f, g, o, c, h at every step, each (T, B, H), then the last h and c, (B, H).
    """
    if x.is_cuda:  # cuDNN wants the weights in one piece of memory, and warns if it has to gather them itself
        pieces = torch.cat([w.flatten() for w in weights]).split([w.numel() for w in weights])
        weights = [piece.view_as(w) for piece, w in zip(pieces, weights, strict=True)]
    w_ih, w_hh, *biases = weights
    bias = biases[0] + biases[1] if biases else None
    # Inside one layer there is no dropout, so training mode changes no number; cuDNN needs it for a backward pass.
    options = (bool(biases), 1, 0.0, torch.is_grad_enabled(), False, False)
    blocks = []
    for steps in (_reversed(x, lengths) if reverse else x).split(BLOCK):
        h_all, _, _ = torch.lstm(steps, (h[None], c[None]), weights, *options)  # what nn.LSTM.forward calls
        h_before = torch.cat([h[None], h_all[:-1]])  # h_(t-1) for every t
        z = F.linear(steps, w_ih, bias).flatten(0, 1).addmm_(h_before.flatten(0, 1), w_hh.T)  # (T * B, 4H)
        i, f, g, o = z.unflatten(0, h_all.shape[:2]).chunk(4, -1)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()  # (T, B, H)
        c_all = _scan(f, i * g, c)
        blocks.append((i, f, g, o, c_all, h_all))
        h, c = h_all[-1], c_all[-1]
    signals = [torch.cat(pieces) for pieces in zip(*blocks, strict=True)] if len(blocks) > 1 else blocks[0]
    if lengths is not None:
        last = lengths - 1, torch.arange(len(lengths), device=x.device)
        h, c = signals[5][last], signals[4][last]
    return *((_reversed(signal, lengths) for signal in signals) if reverse else signals), h, c


def _scan(f: Tensor, u: Tensor, c: Tensor) -> Tensor:
    """c_t = f_t * c_(t-1) + u_t for all t, without a loop over them: f and u (T, B, H), c_0 (B, H) -> (T, B, H).

    A chunk of steps turns the cell c that enters it into (product of its f) * c + (what it ends with if it starts
    empty). Those two are found for all chunks at once; the cells at the chunks' ends are then such a scan themselves,
    shorter by the chunk's size; and from them all chunks run at once (Blelloch 1990, "Prefix Sums and Their
    Applications", section 1.4). Nothing is divided and no logarithm is taken, so the rounding is the plain loop's,
    however large the cells and however small the gates.
    """
    if len(f) < 2 * CHUNK:
        return _loop(f, u, c)
    whole = len(f) // CHUNK * CHUNK
    f_chunks, u_chunks = f[:whole].unflatten(0, (-1, CHUNK)), u[:whole].unflatten(0, (-1, CHUNK))  # (T/K, K, B, H)
    f_steps, u_steps = f_chunks.unbind(1), u_chunks.unbind(1)  # K times (T/K, B, H)
    product, from_empty = f_steps[0], u_steps[0]
    for f_t, u_t in zip(f_steps[1:], u_steps[1:], strict=True):
        product, from_empty = product * f_t, torch.addcmul(u_t, f_t, from_empty)
    ends = _scan(product, from_empty, c)  # (T/K, B, H)
    starts = torch.cat([c[None], ends[:-1]])
    cells = _loop(f_steps, u_steps, starts, dim=1).flatten(0, 1)
    return torch.cat([cells, _loop(f[whole:], u[whole:], cells[-1])]) if whole < len(f) else cells


def _loop(f: Sequence[Tensor], u: Sequence[Tensor], c: Tensor, dim: int = 0) -> Tensor:
    """The scan as it is written, step by step, stacked along ``dim``."""
    cells = []
    for f_t, u_t in zip(f, u, strict=True):
        c = torch.addcmul(u_t, f_t, c)
        cells.append(c)
    return torch.stack(cells, dim)


def _reversed(signal: Tensor, lengths: Tensor | None) -> Tensor:
    """Each sequence of (T, B, N) from its own end to its start, padding left where it is; undoes itself."""
    if lengths is None:
        return signal.flip(0)
    step = torch.arange(len(signal), device=signal.device)[:, None]
    source = torch.where(step < lengths, lengths - 1 - step, step)  # (T, B)
    return signal[source, torch.arange(len(lengths), device=signal.device)]


def _time_major(signal: Tensor, batch_first: bool) -> Tensor:
    """(T, N), (T, B, N), or (B, T, N) if ``batch_first`` -> (T, B, N)."""
    return signal[:, None] if signal.dim() == 2 else signal.transpose(0, 1) if batch_first else signal


def _check_module(lstm: nn.LSTM) -> None:
    if not isinstance(lstm, nn.LSTM):
        raise TypeError(f"trace reads a torch.nn.LSTM, got {type(lstm).__name__}")
    if lstm.proj_size:
        raise ValueError(
            f"this LSTM has proj_size={lstm.proj_size}: it returns a projection of o_t * tanh(c_t), which trace does "
            "not cover. Use proj_size=0 and put an nn.Linear after the LSTM."
        )
    if lstm.training and lstm.dropout and lstm.num_layers > 1:
        raise ValueError(
            f"this LSTM is in training mode with dropout={lstm.dropout}, so no two runs of it are alike. "
            "Call lstm.eval() first, or set lstm.dropout = 0."
        )


def _read_input(
    lstm: nn.LSTM, x: Tensor | PackedSequence, lengths: Tensor | Sequence[int] | None
) -> tuple[Tensor, Tensor | None, bool]:
    """Any input, checked -> (T, B, I), lengths (B,) or None, and whether it came as a batch."""
    if isinstance(x, PackedSequence):
        if lengths is not None:
            raise ValueError("a PackedSequence knows its lengths: leave `lengths` out")
        x, lengths = pad_packed_sequence(x)
        batched = True
    elif not isinstance(x, Tensor):
        raise TypeError(f"x must be a tensor or a PackedSequence, got {type(x).__name__}")
    elif x.dim() not in (2, 3):
        raise ValueError(f"x must have 3 dimensions, or 2 if it is one sequence, got shape {tuple(x.shape)}")
    else:
        batched = x.dim() == 3
        x = _time_major(x, lstm.batch_first)
    steps, batch, size = x.shape
    if size != lstm.input_size:
        raise ValueError(f"this LSTM reads {lstm.input_size} numbers a step (the last dimension of x), got {size}")
    if not steps or not batch:
        raise ValueError(f"x is empty: {_count(steps, 'step')} in a batch of {batch}. Give at least one step.")
    if _kind(x) != _kind(lstm.weight_ih_l0):
        raise ValueError(f"x is {_kind(x)} but the LSTM is {_kind(lstm.weight_ih_l0)}: move one of them with .to(...)")
    if lengths is None:
        return x, None, batched
    if not batched:
        raise ValueError("one sequence without a batch has no padding: give x[:length] and leave `lengths` out")
    lengths = torch.as_tensor(lengths, device=x.device)
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise TypeError(f"lengths must be whole numbers, got {_kind(lengths)}")
    if lengths.shape != (batch,):
        raise ValueError(f"lengths must be one for each of the {batch} sequences, got shape {tuple(lengths.shape)}")
    if (wrong := (lengths < 1) | (lengths > steps)).any():
        n = int(wrong.nonzero()[0])
        raise ValueError(f"lengths must be from 1 to {steps}, the steps of x; sequence {n} has {int(lengths[n])}")
    return x, lengths.long(), batched


def _read_state(
    lstm: nn.LSTM, x: Tensor, batched: bool, initial_state: tuple[Tensor, Tensor] | None
) -> tuple[Tensor, Tensor]:
    """The initial state, checked, or zeros -> h_0 and c_0, each (layers * D, B, H)."""
    rows = lstm.num_layers * (1 + lstm.bidirectional)
    if initial_state is None:
        zeros = x.new_zeros(rows, x.shape[1], lstm.hidden_size)
        return zeros, zeros
    if not isinstance(initial_state, (tuple, list)) or [isinstance(s, Tensor) for s in initial_state] != [True, True]:
        raise TypeError(f"initial_state must be the pair of tensors (h_0, c_0), got {type(initial_state).__name__}")
    shape = (rows, x.shape[1], lstm.hidden_size) if batched else (rows, lstm.hidden_size)
    for name, state in zip(("h_0", "c_0"), initial_state, strict=True):
        if state.shape != shape:
            raise ValueError(f"{name} must have shape {shape} (layers and directions first), got {tuple(state.shape)}")
        if _kind(state) != _kind(x):
            raise ValueError(f"{name} is {_kind(state)} but x is {_kind(x)}: move one of them with .to(...)")
    h_0, c_0 = (state.contiguous() if batched else state[:, None].contiguous() for state in initial_state)
    return h_0, c_0


def _kind(tensor: Tensor) -> str:
    return f"{tensor.dtype} on {tensor.device}".removeprefix("torch.")


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"
