"""Webcam photos of a test set: in how many the ink is found, and how many are read correctly, whole and cropped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from mmdemo.data.synthetic.paper import Shot
from mmdemo.evaluate.metrics import share_right
from mmdemo.image.ink import Box, overlap
from mmdemo.inference.predictor import Predictor
from mmdemo.inference.result import Result
from mmdemo.model.multimodal_lstm import MultimodalLSTM

OVERLAP = 0.5  # intersection over union of the found box and the ink's; from this on, it counts as found
MARGINS = (0, 3, 6, 10)  # per cent of the ink's longest side: the ground that is left around it in a cropped photo


def study_photos(model: MultimodalLSTM, shots: Iterable[Shot], seed: int) -> dict:
    """Accuracy on photos, each read from its file as a visitor's would be; one in which nothing is found is wrong.

    Args:
        model: the checkpoint's model.
        shots: photos with something written in them.
        seed: that they were made with; stands beside the figures.

    Returns:
        ``n``, ``accuracy`` with its 95 % Wilson ``interval``, the share whose ink was ``found``, and the accuracy
        ``by_kind`` of scene, of the files that only their EXIF orientation turns upright, and of the photos
        ``cropped`` to their ink, by margin; and how often an answer was ``wrong_and_clear``.
    """
    predictor = Predictor(model, model.device)
    found, false, right, cropped = [], [], defaultdict(list), defaultdict(list)
    for shot in shots:
        result = predictor.predict(image=shot.file)
        image = result.inputs["image"]
        found.append(image.box is not None and overlap(image.box, shot.photo.box) >= OVERLAP)
        correct = _is_right(result, shot)
        false.append(result.level == "clear" and not correct)
        for margin in MARGINS:
            close = predictor.predict(image=crop(shot.photo.pixels, shot.photo.box, margin / 100))
            read = _is_right(close, shot)
            cropped[str(margin)].append((read, close.level == "clear" and not read))
        for group in ("all", shot.photo.kind, *(["turned"] if shot.orientation != 1 else [])):
            right[group].append(correct)
    every = share_right(right.pop("all"))
    shares = {group: {"n": len(of), "accuracy": round(sum(of) / len(of), 4)} for group, of in right.items()}
    return {
        "seed": seed,
        **every,
        "found": round(sum(found) / len(found), 4),
        "wrong_and_clear": round(sum(false) / len(false), 4),
        "turned": shares.pop("turned", None),
        "cropped": {
            margin: dict(zip(("accuracy", "wrong_and_clear"), np.mean(of, axis=0).round(4).tolist(), strict=True))
            for margin, of in cropped.items()
        },
        "by_kind": shares,
    }


def _is_right(result: Result, shot: Shot) -> bool:
    return not result.inputs["image"].absent and int(result.probabilities.argmax()) == shot.label


def crop(picture: NDArray[np.uint8], box: Box, margin: float) -> NDArray[np.uint8]:
    """What lies in a box of a picture (H, W, 3), and a margin around it, in shares of the box's longest side."""
    left, top, right, bottom = box
    more = margin * max(right - left, bottom - top)
    x0, y0 = max(0, int(np.floor(left - more))), max(0, int(np.floor(top - more)))
    return np.ascontiguousarray(picture[y0 : int(np.ceil(bottom + more)), x0 : int(np.ceil(right + more))])
