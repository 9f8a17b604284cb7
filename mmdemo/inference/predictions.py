"""Predictions to keep: a row's as cells of a table, one result's in words, its inside as an NPZ file."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from mmdemo.data.manifest.parts import Part, PartedTable
from mmdemo.data.manifest.table import PARQUET, plain_cell
from mmdemo.inference.batches import Answer
from mmdemo.inference.jobs import PART, Job, whole
from mmdemo.inference.result import Result
from mmdemo.lstm.trace import SIGNALS
from mmdemo.messages import InputError

COLUMNS = ("predicted", "probability", "level", "used", "note")


class Predictions(Job):
    """Every row predicted: one table, CSV or Parquet, put together at the end.

    It has the manifest's own columns, then ``COLUMNS``. A row that cannot be read has no prediction, and its ``note``
    says why. In a CSV, what a spreadsheet would take for a formula gets a ' in front.
    """

    @property
    def folder(self) -> Path:
        """Beside the table, until that is whole."""
        return self.out.with_name(f".{self.out.name}.parts")

    @property
    def _ending(self) -> str:
        ending = self.out.suffix.lower()
        return ending if ending in (*PARQUET, ".tsv") else ".csv"

    def files(self, part: Part) -> list[Path]:
        """One, of the kind that the table will be."""
        return [self.folder / f"{part.number:06}{self._ending}"]

    def write(self, part: Part, rows: pd.DataFrame, answers: Iterable[Answer | str]) -> int:
        """Write the rows with their answers."""
        found = [answer_of(answer) for answer in answers]
        table = _without_answers(rows).assign(**{name: [row.get(name) for row in found] for name in COLUMNS})
        if self._ending in PARQUET:
            whole(self.files(part)[0], lambda path: _typed(table).to_parquet(path, index=False))
        else:
            plain = table.map(plain_cell)
            whole(self.files(part)[0], lambda path: plain.to_csv(path, index=False, header=False, sep=self._separator))
        return sum("predicted" not in row for row in found)

    def refuse(self) -> None:
        """They are thrown away: they are what is left of a table that nobody has seen."""
        shutil.rmtree(self.folder)

    def join(self) -> int:
        """Put the table together, once all parts are there: how many of its rows could not be predicted."""
        table = PartedTable(self.manifest)
        files = [file for part in table.parts(PART) for file in self.files(part)]
        columns = _without_answers(pd.DataFrame(columns=table.columns, dtype=object))
        header = columns.assign(**dict.fromkeys(COLUMNS, "")).iloc[:0]
        join = self._join_parquet if self._ending in PARQUET else self._join_text
        failed = 0

        def write(path: Path) -> None:
            nonlocal failed
            failed = join(path, files, header)

        whole(self.out, write)
        shutil.rmtree(self.folder)
        return failed

    @property
    def _separator(self) -> str:
        return "\t" if self._ending == ".tsv" else ","

    def _join_text(self, path: Path, files: Sequence[Path], header: pd.DataFrame) -> int:
        header.to_csv(path, index=False, sep=self._separator)
        where, failed = header.columns.get_loc("predicted"), 0
        with path.open("ab") as joined:
            for file in files:
                joined.write(file.read_bytes())
                with file.open(encoding="utf-8", newline="") as part:
                    csv.field_size_limit(max(csv.field_size_limit(), file.stat().st_size))
                    failed += sum(not cells[where] for cells in csv.reader(part, delimiter=self._separator))
        return failed

    def _join_parquet(self, path: Path, files: Sequence[Path], header: pd.DataFrame) -> int:
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter, read_table

        schema, failed = pa.Table.from_pandas(_typed(header), preserve_index=False).schema, 0
        with ParquetWriter(path, schema) as joined:
            for file in files:
                table = read_table(file).cast(schema)
                joined.write_table(table)
                failed += table["predicted"].null_count
        return failed


def answer_of(answer: Answer | str) -> dict[str, Any]:
    """A row's cells for ``COLUMNS``; of one that was not answered, only the note."""
    if isinstance(answer, str):
        return {"note": answer}
    result = answer.result
    return {
        "predicted": result.label,
        "probability": round(result.probability, 6),
        "level": result.level,
        "used": "+".join(result.used),
        "note": " ".join(remarks(result)),
    }


def remarks(result: Result) -> list[str]:
    """Everything that a person should know about a result beside its answer, in English, once each."""
    notes = [*result.ignored.values(), result.contradiction, result.reason, *result.notes]
    return list(dict.fromkeys(str(note) for note in notes if note))


def in_words(result: Result) -> str:
    """A result for a person at a terminal."""
    lines = [f"{result.label} ({result.probability:.1%}, {result.level})"]
    lines += [f"  {label:<12} {p:6.1%}" for label, p in _ranked(result)[1:4]]
    return "\n".join([*lines, *remarks(result)])


def _ranked(result: Result) -> list[tuple[str, float]]:
    order = np.argsort(-result.probabilities, kind="stable")
    return [(result.labels[k], float(result.probabilities[k])) for k in order]


def save_trace(result: Result, file: Path) -> None:
    """Write what happened inside the LSTM to an NPZ file: see ``write_trace``.

    Raises:
        InputError: nothing was read, so there is nothing to trace.
    """
    if result.trace is None:
        raise InputError("answer.nothing")
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as stream:  # an open file keeps its name; a path would get .npz appended
        write_trace(result, stream)


def write_trace(result: Result, stream: BinaryIO) -> None:
    """Write what happened inside the LSTM in NPZ format, which needs no pickle.

    It holds, for T steps, H units and C classes: ``i, f, g, o, c, h`` (T, H); ``beliefs`` (T, C), the probabilities
    after every step; ``labels`` (C,); ``modality`` (T,); ``word`` (T,), empty for pictures and sounds; and ``span``
    (T, 4): characters or seconds (start, end, -, -), or the box (x0, y0, x1, y1) in the original picture, - being NaN.

    Raises:
        InputError: nothing was read, so there is nothing to trace.
    """
    if result.trace is None:
        raise InputError("answer.nothing")
    spans = np.full((len(result.steps), 4), np.nan)
    for span, step in zip(spans, result.steps, strict=True):
        span[: len(step.span)] = step.span
    np.savez_compressed(
        stream,
        **{name: getattr(result.trace, name).cpu().numpy() for name in SIGNALS},
        beliefs=result.step_probabilities,
        labels=np.array(result.labels),
        modality=np.array([step.modality for step in result.steps]),
        word=np.array([step.text for step in result.steps]),
        span=spans,
    )


def _without_answers(rows: pd.DataFrame) -> pd.DataFrame:
    """A manifest's own columns."""
    return rows.drop(columns=["line", *COLUMNS], errors="ignore")


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    """The same with a number in the column that has numbers, and texts in all others, whatever is missing."""
    kinds: Mapping[str, str] = dict.fromkeys(table.columns, "string") | {"probability": "float64"}
    return table.astype(kinds)
