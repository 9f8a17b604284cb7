"""Training samples: partners of the same class, modalities dropped, reordered, corrupted and contradicted.

The rows of a manifest need not have every modality. Where a task says so, a row's missing inputs are lent by random
other rows of the same class and split, so that one LSTM learns to read all of them together.

Rows of no class teach it to say that it does not know (outlier exposure, Hendrycks et al. 2019): alone or together they
are no evidence for anything, and beside a row that has a class they are let pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from mmdemo.config import MODALITIES, ModelConfig
from mmdemo.model.sequence import Batch, collate
from mmdemo.text.noise import add_typos
from mmdemo.text.reader import token_ids
from mmdemo.train.augment_image import AUGMENT, degrade_image
from mmdemo.train.features import Features
from mmdemo.train.targets import StepTarget, joined, ramp, targets


@dataclass(frozen=True)
class SamplingConfig:
    """How often what happens to a training sample. All zero (and no pairing) leaves the rows as they are."""

    modality_counts: tuple[float, float, float] = (0.45, 0.2, 0.35)  # probability of reading one, two, three modalities
    reorder: float = 0.5  # read in a random order instead of the default one
    contradict: float = 0.06  # one partner is of another class
    corrupt: float = 0.35  # an input is degraded, by a severity drawn evenly from 0 to 1
    augment: bool = True  # small lawful changes: another hand, another voice
    typos: float = 0.3  # share of letters that are mistyped at severity 1
    amid: float = 0.15  # a sound has another before or after it that is of no class: a cough, "it's a", a chair
    strange: float = 0.5  # a row of no class has partners of none either; else all of one class
    balance: tuple[float, float, float] = (0, 0, 0)  # text, image, audio: 1 shows every class of it equally often


PLAIN = SamplingConfig(modality_counts=(0, 0, 1), reorder=0, contradict=0, corrupt=0, augment=False, amid=0, strange=1)


@dataclass(frozen=True)
class UnbatchedSample:
    """One sample before it is batched; ``None`` marks an absent modality."""

    index: int
    ids: np.ndarray | None
    square: np.ndarray | None
    sound: np.ndarray | None
    evidence: list[StepTarget | None]
    order: list[str]
    severity: float  # of the picture's degradation


class MultimodalSamples(Dataset):
    """An endless supply of samples, the same for the same seed, epoch and index.

    Args:
        features: one split.
        config: the task.
        pair: whether missing modalities are lent by rows of the same class.
        mixing: what happens to a sample.
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
        self.pools = {m: rows for m in MODALITIES if len(rows := features.rows_with(m))}
        classes = (*range(len(config.labels)), -1)  # the last is what belongs to none
        self.by_class = {m: [rows[features.labels[rows] == c] for c in classes] for m, rows in self.pools.items()}
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Start an epoch: every pool is shuffled anew."""
        self.epoch = epoch
        rng = np.random.default_rng([self.seed, epoch])
        self.shuffled = {m: self._drawn(m, rows, rng) for m, rows in self.pools.items()}

    def _drawn(self, modality: str, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A pool's rows in random order; where classes are to be balanced, rare ones more than once."""
        power = self.sampling.balance[MODALITIES.index(modality)]
        if not power:
            return rng.permutation(rows)
        labels = self.features.labels[rows] + 1
        weights = np.bincount(labels)[labels] ** -float(power)
        return rng.choice(rows, len(rows), p=weights / weights.sum())

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
        order = (
            [str(m) for m in rng.permutation(MODALITIES)] if rng.random() < self.sampling.reorder else list(MODALITIES)
        )
        text, square, sound = (rows[m] if m in chosen else None for m in MODALITIES)
        severity = self._severity(rng)
        ids, words = (None, None) if text is None else self._text(text, rng)
        audio, heard = (None, None) if sound is None else self._sound(sound, rng)
        labels = self.features.labels
        return UnbatchedSample(
            index=k,
            ids=ids,
            square=None if square is None else self.features.squares[self.features.image_of[square]],
            sound=audio,
            evidence=[
                words,
                None if square is None else ramp(int(labels[square]), self.config.image.slices),
                heard,
            ],
            order=order,
            severity=severity,
        )

    def partners(self, row: int, rng: np.random.Generator, keep: str | None = None) -> dict[str, int]:
        """Which row gives each modality: the row itself where it can, else, in a task that pairs, one of its class.

        Now and then one that is not ``keep`` is made to contradict the others, if the mixing says so.
        """
        label = int(self.features.labels[row])
        given = {m: row for m, of in self._has(row).items() if of}
        if self.pair:
            lent = label
            if label < 0 and rng.random() >= self.sampling.strange:
                lent = int(rng.integers(len(self.config.labels)))
            for m in self.pools:
                if m not in given and len(self.by_class[m][lent]):
                    given[m] = int(rng.choice(self.by_class[m][lent]))
        if label >= 0 and len(given) > 1 and rng.random() < self.sampling.contradict:
            liar = str(rng.choice([m for m in given if m != keep]))
            theirs = self.features.labels[self.pools[liar]]
            others = self.pools[liar][(theirs != label) & (theirs >= 0)]
            if len(others):
                given[liar] = int(rng.choice(others))
        return given

    def _has(self, row: int) -> dict[str, bool]:
        features = self.features
        return {
            "text": features.texts[row] is not None,
            "image": features.image_of[row] >= 0,
            "audio": features.audio_of[row] >= 0,
        }

    def _choose(self, rows: dict[str, int], anchor: str, rng: np.random.Generator) -> set[str]:
        """Drop modalities at random; the anchor stays."""
        weights = np.array(self.sampling.modality_counts[: len(rows)])
        count = len(rows) if not weights.sum() else 1 + rng.choice(len(weights), p=weights / weights.sum())
        others = [m for m in rows if m != anchor]
        return {anchor, *rng.permutation(others)[: count - 1].tolist()}

    def _severity(self, rng: np.random.Generator) -> float:
        return float(rng.random()) if rng.random() < self.sampling.corrupt else 0.0

    def _text(self, row: int, rng: np.random.Generator) -> tuple[np.ndarray, StepTarget]:
        tokens, evidence = self.features.texts[row]
        severity = self._severity(rng)
        if severity:
            tokens = add_typos(tokens, severity * self.sampling.typos, rng)
        return token_ids(tokens, self.config.text), evidence

    def _sound(self, row: int, rng: np.random.Generator) -> tuple[np.ndarray, StepTarget]:
        """A sound and what it says; now and then with another one before or after it."""
        sound, evidence = self._voice(row, rng)
        others = self.by_class["audio"][-1]
        if self.features.labels[row] < 0 or not len(others) or rng.random() >= self.sampling.amid:
            return sound, evidence
        both = [(sound, evidence), self._voice(int(rng.choice(others)), rng)]
        if rng.random() < 0.6:
            both.reverse()
        (first, said_first), (second, said_second) = both
        most = max(self.config.audio.max_steps, len(sound))
        return np.concatenate([first, second])[:most], joined(said_first, said_second, most)

    def _voice(self, row: int, rng: np.random.Generator) -> tuple[np.ndarray, StepTarget]:
        """One of a sound's variants, and what it says."""
        features = self.features
        variants = features.sounds[features.audio_of[row]]
        sound = variants[int(rng.integers(len(variants)))] if self.sampling.augment else variants[0]
        span = (0.0, 1.0) if features.label_span is None else tuple(features.label_span[row])
        return sound, ramp(int(features.labels[row]), len(sound), span)

    def collate(self, samples: list[UnbatchedSample]) -> tuple[Batch, Tensor]:
        """Batch samples: the inputs, and the distribution to teach at every step, shape (B, T, C)."""
        config = self.config
        batch = collate(
            [sample.ids for sample in samples],
            [None if sample.square is None else sample.square / np.float32(255) for sample in samples],
            [sample.sound for sample in samples],
            [sample.order for sample in samples],
            ids_per_token=config.text.width,
            image_size=config.image.size,
            slices=config.image.slices,
            audio_size=config.audio.size,
        )
        evidence = list(zip(*(sample.evidence for sample in samples), strict=True))
        taught = targets(evidence, batch.lengths, batch.order, len(config.labels))
        if self.sampling.augment:
            self._change(batch.image, samples)
        return batch, taught

    def _change(self, squares: Tensor, samples: list[UnbatchedSample]) -> None:
        """Augment and degrade the batch's pictures in place."""
        shown = torch.tensor([sample.square is not None for sample in samples])
        if not shown.any():
            return
        generators = [self._generator(sample.index) for sample in samples if sample.square is not None]
        severity = torch.tensor([sample.severity for sample in samples])[shown]
        pictures = AUGMENT[self.config.image.subject](squares[shown][:, None], generators)  # (n, 1, size, size)
        squares[shown] = degrade_image(pictures, severity, generators)[:, 0]

    def _generator(self, k: int) -> torch.Generator:
        """What a sample's picture is changed by: its own, so that it becomes the same in whatever batch it is."""
        (seed,) = np.random.SeedSequence([self.seed, self.epoch, k]).generate_state(1)
        return torch.Generator().manual_seed(int(seed))
