"""Training samples: partners of the same class, modalities dropped, reordered, corrupted and contradicted.

The rows of a manifest need not have every modality. If the task says so, a row's missing inputs are borrowed from
random other rows of the same class and split, so that one LSTM learns to read all of them together.

Rows of no class teach it to say that it does not know (outlier exposure, Hendrycks et al. 2019). Alone or together they
are no evidence for anything; beside a row that has a class they are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

import joblib
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from mmdemo.config import ModelConfig
from mmdemo.modality import Item, StepTarget
from mmdemo.model.modalities import SENSES
from mmdemo.model.sequence import Batch, collate
from mmdemo.train.features import Features
from mmdemo.train.targets import joined, targets

WORKERS = 8  # processes that prepare batches for a GPU, at most


@dataclass(frozen=True)
class SamplingConfig:
    """What happens to a training sample, and how often. All zero (and no pairing) leaves the rows as they are."""

    modality_counts: tuple[float, float, float] = (0.45, 0.2, 0.35)  # probability of one, two, all modalities
    reorder: float = 0.5  # read in a random order instead of the default one
    contradict: float = 0.06  # one partner is of another class
    corrupt: float = 0.35  # an input is degraded, by a severity drawn evenly from 0 to 1
    augment: bool = True  # small changes that keep the class: another hand, another voice
    typos: float = 0.3  # share of letters that are mistyped at severity 1
    amid: float = 0.15  # a sound of no class comes before or after it: a cough, "it's a", a chair
    strange: float = 0.5  # the partners of a row of no class have none either; else all are of one class
    balance: dict[str, float] = field(default_factory=dict)  # by modality: 1 shows every class of it equally often
    even: float = 0.0  # 1 shows every source of a modality's rows equally often, 0 as often as it has rows


PLAIN = SamplingConfig(modality_counts=(0, 0, 1), reorder=0, contradict=0, corrupt=0, augment=False, amid=0, strange=1)


@dataclass(frozen=True)
class UnbatchedSample:
    """One sample before it is batched.

    Attributes:
        index: its number in the epoch.
        items: of each modality that it has.
        targets: what each of those says, step by step.
        order: the order of reading.
        severity: of the damage that is done to whole batches.
    """

    index: int
    items: dict[str, Item]
    targets: dict[str, StepTarget]
    order: list[str]
    severity: float


class MultimodalSamples(Dataset):
    """An endless supply of samples, the same for the same seed, epoch and index.

    Args:
        features: one split.
        config: the task.
        pair: whether missing modalities are lent by rows of the same class.
        sampling: what happens to a sample.
        seed: of everything random.
        length: samples per epoch; as many as there are rows, and at least 2,000, if not given.
    """

    def __init__(
        self,
        features: Features,
        config: ModelConfig,
        *,
        pair: bool,
        sampling: SamplingConfig,
        seed: int,
        length: int | None = None,
    ) -> None:
        self.features, self.config, self.pair, self.sampling, self.seed = features, config, pair, sampling, seed
        self.length = length or max(len(features.labels), 2000)
        self.pools = {m: rows for m in config.modalities if len(rows := features.rows_with(m))}
        classes = (*range(len(config.labels)), -1)  # the last is what belongs to none
        self.by_class = {m: [rows[features.labels[rows] == c] for c in classes] for m, rows in self.pools.items()}
        self.chances = {m: [self._evenly(rows) for rows in parts] for m, parts in self.by_class.items()}
        alone = np.zeros(len(features.labels), bool) if features.alone is None else features.alone
        self.beside = {m: none[~alone[none]] for m, (*_, none) in self.by_class.items()}
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Start an epoch: every pool is shuffled anew."""
        self.epoch = epoch
        rng = np.random.default_rng([self.seed, epoch])
        self.shuffled = {m: self._drawn(m, rows, rng) for m, rows in self.pools.items()}

    def _drawn(self, modality: str, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A pool's rows in random order; where classes are to be balanced, rare ones more than once."""
        power, chances = self.sampling.balance.get(modality, 0), self._evenly(rows)
        if not power and chances is None:
            return rng.permutation(rows)
        labels = self.features.labels[rows] + 1
        weights = np.bincount(labels)[labels] ** -float(power) * (1.0 if chances is None else chances)
        return rng.choice(rows, len(rows), p=weights / weights.sum())

    def _evenly(self, rows: np.ndarray) -> np.ndarray | None:
        """How probable each of some rows is, so that no source of many rows hides those of few; None for all alike."""
        sources = self.features.sources
        if not self.sampling.even or sources is None or not len(rows):
            return None
        weights = np.bincount(sources[rows])[sources[rows]] ** -self.sampling.even
        return weights / weights.sum()

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, k: int) -> UnbatchedSample:
        """The k-th sample of the epoch. The modalities take turns in choosing the row that it is built around."""
        rng = np.random.default_rng([self.seed, self.epoch, k])
        anchor = list(self.pools)[k % len(self.pools)]
        pool = self.shuffled[anchor]
        row = int(pool[(k // len(self.pools)) % len(pool)])
        rows = self.partners(row, rng, keep=anchor)
        chosen = self._choose(rows, anchor, rng)
        names = self.config.modalities
        order = [str(m) for m in rng.permutation(names)] if rng.random() < self.sampling.reorder else list(names)
        severity = self._severity(rng)
        drawn = {m: self._draw(m, rows[m], rng) for m in names if m in chosen and m in rows}
        return UnbatchedSample(
            index=k,
            items={m: item for m, (item, _) in drawn.items()},
            targets={m: target for m, (_, target) in drawn.items()},
            order=order,
            severity=severity,
        )

    def partners(self, row: int, rng: np.random.Generator, keep: str | None = None) -> dict[str, int]:
        """Which row gives each modality: the row itself if it can, or else, in a task that pairs, one of its class.

        Now and then a partner, never ``keep``, is made to contradict the others, if the sampling says so.
        """
        label = int(self.features.labels[row])
        given = {m: row for m, column in self.features.columns.items() if column.index[row] >= 0}
        if self.pair:
            lent = label
            if label < 0 and rng.random() >= self.sampling.strange:
                lent = int(rng.integers(len(self.config.labels)))
            for m in self.pools:
                if m not in given and len(self.by_class[m][lent]):
                    given[m] = int(rng.choice(self.by_class[m][lent], p=self.chances[m][lent]))
        if label >= 0 and len(given) > 1 and rng.random() < self.sampling.contradict:
            liar = str(rng.choice([m for m in given if m != keep]))
            theirs = self.features.labels[self.pools[liar]]
            others = self.pools[liar][(theirs != label) & (theirs >= 0)]
            if len(others):
                given[liar] = int(rng.choice(others))
        return given

    def _choose(self, rows: dict[str, int], anchor: str, rng: np.random.Generator) -> set[str]:
        """Drop modalities at random; the anchor stays."""
        weights = np.array(self.sampling.modality_counts[: len(rows)])
        count = len(rows) if not weights.sum() else 1 + rng.choice(len(weights), p=weights / weights.sum())
        if count == len(self.sampling.modality_counts):
            count = len(rows)
        others = [m for m in rows if m != anchor]
        return {anchor, *rng.permutation(others)[: count - 1].tolist()}

    def _severity(self, rng: np.random.Generator) -> float:
        return float(rng.random()) if rng.random() < self.sampling.corrupt else 0.0

    def _draw(self, modality: str, row: int, rng: np.random.Generator) -> tuple[Item, StepTarget]:
        """An input and its target; now and then with another input of no class before or after it."""
        item, target = self._variant(modality, row, rng)
        others = self.beside[modality]
        sense, config = SENSES[modality], self.config.of(modality)
        alone = not sense.joins or self.features.labels[row] < 0 or not len(others)
        if alone or rng.random() >= self.sampling.amid:
            return item, target
        both = [(item, target), self._variant(modality, int(rng.choice(others)), rng)]
        if rng.random() < 0.6:
            both.reverse()
        (first, said_first), (second, said_second) = both
        whole = sense.join(first, second, config)
        return whole, joined(said_first, said_second, sense.steps(whole, config))

    def _variant(self, modality: str, row: int, rng: np.random.Generator) -> tuple[Item, StepTarget]:
        """One of an input's variants, disturbed, and its target."""
        sense, features = SENSES[modality], self.features
        variant = int(rng.integers(features.variants(modality, row))) if self.sampling.augment else 0
        item = features.item(modality, row, variant)
        target = features.target(modality, row, sense.steps(item, self.config.of(modality)))
        return sense.disturb(item, partial(self._severity, rng), self.sampling.typos, rng), target

    def collate(self, samples: list[UnbatchedSample]) -> tuple[Batch, Tensor]:
        """Batch samples: the inputs, and the distribution to teach at every step, shape (B, T, C)."""
        batch = collate([sample.items for sample in samples], [sample.order for sample in samples], self.config)
        said = [[sample.targets.get(m) for sample in samples] for m in self.config.modalities]
        taught = targets(said, batch.lengths, batch.order, len(self.config.labels))
        return (self._augmented(batch, samples) if self.sampling.augment else batch), taught

    def _augmented(self, batch: Batch, samples: list[UnbatchedSample]) -> Batch:
        """The batch with each modality's inputs changed at random."""
        severity = torch.tensor([sample.severity for sample in samples])
        inputs = dict(batch.inputs)
        for m, lengths in zip(self.config.modalities, batch.lengths.T, strict=True):
            present = lengths > 0
            if present.any():
                generators = [self._generator(sample.index) for sample in samples if m in sample.items]
                inputs[m] = SENSES[m].augment(inputs[m], present, severity[present], generators, self.config.of(m))
        return replace(batch, inputs=inputs)

    def _generator(self, k: int) -> torch.Generator:
        """A sample's own random generator, so that it is augmented in the same way whichever batch it is in."""
        (seed,) = np.random.SeedSequence([self.seed, self.epoch, k]).generate_state(1)
        return torch.Generator().manual_seed(int(seed))


def loader_workers(device: torch.device) -> int:
    """How many processes prepare batches while a device computes: none beside a CPU, whose cores they would take."""
    return 0 if device.type == "cpu" else min(WORKERS, joblib.cpu_count())
