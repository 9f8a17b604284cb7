"""What single units do in a checkpoint's LSTM, and what forgetting is good for: ``python -m mmdemo findings``.

It is looked for among words, since only there is it known what each step should do: a manifest's ``belief`` says at
which word a class is named and at which one it is withdrawn. Units are chosen on the validation split and measured on
the test split, so that the best of many is no better than it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy.stats import binomtest
from torch import Tensor

from mmdemo.data.sentences.vocabulary import DIGITS
from mmdemo.evaluate.roc import auroc
from mmdemo.inference.predictor import Predictor
from mmdemo.lstm.counterfactual import GateIntervention, rerun
from mmdemo.lstm.trace import Trace
from mmdemo.messages import InputError
from mmdemo.text.numbers import numbers_in

KINDS = ("named", "withdrawn", "other")  # of words: a class is named, what was believed is withdrawn, neither
GATES = ("i", "f", "o")
COUNT = 600  # sentences of each split
SURE = 0.95  # AUROC on validation, from which a unit is said to tell words apart
DETECTORS = 3  # that are named at most
LEAST = 20  # words of a kind, or sentences, below which nothing is said of them
RESAMPLES = 500  # of the sentences, for intervals


@dataclass(frozen=True)
class ReadText:
    """One sentence, read.

    Attributes:
        x: its steps as the LSTM read them, (T, I).
        inside: gates and states, each (T, H).
        kinds: an index into ``KINDS`` for each word, (T,).
        cue: the first word after the class that is withdrawn later, where its withdrawal begins ("no" of "no wait");
            None if nothing is withdrawn.
        first, last: the class that is named first and that of the whole sentence, as indices.
        ahead: the most probable class after each word, (T,).
    """

    x: Tensor
    inside: Trace
    kinds: np.ndarray
    cue: int | None
    first: int | None
    last: int
    ahead: np.ndarray


def find(
    predictor: Predictor,
    validation: pd.DataFrame,
    test: pd.DataFrame,
    *,
    seed: int = 0,
    count: int = COUNT,
    say: Callable[[str], None] = lambda sentence: None,
) -> dict[str, Any]:
    """What can be said of a checkpoint's units.

    Args:
        predictor: the checkpoint.
        validation, test: manifest rows with the columns ``text``, ``label`` and ``belief``, of two splits.
        seed: of the choice of the sentences and of the resamples.
        count: sentences of each split, at most.
        say: told what is left out.

    Returns:
        ``sentences`` and ``words`` of the test split, and what was found there; a part without findings is missing:
        ``detectors``: units whose input gate opens where a class is named, best first, and ``reset``: the unit whose
        forget gate closes there. Each has its ``unit``, ``gate``, mean ``there`` and ``elsewhere``, and ``auroc``;
        ``gates``: for each kind of word its ``n`` and the mean of each gate;
        ``held``: of ``n`` corrections that were answered right, in how many (``kept``) the class that was named first
        is the answer once the forget gates are held open from the word after it on, and the ``share``.
        Figures with an interval are [figure, low, high] of 95 %.
    """
    rng = np.random.default_rng(seed)
    chosen, measured = (_read_all(predictor, rows, rng, count, say) for rows in (validation, test))
    found: dict[str, Any] = {"sentences": len(measured), "words": sum(len(one.kinds) for one in measured)}
    if _enough(chosen) and _enough(measured):
        opened, closed = _aurocs(chosen, "i"), 1 - _aurocs(chosen, "f")  # (H,) each
        best = [int(unit) for unit in np.argsort(-opened)[:DETECTORS] if opened[unit] >= SURE]
        if best:
            found["detectors"] = [_measure(measured, "i", unit, rng) for unit in best]
        if closed.max() >= SURE:
            found["reset"] = _measure(measured, "f", int(closed.argmax()), rng)
        found["gates"] = _gates(measured, rng)
    if held := _hold(predictor, measured):
        found["held"] = held
    return found


def _read_all(
    predictor: Predictor, rows: pd.DataFrame, rng: np.random.Generator, count: int, say: Callable[[str], None]
) -> list[ReadText]:
    """Read some of the rows that say what to believe, by their texts alone."""
    if "belief" not in rows or "text" not in predictor.config.modalities:
        return []
    told = rows[(rows["text"] != "") & (rows["belief"] != "")].reset_index(drop=True)
    found = []
    for k in sorted(rng.permutation(len(told))[:count]):
        row = told.iloc[k]
        try:
            found.append(_read(predictor, row["text"], json.loads(row["belief"]), row["label"]))
        except InputError as error:
            say(f"{row['text']!r}: {error}")
    return [one for one in found if one is not None]


def _read(predictor: Predictor, text: str, belief: Sequence[Sequence[Any]], label: str) -> ReadText | None:
    """Read one text; None if it has no words, or no class of the task."""
    result, labels = predictor.predict(text=text), predictor.config.labels
    if result.trace is None or label not in labels:
        return None
    ends = [step.span[1] for step in result.steps]
    kinds = np.full(len(ends), KINDS.index("other"))
    first, cue, before = None, None, 0
    for end, named in belief:
        word = next((k for k, there in enumerate(ends) if there >= end), len(ends) - 1)
        kinds[word] = KINDS.index("withdrawn" if named is None else "named")
        if named is None and first is not None and cue is None:
            cue = before + 1
        if named in labels:
            first = labels.index(named) if first is None else first
            before = word
    if set(labels) <= set(DIGITS):  # "not three" changes no belief, and names a number all the same
        mentions = [mention for mention in numbers_in(result.inputs["text"].tokens) if mention.kind == "digit"]
        for k, step in enumerate(result.steps):
            if any(mention.start < step.span[1] and step.span[0] < mention.end for mention in mentions):
                kinds[k] = KINDS.index("named")
    ahead = result.step_probabilities.argmax(1)
    return ReadText(result.embeddings["text"], result.trace, kinds, cue, first, labels.index(label), ahead)


def _enough(texts: Sequence[ReadText]) -> bool:
    """Whether there are words enough where a class is named, and others."""
    named = sum(int((one.kinds == 0).sum()) for one in texts)
    return min(named, sum(len(one.kinds) for one in texts) - named) >= LEAST


def _gate(texts: Sequence[ReadText], gate: str) -> np.ndarray:
    """A gate of every word of all texts, (N, H)."""
    return np.concatenate([getattr(one.inside, gate).cpu().numpy() for one in texts])


def _aurocs(texts: Sequence[ReadText], gate: str) -> np.ndarray:
    """For each unit, how well its gate tells the words that name a class from the others, (H,)."""
    return auroc(_gate(texts, gate), np.concatenate([one.kinds for one in texts]) == 0)


def _measure(texts: Sequence[ReadText], gate: str, unit: int, rng: np.random.Generator) -> dict[str, Any]:
    """What one unit's gate is where a class is named and elsewhere, and how well it tells these apart."""
    values = [getattr(one.inside, gate)[:, unit].cpu().numpy() for one in texts]
    named = [one.kinds == 0 for one in texts]

    def figures(picked: Sequence[int]) -> list[float]:
        value, positive = (np.concatenate([some[k] for k in picked]) for some in (values, named))
        area = float(auroc(value, positive))
        return [value[positive].mean(), value[~positive].mean(), area if gate == "i" else 1 - area]

    there, elsewhere, area = _with_intervals(figures, len(texts), rng)
    n = int(sum(some.sum() for some in named))
    return {"unit": unit, "gate": gate, "n": n, "there": there, "elsewhere": elsewhere, "auroc": area}


