"""The page's drawing of an LSTM of one's own: in a notebook, and as one HTML file."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import plotly.io
import torch
from torch import Tensor, nn

from mmdemo.app.questions import KEPT_STEPS, kept
from mmdemo.app.reading import Reading, answer
from mmdemo.app.report import report
from mmdemo.inference.figure import Bars, drawing, gates_figure
from mmdemo.inference.result import Result
from mmdemo.lstm.counterfactual import GateIntervention, ablate, changed, rerun
from mmdemo.lstm.explanation import Step, explain
from mmdemo.lstm.ledger import ledger
from mmdemo.lstm.readout import Readout, as_readout
from mmdemo.lstm.trace import Trace, trace
from mmdemo.text.reader import TextInput, Token

HEIGHT = 1000  # pixels of the frame in a notebook
TASK = "LSTM"  # what the file calls the task
BOTH = (
    "The answer reads what both directions hold at their ends,<br>"
    "so there is no belief after a step, nor a share of one that the forget gates let go."
)


class Shown:
    """A drawing: a notebook shows it, ``save`` writes it to one HTML file, which needs no network.

    Attributes:
        trace: the inside of the LSTM, one sequence.
    """

    def __init__(self, page: str, inside: Trace, asked: _Asked | None = None) -> None:
        self.trace, self._page, self._asked = inside, page, asked

    def to_html(self) -> str:
        """The whole HTML document."""
        return self._page

    def save(self, path: str | Path) -> Path:
        """Write it to a file, in UTF-8, and say where."""
        path = Path(path)
        path.write_text(self._page, encoding="utf-8")
        return path

    def what_if(self, start: int, stop: int | None = None, *, gate: str | None = None, value: float = 1.0) -> Shown:
        """The drawing of what would have been: read again without some steps, or with a gate held over them.

        Args:
            start, stop: the first step, counted from 0, and the one after the last; one step if ``stop`` is None.
            gate: "i", "f", "g" or "o", which is held at ``value``; if None, the steps are left out.
            value: 1 holds the forget gates open.

        Raises:
            ValueError: there is no readout, no such gate, no such steps, or no step would be left; or the LSTM has
                several layers or directions, in which no gate can be held.
        """
        if self._asked is None:
            raise ValueError("what if needs a readout: show(lstm, dense, x, ...)")
        asked, count = self._asked, len(self.trace.h)
        stop = start + 1 if stop is None else stop
        if not 0 <= start < stop <= count:
            raise ValueError(f"steps are counted from 0 to {count - 1}, got {start} to before {stop}")
        if gate is not None:
            held = rerun(asked.lstm, asked.x, [GateIntervention(gate, value, start, stop)])
            return _shown(asked, held)
        if stop - start == count:
            raise ValueError("without all steps nothing is left to read")
        words = [*asked.words[:start], *asked.words[stop:]]
        rest = replace(asked, x=ablate(asked.x, start, stop), words=words)
        return _shown(rest, trace(rest.lstm, rest.x))

    def _repr_html_(self) -> str:
        page = html.escape(self._page, quote=True)
        return f'<iframe srcdoc="{page}" width="100%" height="{HEIGHT}" style="border:0"></iframe>'

    def __repr__(self) -> str:
        return f"Shown({self.trace!r})"


@dataclass(frozen=True, eq=False)
class _Asked:
    """What ``show`` was asked for, checked: x is one sequence, (T, I), and ``words`` names its steps."""

    lstm: nn.LSTM
    readout: Readout
    x: Tensor
    words: Sequence[str]
    labels: Sequence[str]


@torch.no_grad()
def show(
    lstm: nn.LSTM,
    readout: Readout | nn.Linear | None,
    x: Tensor,
    *,
    steps: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
) -> Shown:
    """Draw what an LSTM of your own does while it reads one sequence, as the page draws its own.

    With a readout: the belief after each step, the gates, the memory, every unit as a heat map, the ledger and what
    each step changed, with hover; of at most ``KEPT_STEPS`` steps also each step's equations, and what if it were left
    out or forgot nothing. Of an LSTM that reads in both directions there is no belief after a step, since the readout
    reads what each holds at its own end: it gets the gates and the memory of both, the ledger, what each step changed,
    and what would have been said without it. Without a readout, the gates, the memory and the units alone.

    Args:
        lstm: any ``nn.LSTM`` that ``trace`` reads; of several layers the top one is drawn.
        readout: the dense layer that reads the state in which each direction ends, as in the top layer's ``h_n``:
            (classes, units), or (classes, 2 * units); None for the gates alone.
        x: one sequence, (T, I), or a batch of one.
        steps: what is written at each of the T steps, such as the words; numbers from 1 if None.
        labels: the names of the classes; numbers from 0 if None.

    Returns:
        What a notebook shows; see ``Shown``.

    Raises:
        TypeError: the LSTM or the readout is none, see ``trace``.
        ValueError: the readout does not fit, x is not one sequence, or there is not one name for each step and class.
    """
    if x.dim() == 3:
        x = x.squeeze(0 if lstm.batch_first else 1)
    if x.dim() != 2:
        raise ValueError(f"one sequence, (steps, inputs), or a batch of one; got {tuple(x.shape)}")
    words = [str(k + 1) for k in range(len(x))] if steps is None else [str(step) for step in steps]
    if len(words) != len(x):
        raise ValueError(f"x has {len(x)} steps, but {len(words)} are named")
    x = x.detach()
    inside = trace(lstm, x)
    if readout is None:
        return Shown(_plain(gates_figure(inside, words)), inside)
    readout = as_readout(readout)
    classes, reads = readout.weight.shape
    if reads != inside.h.shape[-1]:
        raise ValueError(f"the LSTM puts out {inside.h.shape[-1]} numbers a step, but the readout reads {reads}")
    labels = [str(k) for k in range(classes)] if labels is None else [str(label) for label in labels]
    if len(labels) != classes or len(set(labels)) != classes:
        raise ValueError(f"the readout has {classes} classes, and each needs a name of its own; got {labels}")
    return _shown(_Asked(getattr(lstm, "_orig_mod", lstm), readout, x, words, labels), inside)


@torch.no_grad()
def _shown(asked: _Asked, inside: Trace) -> Shown:
    """The drawing of one reading, by the page's own modules, which want a belief after each step."""
    if asked.lstm.bidirectional:
        return Shown(_plain(gates_figure(inside, asked.words, _bars(asked, inside))), inside, asked)
    raw, tokens = _as_text(asked.words)
    named = [Step("text", token.text, (token.start, token.end)) for token in tokens]
    why = explain(asked.lstm, asked.readout, {"text": asked.x}, named, asked.labels, inside=inside)
    result = Result(
        task=TASK,
        labels=list(asked.labels),
        probabilities=why.step_probabilities[-1].cpu().numpy(),
        level="clear",
        reason=None,
        contradiction=None,
        used=["text"],
        ignored={},
        notes=[],
        steps=named,
        embeddings={"text": asked.x},
        step_probabilities=why.step_probabilities.cpu().numpy(),
        unimodal_probabilities={"text": why.step_probabilities[-1].cpu().numpy()},
        trace=inside,
        inputs={"text": TextInput(raw, tokens)},
        milliseconds={},
        device=asked.x.device.type,
    )
    said = {**answer(result, why), "milliseconds": {}}
    reading = Reading(result, why, said, drawing(result, why))
    answers = kept(asked.lstm, asked.readout, result, why)
    return Shown(report(reading, replies=answers).decode(), inside, asked)


