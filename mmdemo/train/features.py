"""Preprocess a manifest for training: every input is read once and kept, so that training need not wait for decoding.

What a sense keeps of an input is an item (``mmdemo.modality``): a text's tokens, a picture's square, the frozen speech
embedding's output for a sound, of which training clips have several varied versions. What takes long to read is cached
in a file whose name is a hash of everything that it depends on.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from mmdemo.config import ModelConfig
from mmdemo.data.manifest.manifest import OUTLIER, load_cell
from mmdemo.messages import InputError
from mmdemo.modality import Item, Modality, StepTarget
from mmdemo.model.modalities import SENSES
from mmdemo.train.checkpointing import set_aside

VOICES = 8  # variants of each training clip: itself and seven varied ones
CHUNK = 16  # inputs that a process is given at once
BEHIND = 120  # recordings of no class that may be mixed into the background of the varied ones


@dataclass(frozen=True)
class Column:
    """The inputs of one modality.

    Attributes:
        items: for each input that could be read its variants, packed; the first is the input as it is.
        index: each of the N rows' place in ``items``, or -1, shape (N,).
        targets: what each step of an item says, where the manifest marks it; else None.
    """

    items: Sequence[Sequence[Item]]
    index: np.ndarray
    targets: Sequence[StepTarget | None]

    @classmethod
    def empty(cls, rows: int) -> Column:
        """Without any input."""
        return cls([], np.full(rows, -1, np.int64), [])

    @property
    def rows(self) -> np.ndarray:
        """The rows that have an input."""
        return np.flatnonzero(self.index >= 0)

    def only(self, keep: np.ndarray) -> Column:
        """The same with only those rows that ``keep``, (N,) bool, says."""
        return replace(self, index=self.index[keep])


@dataclass(frozen=True)
class Features:
    """One split of a manifest, read.

    Attributes:
        labels: class index of each of the N rows, -1 for no class, int64, shape (N,).
        columns: the inputs of each modality.
        problems: what could not be read, as sentences that name the manifest's line.
        label_span: the part of each row's input in which its label is said, as shares of its length, shape (N, 2); all
            of it where that is not given.
        sources: a number for whatever each row comes from, its ``made`` and ``kind``, int64, shape (N,).
        alone: which rows of no class are never put beside one that has a class, (N,) bool; none if not given.
    """

    labels: np.ndarray
    columns: dict[str, Column]
    problems: list[str]
    label_span: np.ndarray | None = None
    sources: np.ndarray | None = None
    alone: np.ndarray | None = None

    def rows_with(self, modality: str) -> np.ndarray:
        """Indices of the rows that have an input of that modality."""
        return self.columns[modality].rows

    def variants(self, modality: str, row: int) -> int:
        """How many variants of a row's input are kept."""
        column = self.columns[modality]
        return len(column.items[column.index[row]])

    def item(self, modality: str, row: int, variant: int = 0) -> Item:
        """One of the variants of a row's input."""
        column = self.columns[modality]
        return SENSES[modality].unpack(column.items[column.index[row]][variant])

    def target(self, modality: str, row: int, steps: int) -> StepTarget:
        """What each step of a row's input says."""
        column = self.columns[modality]
        marked = column.targets[column.index[row]]
        if marked is not None:
            return marked
        span = (0.0, 1.0) if self.label_span is None else tuple(self.label_span[row])
        return SENSES[modality].target(int(self.labels[row]), steps, span)

    def only(self, keep: np.ndarray) -> Features:
        """The same features with only those rows that ``keep``, (N,) bool, says."""
        return replace(
            self,
            labels=self.labels[keep],
            columns={modality: column.only(keep) for modality, column in self.columns.items()},
            label_span=None if self.label_span is None else self.label_span[keep],
            sources=None if self.sources is None else self.sources[keep],
            alone=None if self.alone is None else self.alone[keep],
        )


