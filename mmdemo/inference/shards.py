"""A whole manifest explained, in shards that any number of machines take one by one: Parquet in, Parquet out.

The rows are divided evenly among the shards, and a shard's rows into parts. A part is three files, each written under
another name first, so that a file is whole or not there; who begins again passes over the parts that are done.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from mmdemo.data.manifest.manifest import read_inputs
from mmdemo.inference.predictions import each_row, remarks
from mmdemo.inference.predictor import Predictor
from mmdemo.inference.result import Result
from mmdemo.messages import InputError, Note

PART = 500  # rows: what is lost at most when a machine is stopped
NUMBERS = pa.list_(pa.float32())  # one for each class, in the order of ``labels`` in about.json
ROW = [pa.field("row", pa.int64())]  # the row of the manifest, counted from 0: what joins the three tables
TABLES = {
    "predictions": pa.schema(
        [
            *ROW,
            *(pa.field(name, pa.string()) for name in ("predicted", "used", "note")),
            pa.field("level", pa.string()),
            pa.field("probability", pa.float32()),
            *(pa.field(name, NUMBERS) for name in ("probabilities", "logits", "bias", "prior")),
            pa.field("settled", pa.int32()),
        ]
    ),
    "ledger": pa.schema(
        [
            *ROW,
            pa.field("step", pa.int32()),
            *(pa.field(name, pa.string()) for name in ("modality", "text")),
            pa.field("span", pa.list_(pa.float32())),
            *(pa.field(name, pa.float32()) for name in ("evidence", "changed")),
            *(pa.field(name, NUMBERS) for name in ("beliefs", "evidences")),
        ]
    ),
    "shares": pa.schema(
        [
            *ROW,
            pa.field("modality", pa.string()),
            pa.field("share", pa.float32()),
            *(pa.field(name, NUMBERS) for name in ("shares", "alone")),
        ]
    ),
}
"""What is written of every row.

