"""An explanation of random numbers by a small random LSTM: words, a picture's slices and a sound's moments."""

from types import SimpleNamespace

import torch
from torch import nn

from mmdemo.lstm.explanation import explain
from mmdemo.lstm.readout import Readout

LABELS = ["zero", "one", "two", "three"]
SIZES = {"text": 5, "image": 14, "audio": 9}
WORDS = ["three", ",", "no", "wait", "x" * 500]


def made_steps(sizes):
    """Where each step came from."""
    place = {
        "text": lambda n: (WORDS[n], (n, n + 1)),
        "image": lambda n: ("", (10.0 * n, 0.0, 10.0 * n + 10, 28.0)),
        "audio": lambda n: ("", (0.08 * n, 0.08 * n + 0.08)),
    }
    places = ((m, *place[m](n)) for m, size in sizes.items() for n in range(size))
    return [SimpleNamespace(modality=m, text=text, span=span) for m, text, span in places]


def explained(seed=0, names=("text", "image", "audio"), size=1.5, temperature=1.0, **options):
    """The explanation, its LSTM, its dense layer and the embeddings; ``size`` multiplies the weights."""
    torch.manual_seed(seed)
    lstm, dense = nn.LSTM(6, 24, batch_first=True).eval(), nn.Linear(24, 4)
    with torch.no_grad():
        for parameter in [*lstm.parameters(), *dense.parameters()]:
            parameter.mul_(size)
    sizes = {name: SIZES[name] for name in names}
    embeddings = {name: torch.randn(n, 6) for name, n in sizes.items()}
    readout = Readout.of(dense, temperature)
    return explain(lstm, readout, embeddings, made_steps(sizes), LABELS, **options), lstm, dense, embeddings
