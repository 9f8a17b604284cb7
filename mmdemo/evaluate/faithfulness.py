"""Is the ledger faithful? It and the methods of the field under deletion, insertion and infidelity, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from mmdemo.data.sentences.grammar import sentences
from mmdemo.evaluate.attributions import (
    contextual_decomposition,
    deeplift,
    gradient_times_input,
    leave_one_out,
    lrp_all,
    step_shapley,
)
from mmdemo.evaluate.metrics import Sample, batches
from mmdemo.inference.predictor import Predictor
from mmdemo.lstm.counterfactual import ablate, changed, last_states
from mmdemo.lstm.faithfulness import (
    delete,
    deletion_curves,
    deletion_points,
    infidelity,
    integrated_gradients,
    normalised_area,
    ranked,
)
from mmdemo.lstm.ledger import contrast, ledger
from mmdemo.lstm.readout import Readout
from mmdemo.lstm.trace import Trace, trace
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.features import Features

COUNT = 300  # inputs of each kind, for our own methods, integrated gradients and chance
FIELD = 100  # of them, for the methods that take longer
CHOOSING = 100  # inputs of each kind from the validation split, by which the ledger is chosen
OWN = ("ledger", "changed", "mean")  # all exact: what was written, what was changed, and the mean of the two
OTHERS = ("lrp", "decomposition", "deeplift", "shapley", "gradient", "left_out")
METHODS = (*OWN, "gradients", *OTHERS, "random")
CUES = 120  # corrections whose cue is asked for, at most
SENTENCES = 1500  # corrections among which those are looked for


class _Asked(NamedTuple):
    """One input, and what an explanation of it is asked for."""

    lstm: torch.nn.LSTM
    readout: Readout
    x: Tensor  # (T, S)
    contrast: Tensor  # (C,)
    label: int
    inside: Trace


def study_faithfulness(
    model: MultimodalLSTM,
    features: Features,
    kinds: Mapping[str, tuple[Sequence[Sample], Sequence[str]]],
    *,
    seed: int = 0,
    count: int = COUNT,
    field: int = FIELD,
) -> dict[str, Any]:
    """How true each explanation is of the answer, weighed against the mean of all classes, by three measures.

    Args:
        model: the checkpoint's model.
        features: the test split.
        kinds: for each kind of input its samples, and the modalities that are read of them.
        seed: of the choice of the samples, and of everything random.
        count: of each kind, at most; ``field``: how many of them the slower methods are measured on.

    Returns:
        For each kind ``n``, the inputs, and ``measured``, those that had a fall to measure; and by method, each with
        the half-width of its 95 % interval: the mean ``area`` under the deletion curve (0: all is lost at once),
        ``insertion``, that under the curve when the steps are put in in the same order (1: all is there at once), and
        ``infidelity`` (0: it predicts every loss, 1: none). ``less``: how much less area our own have than integrated
        gradients and random orders have, and ``ledger_less``: than each other method, both paired, so that below 0 is
        better. ``beaten``: the share of the random orders with more area, on average. ``off``: by how many logits
        integrated gradients missed what they should add up to, on average and at most.
    """
    model.eval()
    report = {}
    for kind, (samples, subset) in kinds.items():
        chosen = np.sort(np.random.default_rng(seed).permutation(len(samples))[:count])
        asked = [_ask(model, features, samples[k], subset) for k in chosen]
        tested = [_test(one, seed, whole=n < field) for n, one in enumerate(asked) if one]
        report[kind] = {"n": len(chosen), **summarise(tested)}
    return {"seed": seed, "against": "the mean of all classes", "field": field, "kinds": report}


def choose(
    model: MultimodalLSTM,
    features: Features,
    kinds: Mapping[str, tuple[Sequence[Sample], Sequence[str]]],
    *,
    seed: int = 0,
    count: int = CHOOSING,
) -> dict[str, Any]:
    """The mean area under the deletion curve of our own methods on the validation split, by which one is the ledger.

    Returns:
        For each kind ``n`` and ``area`` by method; and the method that has the ``least`` area on average over them.
    """
    model.eval()
    report: dict[str, Any] = {}
    for kind, (samples, subset) in kinds.items():
        chosen = np.sort(np.random.default_rng(seed).permutation(len(samples))[:count])
        asked = [one for k in chosen if (one := _ask(model, features, samples[k], subset))]
        found = [delete(*one[:3], _own(one), one.label, random=0) for one in asked]
        areas = {name: np.array([deletions[name].area for deletions in found]) for name in OWN}
        report[kind] = {"n": len(chosen), "area": {name: _mean(area[~np.isnan(area)]) for name, area in areas.items()}}
    least = min(OWN, key=lambda name: float(np.mean([found["area"][name][0] for found in report.values()])))
    return {"kinds": report, "least": least}


def study_cues(predictor: Predictor, seed: int = 0, count: int = CUES) -> dict[str, Any]:
    """Whether "no, wait" is credited with the answer that it made, in corrections whose cue alone decides.

    They come from templates and cue phrases of the test split. The cue decides where the answer is right, and without
    the cue's words it is another. The credit is for the answer against that other.

    Returns:
        ``n``, how many were found; the mean ``effect`` of leaving the cue out, in logits; and by method the share of
        the cues that are ``credited``, with more than nothing.
    """
    labels, lstm, readout = predictor.config.labels, predictor.model.lstm, predictor.readout(["text"])
    effects, credits = [], {name: [] for name in (*OWN, "gradients")}
    for sentence in sentences("test", SENTENCES, seed, ["correction"]):
        if len(effects) == count:
            break
        result = predictor.predict(sentence.text)
        for cue in sentence.cues:
            start = sentence.text.lower().find(cue.lower())
            steps = [t for t, step in enumerate(result.steps) if start <= step.span[0] < start + len(cue)]
            if start < 0 or not steps or len(steps) == len(result.steps) or result.label != sentence.label:
                continue
            x = result.embeddings["text"].clone()
            rest = ablate(x, steps[0], steps[-1] + 1)
            with torch.no_grad():
                logits = readout.logits(last_states(lstm, [x, rest]))  # (2, C)
            with_cue, without = logits.argmax(1).tolist()
            if with_cue == without:
                continue
            weights = contrast(len(labels), with_cue, without)
            one = _Asked(lstm, readout, x, weights, with_cue, result.trace)
            effects.append(float((logits[0] - logits[1]).cpu() @ weights))
            for name, score in {**_own(one), "gradients": integrated_gradients(lstm, readout, x, weights)}.items():
                credits[name].append(float(score[steps].sum()) > 0)
            break
    return {
        "n": len(effects),
        "effect": round(float(np.mean(effects)), 2) if effects else None,
        "credited": {name: round(float(np.mean(some)), 4) for name, some in credits.items() if some},
    }


def summarise(tested: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, Any]:
    """Means, intervals and paired differences of many tests; inputs with no fall to measure are left out.

    Args:
        tested: of each input, by measure (``area``, ``insertion``, ``infidelity``, ``beaten``) what each method got.
            A method may be missing, and so may ``off``, integrated gradients' own.
    """
    there = [one for one in tested if not any(np.isnan(area) for area in one["area"].values())]

    def values(measure: str, name: str, beside: str | None = None) -> np.ndarray:
        """Of all inputs that have the method, and the other one beside it."""
        names = {name, beside or name}
        return np.array([one[measure][name] for one in there if names <= one[measure].keys()])

    def known(measure: str) -> list[str]:
        return [name for name in METHODS if any(name in one[measure] for one in there)]

    def less(name: str, other: str) -> list[float]:
        return _mean(values("area", name, other) - values("area", other, name))

    found: dict[str, Any] = {"measured": len(there)}
    for measure in ("area", "insertion", "infidelity"):
        found[measure] = {name: _mean(values(measure, name)) for name in known(measure)}
    areas = known("area")
    found["less"] = {
        other: {name: less(name, other) for name in OWN if name in areas}
        for other in ("gradients", "random")
        if other in areas
    }
    found["ledger_less"] = {other: less("ledger", other) for other in areas if other != "ledger"}
    found["beaten"] = {name: round(float(values("beaten", name).mean()), 4) for name in known("beaten")}
    missed = [one["off"]["gradients"] for one in there if "off" in one]
    found["off"] = [round(float(np.mean(missed)), 4), round(float(np.max(missed)), 4)] if missed else None
    return found


def _test(asked: _Asked, seed: int, *, whole: bool) -> dict[str, dict[str, float]]:
    """What each method got of one input; ``whole``: of the slower methods, too."""
    lstm, readout, x, weights, label, inside = asked
    scores = _own(asked) | {"gradients": integrated_gradients(lstm, readout, x, weights)}
    with torch.no_grad():
        read = last_states(lstm, [x, torch.zeros_like(x)]) @ readout.direction(weights)
    off = abs(float(scores["gradients"].sum() - (read[0] - read[1])))
    if whole:
        scores |= {
            "lrp": lrp_all(lstm, readout, x, weights, inside=inside),
            "decomposition": contextual_decomposition(lstm, readout, x, weights),
            "deeplift": deeplift(lstm, readout, x, weights, inside=inside),
            "shapley": step_shapley(lstm, readout, x, weights, seed=seed),
            "gradient": gradient_times_input(lstm, readout, x, weights),
            "left_out": leave_one_out(lstm, readout, x, weights),
        }
    deleted = delete(lstm, readout, x, scores, label, seed=seed)
    # To put steps in from the first is to take them away from the last, read backwards: the area is the same.
    removed = deletion_points(len(x))
    orders = [ranked(score).flip(0) for score in scores.values()]
    inserted = normalised_area(removed, deletion_curves(lstm, readout, x, orders, removed, label)).tolist()
    return {
        "area": {name: deletion.area for name, deletion in deleted.items()},
        "insertion": dict(zip(scores, inserted, strict=True)),
        "infidelity": infidelity(lstm, readout, x, weights, scores, seed=seed),
        "beaten": {name: deleted[name].beaten for name in scores},
        "off": {"gradients": off},
    }


def _own(asked: _Asked) -> dict[str, Tensor]:
    """The credits by our own methods, each (T,)."""
    lstm, readout, x, weights, _, inside = asked
    wrote = ledger(lstm, readout, x, weights, inside=inside).steps
    did = changed(lstm, readout, x, weights, inside=inside)
    return {"ledger": wrote, "changed": did, "mean": (wrote + did) / 2}


def _ask(model: MultimodalLSTM, features: Features, sample: Sample, subset: Sequence[str]) -> _Asked | None:
    """One sample, asked for its answer against the mean of all classes; None if it has no step."""
    (batch, _) = next(batches(model.config, features, [sample], subset, None))
    with torch.no_grad():
        x = model.encode(batch.to(model.device)).x[0]  # (T, S)
        if not len(x):
            return None
        inside = trace(model.lstm, x)
    readout = Readout.of(model.dense, model.config.calibrated(subset).temperature)
    label = int(readout.logits(inside.h[-1]).argmax())
    return _Asked(model.lstm, readout, x, contrast(len(model.config.labels), label), label, inside)


def _mean(values: np.ndarray) -> list[float]:
    """The mean and the half-width of its 95 % interval."""
    half = 1.96 * values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else float("nan")
    return [round(float(values.mean()), 4), round(float(half), 4)]
