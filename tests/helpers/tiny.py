"""A task small enough to train in a test: three classes that each modality tells apart at a glance."""

from dataclasses import replace

import numpy as np
import torch

from mmdemo.config import ModelConfig
from mmdemo.model.multimodal_lstm import MultimodalLSTM
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


def listener():
    """A new model of the task, in evaluation mode, whose speech embedding has its published weights."""
    torch.manual_seed(0)
    model = MultimodalLSTM(replace(CONFIG)).eval()
    model.audio.load_pretrained()
    return model


def believing(config=CONFIG):
    """An LSTM whose every step forgets all and keeps what it reads, of which the first three numbers are classes."""
    model = MultimodalLSTM(config).eval()
    size = config.hidden_size
    with torch.no_grad():
        for weight in model.lstm.parameters():
            weight.zero_()
        model.lstm.bias_ih_l0[:size] = 20  # i
        model.lstm.bias_ih_l0[size : 2 * size] = -20  # f
        model.lstm.bias_ih_l0[3 * size :] = 20  # o
        model.lstm.weight_ih_l0[2 * size : 2 * size + 3, :3] = 20 * torch.eye(3)
        model.dense.weight.zero_()
        model.dense.weight[:, :3] = 20 * torch.eye(3)
        model.dense.bias.zero_()
    return model


def with_outliers(seed=0):
    """The tiny task and 30 rows of no class: other words, dim squares, sounds that point nowhere."""
    known, rng = features(seed=seed), np.random.default_rng(seed)
    words = [[(word, "and", word)] for word in ("tea", "rain", "song", "lamp", "moss")]
    dim = [[square] for square in rng.integers(0, 60, (10, 28, 28)).astype(np.uint8)]
    quiet = [[rng.normal(size=(4, 96)).astype(np.float32) * 0.1] * 2 for _ in range(10)]
    columns = {}
    for place, (modality, strange) in enumerate({"text": words * 2, "image": dim, "audio": quiet}.items()):
        column, index = known.columns[modality], np.full(30, -1)
        index[10 * place : 10 * place + 10] = len(column.items) + np.arange(10)
        items = [*column.items, *strange]
        columns[modality] = Column(items, np.r_[column.index, index], [None] * len(items))
    return replace(known, labels=np.r_[known.labels, np.full(30, -1)], columns=columns)