def _bars(asked: _Asked, inside: Trace) -> Bars:
    """What each step means to the answer of an LSTM that reads in both directions."""
    lstm, readout, x, labels = asked.lstm, asked.readout, asked.x, asked.labels
    every = torch.eye(len(labels))  # (C, C)

    def said(inside: Trace) -> tuple[int, str]:
        p = readout.probabilities(inside.layers[-1].h_n.flatten())  # (C,)
        return int(p.argmax()), f"{labels[int(p.argmax())]} ({float(p.max()):.0%})"

    rows = {
        "the ledger: what each step wrote": ledger(lstm, readout, x, every, inside=inside).steps,
        "what each step changed": changed(lstm, readout, x, every),
    }
    without = [said(trace(lstm, ablate(x, t)))[1] for t in range(len(x))] if 1 < len(x) <= KEPT_STEPS else []
    answer, words = said(inside)
    return Bars({name: row.cpu().numpy() for name, row in rows.items()}, labels, answer, without, f"{words}. {BOTH}")


def _plain(figure: plotly.graph_objects.Figure) -> str:
    """A figure alone as an HTML document."""
    return plotly.io.to_html(figure, include_plotlyjs=True, default_height="100vh")


def _as_text(words: Sequence[str]) -> tuple[str, tuple[Token, ...]]:
    """The steps' names as one text, and where each stands in it."""
    tokens, start = [], 0
    for word in words:
        tokens.append(Token(word, start, start + len(word)))
        start += len(word) + 1
    return " ".join(words), tuple(tokens)
