"""Fit the small network that tells written digits from everything else in a picture (``mmdemo/ink.npz``).

    python tools/fit_ink.py --photos 800

Photos are composed from MNIST's training digits with training backdrops (``mmdemo.data.paper``), one in six without a
digit. All groups of strokes that ``mmdemo.ink`` finds in them are measured; those that cover the digit are examples of
one, the rest of what is not. The seed settles everything; four minutes on one core for 800 photos.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from sklearn.neural_network import MLPClassifier

from mmdemo.data.camera import QUALITY, as_jpeg
from mmdemo.data.download import data_folder, fetch_mnist
from mmdemo.data.idx import read_idx
from mmdemo.data.paper import compose
from mmdemo.data.scenes import KINDS, draw_scene
from mmdemo.ink import JUDGE, groups, overlap

HIDDEN = 24
COVERS, MISSES = 0.65, 0.35  # intersection over union with the digit's true box: a digit from here, none below that
EMPTY = 6  # every so many photos show no digit


def examples(squares: np.ndarray, numbers: range, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Measures of groups of strokes, (N, MEASURES), and how well each covers the digit, (N,) in 0..1."""
    measures, covers = [], []
    for number in numbers:
        rng = np.random.default_rng([seed, number])
        square = squares[rng.integers(len(squares))] / np.float32(255)
        scene = draw_scene(rng, KINDS[number % len(KINDS)], "train")
        photo = compose(None if number // len(KINDS) % EMPTY == number % EMPTY else square, rng, scene)
        file = as_jpeg(photo.pixels, int(rng.integers(*QUALITY)))
        picture = np.asarray(Image.open(io.BytesIO(file)))
        height, width = picture.shape[:2]
        for box, _, _, _, found in groups(picture):
            box = (box[0] * width, box[1] * height, box[2] * width, box[3] * height)
            measures.append(found)
            covers.append(overlap(box, photo.box) if photo.box else 0.0)
    return np.array(measures, np.float32), np.array(covers, np.float32)


def fit(measures: np.ndarray, covers: np.ndarray, seed: int = 0) -> dict[str, np.ndarray]:
    """The network's weights, as ``mmdemo.ink.judge`` takes them."""
    clear = (covers >= COVERS) | (covers < MISSES)
    mean, spread = measures.mean(axis=0), measures.std(axis=0) + 1e-6
    network = MLPClassifier((HIDDEN,), alpha=0.3, max_iter=80, early_stopping=True, random_state=seed)
    network.fit((measures[clear] - mean) / spread, covers[clear] >= COVERS)
    (hidden, output), (hidden_bias, output_bias) = network.coefs_, network.intercepts_
    weights = {"mean": mean, "spread": spread, "hidden": hidden, "hidden_bias": hidden_bias}
    weights |= {"output": output[:, 0], "output_bias": output_bias[0]}
    return {name: np.asarray(value, np.float32) for name, value in weights.items()}


def main() -> None:
    """Compose, measure, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=800)
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--out", type=Path, default=JUDGE)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    squares = read_idx(fetch_mnist(data_folder()) / "train-images-idx3-ubyte.gz")
    measures, covers = examples(squares, range(given.photos), given.seed)
    np.savez(given.out, **fit(measures, covers))
    print(f"{len(measures)} groups in {given.photos} photos, {(covers >= COVERS).sum()} of them digits -> {given.out}")


if __name__ == "__main__":
    main()
