"""A table of strings from a file, with the line of every row: CSV (or separated by semicolons or tabs) or Parquet."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mmdemo.messages import InputError, Note

PARQUET = (".parquet", ".pq")
RISKY = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet takes a cell that begins so for a formula
SPACES_COUNT = "text"  # the only column whose cells keep the spaces around them


@dataclass(frozen=True)
class Problem:
    """A row that cannot be used.

    Attributes:
        line: where it begins: the line of a text file, counted from 1, or the row of a Parquet file.
        note: why.
    """

    line: int
    note: Note

    def __str__(self) -> str:
        return f"line {self.line}: {self.note}"


def read_table(path: str | Path) -> tuple[pd.DataFrame, list[Problem]]:
    """Every row of a file as strings, a missing value empty, and its ``line`` as a number; column names in lower case.

    Returns:
        The rows, and what is wrong with those that have too many cells; they are in the table too, cut short.

    Raises:
        InputError: the file is not there, or is no such table.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("manifest.no_file", file=str(path))
    return _parquet(path) if path.suffix.lower() in PARQUET else _delimited(path)


def write_table(rows: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet, or separated by tabs or commas, by the name's ending; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() in PARQUET:
        rows.to_parquet(path, index=False)
    else:
        rows.to_csv(path, index=False, sep="\t" if path.suffix.lower() == ".tsv" else ",")


def _delimited(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """A text file. Read by the csv module, which knows the line of a row; to it "NA" and "None" are just words."""
    try:
        text = path.read_text(encoding="utf-8-sig").replace("\0", "")
    except UnicodeDecodeError as error:
        raise InputError("manifest.encoding", file=str(path)) from error
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # too long a cell is one row's problem, not the file's
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    header = [name.strip().lower() for name in next(reader, [])]
    rows, problems, line = [], [], reader.line_num + 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            rows.append([*cells[: len(header)], *[""] * (len(header) - len(cells)), line])
            if len(cells) > len(header):
                problems.append(Problem(line, Note("manifest.cells", {"cells": len(cells), "columns": len(header)})))
        line = reader.line_num + 1
    lines = [row.pop() for row in rows]
    return _strings(pd.DataFrame(rows, columns=header, dtype=object), lines, path), problems


def _parquet(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """A Parquet file; its rows are counted from 1."""
    try:
        rows = pd.read_parquet(path)
    except ImportError as error:
        raise InputError("manifest.no_parquet", file=str(path)) from error
    except (OSError, ValueError) as error:  # pyarrow's own errors are among them
        raise InputError("manifest.unreadable", file=str(path)) from error
    rows.columns = [str(name).strip().lower() for name in rows]
    return _strings(rows, range(1, len(rows) + 1), path), []


def _strings(rows: pd.DataFrame, lines: Iterable[int], path: Path) -> pd.DataFrame:
    """Every cell as a string, and a column ``line``."""
    twice = rows.columns[rows.columns.duplicated()]
    if len(twice):
        raise InputError("manifest.twice", file=str(path), column=twice[0])

    def cells(column: str) -> Iterator[str]:
        for value in rows[column].tolist():
            if isinstance(value, str):
                yield value if column == SPACES_COUNT else value.strip()
            else:
                yield _said(value)

    table = pd.DataFrame({name: list(cells(name)) for name in rows if name != "line"}, dtype=object)
    return table.assign(line=pd.Series(lines, dtype=int))


def _said(value: Any) -> str:
    """A number or missing value in words: a label 7 may come as 7.0 from a column with gaps."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def plain_cell(cell: Any) -> Any:
    """A cell that no spreadsheet takes for a formula; a number is a number whatever it begins with."""
    if not isinstance(cell, str) or not cell.startswith(RISKY):
        return cell
    with suppress(ValueError):
        float(cell)
        return cell
    return f"'{cell}"
