"""Why an LSTM answered as it did: everything that this package finds out about one sequence, put together.

Each part is a pure function of its own: ``trace`` shows what happened, ``ledger`` what each step wrote into the memory,
``trajectory`` how the decision grew, ``counterfactual`` what each step changed and what another run would have
answered, and ``faithfulness`` whether the ledger is true.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from mmdemo.lstm.counterfactual import changed, run_coalitions, shapley
from mmdemo.lstm.faithfulness import Deletion, faithfulness
from mmdemo.lstm.ledger import Ledger, contrast, ledger
from mmdemo.lstm.readout import Readout, as_readout
from mmdemo.lstm.trace import Trace, trace
from mmdemo.lstm.trajectory import carried, let_go, settled

Key = TypeVar("Key", bound=Hashable)

SAYS = 0.3  # how probable an input alone must make a class to count as saying it


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
            Of an answer that another input speaks against, it is that input's own answer.
        trace: gates and states, each (T, H).
        step_probabilities: the probabilities after every step, (T, C).
        settled: the first step from which the answer stayed ahead.
        logits, bias: what the softmax is taken of, and the bias's part in it, both after the temperature, each (C,).
        evidence: what each step wrote for every class's logit, (C, T): the ledger of every class at once.
        ledger: the evidence for ``about`` against ``against``, the same contrast of those rows.
        changed: what each step changed in every class's logit, erasing included, (C, T).
        forgotten_share: the share of the evidence for the leading class that the forget gates erased at each step,
            (T,), NaN where the belief in it did not fall; ``forgotten_class``: which class that was, (T,).
        carried: the part of each class's logit that each unit carries at the end, (C, H).
        unimodal_probabilities: for each modality the probabilities that it alone leads to, (C,).
        prior: the probabilities without any step, (C,).
        shares: for each modality its Shapley share of the probabilities, (C,); with the prior they add up to the
            probabilities after the last step.
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
    changed: Tensor
    forgotten_share: Tensor
    forgotten_class: Tensor
    carried: Tensor
    unimodal_probabilities: dict[str, Tensor]
    prior: Tensor
    shares: dict[str, Tensor]
    orders: dict[tuple[str, ...], Tensor]
    deletion: dict[str, Deletion] | None = None


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
        against: the class to weigh it against. If neither is given, it is what another input says, where one says
            something else than the answer (the firmest, if several do); otherwise the mean of all.
        faithful: whether to test the ledger too, which takes longer than all the rest.

    Raises:
        ValueError: there are no steps, or not one for each row of the embeddings.
    """
    x = torch.cat(list(embeddings.values())) if embeddings else torch.empty(0)  # (T, I)
    if not len(x) or len(x) != len(steps):
        raise ValueError(f"the embeddings hold {len(x)} steps, but {len(steps)} are named; at least one is needed")
    readout = as_readout(readout)
    inside = trace(lstm, x) if inside is None else inside
    grown = readout.probabilities(inside.h)  # (T, C)
    answer = int(grown[-1].argmax())
    every = torch.eye(len(labels))  # (C, C)
    book = ledger(lstm, readout, x, every, inside=inside)
    forgotten_share, forgotten_class = let_go(inside, readout, grown)

    def answers(states: Mapping[Key, Tensor]) -> dict[Key, Tensor]:
        return dict(zip(states, readout.probabilities(torch.stack(list(states.values()))), strict=True))

    coalitions, orders = map(answers, run_coalitions(lstm, embeddings))
    alone = {name: coalitions[frozenset([name])] for name in embeddings}
    if about is None:
        about, against = answer, _rival(alone, answer) if against is None else against
    weights = contrast(len(labels), about, against)  # (C,)
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
        changed=changed(lstm, readout, x, every, inside=inside),
        forgotten_share=forgotten_share,
        forgotten_class=forgotten_class,
        carried=carried(inside, readout, every),
        unimodal_probabilities=alone,
        prior=coalitions[frozenset()],
        shares=shapley(coalitions),
        orders=orders,
        deletion=faithfulness(lstm, readout, x, weights, about) if faithful else None,
    )


def _rival(alone: Mapping[str, Tensor], answer: int) -> int | None:
    """What the firmest of the inputs that say something else than the answer says; None if all agree."""
    others = [p for p in alone.values() if int(p.argmax()) != answer and float(p.max()) >= SAYS]
    return int(max(others, key=lambda p: float(p.max())).argmax()) if others else None
