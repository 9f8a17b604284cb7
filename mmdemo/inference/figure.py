"""Result -> the drawing: one Plotly figure on one axis of steps, and the strip of inputs that lies above it.

Colours belong to the page, which knows whether it is light or dark: a trace names its colour in ``meta`` and
``web/drawing/drawing.js`` fills it in.
"""

from __future__ import annotations

import base64
import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mmdemo.lstm.trajectory import settled
from mmdemo.model.modalities import SENSES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from mmdemo.inference.result import Result
    from mmdemo.lstm.explanation import Explanation, Step
    from mmdemo.lstm.trace import Trace

MAPS = ("f", "i", "o", "g", "c", "h")  # what the heat map of units can show, the first one from the start
SPREAD = (0.1, 0.9)  # the quantiles over the units between which a band is drawn
TOP = 15  # pixels above the first row, where it is said that the answer settled
GAP = 20  # pixels between rows
CLASS_HEIGHT = 12  # pixels of one class in the row of beliefs, while there is room
COLOURS = {
    "i": "#3b9ddb",
    "f": "#d55e00",
    "o": "#9b59b6",
    "c": "#1b1d22",
}  # as in core/palette.css
HEIGHTS = {"gates": 112, "state": 84, "units": 168}  # pixels


def drawing(result: Result, explanation: Explanation | None) -> dict[str, Any]:
    """Everything that the page needs to draw how a result came about, ready for ``json.dumps``.

    Args:
        result: what was decided.
        explanation: why; None where there was nothing to read.

    Returns:
        ``steps`` (modality, text and span of each), ``labels``, ``answer`` (its index), ``settled`` (a step; None
        where the answer is unclear), ``strip`` (the picture and the spectrogram as the model saw them), ``order`` (see
        ``by_action``), ``ledger`` (see ``_ledger``) and ``figure``. Of a result without steps, ``steps`` and
        ``labels`` only. Arrays are packed as Plotly packs them.
    """
    steps = [
        {"modality": s.modality, "text": s.text, "span": [round(float(x), 3) for x in s.span]} for s in result.steps
    ]
    if explanation is None:
        return {"steps": [], "labels": result.labels}
    return {
        "steps": steps,
        "labels": result.labels,
        "answer": result.labels.index(result.label),
        "settled": None if result.level == "unclear" else settled(result.step_probabilities),
        "strip": _strip(result),
        "order": by_action(_array(result.trace.c)).tolist(),
        "ledger": _ledger(explanation),
        "figure": figure(result).to_dict(),
    }


def packed_numbers(numbers: np.ndarray) -> dict[str, str]:
    """Numbers as Plotly packs arrays, in float32."""
    numbers = np.ascontiguousarray(numbers, np.float32)
    shape = ", ".join(map(str, numbers.shape))
    return {"dtype": "f4", "bdata": base64.b64encode(numbers.tobytes()).decode("ascii"), "shape": shape}


def _ledger(explanation: Explanation) -> dict[str, Any]:
    """Evidence for every class, from which the page makes that for any contrast of them.

    Returns:
        ``evidence`` (C, T), what each step wrote for each class's logit; ``changed`` (C, T), what it changed in it;
        ``units`` (C, H), the part of it that each unit carries at the end; ``logits`` and ``bias``, each (C,). Both the
        evidence of a class and what was changed in it add up to its logit less its bias. ``against``: the class that
        another input says, with which the answer is weighed first; None where no input disagrees. ``let_go``: for each
        step None, or [the share of what spoke for a class that the forget gates dropped, that class].
    """
    shares, classes = explanation.forgotten_share.tolist(), explanation.forgotten_class.tolist()
    return {
        "against": explanation.against,
        "evidence": packed_numbers(_array(explanation.evidence)),
        "changed": packed_numbers(_array(explanation.changed)),
        "let_go": [
            None if math.isnan(share) else [round(min(share, 1.0), 4), k]
            for share, k in zip(shares, classes, strict=True)
        ],
        "units": packed_numbers(_array(explanation.carried)),
        "logits": explanation.logits.tolist(),
        "bias": explanation.bias.tolist(),
    }


