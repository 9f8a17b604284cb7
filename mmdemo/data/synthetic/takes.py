"""Shared by the commands that make training data: one file for each planned take, resumable, and a manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator
from tqdm import tqdm

from mmdemo.data.manifest.manifest import write_manifest

MANIFEST = "manifest.csv"
STRANGERS = "strangers.csv"  # the manifest of what is only measured


def draw(weights: Mapping[str, float], rng: Generator) -> str:
    """One of the names, each as often as its weight says."""
    shares = np.array(list(weights.values()), float)
    return str(rng.choice(list(weights), p=shares / shares.sum()))


def file_name(take: Any, ending: str) -> str:
    """It tells what the file holds, so that a take that is planned anew is never mistaken for an old one.

    Args:
        take: a dataclass with a ``name``.
        ending: without the dot.
    """
    digest = hashlib.sha256(json.dumps(asdict(take), sort_keys=True).encode()).hexdigest()
    return f"{take.name}-{digest[:6]}.{ending}"


def make_missing(
    takes: Sequence[Any],
    file_of: Callable[[Any], Path],
    make: Callable[[Any], None],
    manifest: Path,
    *,
    modality: str,
    columns: Sequence[str],
    title: str,
    jobs: int | None = None,
    prepare: Callable[[], Any] | None = None,
) -> int:
    """Make the files that are not there yet, with a progress bar, and write the manifest of all that are.

    Args:
        takes: dataclasses; their fields go into the manifest.
        file_of: a take -> its file.
        make: makes one take's file, whole or not at all; sent to other processes.
        manifest: the file to write; an interrupted run leaves one of what there is.
        modality: the column that names the files.
        columns: of the manifest.
        title: of the progress bar.
        jobs: processes; one for each core if not given.
        prepare: called once in each process.

    Returns:
        How many takes have a file now.
    """
    manifest.parent.mkdir(parents=True, exist_ok=True)
    missing = [take for take in takes if not file_of(take).is_file()]
    try:
        if jobs == 1:
            for take in tqdm(missing, title, leave=False):
                make(take)
        else:
            with ProcessPoolExecutor(jobs, initializer=prepare) as pool:
                for _ in tqdm(pool.map(make, missing, chunksize=4), title, len(missing), leave=False):
                    pass
    finally:
        made = [take for take in takes if file_of(take).is_file()]
        rows = pd.DataFrame([asdict(take) | {modality: str(file_of(take))} for take in made], dtype=object)
        write_manifest(rows.reindex(columns=list(columns)).astype(object).fillna(""), manifest)
    return len(made)