def read_features(rows: pd.DataFrame, config: ModelConfig, cache: Path, *, voices: int = 1, seed: int = 0) -> Features:
    """Read the inputs of a manifest's rows.

    Args:
        rows: a column for each modality, ``label``, ``line`` (for messages) and optionally ``belief``,
            ``label_span`` and ``alone``, as ``read_manifest`` gives them.
        config: the task.
        cache: folder for the cached arrays.
        voices: variants of each input, if the sense varies them beforehand; 1 for validation and test.
        seed: of the variants.
    """
    problems: list[str] = []
    columns = {}
    for modality in sorted(config.modalities, key=lambda name: SENSES[name].fingerprint(config.of(name)) is None):
        columns[modality] = _read(rows, SENSES[modality], config, cache, voices, seed, problems)  # processes first
    spans = np.array([_span(cell) for cell in rows["label_span"]]).reshape(-1, 2) if "label_span" in rows else None
    labels = rows["label"].map(partial(_class, config=config)).to_numpy(np.int64)
    known = rows.reindex(columns=["made", "kind"], fill_value="").astype(str)
    sources = known.groupby(["made", "kind"], dropna=False).ngroup().to_numpy(np.int64)
    alone = (rows["alone"] == "yes").to_numpy() if "alone" in rows else None
    read = {modality: columns[modality] for modality in config.modalities}
    return Features(labels, read, problems, spans, sources, alone)


def _class(label: str, config: ModelConfig) -> int:
    """A label's index; -1 for no class."""
    return -1 if label == OUTLIER else config.labels.index(label)


def _span(cell: str) -> tuple[float, float]:
    """``0.4-0.8`` as two numbers; 0 and 1 if the cell is empty."""
    start, end = map(float, cell.split("-")) if cell else (0.0, 1.0)
    return start, end


def _read(
    rows: pd.DataFrame, sense: Modality, config: ModelConfig, cache: Path, voices: int, seed: int, problems: list[str]
) -> Column:
    """One modality's inputs, from the cache if the sense is cached."""
    column = Column.empty(len(rows))
    if sense.name not in rows:
        return column
    cells = rows[sense.name]
    there = np.flatnonzero(cells != "")
    if not len(there):
        return column
    others = tuple(cells[(rows["label"] == OUTLIER) & (cells != "")][:BEHIND]) if voices > 1 else ()
    names, settings = cells.iloc[there].tolist(), sense.fingerprint(config.of(sense.name))
    files = list(dict.fromkeys(file for name in names for file in sense.wholes(name)))
    prepare = partial(
        _prepare, modality=sense.name, config=config.of(sense.name), variants=voices, seed=seed, others=others
    )
    if settings is None:
        found = [prepare(name) for name in files]
    else:
        about = {**settings, "voices": voices, "seed": seed, "others": others}
        file = cache / f"{sense.name}-{_fingerprint(files, about, sense)}.npz"
        if (found := _kept(file)) is None:
            # one thread each: a forked process would wait for ever for the threads of the one it comes from
            with ProcessPoolExecutor(initializer=torch.set_num_threads, initargs=(1,)) as pool:
                _store(file, list(tqdm(pool.map(prepare, files, chunksize=CHUNK), sense.name, len(files), leave=False)))
            found = _load(file)
    items, targets = _Parts(sense), []
    beliefs = rows.get("belief")
    read = dict(zip(files, found, strict=True))
    for k, name in zip(there, names, strict=True):
        wholes = [read[file] for file in sense.wholes(name)]
        if variants := next((whole for whole in wholes if isinstance(whole, str)), ""):
            if rows["label"].iloc[k] != OUTLIER:  # in an input of no class, finding nothing is correct
                problems.append(f"line {rows['line'].iloc[k]}: {variants}")
            continue
        column.index[k] = len(items)
        items.append(name, wholes)
        marked = beliefs is not None and beliefs.iloc[k]
        marks = _marks(beliefs.iloc[k], config.labels) if marked else None
        targets.append(sense.marked_target(name, sense.unpack(items[-1][0]), marks) if marks else None)
    return Column(items, column.index, targets)


