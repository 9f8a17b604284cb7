"""Streams: how well one memory that is carried on reads what comes, and whether it lets go of it in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.random import Generator
from torch import Tensor

from mmdemo.evaluate.scripted import corrections, last_of_three, music, one_by_one
from mmdemo.lstm.trace import trace
from mmdemo.model.modalities import SENSES
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.features import Features
from mmdemo.train.recipes import StreamConfig
from mmdemo.train.samples import PLAIN, MultimodalSamples
from mmdemo.train.stream_maker import FADE, HOLD, STEPS_PER_SECOND, Stream, StreamMaker
from mmdemo.train.streams import answers_at

EDGE = round(8 * STEPS_PER_SECOND)  # the first and the last 8 s, of which cells are compared
USUAL = StreamConfig(
    count=20, seconds=30.0, gaps=(0.5, 1.8), noise=(-60.0, -60.0), at_once=0.0, strange=0.0, vary=False
)
"""What is measured, but for what each setting changes."""


def settings(modalities: Sequence[str], usual: StreamConfig = USUAL) -> dict[str, StreamConfig]:
    """What is measured, by name: each modality alone and all mixed, for minutes, and nothing but what is of no class.

    Of a sense that goes on in time also short gaps and noise: of two inputs of different senses within a moment, both
    count, so that short gaps say nothing about a mixture.

    Args:
        modalities: of the task.
        usual: what is measured, but for what each setting changes.
    """
    minutes = replace(usual, count=-(-usual.count // 4), seconds=4 * usual.seconds)
    clock = next((modality for modality in modalities if SENSES[modality].continuous), None)
    heard = replace(usual, modalities=(clock,)) if clock else None
    return {
        **{modality: replace(usual, modalities=(modality,)) for modality in modalities},
        "mixed": usual,
        **({f"{clock}, minutes": replace(minutes, modalities=(clock,))} if clock else {}),
        "long": minutes,
        "nothing known": replace(minutes, strange=1.0),
        "silence": replace(minutes, gaps=(1000.0, 1000.0), noise=(-65.0, -35.0)),
    } | (
        {
            "short gaps": replace(heard, gaps=(0.15, 0.4)),
            "noise -45 dB": replace(heard, noise=(-45.0, -45.0)),
            "noise -35 dB": replace(heard, noise=(-35.0, -35.0)),
        }
        if heard
        else {}
    )


def study_streams(
    model: MultimodalLSTM,
    features: Features,
    rows: pd.DataFrame,
    *,
    pair: bool,
    seed: int,
    strangers: Sequence[tuple[str, int]] = (),
    others: Sequence[str] = (),
    usual: StreamConfig = USUAL,
) -> dict[str, dict[str, Any]]:
    """Measure a checkpoint in streams of a split's rows.

    Args:
        model: any; if it was never taught streams, it is measured all the same.
        features: of the split, with the rows of no class.
        rows: the same rows in the manifest.
        pair, seed: of the task.
        strangers: recordings of people or voices that nobody learnt from, each with its class.
        others: recordings of words of no class.
        usual: as for :func:`settings`.

    Returns:
        For each setting that the rows allow what :func:`measure` finds.
    """
    samples = MultimodalSamples(features, model.config, pair=pair, sampling=PLAIN, seed=seed)
    strange = tuple(modality for modality, (*_, none) in samples.by_class.items() if len(none))
    found = {}
    for name, config in settings(tuple(samples.pools), usual).items():
        if name == "nothing known":
            if not strange:
                continue
            config = replace(config, modalities=strange)
        found[name] = measure(model, StreamMaker(model, samples, rows, config).make(seed))
    known = [
        (cell, int(label))
        for cell, label in zip(rows.get("audio", ()), features.labels, strict=False)
        if cell and label >= 0
    ]
    maker = StreamMaker(model, samples, rows, usual)
    return found | (_scripted(model, maker, known, strangers, others, seed) if maker.clock == "audio" else {})


def _scripted(
    model: MultimodalLSTM,
    maker: StreamMaker,
    known: Sequence[tuple[str, int]],
    strangers: Sequence[tuple[str, int]],
    others: Sequence[str],
    seed: int,
) -> dict[str, dict[str, Any]]:
    """What is not drawn from the rows: strangers, corrections, and five minutes each of music and of other words."""
    usual, found = maker.config, {}
    short, five = round(usual.seconds * STEPS_PER_SECOND), round(10 * usual.seconds * STEPS_PER_SECOND)

    def sources() -> Iterator[tuple[int, Generator]]:
        return ((k, np.random.default_rng([seed, 1, k])) for k in range(usual.count))

    if strangers:
        found["strangers"] = measure(model, [one_by_one(maker, strangers, short, rng) for _, rng in sources()])
    if known and "text" in maker.task.modalities and maker.task.text.numbers:
        streams = [corrections(maker, known, short, rng) for _, rng in sources()]
        found["corrections"] = measure(model, [last_of_three(stream) for stream in streams])
    if others:
        rng = np.random.default_rng([seed, 2])
        found["other words"] = measure(model, [one_by_one(maker, [(cell, -1) for cell in others], five, rng)])
    rng = np.random.default_rng([seed, 3])
    found["music"] = measure(model, [maker.of(music(maker, five, rng), five, usual.noise[0], rng)])
    return found


@torch.no_grad()
def measure(model: MultimodalLSTM, streams: Sequence[Stream]) -> dict[str, Any]:
    """What a model makes of streams.

    Returns:
        ``inputs``: how many have a class. ``right``: the share of those that are read as that, where the belief is
        highest from their end until a moment after. ``before``: the median of the highest belief just before an input,
        and ``before_90``: what nine of ten are below. ``cells_first``, ``cells_last``: the mean size of the cells in
        the first and the last 8 s; ``cells_most``: the greatest. ``clear_right``: the share that is right and clear;
        ``clear_others``: how often in a minute anything is called clear that is of another class or of none.
    """
    calibration = model.config.streams or model.config.calibrated(model.config.modalities)
    right: list[float] = []
    sure: list[float] = []
    before: list[float] = []
    cells: list[tuple[float, float, float]] = []
    false, minutes = 0, 0.0
    for stream in streams:
        inside = trace(model.lstm, stream.x.to(model.device))
        logits, size = model.decide(inside.h).cpu(), inside.c.abs().cpu()
        belief = (logits / calibration.temperature).softmax(-1)
        if stream.inputs:
            decided, labels = answers_at(stream, logits)
            highest, guess = (decided / calibration.temperature).softmax(-1).max(-1)
            known = labels >= 0
            right += (guess == labels)[known].float().tolist()
            sure += ((guess == labels) & (highest >= calibration.clear))[known].float().tolist()
            before += [float(belief[each.first - 1].max()) for each in stream.inputs if each.first]
        false += _false_alarms(stream, belief, calibration.clear)
        minutes += len(belief) / STEPS_PER_SECOND / 60
        cells.append((float(size[:EDGE].mean()), float(size[-EDGE:].mean()), float(size.max())))
    first, last, most = np.array(cells).T
    return {
        "streams": len(streams),
        "inputs": len(right),
        "right": _rounded(right, np.mean),
        "before": _rounded(before, np.median),
        "before_90": _rounded(before, lambda values: np.quantile(values, 0.9)),
        "clear_right": _rounded(sure, np.mean),
        "clear_others": round(false / minutes, 2),
        "cells_first": round(float(first.mean()), 3),
        "cells_last": round(float(last.mean()), 3),
        "cells_most": round(float(most.max()), 1),
    }


def _false_alarms(stream: Stream, belief: Tensor, clear: float) -> int:
    """How often a class becomes clear that is not that of the input that came last, nor of one that has just ended."""
    highest, guess = belief.max(-1)
    truth, just = torch.full((len(belief),), -1), torch.full((len(belief),), -1)
    for each in stream.inputs:
        truth[each.first : each.until + 1] = each.label
        just[each.last + 1 : each.last + HOLD + FADE + 1] = each.label
    wrong = (highest >= clear) & (guess != truth) & (guess != just)
    begins = wrong & ~torch.cat([torch.tensor([False]), wrong[:-1]])
    return int(begins.sum())


def _rounded(values: Sequence[float], how: Any) -> float | None:
    return round(float(how(values)), 4) if values else None
