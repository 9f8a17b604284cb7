"""How much harm an answer survives: accuracy against noise of a known strength, for one modality and for all of them.

What is harmed is the input itself, as a visitor would give it, not its features; so finding the ink in a blurred photo
and the speech in a noisy recording is measured along with reading them. Pink noise is never in training, nor is anybody
of whom the babble is made.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.stats import binomtest

from mmdemo.audio.decode import decode
from mmdemo.audio.noise import babble, loud_part, worsen_sound
from mmdemo.config import MODALITIES, SAMPLE_RATE
from mmdemo.data.manifest.manifest import load_image_cell
from mmdemo.evaluate.metrics import Outcome, Sample, answer
from mmdemo.image.decode import open_picture
from mmdemo.image.noise import BLUR, STOPS, worsen_picture
from mmdemo.image.reader import ImageInput
from mmdemo.inference.predictor import Predictor
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.text.noise import worsen_text
from mmdemo.text.reader import TextInput
from mmdemo.train.features import Features
from mmdemo.train.samples import PLAIN, MultimodalSamples

SIDE = 240  # pixels: a picture that is smaller is enlarged to this length, as a camera would see it
FOCUS = 2.0  # distance of the camera from a tilted picture, in lengths of the picture
BABBLERS = 60  # recordings that babble is made of
COUNT = 300  # test rows that are asked for each modality

Harm = Callable[[Any, float | None, int], Any]
"""(raw input, level, row) -> the raw input, worse."""


@dataclass(frozen=True)
class Kind:
    """One way to make an input worse.

    Attributes:
        modality: of the input.
        unit: of the levels, in words.
        levels: from unharmed on.
        harm: does it.
    """

    modality: str
    unit: str
    levels: tuple[float | None, ...]
    harm: Harm


def tilt(picture: NDArray[np.uint8], degrees: float, axis: float) -> NDArray[np.uint8]:
    """A flat picture as a camera in front of it sees it once it is tilted; what lies beside it has its edge's colours.

    Args:
        picture: uint8 (H, W, 3).
        degrees: how far it is tilted.
        axis: about which line through its middle, in radians; 0 is the horizontal one.
    """
    height, width = picture.shape[:2]
    focus = FOCUS * max(height, width)
    turned, _ = cv2.Rodrigues(np.radians(degrees) * np.array([np.cos(axis), np.sin(axis), 0.0]))
    to_middle = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
    seen = np.column_stack([turned[:, :2], [0, 0, focus]])  # the plane, so far away that upright it keeps its size
    camera = np.array([[focus, 0, width / 2], [0, focus, height / 2], [0, 0, 1]])
    return cv2.warpPerspective(picture, camera @ seen @ to_middle, (width, height), borderMode=cv2.BORDER_REPLICATE)


def harms(voices: Sequence[NDArray[np.float32]], seed: int) -> dict[str, Kind]:
    """Everything that inputs have to survive.

    Args:
        voices: recordings that babble is made of.
        seed: of all noise; a row always meets the same.
    """
    decibels = (None, 30.0, 20.0, 15.0, 10.0, 5.0, 0.0)

    def axis(row: int) -> float:
        return random.Random(f"{seed} {row}").uniform(0, 2 * np.pi)

    return {
        "typing": Kind(
            "text",
            "share of letters mistyped",
            (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5),
            lambda raw, level, row: worsen_text(raw, level, seed + row),
        ),
        "blur": Kind(
            "image",
            "sigma in % of the picture's side",
            (0.0, 0.3, 0.6, 1.0, 1.5, 2.0, 3.0),
            lambda raw, level, row: worsen_picture(raw, blur=level / 100 / BLUR, seed=seed + row),
        ),
        "darkness": Kind(
            "image",
            "stops",
            (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0),
            lambda raw, level, row: worsen_picture(raw, darkness=level / STOPS, seed=seed + row),
        ),
        "angle": Kind(
            "image",
            "degrees",
            (0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0),
            lambda raw, level, row: tilt(raw, level, axis(row)),
        ),
        "pink": Kind("audio", "dB", decibels, lambda raw, level, row: worsen_sound(raw, level, seed=seed + row)),
        "babble": Kind(
            "audio", "dB", decibels, lambda raw, level, row: worsen_sound(raw, level, "babble", seed + row, voices)
        ),
    }


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
    """Accuracy against harm, and with one of several modalities nothing but noise.

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
    asked = {m: _asked(features, model, m, pair, seed, count) for m in MODALITIES if len(features.rows_with(m))}
    raws = {m: {sample[m]: _raw(rows, m, sample[m]) for sample in samples} for m, samples in asked.items()}

    def measure(modality: str, worse: dict[int, Any], subset: Sequence[str]) -> Outcome:
        def change(m: str, item: Any, row: int) -> Any:
            return worse[row] if m == modality else item

        return answer(model, features, asked[modality], subset, change=change)

    for name, kind in harms(voices, seed).items():
        if kind.modality not in asked:
            continue
        alone, whole = [], []
        for level in kind.levels:
            worse = {
                row: _read(predictor, kind.modality, kind.harm(raw, level, row))
                for row, raw in raws[kind.modality].items()
            }
            alone.append(round(float(measure(kind.modality, worse, [kind.modality]).right.mean()), 4))
            whole.append(round(float(measure(kind.modality, worse, MODALITIES).right.mean()), 4))
        about = {"modality": kind.modality, "unit": kind.unit, "levels": list(kind.levels)}
        report["harms"][name] = about | {"n": len(raws[kind.modality]), "alone": alone, "all": whole}
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
            worse = {row: _read(predictor, modality, noise_for(modality, row, seed, voices)) for row in given}
            right = measure(modality, worse, MODALITIES).right
            interval = binomtest(int(right.sum()), len(right)).proportion_ci(method="wilson")
            report["replaced"][modality] = {
                "n": len(right),
                "accuracy": round(float(right.mean()), 4),
                "interval": [round(interval.low, 4), round(interval.high, 4)],
            }
    return report