class _Parts(Sequence):
    """The variants of many cells, packed, of which each may be a part of something that was read once."""

    def __init__(self, sense: Modality) -> None:
        self.sense, self.cells, self.wholes = sense, [], []
        self.changed: dict[int, list[Item]] = {}

    def append(self, cell: str, wholes: list[list[Item]]) -> None:
        """Add a cell, with the variants of all that it is a part of."""
        self.cells.append(cell)
        self.wholes.append(wholes)

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, k: int) -> list[Item]:
        k = range(len(self))[k]
        cell, wholes = self.cells[k], self.wholes[k]
        if k in self.changed:
            return self.changed[k]
        return [self.sense.part(variants, cell) for variants in zip(*wholes, strict=True)]

    def __setitem__(self, k: int, variants: list[Item]) -> None:
        self.changed[range(len(self))[k]] = variants


def _marks(cell: str, labels: Sequence[str]) -> list[tuple[int, int | None]]:
    """The cell ``[[5, "three"], [10, null]]`` as offsets and classes."""
    index = {label: k for k, label in enumerate(labels)} | {None: None}
    return [(offset, index[label]) for offset, label in json.loads(cell)]


def _prepare(
    cell: str, modality: str, config: Any, variants: int, seed: int, others: tuple[str, ...]
) -> list[Item] | str:
    """One cell's variants, packed, or why there are none."""
    sense = SENSES[modality]
    rng = np.random.default_rng([seed, int.from_bytes(hashlib.sha256(Path(cell).name.encode()).digest()[:4], "big")])
    try:
        found = sense.prepare(load_cell(modality, cell), config, variants=variants, rng=rng, others=others)
    except InputError as error:
        return str(error)
    return found if isinstance(found, str) else [sense.pack(item) for item in found]


def _fingerprint(names: Sequence[str], settings: dict[str, Any], sense: Modality) -> str:
    """A hash of everything that the result depends on: files, settings, and the code of the sense with its weights."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    folder = Path(sys.modules[type(sense).__module__].__file__).parent
    for source in sorted(file for file in folder.iterdir() if file.is_file()):
        digest.update(source.read_bytes())
    for name in names:
        file = Path(name.split("#")[0])
        digest.update(f"{name} {file.stat().st_size if file.is_file() else ''}".encode())
    return digest.hexdigest()[:16]


def _store(file: Path, found: Sequence[list[np.ndarray] | str]) -> None:
    """Write arrays and sentences to one npz file, whole or not at all."""
    reasons = {str(k): item for k, item in enumerate(found) if isinstance(item, str)}
    groups = [[] if isinstance(item, str) else item for item in found]
    arrays = [array for group in groups for array in group]
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    with part.open("wb") as stream:
        np.savez(
            stream,
            data=np.concatenate(arrays) if arrays else np.zeros(0),
            rows=[len(array) for array in arrays],
            group=[len(group) for group in groups],
            reasons=json.dumps(reasons),
        )
    part.replace(file)


def _kept(file: Path) -> list[list[np.ndarray] | str] | None:
    """What an earlier run has stored; None where there is nothing. A damaged file is set aside, to be made anew."""
    if not file.is_file():
        return None
    try:
        return _load(file)
    except Exception as error:  # cut short, emptied, overwritten: NumPy raises nearly anything
        set_aside(file, error)
        return None


def _load(file: Path) -> list[list[np.ndarray] | str]:
    """The inverse of ``_store``."""
    with np.load(file, allow_pickle=False) as kept:
        arrays = iter(np.split(kept["data"], np.cumsum(kept["rows"])[:-1]) if len(kept["rows"]) else [])
        reasons = json.loads(str(kept["reasons"]))
        groups = [[next(arrays) for _ in range(count)] for count in kept["group"]]
    return [reasons.get(str(k), group) for k, group in enumerate(groups)]
