"""The exact inside of a ``torch.nn.LSTM``: every gate of every unit at every step, as fast as it can be had.

An LSTM (Hochreiter & Schmidhuber 1997, "Long Short-Term Memory"; with the forget gate of Gers, Schmidhuber & Cummins
2000, "Learning to Forget") reads x_1 ... x_T and keeps a memory c:

    i_t = sigmoid(W_ii x_t + b_ii + W_hi h_(t-1) + b_hi)      input gate: how much is written
    f_t = sigmoid(W_if x_t + b_if + W_hf h_(t-1) + b_hf)      forget gate: how much is kept
    g_t = tanh   (W_ig x_t + b_ig + W_hg h_(t-1) + b_hg)      candidate: what would be written
    o_t = sigmoid(W_io x_t + b_io + W_ho h_(t-1) + b_ho)      output gate: how much is shown
    c_t = f_t * c_(t-1) + i_t * g_t                           cell state
    h_t = o_t * tanh(c_t)                                     output

PyTorch stacks the weights of the four gates in the order i, f, g, o. Its kernels return every h, but only the last c
and no gates, so people unroll an ``nn.LSTMCell`` to see them. There are two faster ways to the same numbers, and
``kernel_is_faster`` says which is the fastest for an input:

* The kernel and a scan. Once h is known, h_(t-1) is known for every t, so all gates are one matrix product over all
  steps, and only c is left to be scanned. It makes each matrix product twice, but nothing goes step by step in Python.
* A loop whose steps are as small as they can be: the inputs' product is made before it, a block of steps at a time so
  that it is still in the processor's cache, and every signal is written where it stays.

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

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

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
CACHED = 2**18  # pre-activations that the loop makes at a time: 1 MiB in float32, which a second-level cache holds
# From how many steps on the kernel is faster than the loop: the more, the more numbers a step has in the batch (B * H),
# and the more weights there are, which the kernel sorts anew at every call. Read off B from 1 to 64, H of 32, 128 and
# 512, and T from 5 to 400, on one thread.
NARROW, FEW_STEPS, STEPS_PER_NUMBER, STEPS_PER_WEIGHT = 1000, 14, 0.06, 4e-5


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

    def sequence(self, n: int) -> Trace:
        """The trace of one sequence of a batch, from an LSTM of one layer that reads forward: as if it was unbatched.

        Args:
            n: which one.

        Raises:
            ValueError: there is no batch, or there are more layers or directions.
        """
        if self.h.dim() != 3 or len(self.parts) > 1 or len(self.layers) > 1:
            raise ValueError(f"a batch from one layer that reads forward, got {self!r}")
        stop = None if self.lengths is None else int(self.lengths[n])
        signals = {name: _time_major(getattr(self, name), self.batch_first)[:stop, n] for name in SIGNALS}
        return Trace(**signals, h_n=self.h_n[:, n], c_n=self.c_n[:, n], parts=self.parts)

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
    *,
    hx: tuple[Tensor, Tensor] | None = None,
) -> Trace:
    """Run an LSTM and see every gate, exactly: what the equations above give with its weights.

    The module is only read. Any number of layers, one or both directions, with or without biases, on any device.
    Gradients flow if the caller lets them, from a module in evaluation mode too. It reads in the full precision of its
    weights, whatever the caller allows elsewhere: see ``full_precision``.

    Args:
        lstm: the module, or what ``torch.compile`` made of it; in training mode only if it has no dropout between its
            layers.
        x: what it would be called with: (T, B, I), (B, T, I) if it is ``batch_first``, (T, I), or a PackedSequence.
        initial_state: the pair (h_0, c_0), each (layers * D, B, H), or (layers * D, H) if unbatched; zeros if None.
        lengths: real steps of each padded sequence, in any order. The reverse direction then begins at each sequence's
            own end, as it does with a PackedSequence.
        hx: another name of ``initial_state``, the module's own.

    Returns:
        A ``Trace``; padded steps are zeros in it. For a PackedSequence it is padded, in the batch's own order, and
        knows its ``lengths``.

    Raises:
        TypeError: what was given is not an ``nn.LSTM``, a tensor, a pair of states or whole lengths; or the LSTM is
            quantised, or computes something else than an ``nn.LSTM`` (a forward of its own, or hooks).
        ValueError: proj_size, dropout in training mode, no steps, or shapes, types or devices that do not fit.
    """
    lstm = _check_module(lstm)
    if hx is not None:
        if initial_state is not None:
            raise TypeError("hx and initial_state are the same: give one of them")
        initial_state = hx
    weights = lstm.all_weights
    like = weights[0][0]
    with full_precision(like.device) as autocast:
        if autocast:  # under it, other layers have given their outputs fewer bits
            x, initial_state = _in_type(x, like.dtype), _in_type(initial_state, like.dtype)
        return _trace(lstm, weights, x, initial_state, lengths)


class full_precision:
    """In this context everything is computed in the full precision of its numbers, whatever the caller allows.

    Unless told otherwise, cuDNN's LSTM multiplies in TF32, with 10 bits after the leading one: its h is then
    o * tanh(c) to the third digit only, and the answers to inputs computed together differ from those computed alone.
    A caller may allow fewer bits for other products, too (``torch.set_float32_matmul_precision``), and under
    ``torch.autocast`` weights are rounded. In here there is none of that, and afterwards all is as it was.

    PyTorch's settings belong to the whole process. So threads may be in here at the same time, and what was set is put
    back when the last has left; what another thread sets meanwhile is lost.

    Args:
        device: whose autocast is turned off, ``tensor.device``.
    """

    _lock, _inside, _before = threading.Lock(), 0, None

    def __init__(self, device: torch.device) -> None:
        shrinks = torch.is_autocast_enabled(device.type)
        self._autocast = torch.autocast(device.type, enabled=False) if shrinks else None

    def __enter__(self) -> bool:
        """Whether there was autocast to turn off."""
        with full_precision._lock:
            if not full_precision._inside:
                full_precision._before = _ask_for_full_bits()
            self._counts = full_precision._before is not None  # else there is nothing to put back
            full_precision._inside += self._counts
        if self._autocast:
            self._autocast.__enter__()
        return self._autocast is not None

    def __exit__(self, *error: Any) -> None:
        if self._autocast:
            self._autocast.__exit__(*error)
        if self._counts:
            with full_precision._lock:
                full_precision._inside -= 1
                if not full_precision._inside:
                    _put_back(*full_precision._before)


def _settings() -> tuple[str, tuple[Any, ...]]:
    """The name of the settings that allow fewer bits, and where they are."""
    cuda, cudnn, mkldnn = torch.backends.cuda, torch.backends.cudnn, torch.backends.mkldnn
    if not hasattr(cudnn, "rnn"):  # before PyTorch 2.9
        return "allow_tf32", (cuda.matmul, cudnn)
    ours = (mkldnn.matmul, mkldnn.rnn, mkldnn.conv)
    return "fp32_precision", (cuda.matmul, cudnn.rnn, cudnn.conv, *ours) if cuda.is_built() else ours


SETTING, PLACES = _settings()
FULL = {False, "none", "ieee"}  # values of it; "none" is what nobody has set


def _older_cudnn_setting() -> bool | None:
    """What the setting that cuDNN's newer ones have replaced says; None where there are none or it contradicts them.

    Some of PyTorch's own code still reads it, which is an error where it says otherwise than the newer ones.
    """
    if SETTING == "allow_tf32":
        return None  # it is one of ``PLACES``
    try:
        return torch.backends.cudnn.allow_tf32
    except RuntimeError:
        return None


def _ask_for_full_bits() -> tuple[str | None, bool | None, list[tuple[Any, Any]]] | None:
    """Have all bits computed: what ``_put_back`` needs, or None if it was so already."""
    try:
        matmul = torch.get_float32_matmul_precision()
    except RuntimeError:  # the caller has used this older setting and the newer ones: those count
        matmul = None
    values = [getattr(place, SETTING) for place in PLACES]
    if matmul in (None, "highest") and FULL.issuperset(values):
        return None  # so it is on a CPU, unless somebody has asked for less
    before, cudnn = list(zip(PLACES, values, strict=True)), _older_cudnn_setting()
    if matmul not in (None, "highest"):
        torch.set_float32_matmul_precision("highest")
    if cudnn:
        torch.backends.cudnn.allow_tf32 = False  # first, since it changes the newer ones
    for place, value in before:
        if getattr(place, SETTING) not in FULL:
            setattr(place, SETTING, "ieee" if isinstance(value, str) else False)
    return matmul, cudnn, before


def _put_back(matmul: str | None, cudnn: bool | None, before: list[tuple[Any, Any]]) -> None:
    """Undo ``_ask_for_full_bits``."""
    if cudnn:
        torch.backends.cudnn.allow_tf32 = True
    if matmul not in (None, "highest"):
        torch.set_float32_matmul_precision(matmul)
    for place, value in before:
        if getattr(place, SETTING) != value and isinstance(value, str):
            setattr(place, SETTING, "none")  # which may mean the value: that of a setting for several places
        if getattr(place, SETTING) != value:
            setattr(place, SETTING, value)


def _in_type(given: Any, dtype: torch.dtype) -> Any:
    """Tensors of floating-point numbers, alone or in a pair, in another type; anything else as it is."""
    if isinstance(given, (tuple, list)) and not isinstance(given, PackedSequence):
        return tuple(_in_type(one, dtype) for one in given)
    tensor = given.data if isinstance(given, PackedSequence) else given
    return given.to(dtype) if isinstance(tensor, Tensor) and tensor.is_floating_point() else given


def _trace(
    lstm: nn.LSTM,
    weights: list[list[Tensor]],
    x: Tensor | PackedSequence,
    initial_state: tuple[Tensor, Tensor] | None,
    lengths: Tensor | Sequence[int] | None,
) -> Trace:
    """See ``trace``; the weights are ``lstm.all_weights``."""
    x, lengths, batched = _read_input(lstm, weights[0][0], x, lengths)  # (T, B, I), (B,)
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
            runs.append(_run(x, weights[n], h_0[n], c_0[n], ragged, reverse=name == "reverse"))
        *signals, h_n, c_n = zip(*runs, strict=True)
        signals = [torch.cat(pair, -1) if len(pair) > 1 else pair[0] for pair in signals]  # (T, B, D * H)
        if ragged is not None:
            signals = [signal.masked_fill(padding, 0) for signal in signals]
        x = signals[-1]  # h is what the next layer reads
        h_n, c_n = (pair[0][None] if len(pair) == 1 else torch.stack(pair) for pair in (h_n, c_n))  # (D, B, H)
        if not batched:
            h_n, c_n = h_n[:, 0], c_n[:, 0]
        signals, parts = tuple(map(like_output, signals)), tuple((k, name) for name in names)
        layers.append(Trace(*signals, h_n, c_n, parts, (), lengths, batch_first))
    if len(layers) > 1:
        h_n, c_n = torch.cat([layer.h_n for layer in layers]), torch.cat([layer.c_n for layer in layers])
    return Trace(*signals, h_n, c_n, parts, tuple(layers), lengths, batch_first)


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
    learns = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (x, h, c, *weights))
    steps = _reversed(x, lengths) if reverse else x
    way = _with_kernel if learns or kernel_is_faster(x, h.shape[-1]) else _in_a_loop
    gates, cells, states = way(steps, weights, h, c)
    signals = (*gates.chunk(4, -1), cells, states)
    if lengths is None:
        h, c = states[-1], cells[-1]
    else:
        last = lengths - 1, torch.arange(len(lengths), device=x.device)
        h, c = states[last], cells[last]
    return *((_reversed(signal, lengths) for signal in signals) if reverse else signals), h, c


def kernel_is_faster(x: Tensor, units: int) -> bool:
    """Whether the kernel with a scan is the fastest way, or else the loop, where no gradient is asked for.

    On a CPU the kernel wins on long and narrow inputs, where a step of the loop costs more than its numbers do. In
    float64 PyTorch's own kernel is a loop, too. Other devices want few and large operations, and in less than 32 bits
    the kernel rounds in its own way.

    Args:
        x: the input, (T, B, I).
        units: H.
    """
    if x.device.type != "cpu" or x.dtype not in (torch.float32, torch.float64):
        return True
    numbers = x.shape[1] * units
    weights = 4 * units * (x.shape[2] + units)
    few = FEW_STEPS + STEPS_PER_NUMBER * numbers + STEPS_PER_WEIGHT * weights
    return x.dtype == torch.float32 and 0 < numbers < NARROW and len(x) > few


def _with_kernel(x: Tensor, weights: list[Tensor], h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The kernel that the module calls itself, one product for all gates, and a scan. Gradients flow.

    Returns:
        The gates i, f, g, o side by side, (T, B, 4H), the cells and the states, (T, B, H).
    """
    if x.is_cuda:
        weights = _in_one_piece(weights)
    w_ih, w_hh, *biases = weights
    bias = biases[0] + biases[1] if biases else None
    # Inside one layer there is no dropout, so training mode changes no number; cuDNN needs it for a backward pass.
    options = (bool(biases), 1, 0.0, torch.is_grad_enabled(), False, False)
    blocks = []
    for steps in x.split(BLOCK):
        states, _, _ = torch.lstm(steps, (h[None], c[None]), weights, *options)  # what nn.LSTM.forward calls
        h_before = torch.cat([h[None], states[:-1]])  # h_(t-1) for every t
        z = F.linear(steps, w_ih, bias).flatten(0, 1).addmm_(h_before.flatten(0, 1), w_hh.T)  # (T * B, 4H)
        z = z.unflatten(0, states.shape[:2])
        i_f, g, o = z.split([2 * h.shape[-1], h.shape[-1], h.shape[-1]], -1)
        if z.requires_grad:
            gates = torch.cat([i_f.sigmoid(), g.tanh(), o.sigmoid()], -1)
        else:
            gates = z  # each part of it is overwritten
            i_f.sigmoid_(), g.tanh_(), o.sigmoid_()
        i, f, g, _ = gates.chunk(4, -1)
        cells = _scan(f, i * g, c)
        blocks.append((gates, cells, states))
        h, c = states[-1], cells[-1]
    gates, cells, states = (torch.cat(pieces) if len(pieces) > 1 else pieces[0] for pieces in zip(*blocks, strict=True))
    return gates, cells, states


