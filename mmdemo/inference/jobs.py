"""A whole manifest predicted or explained, part by part: in this process, or on a cluster's.

Its rows are divided into parts. What comes of a part is a file or several, each written under another name first, so
that it is whole or not there. Who begins again passes over the parts that are done, and who makes a part twice, because
another process died at it, writes the same files again. So nothing is lost, and nothing is there twice.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from tqdm import tqdm

from mmdemo import worker_pool
from mmdemo.audio import decode as audio_decode
from mmdemo.data.manifest.manifest import inputs_of
from mmdemo.data.manifest.parts import Part, PartedTable
from mmdemo.data.manifest.table import PARQUET
from mmdemo.image import worker as image_worker
from mmdemo.inference.batches import Answer, answer_rows
from mmdemo.inference.predictor import Predictor
from mmdemo.messages import InputError

PART = 250  # rows: what is lost at most of each process's work when it is stopped
SECONDS = 30.0  # that reading one picture or recording may take before it is given up


class Done(NamedTuple):
    """How many rows a part had, and how many of those could not be read."""

    rows: int
    failed: int


@dataclass(frozen=True)
class Job(ABC):
    """What is made of a manifest's rows. It can be sent to other machines that see the same files.

    Attributes:
        manifest: the inputs; labels do not matter.
        checkpoint: the folder of the task.
        out: what is written.
        device: where the model runs; the fastest that there is if not given.
    """

    manifest: Path
    checkpoint: Path
    out: Path
    device: str | None = None

    explained = False  # whether the answers are explained, too

    @property
    @abstractmethod
    def folder(self) -> Path:
        """Where the parts are written."""

    @abstractmethod
    def files(self, part: Part) -> list[Path]:
        """The files of a part."""

    @abstractmethod
    def write(self, part: Part, rows: pd.DataFrame, answers: Iterable[Answer | str]) -> int:
        """Write a part's files: how many of its rows could not be read."""

    def is_done(self, part: Part) -> bool:
        """Whether a part is there and whole."""
        return all(map(_is_whole, self.files(part)))

    def refuse(self) -> None:
        """What happens if the folder holds something else's parts.

        Raises:
            InputError: they are kept.
        """
        raise InputError("jobs.other", folder=str(self.folder))


class Worker:
    """One predictor, which works on parts of a job."""

    def __init__(self, job: Job) -> None:
        self.job, self.table = job, PartedTable(job.manifest)
        with contextlib.redirect_stdout(None):  # the hub library's remarks: a program may read what we print
            self.predictor = Predictor.load(job.checkpoint, job.device)

    def work(self, part: Part) -> Done:
        """Answer a part's rows and write what comes of it."""
        as_written, problems = self.table.read(part)
        rows, problems = inputs_of(as_written, problems, self.job.manifest)
        faults = {problem.line: problem.note for problem in problems}
        answers = answer_rows(self.predictor, rows, faults, explained=self.job.explained)
        return Done(part.rows, self.job.write(part, as_written, answers))


Crew = Callable[[Job, Sequence[Part]], Iterator[Done]]
"""What works on parts of a job, in any order, and tells of each that is done."""


def alone(job: Job, parts: Sequence[Part]) -> Iterator[Done]:
    """The crew that is this process."""
    worker = Worker(job)
    guard()
    try:
        yield from map(worker.work, parts)
    finally:
        worker_pool.stop()


def guard() -> None:
    """From now on, files are decoded and searched in a process that may hang or crash: only that row is lost then."""
    worker_pool.start(1, prepare=[image_worker.prepare, audio_decode.prepare], seconds=SECONDS)


def run(job: Job, crew: Crew = alone) -> Done:
    """Do a job, or whatever of it is not done yet.

    Returns:
        how many rows were answered now, and how many of those could not be read.

    Raises:
        InputError: the manifest cannot be read, or the folder holds another manifest's or checkpoint's parts.
        FileNotFoundError: there is no checkpoint.
    """
    table = PartedTable(job.manifest)
    parts = table.parts(PART)
    inputs_of(pd.DataFrame(columns=[*table.columns, "line"], dtype=object), [], job.manifest)  # which may refuse it
    rows = sum(part.rows for part in parts)
    _agree(job, rows)
    left = [part for part in parts if not job.is_done(part)]
    missing = sum(part.rows for part in left)
    done = failed = 0
    with tqdm(total=rows, initial=rows - missing, unit="row", leave=False, disable=None) as bar:
        for one in crew(job, left) if left else ():
            bar.update(one.rows)
            done, failed = done + one.rows, failed + one.failed
    return Done(done, failed)


def _agree(job: Job, rows: int) -> None:
    """Write what the folder holds, or make sure that it holds the same."""
    for name in ("config.json", "model.safetensors"):
        if not (job.checkpoint / name).is_file():
            raise FileNotFoundError(
                f"No checkpoint in {job.checkpoint}: it has no {name}. Train one: python -m mmdemo train"
            )
    about = {
        "manifest": _hash(job.manifest),
        "checkpoint": _hash(job.checkpoint / "config.json", job.checkpoint / "model.safetensors"),
        "rows": rows,
        "part": PART,
        "labels": json.loads((job.checkpoint / "config.json").read_text(encoding="utf-8")).get("labels"),
    }
    file = job.folder / "about.json"
    with contextlib.suppress(FileNotFoundError):
        try:
            same = json.loads(file.read_text(encoding="utf-8")) == about
        except (ValueError, RecursionError):
            same = False
        if not same:
            job.refuse()
    whole(file, lambda path: path.write_text(json.dumps(about, indent=2), encoding="utf-8"))


def _is_whole(file: Path) -> bool:
    """Whether a file is there and whole; one that was damaged is made anew in its place."""
    if file.suffix.lower() not in PARQUET:
        return file.is_file()
    import pyarrow as pa
    from pyarrow.parquet import read_metadata

    try:
        read_metadata(file)
    except (OSError, pa.ArrowInvalid):
        return False
    return True


def whole(file: Path, write: Callable[[Path], Any]) -> None:
    """Write a file whole or not at all, even if another process writes the same; readers pass over names with a dot."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{platform.node()}.{os.getpid()}")
    write(part)
    part.replace(file)


def _hash(*files: Path) -> str:
    """What tells files from others with the same names."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(2**20):
                digest.update(block)
    return digest.hexdigest()[:16]