def after(samples: NDArray[np.float32], before: NDArray[np.float32]) -> NDArray[np.float32]:
    """A recording, as loud as another that comes first, and a quarter of a second of silence between them."""
    loud = loud_part(before)
    level = loud_part(samples) / loud if loud else 1.0
    joined = np.concatenate([before * level, np.zeros(SAMPLE_RATE // 4, np.float32), samples])
    return (joined / max(1.0, np.abs(joined).max())).astype(np.float32)


def noise_for(modality: str, row: int, seed: int, voices: Sequence[NDArray[np.float32]]) -> Any:
    """Noise in an input's place: random letters, a picture of grain, a second of pink noise or, by turns, of babble."""
    rng = np.random.default_rng([seed, row])
    if modality == "text":
        return " ".join("".join(rng.choice(list(string.ascii_lowercase), rng.integers(2, 9))) for _ in range(6))
    if modality == "image":
        grain = rng.standard_normal((SIDE, SIDE, 3)).astype(np.float32)
        grain = cv2.GaussianBlur(grain, (0, 0), float(rng.uniform(0.5, 8)))
        return np.clip(127 + 50 * grain / grain.std(), 0, 255).astype(np.uint8)
    if row % 2 and len(voices):
        noise = babble(voices, SAMPLE_RATE, rng)
    else:
        burst = np.zeros(SAMPLE_RATE, np.float32)
        burst[0] = 1.0  # something for the level of the noise to refer to
        noise = worsen_sound(burst, 0.0, seed=int(rng.integers(2**31)))
    return (0.3 * noise / np.abs(noise).max()).astype(np.float32)


def _asked(features: Features, model: MultimodalLSTM, modality: str, pair: bool, seed: int, count: int) -> list[Sample]:
    """Some of a modality's rows that have a class, with partners as the task pairs them."""
    pairs = MultimodalSamples(features, model.config, pair=pair, sampling=PLAIN, seed=seed)
    rng = np.random.default_rng(seed)
    some = rng.permutation(features.rows_with(modality))[:count]
    return [pairs.partners(int(row), rng) for row in some]


def _raw(rows: pd.DataFrame, modality: str, row: int) -> Any:
    """A row's own input: its text, its picture (as large as a camera's would be) or its samples."""
    cell = rows[modality][row]
    if modality == "text":
        return cell
    if modality == "audio":
        return decode(cell)
    picture, _ = open_picture(load_image_cell(cell))
    enlarge = max(1.0, SIDE / max(picture.shape[:2]))
    return cv2.resize(picture, None, fx=enlarge, fy=enlarge, interpolation=cv2.INTER_CUBIC)


@torch.inference_mode()
def _read(predictor: Predictor, modality: str, raw: Any) -> Any:
    """A raw input, read as a visitor's is, as the model takes it; None where nothing is found in it."""
    given = predictor.preprocess(modality, (SAMPLE_RATE, raw) if modality == "audio" else raw)
    if given.absent:
        return None
    if isinstance(given, TextInput):
        return tuple(token.text for token in given.tokens)
    if isinstance(given, ImageInput):
        return given.pixels
    return predictor.batch([{modality: given}], [MODALITIES]).audio[0].cpu().numpy()
