"""Webcam photos of a test set: in how many the ink is found, and how many are read correctly, whole and cropped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from mmdemo.data.synthetic.paper import Photo, Shot
from mmdemo.image.ink import overlap
from mmdemo.inference.predictor import Predictor
from mmdemo.model.multimodal_lstm import MultimodalLSTM

MARGINS = (0.0, 0.03, 0.06, 0.1)  # of the ink's longer side: what a cropped photo keeps around the ink
OVERLAP = 0.5  # intersection over union of the found box and the ink's; from this on, it counts as found


def study_photos(model: MultimodalLSTM, shots: Iterable[Shot], seed: int) -> dict:
    """Accuracy on photos, each read from its file as a visitor's would be; one in which nothing is found is wrong.

    Args:
        model: the checkpoint's model.
        shots: photos with something written in them.
        seed: that they were made with; stands beside the figures.

    Returns:
        ``n``, ``accuracy`` with its 95 % Wilson ``interval``, the share whose ink was ``found``, and the accuracy
        ``by_kind`` of scene, of the files that only their EXIF orientation turns upright, and of the same photos
        ``cropped`` to the ink with each of ``MARGINS``.
    """
    predictor = Predictor(model, model.device)
    found, right = [], defaultdict(list)
    for shot in shots:
        result = predictor.predict(image=shot.file)
        image = result.inputs["image"]
        found.append(image.box is not None and overlap(image.box, shot.photo.box) >= OVERLAP)
        correct = not image.absent and int(result.probabilities.argmax()) == shot.label
        for group in ("all", shot.photo.kind, *(["turned"] if shot.orientation != 1 else [])):
            right[group].append(correct)
        for margin in MARGINS:
            cropped = predictor.predict(image=crop(shot.photo, margin))
            read = not cropped.inputs["image"].absent and int(cropped.probabilities.argmax()) == shot.label
            right[f"cropped {margin:.0%}"].append(read)
    shares = {group: {"n": len(of), "accuracy": round(sum(of) / len(of), 4)} for group, of in right.items()}
    interval = binomtest(sum(right["all"]), len(right["all"])).proportion_ci(method="wilson")
    return {
        "seed": seed,
        **shares.pop("all"),
        "interval": [round(interval.low, 4), round(interval.high, 4)],
        "found": round(sum(found) / len(found), 4),
        "turned": shares.pop("turned", None),
        "cropped": {f"{margin:.0%}": shares.pop(f"cropped {margin:.0%}") for margin in MARGINS},
        "by_kind": shares,
    }


def crop(photo: Photo, margin: float) -> NDArray[np.uint8]:
    """A photo cut to its ink, uint8 (h, w, 3).

    Args:
        photo: with ink.
        margin: what stays around the ink, as a share of its longer side, as far as there is photo.
    """
    left, top, right, bottom = photo.box
    around = margin * max(right - left, bottom - top)
    height, width = photo.pixels.shape[:2]
    rows = slice(max(0, round(top - around)), min(height, round(bottom + around)))
    columns = slice(max(0, round(left - around)), min(width, round(right + around)))
    return photo.pixels[rows, columns]
