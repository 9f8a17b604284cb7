"""Explanations to keep: what is written of every row of a manifest, as three tables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mmdemo.data.manifest.parts import Part
from mmdemo.inference.batches import Answer
from mmdemo.inference.jobs import Job, whole
from mmdemo.inference.predictions import remarks

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


class Explanations(Job):
    """Every row explained: a folder with ``about.json``, and one of Parquet files for each of ``TABLES``."""

    explained = True

    @property
    def folder(self) -> Path:
        """The folder itself."""
        return self.out

    def files(self, part: Part) -> list[Path]:
        """One of each table."""
        return [self.out / name / f"{part.number:06}.parquet" for name in TABLES]

    def write(self, part: Part, rows: pd.DataFrame, answers: Iterable[Answer | str]) -> int:
        """Write the tables' rows."""
        records = records_of(answers, part.first)
        for (name, columns), file in zip(TABLES.items(), self.files(part), strict=True):
            table = pa.Table.from_pylist(records[name], schema=columns)
            whole(file, lambda path, table=table: pq.write_table(table, path, compression="zstd"))
        return sum(not row["predicted"] for row in records["predictions"])


def records_of(answers: Iterable[Answer | str], first: int) -> dict[str, list[dict[str, Any]]]:
    """The records of each table for some rows, the first of which has that number in the manifest."""
    records: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for number, answer in enumerate(answers, start=first):
        tables = {"predictions": [{"note": answer}]} if isinstance(answer, str) else _tables(answer)
        for name, some in tables.items():
            records[name] += [{**dict.fromkeys(TABLES[name].names), "row": number, **record} for record in some]
    return records


def _tables(answer: Answer) -> dict[str, list[dict[str, Any]]]:
    """One row's records for each table."""
    result, credits = answer
    told = {
        "predicted": result.label,
        "used": "+".join(result.used),
        "note": " ".join(remarks(result)),
        "level": result.level,
        "probability": result.probability,
        "probabilities": result.probabilities.tolist(),
    }
    if credits is None:
        return {"predictions": [told]}
    evidence = credits.evidence.T.tolist()  # (T, C)
    best, changed = (
        (rows[credits.answer] - rows.mean(0)).tolist() for rows in (credits.evidence, credits.changed)
    )  # of the answer against the mean of all, (T,)
    whole = {name: getattr(credits, name).tolist() for name in ("logits", "bias", "prior")}
    return {
        "predictions": [{**told, **whole, "settled": credits.settled}],
        "ledger": [
            {
                "step": t,
                "modality": step.modality,
                "text": step.text,
                "span": list(step.span),
                "evidence": best[t],
                "changed": changed[t],
                "beliefs": result.step_probabilities[t].tolist(),
                "evidences": evidence[t],
            }
            for t, step in enumerate(result.steps)
        ],
        "shares": [
            {
                "modality": modality,
                "share": float(share[credits.answer]),
                "shares": share.tolist(),
                "alone": result.unimodal_probabilities[modality].tolist(),
            }
            for modality, share in credits.shares.items()
        ],
    }
