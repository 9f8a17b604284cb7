"""A table of strings from a file, with the line of every row: CSV (or separated by semicolons or tabs) or Parquet."""

from __future__ import annotations

import csv
import math
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

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
    """A text file."""
    layout = Layout.of(path)
    return layout.table(layout.records(layout.start), path)


class Place(NamedTuple):
    """Where a row of a text file begins: at which byte, and in which line, counted from 1."""

    byte: int
    line: int


@dataclass(frozen=True)
class Layout:
    """How a text file is divided. It is read by the csv module, to which "NA" and "None" are just words.

    Attributes:
        path: the file.
        delimiter: between its cells.
        header: the names of its columns.
        start: where the first row begins.
    """

    path: Path
    delimiter: str
    header: tuple[str, ...]
    start: Place

    @classmethod
    def of(cls, path: Path) -> Layout:
        """That of a file.

        Raises:
            InputError: it is not UTF-8.
        """
        first = next((text for text, _ in _lines(path, 0)), "")
        delimiter = max(",;\t", key=first.count)
        unread = cls(path, delimiter, (), Place(0, 1))
        _, cells, after = next(unread._records(Place(0, 1)), (None, [], Place(0, 1)))
        return cls(path, delimiter, tuple(name.strip().lower() for name in cells), after)

    def records(self, place: Place) -> Iterator[tuple[Place, list[str]]]:
        """Where each row from a place on begins, and its cells; rows in which nothing stands are passed over.

        Raises:
            InputError: the file is not UTF-8.
        """
        return ((at, cells) for at, cells, _ in self._records(place) if any(cell.strip() for cell in cells))

    def table(self, records: Iterable[tuple[Place, list[str]]], path: Path) -> tuple[pd.DataFrame, list[Problem]]:
        """Such rows as a table, and what is wrong with those that have too many cells."""
        rows, lines, problems, width = [], [], [], len(self.header)
        for place, cells in records:
            rows.append([*cells[:width], *[""] * (width - len(cells))])
            lines.append(place.line)
            if len(cells) > width:
                problems.append(Problem(place.line, Note("manifest.cells", {"cells": len(cells), "columns": width})))
        return as_strings(pd.DataFrame(rows, columns=list(self.header), dtype=object), lines, path), problems

    def _records(self, place: Place) -> Iterator[tuple[Place, list[str], Place]]:
        """Where each row begins, its cells, and where the next one does."""
        csv.field_size_limit(
            max(csv.field_size_limit(), os.path.getsize(self.path))
        )  # too long a cell is one row's fault
        byte = place.byte

        def texts() -> Iterator[str]:
            nonlocal byte
            for text, byte in _lines(self.path, place.byte):  # noqa: B007 -- the place moves with the reader
                yield text

        reader, here = csv.reader(texts(), delimiter=self.delimiter), place
        for cells in reader:
            after = Place(byte, place.line + reader.line_num)
            yield here, cells, after
            here = after


def _lines(path: Path, byte: int) -> Iterator[tuple[str, int]]:
    """Each line of a text file from a byte on, ended as Python ends it, and the byte after it."""
    with path.open("rb") as file:
        file.seek(byte)
        for whole in file:
            for line in re.split(rb"(?<=\r)(?!\n)", whole):
                byte += len(line)
                try:
                    text = line.decode("utf-8-sig" if byte == len(line) else "utf-8")
                except UnicodeDecodeError as error:
                    raise InputError("manifest.encoding", file=str(path)) from error
                if line:
                    yield text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n"), byte


def _parquet(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """A Parquet file; its rows are counted from 1."""
    try:
        rows = pd.read_parquet(path)
    except ImportError as error:
        raise InputError("manifest.no_parquet", file=str(path)) from error
    except (OSError, ValueError) as error:  # pyarrow's own errors are among them
        raise InputError("manifest.unreadable", file=str(path)) from error
    rows.columns = [str(name).strip().lower() for name in rows]
    return as_strings(rows, range(1, len(rows) + 1), path), []


def as_strings(rows: pd.DataFrame, lines: Iterable[int], path: Path) -> pd.DataFrame:
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