def _gates(texts: Sequence[ReadText], rng: np.random.Generator) -> dict[str, Any]:
    """The mean of each gate over all units, by kind of word."""
    means = {gate: [getattr(one.inside, gate).mean(1).cpu().numpy() for one in texts] for gate in GATES}
    found = {}
    for k, kind in enumerate(KINDS):
        there = [one.kinds == k for one in texts]
        n = int(sum(some.sum() for some in there))
        if n < LEAST:
            continue

        def figures(picked: Sequence[int], there: Sequence[np.ndarray] = there) -> list[float]:
            chosen = np.concatenate([there[k] for k in picked])
            return [float(np.concatenate([means[gate][k] for k in picked])[chosen].mean()) for gate in GATES]

        found[kind] = {"n": n, **dict(zip(GATES, _with_intervals(figures, len(texts), rng), strict=True))}
    return found


def _with_intervals(
    figures: Callable[[Sequence[int]], Sequence[float]], count: int, rng: np.random.Generator
) -> list[list[float]]:
    """Figures of all texts, each with its 95 % bootstrap interval over the texts, whose words belong together."""
    resampled = np.array([figures(rng.integers(count, size=count)) for _ in range(RESAMPLES)])  # (R, F)
    low, high = np.nanquantile(resampled, (0.025, 0.975), axis=0)
    rows = zip(figures(range(count)), low, high, strict=True)
    return [[round(float(figure), 4) for figure in row] for row in rows]


@torch.inference_mode()
def _hold(predictor: Predictor, texts: Sequence[ReadText]) -> dict[str, Any] | None:
    """Corrections read again with all forget gates open after the first class; None if there are too few."""
    readout, lstm = predictor.readout(["text"]), predictor.model.lstm
    kept = n = 0
    for one in texts:
        start = one.cue
        if start is None or one.first == one.last or one.ahead[-1] != one.last or one.ahead[start - 1] != one.first:
            continue
        held = rerun(lstm, one.x, [GateIntervention("f", 1.0, start, len(one.kinds))])
        n += 1
        kept += int(readout.logits(held.h[-1]).argmax()) == one.first
    if n < LEAST:
        return None
    interval = binomtest(kept, n).proportion_ci(method="wilson")
    return {"n": n, "kept": kept, "share": [round(x, 4) for x in (kept / n, interval.low, interval.high)]}
