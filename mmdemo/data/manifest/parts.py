"""A table in parts, each of which can be read without the rest, so that a table of any length needs no more memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from mmdemo.data.manifest.table import PARQUET, Layout, Place, Problem, as_strings
from mmdemo.messages import InputError


@dataclass(frozen=True)
class Part:
    """Some rows of a table that follow each other.

    Attributes:
        number: which part, counted from 0.
        first: its first row, counted from 0.
        rows: how many it has.
        place: where it begins: in a text file its byte and line; in a Parquet file the row group, and the row in that.
    """

    number: int
    first: int
    rows: int
    place: tuple[int, int]


class PartedTable:
    """A table that is read part by part; each as ``mmdemo.data.manifest.table.read_table`` reads the whole.

    Args:
        path: CSV (or separated by tabs or semicolons) or Parquet.

    Raises:
        InputError: the file is not there, or is no such table.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise InputError("manifest.no_file", file=str(path))
        self._columnar = self.path.suffix.lower() in PARQUET
        self._group = lru_cache(maxsize=1)(self._read_group)

    def parts(self, most: int) -> list[Part]:
        """All parts, in order. A text file is read once for it; of a Parquet file, its footer says enough.

        Args:
            most: rows in a part. A part of a Parquet file has fewer at the end of each row group.

        Raises:
            InputError: the file is not UTF-8.
        """
        places: list[tuple[tuple[int, int], int]] = []  # of each part, and its rows
        if self._columnar:
            metadata = self._parquet.metadata
            for group in range(metadata.num_row_groups):
                rows = metadata.row_group(group).num_rows
                places += [((group, start), min(most, rows - start)) for start in range(0, rows, most)]
        else:
            place, count = self._layout.start, 0
            for count, (at, _) in enumerate(self._layout.records(place), start=1):
                if count % most == 1 or most == 1:
                    places.append((at, most))
            if places:
                places[-1] = places[-1][0], count - most * (len(places) - 1)
        parts: list[Part] = []
        for number, (place, rows) in enumerate(places):
            parts.append(Part(number, parts[-1].first + parts[-1].rows if parts else 0, rows, tuple(place)))
        return parts

    def read(self, part: Part) -> tuple[pd.DataFrame, list[Problem]]:
        """A part's rows as strings, with their ``line``, and what is wrong with some."""
        if self._columnar:
            group, start = part.place
            rows = self._group(group).slice(start, part.rows).to_pandas()
            rows.columns = [str(name).strip().lower() for name in rows]
            return as_strings(rows, range(part.first + 1, part.first + part.rows + 1), self.path), []
        return self._layout.table(islice(self._layout.records(Place(*part.place)), part.rows), self.path)

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in lower case."""
        if self._columnar:
            return [str(name).strip().lower() for name in self._parquet.schema_arrow.empty_table().to_pandas()]
        return list(self._layout.header)

    @cached_property
    def _layout(self) -> Layout:
        return Layout.of(self.path)

    @cached_property
    def _parquet(self) -> Any:
        try:
            from pyarrow.parquet import ParquetFile

            return ParquetFile(self.path)
        except ImportError as error:
            raise InputError("manifest.no_parquet", file=str(self.path)) from error
        except (OSError, ValueError) as error:  # pyarrow's own errors are among them
            raise InputError("manifest.unreadable", file=str(self.path)) from error

    def _read_group(self, group: int) -> Any:
        """One row group: the next parts are of the same."""
        try:
            return self._parquet.read_row_group(group)
        except (OSError, ValueError) as error:
            raise InputError("manifest.unreadable", file=str(self.path)) from error
