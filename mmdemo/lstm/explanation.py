"""Why an LSTM answered as it did: everything that this package finds out about one sequence, put together.

Each part is a pure function of its own: ``trace`` shows what happened, ``ledger`` what each step wrote into the memory,
``trajectory`` how the decision grew, ``counterfactual`` what another run would have answered, and ``faithfulness``
whether the ledger is true.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from mmdemo.lstm.counterfactual import run_coalitions, shapley
from mmdemo.lstm.faithfulness import Deletion, faithfulness
from mmdemo.lstm.ledger import Form, Ledger, contrast, forgotten_share, ledger
from mmdemo.lstm.readout import Readout, as_readout
from mmdemo.lstm.trace import Trace, trace
from mmdemo.lstm.trajectory import carried, leading, settled

Key = TypeVar("Key", bound=Hashable)


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
    """How one sequence of T steps came to its answer among C classes, by an LSTM of H units.

    Attributes:
        labels: the classes.
        steps: for each step its modality, word and span.
        answer: the most probable class.
        about: the class that the ledger is for; ``against``: the class it is weighed against, None for the mean of all.
        trace: gates and states, each (T, H).
        step_probabilities: the probabilities after every step, (T, C).
        settled: the first step from which the answer stayed ahead.
        logits, bias: what the softmax is taken of, and the bias's part in it, both after the temperature, each (C,).
        evidence: what each step wrote for every class's logit, (C, T): the ledger of every class at once.
        ledger: the evidence for ``about`` against ``against``, the same contrast of those rows.
        forgotten_share: the share of the evidence for the leading class that the forget gates erased at each step,
            (T,), NaN where there was too little; ``forgotten_class``: which class that was, (T,).
        carried: the part of each class's logit that each unit carries at the end, (C, H).
        unimodal_probabilities: for each modality the probabilities that it alone leads to, (C,).
        prior: the probabilities without any step, (C,).
        shares: for each modality its Shapley share of the probabilities, (C,); with the prior they add up to the
            probabilities after the last step.
        orders: for each order of reading the probabilities that it leads to, (C,).
        form: the form of the ledger.
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
    forgotten_share: Tensor
    forgotten_class: Tensor
    carried: Tensor
    unimodal_probabilities: dict[str, Tensor]
    prior: Tensor
    shares: dict[str, Tensor]
    orders: dict[tuple[str, ...], Tensor]
    form: Form
    deletion: dict[str, Deletion] | None = None


def best_form(modalities: int) -> Form:
    """The form of the ledger that measures as more faithful for so many modalities: see ``truth`` in metrics.json.

    For one modality it is the telescoped form. Several modalities mostly repeat each other, and to the telescoped form
    whatever repeats looks worthless; for them it is the proportional form.
    """
    return "proportional" if modalities > 1 else "telescoped"


@torch.no_grad()
def explain(
    lstm: nn.LSTM,
    readout: Readout | nn.Linear,
    embeddings: Mapping[str, Tensor],
    steps: Sequence[Step],
    labels: Sequence[str],
    *,
    inside: Trace | None = None,
    about: int | None = None,
    against: int | None = None,
    form: Form | None = None,
    faithful: bool = False,
) -> Explanation:
    """Explain one answer.

    Args:
        lstm: with one layer, forward.
        readout: what reads the LSTM's state and gives the logits.
        embeddings: the steps (T_m, I) of each modality that is there, in the order of reading.
        steps: where each of the T steps came from, in that order.
        labels: the C classes.
        inside: the trace of these embeddings, if there is one already.
        about: the class to explain, the answer if not given.
        against: the class to weigh it against; the mean of all if not given.
        form: of the ledger, ``best_form`` if not given.
        faithful: whether to test the ledger too, which takes longer than all the rest.

    Raises:
        ValueError: there are no steps, or not one for each row of the embeddings.
    """
    x = torch.cat(list(embeddings.values())) if embeddings else torch.empty(0)  # (T, I)
    if not len(x) or len(x) != len(steps):
        raise ValueError(f"the embeddings hold {len(x)} steps, but {len(steps)} are named; at least one is needed")
    readout, form = as_readout(readout), form or best_form(len(embeddings))
    inside = trace(lstm, x) if inside is None else inside
    grown = readout.probabilities(inside.h)  # (T, C)
    answer = int(grown[-1].argmax())
    about = answer if about is None else about
    weights, every = contrast(len(labels), about, against), torch.eye(len(labels))  # (C,), (C, C)
    book = ledger(inside, readout, every, form=form)
    forgotten_class, led = leading(grown)

    def answers(states: Mapping[Key, Tensor]) -> dict[Key, Tensor]:
        return dict(zip(states, readout.probabilities(torch.stack(list(states.values()))), strict=True))

    coalitions, orders = map(answers, run_coalitions(lstm, embeddings))
    return Explanation(
        labels=labels,
        steps=steps,
        answer=answer,
        about=about,
        against=against,
        trace=inside,
        step_probabilities=grown,
        settled=settled(grown),
        logits=readout.logits(inside.h[-1]),
        bias=book.bias,
        evidence=book.steps,
        ledger=book.combine(weights),
        forgotten_share=forgotten_share(inside, readout, led),
        forgotten_class=forgotten_class,
        carried=carried(inside, readout, every),
        unimodal_probabilities={name: coalitions[frozenset([name])] for name in embeddings},
        prior=coalitions[frozenset()],
        shares=shapley(coalitions),
        orders=orders,
        form=form,
        deletion=faithfulness(lstm, readout, x, weights, about) if faithful else None,
    )
