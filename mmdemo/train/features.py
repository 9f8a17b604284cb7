"""A manifest made ready for training: every input is read once and kept, so that the cores train instead of decode.

Pictures become squares, sounds become the outputs of the frozen speech stem (training clips in several varied voices),
texts become tokens with the evidence that each of them gives. Squares and sounds are cached in a file whose name is a
hash of everything that made them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from mmdemo import audio, image
from mmdemo.audio.decode import decode
from mmdemo.audio.noise import loud_part
from mmdemo.audio.reader import AudioInput, read_audio
from mmdemo.audio.speech_embedding import SpeechEmbedding, listen
from mmdemo.config import SAMPLE_RATE, AudioConfig, ImageConfig, ModelConfig
from mmdemo.data.manifest.manifest import OUTLIER, load_image_cell
from mmdemo.image.reader import read_image
from mmdemo.messages import InputError
from mmdemo.text.reader import read_text
from mmdemo.train import augment_audio
from mmdemo.train.targets import StepTarget, marked, ramp

READERS = {"image": (image,), "audio": (audio, augment_audio)}  # a package is all of its modules
VOICES = 8  # how many variants of each training clip are kept: itself and seven varied ones
BEHIND = 120  # recordings of no class that may be heard in the background of the varied ones


@dataclass(frozen=True)
class Features:
    """One split of a manifest, read.

    Attributes:
        labels: class index of each of the N rows, -1 for what belongs to no class, int64, shape (N,).
        texts: each row's tokens and their evidence; ``None`` where the row has no text.
        image_of: each row's index into ``squares``, or -1, shape (N,).
        squares: normalised pictures, uint8, shape (pictures, size, size).
        audio_of: each row's index into ``sounds``, or -1, shape (N,).
        sounds: for each sound its variants, each (T, size) float32; the first is the sound as it is.
        problems: what could not be read, as sentences that name the manifest's line.
        label_span: from which to which share of its sound each row's label is being said, shape (N, 2); from end to end
            where it is not given.
    """

    labels: np.ndarray
    texts: list[tuple[tuple[str, ...], StepTarget] | None]
    image_of: np.ndarray
    squares: np.ndarray
    audio_of: np.ndarray
    sounds: list[list[np.ndarray]]
    problems: list[str]
    label_span: np.ndarray | None = None

    def rows_with(self, modality: str) -> np.ndarray:
        """Indices of the rows that have an input of that modality."""
        if modality == "text":
            return np.flatnonzero([text is not None for text in self.texts])
        return np.flatnonzero((self.image_of if modality == "image" else self.audio_of) >= 0)

    def only(self, keep: np.ndarray) -> Features:
        """The same features with only those rows that ``keep``, (N,) bool, says."""
        return replace(
            self,
            labels=self.labels[keep],
            texts=[text for text, kept in zip(self.texts, keep, strict=True) if kept],
            image_of=self.image_of[keep],
            audio_of=self.audio_of[keep],
            label_span=None if self.label_span is None else self.label_span[keep],
        )


def read_features(rows: pd.DataFrame, config: ModelConfig, cache: Path, *, voices: int = 1, seed: int = 0) -> Features:
    """Read the inputs of a manifest's rows.

    Args:
        rows: columns ``text``, ``image``, ``audio``, ``label``, ``line`` (for messages) and optionally ``belief`` and
            ``label_span``, as ``read_manifest`` gives them.
        config: the task.
        cache: folder for the cached arrays.
        voices: variants of each sound: 1 for validation and test.
        seed: of the varied voices.
    """
    problems: list[str] = []
    square = partial(_square, config=config)
    squares, image_of = _cached(rows, "image", square, _settings(config.image, "size", "subject"), cache, problems)
    behind = tuple(rows["audio"][(rows["label"] == OUTLIER) & (rows["audio"] != "")][:BEHIND]) if voices > 1 else ()
    settings = _settings(config.audio, "max_seconds", "prosody") | {"voices": voices, "seed": seed, "behind": behind}
    sound = partial(_voices, config=config.audio, count=voices, seed=seed, behind=behind)
    sounds, audio_of = _cached(rows, "audio", sound, settings, cache, problems)
    texts = [_text(row, config, problems) for row in rows.itertuples()]  # last: worker processes would copy them all
    size = config.image.size
    return Features(
        labels=rows["label"].map(partial(_class, config=config)).to_numpy(np.int64),
        texts=texts,
        image_of=image_of,
        squares=np.stack(squares) if squares else np.zeros((0, size, size), np.uint8),
        audio_of=audio_of,
        sounds=sounds,
        problems=problems,
        label_span=np.array([_span(cell) for cell in rows["label_span"]]).reshape(-1, 2)
        if "label_span" in rows
        else None,
    )


def _settings(config: ImageConfig | AudioConfig, *names: str) -> dict[str, Any]:
    """Those settings that decide what is read; the others are the stem's."""
    return {name: getattr(config, name) for name in names}


def _class(label: str, config: ModelConfig) -> int:
    """A label's index; -1 for what belongs to no class."""
    return -1 if label == OUTLIER else config.labels.index(label)


def _span(cell: str) -> tuple[float, float]:
    """``0.4-0.8`` as two numbers; from end to end if it is empty."""
    start, end = map(float, cell.split("-")) if cell else (0.0, 1.0)
    return start, end


