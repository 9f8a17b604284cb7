"""Predictions to keep: a whole manifest's as a table, one result's inside as an NPZ file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
import pandas as pd
from tqdm import tqdm

from mmdemo.data.manifest.manifest import load_cell, read_inputs
from mmdemo.data.manifest.table import PARQUET, plain_cell, read_table, write_table
from mmdemo.inference.predictor import Predictor
from mmdemo.inference.result import Result
from mmdemo.lstm.trace import SIGNALS
from mmdemo.messages import InputError, Note

Found = TypeVar("Found")
COLUMNS = ("predicted", "probability", "level", "used", "note")
FAULTS_OF_ONE = ("manifest.missing_file", "manifest.not_idx", "manifest.no_picture", "text.too_long")  # not of a row


def predict_manifest(predictor: Predictor, manifest: Path, out: Path) -> int:
    """Predict every row of a manifest; its labels, if it has any, do not matter.

    Args:
        predictor: the checkpoint.
        manifest: the inputs.
        out: the table to write (CSV or Parquet): the manifest's own columns, then ``COLUMNS``. A row that cannot be
            read has no prediction, and its ``note`` says why. In a CSV, what a spreadsheet would take for a formula
            gets a ' in front.

    Returns:
        How many rows could not be predicted.

    Raises:
        InputError: the manifest cannot be read as a table, or has no column for any input.
    """
    rows, problems = read_inputs(manifest)
    faults = {problem.line: problem.note for problem in problems}
    found = each_row(predictor, rows, faults, _answer)
    answers = [{"note": row} if isinstance(row, str) else row for row in tqdm(found, total=len(rows), leave=False)]
    table, _ = read_table(manifest)  # once more, for its paths as they were
    table = table.drop(columns=["line", *COLUMNS], errors="ignore")
    table = table.assign(**{name: [answer.get(name, "") for answer in answers] for name in COLUMNS})
    write_table(table if out.suffix.lower() in PARQUET else table.map(plain_cell), out)
    return sum("predicted" not in answer for answer in answers)


def each_row(
    predictor: Predictor, rows: pd.DataFrame, faults: Mapping[int, Note], look: Callable[[Result], Found]
) -> Iterator[Found | str]:
    """What ``look`` makes of each row's result, or a sentence that says why there is none.

    Args:
        predictor: the checkpoint.
        rows: of a manifest, as ``read_inputs`` gives them.
        faults: by line, what is wrong with a row already.
        look: from a result to whatever is wanted of it.
    """
    names = predictor.config.modalities
    for row in rows.reindex(columns=[*names, "line"], fill_value="").to_dict("records"):
        given = {modality: partial(load_cell, modality, row[modality]) for modality in names if row[modality]}
        fault = faults.get(row["line"])
        if fault and (len(given) < 2 or fault.key not in FAULTS_OF_ONE):  # of several inputs, the others are read
            yield str(fault)
            continue
        try:
            yield look(predictor.predict(**given))
        except InputError as error:
            yield str(error)
        except Exception as error:  # whatever is wrong with this row, the others go on
            yield f"{type(error).__name__}: {error}"


def _answer(result: Result) -> dict[str, Any]:
    """A row's cells for ``COLUMNS``."""
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
