"""Why an LSTM answered what it answered: everything that is said about one reading, put together for one sequence.

Each part is a pure function of its own: ``trace`` has what happened, ``ledger`` what each step wrote into the memory,
``trajectory`` the decision as it grew, ``counterfactual`` what reading again finds, ``faithfulness`` whether the ledger
is true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from mmdemo.lstm.counterfactual import run_coalitions, shapley
from mmdemo.lstm.faithfulness import Deletion, faithfulness
from mmdemo.lstm.ledger import Form, Ledger, contrast, forgotten_share, ledger, triangle
from mmdemo.lstm.trace import Trace, trace
from mmdemo.lstm.trajectory import carried, leading, saturation, settled, step_probabilities


@dataclass(frozen=True)
class Step:
    """One step of the sequence and where it came from.

    Attributes:
        modality: ``"text"``, ``"image"`` or ``"audio"``.
        text: the word itself; empty for a picture or a sound.
        span: characters (start, end), or a box (x0, y0, x1, y1) in the original picture, or seconds (start, end) of
            the original recording.
    """

    modality: str
    text: str
    span: tuple[float, ...]


@dataclass(frozen=True)
class Explanation:
    """Everything that is said about how one sequence of T steps came to its answer among C classes.

    Attributes:
        labels: the classes.
        steps: for each step its modality, word and span.
        answer: the most probable class.
        about: the class that the ledger is for; ``against``: the class that it is weighed against, None for the mean.
        trace: gates and states, each (T, H).
        beliefs: probabilities after every step, (T, C).
        settled: the first step from which the answer stayed ahead.
        logits, bias: what the softmax was taken of, and the dense layer's part in it, after the temperature, each (C,).
        evidence: the ledger of every class at once, (C, T): what each step wrote for its logit. Evidence for a contrast
            of classes is the same contrast of its rows.
        ledger, triangle: the evidence for ``about``, seen from the last step and from every step.
        let_go: the share of what spoke for the leading class that each step's forget gates let go, (T,), NaN where
            there was too little; ``forgotten_class``: which class that was, (T,).
        carried: the part of each class's logit that each unit carries at the end, (C, H).
        saturation: for i, f and o the shares of units below 0.1 and above 0.9 at each step, each (T,).
        alone: for each modality the probabilities that it alone leads to, (C,).
        prior: the probabilities where nothing is read, (C,).
        shares: for each modality its Shapley share of the probabilities, (C,); with the prior they add up to the last
            of the beliefs.
        orders: for each order of reading the probabilities that it leads to, (C,).
        deletion: what ``faithfulness`` found, if it was asked.
    """

    labels: Sequence[str]
    steps: Sequence[Step]
    answer: int
    about: int
    against: int | None
    trace: Trace
    step_probabilities: Tensor
    settled: int
    logits: Tensor
    bias: Tensor
    evidence: Tensor
    ledger: Ledger
    triangle: Ledger
    forgotten_share: Tensor
    forgotten_class: Tensor
    carried: Tensor
    saturation: dict[str, tuple[Tensor, Tensor]]
    unimodal_probabilities: dict[str, Tensor]
    prior: Tensor
    shares: dict[str, Tensor]
    orders: dict[tuple[str, ...], Tensor]
    form: Form
    deletion: dict[str, Deletion] | None = None


def truer(modalities: int) -> Form:
    """The form of the ledger that measures as more faithful for so many modalities: see ``truth`` in metrics.json.

    Of one alone it is the telescoped form; of several together, which mostly repeat each other, the proportional one,
    since to the other all but the first of them look worthless.
    """
    return "proportional" if modalities > 1 else "telescoped"


@torch.no_grad()
def explain(
    lstm: nn.LSTM,
    dense: nn.Linear,
    embeddings: Mapping[str, Tensor],
    steps: Sequence[Step],
    labels: Sequence[str],
    *,
    temperature: float = 1.0,
    about: int | None = None,
    against: int | None = None,
    form: Form | None = None,
    faithful: bool = False,
) -> Explanation:
    """Explain one reading.

    Args:
        lstm: with one layer, forward.
        dense: reads the LSTM's state and gives the logits.
        bands: the steps (T_m, I) of each modality that is there, in the order of reading.
        steps: where each of the T steps came from, in that order.
        labels: the C classes.
        temperature: what the logits are divided by.
        about: the class to explain, the answer if not given.
        against: the class to weigh it against; the mean of all if not given.
        form: of the ledger, the one that is ``truer`` if not given.
        faithful: whether to test the ledger too, which takes longer than all the rest.

    Raises:
        ValueError: there are no steps, or not one for each row of the bands.
    """
    x = torch.cat(list(embeddings.values())) if embeddings else torch.empty(0)
    if not len(x) or len(x) != len(steps):
        raise ValueError(f"the bands hold {len(x)} steps, but {len(steps)} are named; at least one is needed")
    form = form or truer(len(embeddings))
    weight, bias = dense.weight.detach(), None if dense.bias is None else dense.bias.detach()

    def decide(states: Tensor) -> Tensor:
        return step_probabilities(states, weight, bias, temperature)

    inside = trace(lstm, x)
    grown = decide(inside.h)  # (T, C)
    answer = int(grown[-1].argmax())
    about = answer if about is None else about
    weights = contrast(len(labels), about, against)
    coalitions, orders = run_coalitions(lstm, embeddings)
    values = {some: decide(state) for some, state in coalitions.items()}
    best, spoke_for = leading(grown)
    shared: dict[str, Any] = {"temperature": temperature}
    every = torch.eye(len(labels)).to(weight)
    book = ledger(inside, weight, bias, every, form=form, **shared)
    return Explanation(
        labels=labels,
        steps=steps,
        answer=answer,
        about=about,
        against=against,
        trace=inside,
        step_probabilities=grown,
        settled=settled(grown.cpu().numpy()),
        logits=(nn.functional.linear(inside.h[-1], weight, bias) / temperature),
        bias=book.bias,
        evidence=book.steps,
        ledger=ledger(inside, weight, bias, weights, form=form, **shared),
        triangle=triangle(inside, weight, bias, weights, form=form, **shared),
        forgotten_share=forgotten_share(inside, weight, spoke_for, **shared),
        forgotten_class=best,
        carried=carried(inside, weight, every, **shared),
        saturation={gate: saturation(getattr(inside, gate)) for gate in "ifo"},
        unimodal_probabilities={name: values[frozenset([name])] for name in embeddings},
        prior=values[frozenset()],
        shares=shapley(values),
        orders={order: decide(state) for order, state in orders.items()},
        form=form,
        deletion=faithfulness(lstm, weight, bias, x, weights, about, **shared) if faithful else None,
    )