def figure(result: Result) -> go.Figure:
    """Beliefs, gates, cell state and units over the steps, below each other on one axis.

    ``layout.meta.rows`` names the rows from top to bottom; the first has the axis ``yaxis``, the second ``yaxis2`` and
    so on. Every trace has ``meta``: its ``row``, a ``key`` (a letter of the LSTM's equations, say) and a ``kind``.
    Heat maps of units are 8-bit: ``_map`` says how.
    """
    inside = {key: _array(getattr(result.trace, key)) for key in MAPS}  # each (T, H)
    heights = {"belief": min(max(len(result.labels) * CLASS_HEIGHT, 60), 264), **HEIGHTS}
    rows = list(heights)
    size = np.abs(inside["c"]).mean(1)
    traces = [
        *_belief(result.step_probabilities, result.labels.index(result.label)),
        *(trace for key in "oif" for trace in _line("gates", key, inside[key])),
        *_line("state", "c", inside["c"]),
        {
            "type": "scatter",
            "y": size,
            "mode": _mode(len(size)),
            "line": {"width": 1.6, "dash": "3px,2px"},
            "meta": {"row": "state", "key": "c", "kind": "size"},
        },
        *(_map(key, inside[key]) for key in MAPS),
    ]
    for trace in traces:
        trace |= {"yaxis": _axis("y", rows.index(trace["meta"]["row"])), "hoverinfo": "skip", "showlegend": False}
    low, high = _spread(inside["c"])
    limits = (min(0.0, float(low.min())), float(max(size.max(), high.max())))
    axes = {
        "belief": {"range": [len(result.labels) - 0.5, -0.5], "tickvals": []},
        "gates": {"range": [-0.03, 1.03], "tickvals": [0, 1]},
        "state": {"range": _padded(*limits), "tickvals": _round_ticks(*limits)},
        "units": {"range": [inside["c"].shape[1] - 0.5, -0.5], "tickvals": []},
    }
    return go.Figure(traces, _layout(result, heights, axes))


def gates_figure(inside: Trace, words: Sequence[str], bars: Bars | None = None) -> go.Figure:
    """The gates, the memory and the forget gates of every unit over the steps, with colours and hover of its own.

    Args:
        inside: one sequence, (T, D * H); each of the D directions has rows of its own.
        words: what is written at each step.
        bars: what each step means to an answer, in rows at the bottom.
    """
    names = {"i": "input gate i", "f": "forget gate f", "o": "output gate o", "c": "cell state c"}
    directions = [f"{name}: " if len(inside.parts) > 1 else "" for _, name in inside.parts]
    rows = [(n, title, keys) for n in range(len(directions)) for title, keys in (("gates", "oif"), ("memory", "c"))]
    titles = [f"{directions[n]}{title}" for n, title, _ in rows] + ["forget gates of all units"]
    heights = [HEIGHTS["state" if title == "memory" else "gates"] for _, title, _ in rows] + [HEIGHTS["units"]]
    if bars:
        titles, heights = [*titles, *bars.rows], [*heights, *(HEIGHTS["state"] for _ in bars.rows)]
    look = {"row_heights": heights, "subplot_titles": titles, "vertical_spacing": 0.2 / len(heights)}
    picture = make_subplots(len(heights), 1, shared_xaxes=True, **look)
    signals = {key: _array(getattr(inside, key)) for key in MAPS}  # each (T, D * H)
    for row, (n, _, keys) in enumerate(rows, start=1):
        for key in keys:
            band, line = _line("", key, np.split(signals[key], len(directions), 1)[n])
            common = {"legendgroup": key, "name": f"{names[key]}, mean"}
            spread = {"fillcolor": f"{COLOURS[key]}22", "hoverinfo": "skip", "showlegend": False}
            mean = {"line": {"width": 2.2, "color": COLOURS[key]}, "showlegend": n == 0}
            picture.add_trace(go.Scatter(band | common | spread), row, 1)
            picture.add_trace(go.Scatter(line | common | mean), row, 1)
    units = {"z": signals["f"].T, "zmin": 0, "zmax": 1, "colorscale": "Viridis", "name": names["f"], "showscale": False}
    picture.add_trace(go.Heatmap(units, hovertemplate="step %{x}, unit %{y}: %{z:.2f}"), len(rows) + 1, 1)
    picture.update_yaxes(title="unit", row=len(rows) + 1, col=1)
    layout = {"template": "plotly_white", "hovermode": "x unified", "legend": {"orientation": "h", "y": 1.08}}
    picture.update_layout(layout)
    if bars:
        _add_bars(picture, bars, len(rows) + 2)
    ticks = [html.escape(word, quote=False) for word in words]  # text is text, but Plotly knows some tags
    picture.update_xaxes(tickvals=list(range(len(words))), ticktext=ticks, row=len(heights), col=1)
    return picture