``predictions``: the answer, or in ``note`` why there is none; ``settled``: the step from which the answer stayed ahead.
``ledger``: for every step where it came from, the ``evidence`` that it wrote for the answer against the mean of all
classes, what it ``changed`` in the same, and the ``evidences`` for each class, which with the bias add up to the
logits.
``shares``: for every modality that was read its Shapley ``share`` of the answer's probability, and the ``shares`` of
all classes, which with the prior add up to the probabilities; and the probabilities that it ``alone`` leads to.
"""


@dataclass(frozen=True)
class Shard:
    """One of so many equal parts of a manifest.

    Attributes:
        index: which one, counted from 0.
        count: of how many.
    """

    index: int
    count: int

    def parts(self, rows: int) -> Iterable[range]:
        """The rows of this shard, at most ``PART`` at a time."""
        first, stop = (rows * k // self.count for k in (self.index, self.index + 1))
        return [range(start, min(start + PART, stop)) for start in range(first, stop, PART)]


def explain_all(predictor: Predictor, checkpoint: Path, manifest: Path, out: Path, shard: Shard) -> tuple[int, int]:
    """Explain a shard's rows of a manifest; whatever of it is done already is left as it is.

    Args:
        predictor: the checkpoint, ready.
        checkpoint: its folder.
        manifest: the inputs; labels do not matter.
        out: the folder, shared by all shards. It gets ``about.json``, and a folder for each of ``TABLES``, which
            ``pandas.read_parquet`` reads as one.
        shard: which rows.

    Returns:
        how many rows this call explained, and how many of those could not be read.

    Raises:
        InputError: the manifest cannot be read, or the folder holds another manifest's, checkpoint's or division's.
    """
    rows, problems = read_inputs(manifest)
    _agree(out, {
        "manifest": _hash(manifest),
        "checkpoint": _hash(checkpoint / "config.json", checkpoint / "model.safetensors"),
        "shards": shard.count,
        "rows": len(rows),
        "part": PART,
        "labels": list(predictor.config.labels),
    })  # fmt: skip
    faults = {problem.line: problem.note for problem in problems}
    done = failed = 0
    for number, part in enumerate(shard.parts(len(rows))):
        files = {name: out / name / f"{shard.index:05}-of-{shard.count:05}-{number:05}.parquet" for name in TABLES}
        if all(map(_is_done, files.values())):
            continue
        records = _explained(predictor, rows.iloc[part.start : part.stop], part, faults)
        for name, file in files.items():
            _write(pa.Table.from_pylist(records[name], schema=TABLES[name]), file)
        done += len(part)
        failed += sum(not row["predicted"] for row in records["predictions"])
    return done, failed


def _explained(
    predictor: Predictor, rows: pd.DataFrame, numbers: range, faults: dict[int, Note]
) -> dict[str, list[dict[str, Any]]]:
    """The records of each table for some rows."""
    records: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    found = each_row(predictor, rows, faults, partial(_row, predictor))
    for number, tables in zip(numbers, tqdm(found, total=len(rows), leave=False, disable=None), strict=True):
        for name, some in ({"predictions": [{"note": tables}]} if isinstance(tables, str) else tables).items():
            records[name] += [{**dict.fromkeys(TABLES[name].names), "row": number, **record} for record in some]
    return records


def _row(predictor: Predictor, result: Result) -> dict[str, list[dict[str, Any]]]:
    """One row's records for each table."""
    answer = {
        "predicted": result.label,
        "used": "+".join(result.used),
        "note": " ".join(remarks(result)),
        "level": result.level,
        "probability": result.probability,
        "probabilities": result.probabilities.tolist(),
    }
    explanation = predictor.explain(result)
    if explanation is None:
        return {"predictions": [answer]}
    evidence = explanation.evidence.cpu()  # (C, T)
    best, changed = (
        (rows[explanation.answer] - rows.mean(0)).tolist() for rows in (explanation.evidence, explanation.changed)
    )  # of the answer against the mean of all, (T,)
    whole = {name: getattr(explanation, name).tolist() for name in ("logits", "bias", "prior")}
    return {
        "predictions": [{**answer, **whole, "settled": explanation.settled}],
        "ledger": [
            {
                "step": t,
                "modality": step.modality,
                "text": step.text,
                "span": list(step.span),
                "evidence": best[t],
                "changed": changed[t],
                "beliefs": result.step_probabilities[t].tolist(),
                "evidences": evidence[:, t].tolist(),
            }
            for t, step in enumerate(result.steps)
        ],
        "shares": [
            {
                "modality": modality,
                "share": float(share[explanation.answer]),
                "shares": share.tolist(),
                "alone": result.unimodal_probabilities[modality].tolist(),
            }
            for modality, share in explanation.shares.items()
        ],
    }


def _agree(out: Path, about: dict[str, Any]) -> None:
    """Write what the folder holds, or make sure that it holds the same."""
    file = out / "about.json"
    with suppress(FileNotFoundError):
        try:
            same = json.loads(file.read_text(encoding="utf-8")) == about
        except (ValueError, RecursionError):
            same = False
        if not same:
            raise InputError("shards.other", folder=str(out))
    _whole(file, lambda path: path.write_text(json.dumps(about, indent=2), encoding="utf-8"))


def _is_done(file: Path) -> bool:
    """Whether a part is there and whole; one that was damaged is made anew in its place."""
    try:
        pq.read_metadata(file)
    except (OSError, pa.ArrowInvalid):
        return False
    return True


def _write(table: pa.Table, file: Path) -> None:
    _whole(file, lambda path: pq.write_table(table, path, compression="zstd"))


def _whole(file: Path, write: Callable[[Path], Any]) -> None:
    """Write a file whole or not at all, even if another process writes the same; readers pass over names with a dot."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{platform.node()}.{os.getpid()}")
    write(part)
    part.replace(file)


def _hash(*files: Path) -> str:
    """What tells files from others with the same names."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
