"""A task small enough to train in a test: three classes that each modality tells apart at a glance."""

import numpy as np

from mmdemo.config import ModelConfig
from mmdemo.train.features import Column, Features

CONFIG = ModelConfig(task="tiny", labels=["left", "middle", "right"], dropout=0.0)


def features(rows_per_kind=30, seed=0):
    """Rows with one modality each: words, bright columns, and sounds that point one way."""
    rng = np.random.default_rng(seed)
    n = 3 * rows_per_kind
    labels = np.arange(n) % 3
    kind = np.arange(n) // rows_per_kind
    items = {modality: [] for modality in CONFIG.modalities}
    index = {modality: np.full(n, -1) for modality in CONFIG.modalities}
    for k, label in enumerate(labels):
        modality = CONFIG.modalities[kind[k]]
        index[modality][k] = len(items[modality])
        if modality == "text":
            items[modality].append([("go", CONFIG.labels[label], "now")])
        elif modality == "image":
            square = rng.integers(0, 60, (28, 28))
            square[:, 9 * label + 2 : 9 * label + 7] += 180
            items[modality].append([square.astype(np.uint8)])
        else:
            sound = rng.normal(size=(6, 96)).astype(np.float32) * 0.1
            sound[:, 32 * label : 32 * label + 32] += 1
            items[modality].append([sound, sound + 0.01])
    columns = {m: Column(items[m], index[m], [None] * len(items[m])) for m in CONFIG.modalities}
    return Features(labels.astype(np.int64), columns, [])