@dataclass(frozen=True, eq=False)
class Bars:
    """What each step means to an answer among C classes, where there is no belief after each step.

    Attributes:
        rows: by what is written above a row, its numbers for every class's logit, (C, T).
        labels: the classes.
        answer: the class that is shown first; another can be chosen.
        without: what would have been said without each step, T times; empty if that is not known.
        title: what is said at the top.
    """

    rows: Mapping[str, np.ndarray]
    labels: Sequence[str]
    answer: int
    without: Sequence[str]
    title: str


def _add_bars(picture: go.Figure, bars: Bars, first: int) -> None:
    """A row of bars for each of ``bars.rows`` from row ``first`` on: every class against the mean of all."""
    labels = [html.escape(label, quote=False) for label in bars.labels]
    without = [f"<br>without it: {html.escape(said, quote=False)}" for said in bars.without]
    fixed = len(picture.data)
    for row, values in enumerate(bars.rows.values(), start=first):
        for k, weighed in enumerate(values - values.mean(0)):  # (T,)
            bar = {
                "y": weighed,
                "name": f"for {labels[k]}",
                "marker": {"color": np.where(weighed < 0, COLOURS["f"], COLOURS["i"])},
                "customdata": without or [""] * len(weighed),
                "hovertemplate": "%{y:+.2f}%{customdata}",
                "visible": k == bars.answer,
                "showlegend": False,
            }
            picture.add_trace(go.Bar(bar), row, 1)
    chosen = [[True] * fixed + [k == j for _ in bars.rows for j in range(len(labels))] for k in range(len(labels))]
    buttons = [
        {"label": label, "method": "restyle", "args": [{"visible": visible}]}
        for label, visible in zip(labels, chosen, strict=True)
    ]
    menu = {"buttons": buttons, "active": bars.answer, "x": 1, "y": 1.02, "xanchor": "right", "yanchor": "bottom"}
    picture.update_layout(updatemenus=[menu], title={"text": bars.title, "font": {"size": 13}}, barmode="overlay")


def by_action(c: np.ndarray) -> np.ndarray:
    """The units in the order in which they act: by the step at which their cell changed most, risers before fallers.

    Args:
        c: the cell state, shape (T, H); before the first step it was zero.
    """
    change = np.diff(c, axis=0, prepend=np.zeros_like(c[:1]))  # (T, H)
    when = np.abs(change).argmax(0)
    return np.lexsort((-change[when, np.arange(c.shape[1])], when))


def _layout(result: Result, heights: dict[str, int], axes: dict[str, Any]) -> dict[str, Any]:
    """Rows of these heights in pixels, below each other, each with its own axis; one axis of steps for all."""
    steps, when = result.steps, 0 if result.level == "unclear" else settled(result.step_probabilities)
    total = sum(heights.values()) + GAP * (len(heights) - 1)
    layout = {
        "template": "none",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 0, "r": 0, "t": TOP, "b": 0},
        "height": TOP + total,
        "meta": {"rows": list(heights)},
        "xaxis": {"range": [-0.5, len(steps) - 0.5], "visible": False, "anchor": "free"},
        "shapes": _marks(steps, when),
        "annotations": [_said(when, len(steps))] if when else [],
    }
    top = 0
    for k, (row, height) in enumerate(heights.items()):
        domain = [1 - (top + height) / total, 1 - top / total]
        plain = {"zeroline": False, "showticklabels": False, "anchor": "x"}
        layout[_axis("yaxis", k)] = {**plain, "domain": domain, **axes[row]}
        top += height + GAP
    return layout


def _belief(step_probabilities: np.ndarray, answer: int) -> list[dict[str, Any]]:
    """Probabilities as a heat map, classes by steps, with the answer's row in a colour of its own."""
    others = step_probabilities.T.copy()  # (C, T)
    others[answer] = 0
    common = {"type": "heatmap", "zmin": 0, "zmax": 1, "showscale": False, "xgap": 1, "ygap": 1}
    return [
        {**common, "z": others, "meta": {"row": "belief", "key": "others", "kind": "map"}},
        {
            **common,
            "z": step_probabilities.T[[answer]],
            "y": [answer],
            "meta": {"row": "belief", "key": "answer", "kind": "map"},
        },
    ]


def _line(row: str, key: str, values: np.ndarray) -> list[dict[str, Any]]:
    """The mean over the units as a line and their spread as a band; values have the shape (T, H)."""
    low, high = _spread(values)
    there = np.arange(len(values), dtype=np.uint8 if len(values) < 256 else np.uint16)
    return [
        {
            "type": "scatter",
            "x": np.concatenate([there, there[::-1]]),
            "y": np.concatenate([high, low[::-1]]),
            "fill": "toself",
            "mode": "lines",
            "line": {"width": 0},
            "meta": {"row": row, "key": key, "kind": "spread"},
        },
        {
            "type": "scatter",
            "y": values.mean(1),
            "mode": _mode(len(values)),
            "line": {"width": 2.2},
            "meta": {"row": row, "key": key, "kind": "mean"},
        },
    ]