def _in_a_loop(x: Tensor, weights: list[Tensor], h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The equations step by step, without gradients; arguments and returns as for ``_with_kernel``."""
    w_ih, w_hh, *biases = weights
    w_ih, w_hh, units = w_ih.T, w_hh.T, h.shape[-1]
    gates = x.new_empty(*x.shape[:2], 4 * units)
    cells, states = x.new_empty(2, *x.shape[:2], units)
    block = max(1, CACHED // max(1, gates[0].numel()))
    with torch.no_grad():
        bias = biases[0] + biases[1] if biases else x.new_zeros(4 * units)
        for start in range(0, len(x), block):
            steps = slice(start, start + block)
            z = gates[steps]  # it holds the pre-activations until the gates take their place
            torch.addmm(bias, x[steps].flatten(0, 1), w_ih, out=z.view(-1, 4 * units))
            parts = z, z[..., : 2 * units], *z.chunk(4, -1), cells[steps], states[steps]
            for z_t, i_f, i, f, g, o, c_t, h_t in zip(*(part.unbind() for part in parts), strict=True):  # (B, H) or so
                z_t.addmm_(h, w_hh)
                i_f.sigmoid_(), g.tanh_(), o.sigmoid_()
                c = torch.mul(i, g, out=c_t).addcmul_(f, c)
                h = torch.tanh(c, out=h_t).mul_(o)
    return gates, cells, states


def _in_one_piece(weights: list[Tensor]) -> list[Tensor]:
    """Weights as cuDNN wants them, in one piece of memory from its start; otherwise it warns and gathers them itself.

    Those of a module with one layer and direction are, once it is on the GPU.
    """
    ends = [w.data_ptr() + w.numel() * w.element_size() for w in weights]
    starts = [w.data_ptr() for w in weights[1:]]
    if weights[0].storage_offset() == 0 and starts == ends[:-1] and all(w.is_contiguous() for w in weights):
        return weights
    pieces = torch.cat([w.flatten() for w in weights]).split([w.numel() for w in weights])
    return [piece.view_as(w) for piece, w in zip(pieces, weights, strict=True)]


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


def _check_module(lstm: nn.LSTM) -> nn.LSTM:
    """The LSTM itself, checked; that inside of what ``torch.compile`` made, which reads the same weights."""
    given, kind = lstm, type(lstm)
    if kind is not nn.LSTM:  # to look for what a module does not have takes long
        lstm = getattr(lstm, "_orig_mod", lstm)
        kind = type(lstm)
    if not isinstance(lstm, nn.LSTM):
        name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("torch.nn.modules.rnn.")
        if "quantiz" in kind.__module__:
            raise TypeError(
                f"this LSTM is quantised ({name}): its kernel rounds weights and inputs, so the equations of an LSTM "
                "do not give its gates. Trace the torch.nn.LSTM it came from."
            )
        raise TypeError(f"trace reads a torch.nn.LSTM, got {name}")
    if kind.forward is not nn.LSTM.forward or "forward" in vars(lstm):
        raise TypeError(
            f"this {kind.__name__} has a forward of its own, and trace knows that of torch.nn.LSTM only, so its gates "
            "would be those of another network. Trace the torch.nn.LSTM inside it, on what that reads."
        )
    hooks = {"forward pre-hook": "_forward_pre_hooks", "forward hook": "_forward_hooks"}
    for name, where in hooks.items():
        if getattr(lstm, where) or getattr(given, where):
            raise TypeError(
                f"this LSTM has a {name}, which may change what it reads, its weights or what it returns, and trace "
                "would not see that. Remove it with its handle's remove() (that of pruning with "
                "torch.nn.utils.prune.remove, of weight_norm with remove_weight_norm)."
            )
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
    return lstm


def _read_input(
    lstm: nn.LSTM, weight: Tensor, x: Tensor | PackedSequence, lengths: Tensor | Sequence[int] | None
) -> tuple[Tensor, Tensor | None, bool]:
    """Any input, checked -> (T, B, I), lengths (B,) or None, and whether it came as a batch; ``weight`` is any."""
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
    if not steps:
        raise ValueError(f"x is empty: 0 steps in a batch of {batch}. Give at least one step.")
    if x.dtype != weight.dtype or x.device != weight.device:
        raise ValueError(f"x is {_kind(x)} but the LSTM is {_kind(weight)}: move one of them with .to(...)")
    if lengths is None:
        return x, None, batched
    if not batched:
        raise ValueError("one sequence without a batch has no padding: give x[:length] and leave `lengths` out")
    lengths = torch.as_tensor(lengths, device=x.device)
    lengths = lengths if lengths.numel() else lengths.long()  # PyTorch takes an empty list for floating-point numbers
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
        return zeros, zeros  # nothing writes into it
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
