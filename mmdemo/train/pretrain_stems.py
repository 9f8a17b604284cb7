"""Pretrain each stem alone, before the LSTM is trained on all of them.

For this, a stem gets a head of its own, a dense layer on the mean of its steps, which is thrown away afterwards. So its
steps become evidence that adds up, which suits the LSTM, and each stem can take as long as it needs: one for pictures
takes dozens of epochs, in which the LSTM would only overfit. A stem that teaches itself needs no head.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, RandomSampler
from tqdm import tqdm

from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.model.sequence import Batch
from mmdemo.train.checkpointing import keep, resume
from mmdemo.train.features import Features
from mmdemo.train.samples import PLAIN, MultimodalSamples, SamplingConfig, loader_workers


@dataclass(frozen=True)
class StemPretraining:
    """One stage of pretraining a stem.

    Attributes:
        epochs: passes over all of its rows.
        batch_size: samples per step.
        learning_rate: the highest one, of one cycle (Smith & Topin 2019).
        weight_decay: decoupled (Loshchilov & Hutter 2019).
        smoothing: of the labels, since people do not agree on them either (Szegedy et al. 2016).
        dropout: on the steps, in front of the head.
        corrupt: how often an input is degraded.
        sizes: of the pictures, in pixels: so small in the first part of the epochs, so large in the next one, and so
            on, which saves most of the time (Howard's progressive resizing); always as they are if empty.
    """

    epochs: int
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    smoothing: float = 0.1
    dropout: float = 0.3
    corrupt: float = 0.0
    sizes: tuple[int, ...] = ()


class StemClassifier(nn.Module):
    """One stem of a model with a head of its own."""

    def __init__(self, model: MultimodalLSTM, modality: str) -> None:
        super().__init__()
        self.place = model.config.modalities.index(modality)
        self.modality, self.stem, self.norm = modality, model.stem(modality), model.norms[self.place]
        self.dropout = nn.Dropout()
        self.head = nn.Linear(model.config.embedding_dim, len(model.config.labels))

    def forward(self, batch: Batch, size: int | None = None) -> Tensor:
        """Logits (B, C) from the mean of the steps; ``size``: the size to shrink pictures to, if any."""
        given = batch.inputs[self.modality]
        if size:
            given = self.stem.shrunk(given, size)
        lengths = batch.lengths[:, self.place]
        steps = self.norm(self.stem(given, lengths))  # (B, T, S)
        real = torch.arange(steps.shape[1], device=steps.device) < lengths[:, None]  # (B, T)
        mean = (self.dropout(steps) * real[..., None]).sum(1) / real.sum(1, keepdim=True).clamp(min=1)
        return self.head(mean)

    def loss(self, batch: Batch, truth: Tensor, how: StemPretraining, size: int | None) -> Tensor:
        """What is made smaller."""
        if self.stem.teaches_itself:
            return self.stem.own_loss(batch.inputs[self.modality], batch.lengths[:, self.place], truth)
        return F.cross_entropy(self(batch, size), truth, label_smoothing=how.smoothing)


def pretrain_stem(
    model: MultimodalLSTM,
    modality: str,
    splits: dict[str, Features],
    run: Path,
    *,
    stages: Sequence[StemPretraining],
    sampling: SamplingConfig,
    seed: int = 0,
    quiet: bool = False,
) -> float:
    """Pretrain one stem of a model, in place.

    Args:
        model: where the stem is.
        modality: whose stem it is.
        splits: features of ``train`` and ``validation``; rows of no class are left out.
        run: folder for the states to resume from, one for each stage.
        stages: how to train, one cycle of the learning rate after the other.
        sampling: what happens to the samples.
        seed: of everything random.
        quiet: no progress bars.

    Returns:
        The balanced accuracy on the validation split.
    """
    torch.manual_seed(seed)
    alone = StemClassifier(model, modality).to(model.device)
    for number, how in enumerate(stages):
        once = replace(sampling, modality_counts=(1, 0, 0), contradict=0, corrupt=how.corrupt)
        samples = _samples(splits["train"], modality, model, once, seed + number)
        file = run / f"warm-{modality}-{number}.pt"
        for epoch, loss in _learn(alone, samples, file, how, seed + number, quiet):
            if not quiet:
                said = f"{modality} alone, stage {number + 1}, epoch {epoch + 1}: loss {loss:.4f}"
                if not alone.stem.teaches_itself:
                    accuracy, recall = measure(alone, splits["validation"], model, seed)
                    said += f", validation accuracy {accuracy:.2%}, balanced accuracy {recall:.2%}"
                print(said, flush=True)
    return measure(alone, splits["validation"], model, seed)[1]


def _learn(
    alone: StemClassifier, samples: MultimodalSamples, file: Path, how: StemPretraining, seed: int, quiet: bool
) -> Iterator[tuple[int, float]]:
    """One stage; yields every epoch's number and mean loss. Goes on from the file, if there is one, and keeps it."""
    device = alone.head.weight.device
    drawn = RandomSampler(samples, generator=torch.Generator())
    loader = DataLoader(
        samples, how.batch_size, sampler=drawn, collate_fn=samples.collate, num_workers=loader_workers(device)
    )
    optimizer = torch.optim.AdamW(alone.parameters(), how.learning_rate, weight_decay=how.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, how.learning_rate, total_steps=how.epochs * len(loader) + 1, pct_start=0.2
    )
    learning = {"alone": alone, "optimizer": optimizer, "schedule": schedule}
    for epoch in range(resume(file, learning).get("epoch", 0), how.epochs):
        samples.set_epoch(epoch)
        torch.manual_seed(seed + epoch)  # dropout repeats itself when a run is resumed
        drawn.generator.manual_seed(seed + epoch)
        alone.train()
        alone.dropout.p = how.dropout
        size = how.sizes[epoch * len(how.sizes) // how.epochs] if how.sizes else None
        total = 0.0
        bar = tqdm(loader, f"{alone.modality} alone, epoch {epoch + 1}", leave=False, disable=quiet)
        for batch, taught in bar:
            truth = _truth(batch, taught).to(device)
            loss = alone.loss(batch.to(device), truth, how, size)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(alone.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item()
        keep(file, learning, {"epoch": epoch + 1})
        yield epoch, total / len(loader)


def _truth(batch: Batch, taught: Tensor) -> Tensor:
    """The classes (B,) that the targets of the last steps stand for."""
    return taught[torch.arange(len(taught)), batch.lengths.sum(1) - 1].argmax(1)


@torch.inference_mode()
def measure(alone: StemClassifier, features: Features, model: MultimodalLSTM, seed: int = 0) -> tuple[float, float]:
    """Accuracy and balanced accuracy on undisturbed inputs."""
    alone.eval()
    samples = _samples(features, alone.modality, model, replace(PLAIN, modality_counts=(1, 0, 0)), seed)
    truths, guesses = [], []
    for first in range(0, samples.length, 250):
        batch, taught = samples.collate([samples[k] for k in range(first, min(first + 250, samples.length))])
        truths.append(_truth(batch, taught))
        guesses.append(alone(batch.to(model.device)).argmax(1).cpu())
    truth, guess = torch.cat(truths).numpy(), torch.cat(guesses).numpy()
    recalls = [float((guess[truth == label] == label).mean()) for label in np.unique(truth)]
    return float((truth == guess).mean()), float(np.mean(recalls))


def _samples(
    features: Features, modality: str, model: MultimodalLSTM, sampling: SamplingConfig, seed: int
) -> MultimodalSamples:
    """Every row that has the modality and a class, with that modality alone."""
    has = np.zeros(len(features.labels), bool)
    has[features.rows_with(modality)] = True
    rows = features.only(has & (features.labels >= 0))
    return MultimodalSamples(rows, model.config, pair=False, sampling=sampling, seed=seed, length=len(rows.labels))