def _map(key: str, values: np.ndarray) -> dict[str, Any]:
    """Units by steps in 8 bits; values have the shape (T, H).

    Gates are 0 to 1 in codes 0 to 255. The others are around zero, which is exactly code 127: g and h from -1 to 1 in
    equal steps, and c, which has no bounds, in steps that grow with the square root (``meta.high`` is the end), since
    a few units hold far more than most.
    """
    kind = {"c": "cell", "g": "signed", "h": "signed"}.get(key, "gate")
    high = max(float(np.abs(values).max()), 1.0) if kind == "cell" else 1.0
    if kind == "cell":
        values = np.sign(values) * np.sqrt(np.abs(values) / high)
    codes = values * 255 if kind == "gate" else (values + 1) * 127
    return {
        "type": "heatmap",
        "z": np.rint(codes).astype(np.uint8).T,  # (H, T)
        "zmin": 0,
        "zmax": 255 if kind == "gate" else 254,
        "colorscale": "Viridis" if kind == "gate" else "RdBu",
        "showscale": False,
        "visible": key == MAPS[0],
        "meta": {"row": "units", "key": key, "kind": kind, "high": high},
    }


def _marks(steps: Sequence[Step], when: int) -> list[dict[str, Any]]:
    """Vertical lines: where one modality gives way to the next, and where the answer settled, unless at once."""

    def line(name: str, x: float, yref: str, style: dict[str, Any]) -> dict[str, Any]:
        return {"type": "line", "name": name, "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": yref, "line": style}

    borders = [t - 0.5 for t in range(1, len(steps)) if steps[t].modality != steps[t - 1].modality]
    marks = [line("border", x, "paper", {"width": 1}) for x in borders]
    return [*marks, line("settled", when - 0.5, "y domain", {"width": 1.2, "dash": "3px,3px"})] if when else marks


def _said(when: int, count: int) -> dict[str, Any]:
    """The words above the line where the answer settled, on the side where there is more room."""
    side = "right" if when > count / 2 else "left"
    place = {"x": when - 0.5, "xanchor": side, "y": 1, "yref": "y domain", "yanchor": "bottom"}
    return {"name": "settled", "text": "settled here", "showarrow": False, **place}


def _strip(result: Result) -> dict[str, Any]:
    """What the model saw of each input, as grey images: rows from top to bottom, 0 (nothing) to 255."""
    images = {name: SENSES[name].strip(result.inputs[name]) for name in result.used}
    return {name: packed_image(image) for name, image in images.items() if image is not None}


def packed_image(image: np.ndarray) -> dict[str, str]:
    """A grey image as Plotly packs arrays."""
    codes = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    shape = ", ".join(map(str, codes.shape))
    return {"dtype": "u1", "bdata": base64.b64encode(codes.tobytes()).decode("ascii"), "shape": shape}


def _array(signal: Tensor) -> np.ndarray:
    """A signal of the trace, wherever it is, as float32."""
    return signal.detach().cpu().numpy().astype(np.float32)


def _spread(values: np.ndarray) -> np.ndarray:
    """The quantiles ``SPREAD`` over the units: (T, H) -> (2, T)."""
    return np.quantile(values, SPREAD, axis=1).astype(np.float32)


def _mode(count: int) -> str:
    """One step alone would be an invisible line."""
    return "lines" if count > 1 else "lines+markers"


def _axis(name: str, k: int) -> str:
    """Plotly's name of the k-th axis: x, x2, x3, ..."""
    return name if k == 0 else f"{name}{k + 1}"


def _padded(low: float, high: float) -> list[float]:
    """A range with a little air."""
    air = 0.06 * (high - low) + 1e-3
    return [low - air, high + air]


def _round_ticks(low: float, high: float) -> list[float]:
    """Zero, and on either side of it, where it fits, the largest of 1, 2, 5 times a power of ten that fits on one."""
    most = max(-low, high, 1e-3)
    unit = 10.0 ** np.floor(np.log10(most))
    tick = round(float(max(k * unit for k in (1, 2, 5) if k * unit <= most)), 6)
    return [value for value in (-tick, 0.0, tick) if low <= value <= high]