def _text(row: Any, config: ModelConfig, problems: list[str]) -> tuple[tuple[str, ...], StepTarget] | None:
    """A row's tokens and evidence."""
    if not row.text:
        return None
    try:
        text = read_text(row.text, config.text)
    except InputError as error:
        problems.append(f"line {row.line}: {error}")
        return None
    if text.absent and row.label == OUTLIER:
        return None
    if text.absent:
        problems.append(f"line {row.line}: {text.absent}")
        return None
    if getattr(row, "belief", None):
        index = {label: k for k, label in enumerate(config.labels)} | {None: None}
        marks = [(offset, index[label]) for offset, label in json.loads(row.belief)]
        evidence = marked(marks, [token.end for token in text.tokens])
    else:
        evidence = ramp(_class(row.label, config), len(text.tokens))
    return tuple(token.text for token in text.tokens), evidence


def _square(cell: str, config: ModelConfig) -> np.ndarray | str:
    """A picture cell's normalised square, or why there is none."""
    try:
        picture = read_image(load_image_cell(cell), config.image)
    except InputError as error:
        return str(error)
    return str(picture.absent) if picture.absent else np.round(picture.pixels * 255).astype(np.uint8)


def _voices(
    cell: str, config: AudioConfig, count: int, seed: int, behind: tuple[str, ...] = ()
) -> list[np.ndarray] | str:
    """A sound cell through the speech stem, as it is and in varied voices, or why that cannot be."""
    torch.set_num_threads(1)  # the clips are already spread over the cores
    try:
        sound = read_audio(cell, config)
    except InputError as error:
        return str(error)
    if sound.absent:
        return str(sound.absent)
    variants = [_heard(sound)]
    rng = np.random.default_rng([seed, int.from_bytes(hashlib.sha256(Path(cell).name.encode()).digest()[:4], "big")])
    while len(variants) < count:
        samples = augment_audio.vary_voice(sound.samples, rng, others=_decoded(behind))
        varied = read_audio((SAMPLE_RATE, samples), config)
        variants.append(variants[0] if varied.absent else _heard(varied))
    return variants


@lru_cache(maxsize=1)
def _decoded(files: tuple[str, ...]) -> list[np.ndarray]:
    """Recordings of which something can be heard; one that cannot be read is passed over here."""
    sounds = []
    for file in files:
        with suppress(InputError):
            sounds.append(decode(file))
    return [sound for sound in sounds if loud_part(sound)]


@lru_cache
def _stem() -> SpeechEmbedding:
    return SpeechEmbedding.pretrained()


def _heard(sound: AudioInput) -> np.ndarray:
    """A sound as the model gets it, (T, size)."""
    return listen(_stem(), sound.mel, sound.prosody)


def _cached(
    rows: pd.DataFrame,
    column: str,
    read: Callable[[str], Any],
    settings: dict,
    cache: Path,
    problems: list[str],
) -> tuple[list, np.ndarray]:
    """Read a column's cells on all cores, or take them from the cache: the items, and each row's index or -1."""
    given = zip(rows[column], rows["line"], rows["label"], strict=True)
    cells = [(k, cell, line, label) for k, (cell, line, label) in enumerate(given) if cell]
    index = np.full(len(rows), -1, np.int64)
    if not cells:
        return [], index
    names = [cell for _, cell, _, _ in cells]
    file = cache / f"{column}-{_fingerprint(names, settings, READERS[column])}.npz"
    if not file.is_file():
        with ProcessPoolExecutor() as pool:
            _store(file, list(tqdm(pool.map(read, names, chunksize=64), column, len(names), leave=False)))
    items = []
    for (k, _, line, label), item in zip(cells, _load(file), strict=True):
        if isinstance(item, str):
            if label != OUTLIER:  # where there is nothing to read, to find nothing is right
                problems.append(f"line {line}: {item}")
        else:
            index[k] = len(items)
            items.append(item)
    return items, index


def _fingerprint(names: Sequence[str], settings: dict, readers: Sequence[ModuleType]) -> str:
    """A hash of everything that decides what the cells become: files, settings, and the code that reads them."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for module in readers:
        file = Path(module.__file__)
        for source in sorted(file.parent.glob("*.py")) if file.name == "__init__.py" else [file]:
            digest.update(source.read_bytes())
    for name in names:
        file = Path(name.split("#")[0])
        digest.update(f"{name} {file.stat().st_size if file.is_file() else ''}".encode())
    return digest.hexdigest()[:16]


def _store(file: Path, items: Sequence[Any]) -> None:
    """Write arrays, lists of arrays and sentences to one npz file, whole or not at all."""
    reasons = {str(k): item for k, item in enumerate(items) if isinstance(item, str)}
    groups = [[] if isinstance(item, str) else item if isinstance(item, list) else [item] for item in items]
    arrays = [array for group in groups for array in group]
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    with part.open("wb") as stream:
        np.savez(
            stream,
            data=np.concatenate(arrays) if arrays else np.zeros(0),
            rows=[len(array) for array in arrays],
            group=[len(group) for group in groups],
            listed=any(isinstance(item, list) for item in items),
            reasons=json.dumps(reasons),
        )
    part.replace(file)


def _load(file: Path) -> list[Any]:
    """The inverse of ``_store``."""
    with np.load(file, allow_pickle=False) as kept:
        arrays = iter(np.split(kept["data"], np.cumsum(kept["rows"])[:-1]) if len(kept["rows"]) else [])
        reasons, listed = json.loads(str(kept["reasons"])), bool(kept["listed"])
        groups = [[next(arrays) for _ in range(count)] for count in kept["group"]]
    return [reasons.get(str(k), group if listed else group[0] if group else None) for k, group in enumerate(groups)]
