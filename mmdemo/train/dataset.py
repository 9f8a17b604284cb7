"""A task's data: its manifest, and its features when they are needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from mmdemo.data.manifest.manifest import OUTLIER, read_manifest
from mmdemo.data.tasks.registry import Task
from mmdemo.train.features import Features, read_features

Say = Callable[[str], None]


@dataclass(frozen=True)
class Data:
    """A task's manifest and its features, read as they are needed.

    Attributes:
        task: the task.
        rows: the manifest's usable rows.
        folder: that of the data sets.
        cache: the folder of cached features.
        seed: of the splits and the varied voices.
        say: told what could not be read.
    """

    task: Task
    rows: pd.DataFrame
    folder: Path
    cache: Path
    seed: int
    say: Say

    @classmethod
    def of(cls, task: Task, data: Path, cache: Path, *, seed: int, say: Say) -> Data:
        """Make the task's manifest (anew, so that it is never stale) and read it."""
        manifest = task.make_manifest(data, cache / f"{task.name}-{seed}.parquet", seed)
        rows, problems = read_manifest(manifest, labels=task.config.labels, seed=seed)
        for problem in problems:
            say(f"{manifest.name}, {problem}")
        return cls(task, rows, data, cache, seed, say)

    def split(self, name: str) -> pd.DataFrame:
        """One split's rows that have a class: those that accuracy is measured on."""
        whole = self.whole(name)
        return whole[whole["label"] != OUTLIER].reset_index(drop=True)

    def outliers(self, name: str) -> pd.DataFrame:
        """One split's rows that belong to no class."""
        whole = self.whole(name)
        return whole[whole["label"] == OUTLIER].reset_index(drop=True)

    def whole(self, name: str) -> pd.DataFrame:
        """All of one split's rows: those that training uses."""
        return self.rows[self.rows["split"] == name].reset_index(drop=True)

    def fewer(self, split: str, count: int) -> Data:
        """The same with no more than so many rows of one split for each modality, drawn at random.

        Args:
            split: its name; the others stay whole.
            count: of the rows that have an input of a modality.
        """
        rng = np.random.default_rng(self.seed)
        inside = self.rows["split"] == split
        keep = set(self.rows.index[~inside])
        for modality in self.task.config.modalities:
            there = self.rows.index[inside & (self.rows[modality] != "")] if modality in self.rows else []
            keep.update(rng.choice(there, min(count, len(there)), replace=False).tolist())
        return replace(self, rows=self.rows.loc[sorted(keep)].reset_index(drop=True))

    def features(self, rows: pd.DataFrame, *, voices: int = 1) -> Features:
        """The rows' inputs, read; training clips in several voices."""
        features = read_features(rows, self.task.config, self.cache, voices=voices, seed=self.seed)
        for problem in features.problems:
            self.say(problem)
        return features
