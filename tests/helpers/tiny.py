"""A task small enough to train in a test: three classes that each modality tells apart at a glance."""

from dataclasses import replace

import numpy as np

from mmdemo.config import ModelConfig
from mmdemo.train.features import Features
from mmdemo.train.targets import ramp

CONFIG = ModelConfig(task="tiny", labels=["left", "middle", "right"], dropout=0.0)


def features(rows_per_kind=30, seed=0):
    """Rows with one modality each: words, bright columns, and sounds that point one way."""
    rng = np.random.default_rng(seed)
    n = 3 * rows_per_kind
    labels = np.arange(n) % 3
    kind = np.arange(n) // rows_per_kind
    squares, sounds, texts = [], [], []
    image_of, audio_of = np.full(n, -1), np.full(n, -1)
    for k, label in enumerate(labels):
        texts.append(None)
        if kind[k] == 0:
            words = ("go", CONFIG.labels[label], "now")
            texts[-1] = (words, ramp(int(label), 3))
        elif kind[k] == 1:
            square = rng.integers(0, 60, (28, 28))
            square[:, 9 * label + 2 : 9 * label + 7] += 180
            image_of[k] = len(squares)
            squares.append(square.astype(np.uint8))
        else:
            sound = rng.normal(size=(6, 96)).astype(np.float32) * 0.1
            sound[:, 32 * label : 32 * label + 32] += 1
            audio_of[k] = len(sounds)
            sounds.append([sound, sound + 0.01])
    return Features(labels.astype(np.int64), texts, image_of, np.stack(squares), audio_of, sounds, [])


def with_outliers(seed=0):
    """The tiny task and 30 rows of no class: other words, dim squares, sounds that point nowhere."""
    known, rng = features(seed=seed), np.random.default_rng(seed)
    words = [((word, "and", word), ramp(-1, 3)) for word in ("tea", "rain", "song", "lamp", "moss")]
    dim = rng.integers(0, 60, (10, 28, 28)).astype(np.uint8)
    quiet = [[rng.normal(size=(4, 96)).astype(np.float32) * 0.1] * 2 for _ in range(10)]
    nowhere = np.full(10, -1)
    return replace(
        known,
        labels=np.r_[known.labels, np.full(30, -1)],
        texts=known.texts + words * 2 + [None] * 20,
        image_of=np.r_[known.image_of, nowhere, len(known.squares) + np.arange(10), nowhere],
        squares=np.concatenate([known.squares, dim]),
        audio_of=np.r_[known.audio_of, nowhere, nowhere, len(known.sounds) + np.arange(10)],
        sounds=known.sounds + quiet,
    )
