"""Robustness: accuracy against noise of a known strength, for one modality alone and for all together.

Noise is added to the raw input, not to its features, so finding the ink in a blurred photo or the speech in a noisy
recording is measured, too. Pink noise is not used in training, nor are the people whose voices make the babble.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from mmdemo.audio.decode import decode
from mmdemo.audio.noise import loud_part
from mmdemo.config import SAMPLE_RATE
from mmdemo.data.manifest.manifest import load_cell
from mmdemo.evaluate.metrics import Outcome, Sample, answer, share_right
from mmdemo.inference.predictor import Predictor
from mmdemo.modality import Item
from mmdemo.model.modalities import SENSES
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.features import Features
from mmdemo.train.samples import PLAIN, MultimodalSamples

BABBLERS = 60  # recordings that babble is made of
COUNT = 300  # test rows that are asked for each modality


def study_robustness(
    model: MultimodalLSTM,
    features: Features,
    rows: pd.DataFrame,
    *,
    pair: bool,
    seed: int,
    strange: Mapping[str, Sequence[str]],
    count: int = COUNT,
) -> dict:
    """Accuracy against noise, and with one of several modalities replaced by noise.

    Args:
        model: the checkpoint's model.
        features: the test split.
        rows: its manifest, row by row the same.
        pair: whether missing modalities are lent by rows of the same class.
        seed: of the rows, their partners and the noise.
        strange: recordings that belong to no class, by kind. Those of ``"words"`` make the babble; without them
            the test recordings do.
        count: at most so many rows of each modality.

    Returns:
        ``harms``: for each kind its levels and, at each, the accuracy of the modality ``alone`` and of ``all`` together
        while only it is harmed; ``replaced``: all together, one of them replaced by noise; ``amid``: sound alone, after
        two seconds of silence, and after a recording of each strange kind.
    """
    predictor = Predictor(model, model.device)
    spoken = strange.get("words") or [file for file in rows["audio"] if file]
    voices = [decode(file) for file in spoken[:BABBLERS]]
    report: dict[str, Any] = {"seed": seed, "harms": {}, "replaced": {}, "amid": {}}
    there = [m for m in model.config.modalities if len(features.rows_with(m))]
    asked = {m: _asked(features, model, m, pair, seed, count) for m in there}
    raws = {
        m: {sample[m]: SENSES[m].raw(load_cell(m, rows[m].iloc[sample[m]])) for sample in samples}
        for m, samples in asked.items()
    }

    def measure(modality: str, worse: dict[int, Any], subset: Sequence[str] | None) -> Outcome:
        def change(m: str, item: Any, row: int) -> Any:
            return worse[row] if m == modality else item

        return answer(model, features, asked[modality], subset, change=change)

    for modality in there:
        for name, test in SENSES[modality].corruptions(seed, voices).items():
            alone, whole = [], []
            for level in test.levels:
                worse = {
                    row: _read(predictor, modality, test.apply(raw, level, row)) for row, raw in raws[modality].items()
                }
                alone.append(round(float(measure(modality, worse, [modality]).right.mean()), 4))
                whole.append(round(float(measure(modality, worse, None).right.mean()), 4))
            about = {"modality": modality, "unit": test.unit, "levels": list(test.levels)}
            report["harms"][name] = about | {"n": len(raws[modality]), "alone": alone, "all": whole}
    if "audio" in asked:
        silence = {"silence": [np.zeros(2 * SAMPLE_RATE, np.float32)]}
        sounds = silence | {kind: [decode(file) for file in files] for kind, files in strange.items()}
        for kind, first in sounds.items():
            joined = {row: after(raw, first[row % len(first)]) for row, raw in raws["audio"].items()}
            worse = {row: _read(predictor, "audio", sound) for row, sound in joined.items()}
            right = measure("audio", worse, ["audio"]).right
            report["amid"][kind] = {"n": len(right), "accuracy": round(float(right.mean()), 4)}
    if len(asked) > 1:
        for modality, given in raws.items():
            noises = {row: SENSES[modality].nothing_but_noise(row, seed, voices) for row in given}
            worse = {row: None if raw is None else _read(predictor, modality, raw) for row, raw in noises.items()}
            report["replaced"][modality] = share_right(measure(modality, worse, None).right)
    return report


def after(samples: NDArray[np.float32], before: NDArray[np.float32]) -> NDArray[np.float32]:
    """A recording, as loud as another that comes first, and a quarter of a second of silence between them."""
    loud = loud_part(before)
    level = loud_part(samples) / loud if loud else 1.0
    joined = np.concatenate([before * level, np.zeros(SAMPLE_RATE // 4, np.float32), samples])
    return (joined / max(1.0, np.abs(joined).max())).astype(np.float32)


def _asked(features: Features, model: MultimodalLSTM, modality: str, pair: bool, seed: int, count: int) -> list[Sample]:
    """Some of a modality's rows that have a class, with partners as the task pairs them."""
    pairs = MultimodalSamples(features, model.config, pair=pair, sampling=PLAIN, seed=seed)
    rng = np.random.default_rng(seed)
    some = rng.permutation(features.rows_with(modality))[:count]
    return [pairs.partners(int(row), rng) for row in some]


@torch.inference_mode()
def _read(predictor: Predictor, modality: str, raw: Any) -> Item | None:
    """A raw input, read as a visitor's is, as the model takes it; None where nothing is found in it."""
    sense = SENSES[modality]
    given = predictor.preprocess(modality, sense.source(raw))
    return None if given.absent else sense.embedded(sense.item(given), predictor.model.stem(modality))
