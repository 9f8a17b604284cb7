"""Manifests: a data set as one table with the columns ``text, image, audio, label, split``, any input cell empty.

Paths are relative to the manifest's folder. An image cell may be ``path#n``, the n-th picture of an IDX file or of the
``images`` of an ``.npz`` file (counted from 0). There may be a column ``video``, whose cell may be a part of a file:
see ``mmdemo.video.reader``. The label ``(none)`` says that a row belongs to no class. Further
columns are kept, and some have a meaning: ``belief`` (JSON ``[[character offset, label or null], ...]``: what a reader
who stops there should answer), ``label_span`` (``0.4-0.8``: the part of a sound in which its label is said), ``alone``
(``yes``: training never puts this input of no class beside another), ``place`` (where in a data set a text is, listed
instead of the text), and ``group`` or ``speaker`` (never in two splits).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmdemo.config import INPUTS, MODALITIES
from mmdemo.data.manifest.splits import SHARES, assign_splits
from mmdemo.data.manifest.table import Problem, read_table, write_table
from mmdemo.data.sources.idx import read_pictures
from mmdemo.messages import InputError, Note
from mmdemo.text.reader import MAX_CHARACTERS
from mmdemo.video.reader import View

OUTLIER = "(none)"  # the label of what belongs to no class: it is taught to say so, and counts in no accuracy
COLUMNS = (*MODALITIES, "label", "split")
SPLITS = tuple(SHARES)
KINDS = {
    **dict.fromkeys((".txt",), "text"),
    **dict.fromkeys(
        (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif"), "image"
    ),
    **dict.fromkeys((".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".mp4", ".webm"), "audio"),
    **dict.fromkeys((".amr", ".3gp", ".wma", ".caf", ".mov", ".mkv"), "audio"),
}
ALSO_CALLED = {"training": "train", "val": "validation", "valid": "validation", "dev": "validation"}


def read_manifest(
    path: str | Path, *, labels: Collection[str] | None = None, seed: int = 0
) -> tuple[pd.DataFrame, list[Problem]]:
    """The usable rows of a manifest, and what is wrong with the others.

    A row without a split gets one (see ``assign_splits``). If there is still no validation row, a tenth of the training
    rows become validation rows.

    Args:
        path: CSV (or separated by tabs or semicolons) or Parquet.
        labels: the classes that a row may have; any if not given.
        seed: of the splits.

    Returns:
        Rows of strings with all of ``COLUMNS``, the manifest's other columns and ``line``, the paths absolute; and one
        ``Problem`` for every row that was left out.

    Raises:
        InputError: the file cannot be read as a table, or lacks the column ``label`` or all of the inputs.
    """
    rows, problems = read_inputs(path)
    if "label" not in rows:
        raise InputError("manifest.no_label_column", file=str(path))
    rows = rows.reindex(columns=[*COLUMNS, *(name for name in rows if name not in COLUMNS)], fill_value="")
    rows["split"] = rows["split"].str.lower().replace(ALSO_CALLED)
    known = {*(rows["label"] if labels is None else labels), OUTLIER}
    faults = {problem.line: problem.note for problem in problems}
    for row in rows.itertuples():
        note = _label_fault(row, known)
        if note:
            faults.setdefault(row.line, note)
    rows = rows[~rows["line"].isin(list(faults))].reset_index(drop=True)

    without = rows["split"] == ""
    rows.loc[without, "split"] = assign_splits(rows[without], seed)
    train = rows["split"] == "train"
    if not (rows["split"] == "validation").any():
        shares = {"train": 1 - SHARES["validation"], "validation": SHARES["validation"]}
        rows.loc[train, "split"] = assign_splits(rows[train], seed, shares)
    return rows, [Problem(line, faults[line]) for line in sorted(faults)]


def read_inputs(path: str | Path) -> tuple[pd.DataFrame, list[Problem]]:
    """Every row of a manifest, its paths absolute, and what is wrong with some rows' inputs. Labels do not matter.

    Raises:
        InputError: the file cannot be read as a table, or has no column for any input.
    """
    return inputs_of(*read_table(path), path)


def inputs_of(rows: pd.DataFrame, problems: Sequence[Problem], path: str | Path) -> tuple[pd.DataFrame, list[Problem]]:
    """``read_inputs`` of rows that were read already, and of what was found wrong with them.

    Raises:
        InputError: there is no column for any input.
    """
    if not set(INPUTS) & set(rows):
        raise InputError("manifest.no_input_column", file=str(path))
    folder = Path(path).parent.absolute()
    rows = _change_paths(rows, lambda file: os.path.normpath(folder / file))
    exists = lru_cache(maxsize=None)(os.path.isfile)
    columns = [modality for modality in INPUTS if modality in rows]
    faults = {problem.line: problem.note for problem in problems}
    for line, *cells in zip(rows["line"].tolist(), *(rows[column] for column in columns), strict=True):
        note = _input_fault(dict(zip(columns, cells, strict=True)), exists)
        if note:
            faults.setdefault(line, note)
    return rows, [Problem(line, note) for line, note in faults.items()]


def write_manifest(rows: pd.DataFrame, path: str | Path) -> Path:
    """Write rows as Parquet or CSV, by the name's ending, with paths relative to the manifest's folder."""
    path = Path(path)
    folder = path.parent.absolute()
    rows = _change_paths(rows, lambda file: Path(os.path.relpath(file, folder)).as_posix())
    write_table(rows.drop(columns="line", errors="ignore"), path)
    return path


def manifest_from_folders(root: str | Path) -> pd.DataFrame:
    """Rows for the pictures, sounds and ``.txt`` files in folders named after classes, one row a file.

    The folders are ``root/<label>/...``, or ``root/<split>/<label>/...`` if all of root's folders are named after
    splits. Hidden files and files of other kinds are ignored.

    Raises:
        InputError: there is no such file in any folder.
    """
    root = Path(root)
    folders = [folder for folder in sorted(root.glob("*/")) if folder.is_dir() and not folder.name.startswith(".")]
    split_of = {folder: ALSO_CALLED.get(folder.name.lower(), folder.name.lower()) for folder in folders}
    divided = bool(folders) and set(split_of.values()) <= set(SPLITS)
    rows = []
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            inside = file.relative_to(folder if divided else root).parts
            kind = KINDS.get(file.suffix.lower())
            if kind is None or len(inside) < 2 or any(part.startswith(".") for part in inside) or not file.is_file():
                continue
            cell = file.read_text(encoding="utf-8", errors="replace").strip() if kind == "text" else str(file)
            split = split_of[folder] if divided else ""
            rows.append(dict.fromkeys(COLUMNS, "") | {kind: cell, "label": inside[0], "split": split})
    if not rows:
        raise InputError("manifest.no_folders", folder=str(root))
    return pd.DataFrame(rows)


def load_cell(modality: str, cell: str) -> Any:
    """What the sense of a manifest's column reads of a cell: the text, the path, or the picture that the cell names.

    Raises:
        InputError: as for ``load_image_cell``.
    """
    return load_image_cell(cell) if modality == "image" else cell


def load_image_cell(cell: str) -> str | np.ndarray:
    """What ``read_image`` should read: the path itself, or the picture that ``path#n`` means, as an array.

    Raises:
        InputError: the IDX file is not there, not readable, or has fewer pictures.
    """
    file, n = _parts(cell)
    if n is None or os.path.isfile(cell):  # a picture's own name may end in #1
        return cell
    pictures = read_pictures(file)
    if n >= len(pictures):
        raise InputError("manifest.no_picture", file=file, n=n, count=len(pictures))
    return pictures[n]


def _input_fault(row: dict[str, str], exists: Callable[[str], bool]) -> Note | None:
    """What is wrong with one row's inputs: none at all, too long a text, or a file that is not there."""
    if not any(row.values()):
        return Note("manifest.no_input")
    if len(row.get("text", "")) > MAX_CHARACTERS:
        return Note("text.too_long", {"characters": len(row["text"]), "limit": MAX_CHARACTERS})
    if row.get("audio") and not exists(row["audio"]):
        return Note("manifest.missing_file", {"file": row["audio"]})
    if row.get("video"):
        try:
            file, view = View.of(row["video"])
        except InputError as error:
            return error.note
        if missing := next((name for name in (file, view.sound) if name and not exists(name)), None):
            return Note("manifest.missing_file", {"file": missing})
    if row.get("image") and not exists(row["image"]):
        try:
            if isinstance(load_image_cell(row["image"]), str):
                return Note("manifest.missing_file", {"file": row["image"]})
        except InputError as error:
            return error.note
    return None


def _label_fault(row: Any, labels: Collection[str]) -> Note | None:
    """What is wrong with one row's label, split or belief."""
    if not row.label:
        return Note("manifest.no_label")
    if row.label not in labels:
        return Note(
            "manifest.unknown_label", {"label": row.label, "labels": ", ".join(sorted(set(labels) - {OUTLIER}))}
        )
    if row.split and row.split not in SPLITS:
        return Note("manifest.unknown_split", {"split": row.split, "splits": ", ".join(SPLITS)})
    if getattr(row, "label_span", "") and not _is_span(row.label_span):
        return Note("manifest.label_span")
    if getattr(row, "belief", "") and not _is_belief(row.belief, labels):
        return Note("manifest.belief")
    return None


def _is_span(cell: str) -> bool:
    """Whether a cell holds two shares of a length, such as ``0.4-0.8``."""
    match = re.fullmatch(r"(\d*\.?\d+)-(\d*\.?\d+)", cell)
    return bool(match) and float(match[1]) <= float(match[2]) <= 1


def _is_belief(cell: str, labels: Collection[str]) -> bool:
    """Whether a cell holds ``[[offset, label or null], ...]``."""
    try:
        return all(isinstance(at, int) and (label is None or label in labels) for at, label in json.loads(cell))
    except (ValueError, TypeError, RecursionError):
        return False


def _parts(cell: str) -> tuple[str, int | None]:
    """``path#n`` -> path and n; a path without a number has None."""
    match = re.fullmatch(r"(.+)#(\d+)", cell)
    return (match[1], int(match[2])) if match else (cell, None)


def _file_and_part(cell: str) -> tuple[str, str]:
    """A cell's path, and what follows it to name a part of the file."""
    match = re.fullmatch(r"(.+?)(#\d+|#(?:t|late|sound)=.*)?", cell, re.DOTALL)
    return match[1], match[2] or ""


def _change_paths(rows: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """The same rows with every path changed, each file's only once, and every ``#n`` kept."""
    change = lru_cache(maxsize=None)(change)

    def cell(old: str) -> str:
        file, part = _file_and_part(old)
        return change(file) + part

    columns = [column for column in ("image", "audio", "video") if column in rows]
    return rows.assign(**{column: [old and cell(old) for old in rows[column]] for column in columns})
