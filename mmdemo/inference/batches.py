"""The rows of a manifest through the model in batches; every row is answered, or a sentence says why it is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import pandas as pd

from mmdemo.data.manifest.manifest import load_cell
from mmdemo.inference.predictor import Predictor
from mmdemo.inference.result import Result
from mmdemo.lstm.many import Credits
from mmdemo.messages import Note

BATCH = 32  # rows: with more, a batch waits for its longest sound, and all its pictures are in memory at once
FAULTS_OF_ONE = ("manifest.missing_file", "manifest.not_idx", "manifest.no_picture", "text.too_long")  # not of a row


class Answer(NamedTuple):
    """What one row was answered, and what that is made of: None unless asked for, or where nothing was read."""

    result: Result
    credits: Credits | None


def answer_rows(
    predictor: Predictor, rows: pd.DataFrame, faults: Mapping[int, Note], *, explained: bool = False
) -> Iterator[Answer | str]:
    """What each row is answered, or a sentence that says why it is not.

    Args:
        predictor: the checkpoint.
        rows: of a manifest, as ``read_inputs`` gives them.
        faults: by line, what is wrong with a row already.
        explained: whether the answers are explained, too.
    """
    names = predictor.config.modalities
    records = rows.reindex(columns=[*names, "line"], fill_value="").to_dict("records")
    for start in range(0, len(records), BATCH):
        found: dict[int, Answer | str] = {}
        asked: dict[int, dict[str, Any]] = {}
        for n, row in enumerate(records[start : start + BATCH]):
            given = {modality: partial(load_cell, modality, row[modality]) for modality in names if row[modality]}
            fault = faults.get(row["line"])
            if fault and (len(given) < 2 or fault.key not in FAULTS_OF_ONE):  # of several inputs, the others are read
                found[n] = str(fault)
            else:
                asked[n] = given
        found |= dict(zip(asked, _answer(predictor, list(asked.values()), explained), strict=True))
        yield from (found[n] for n in range(len(found)))


def _answer(predictor: Predictor, rows: list[dict[str, Any]], explained: bool) -> list[Answer | str]:
    """The same of some rows in one batch; if that fails, of each row alone, so that the others go on."""
    try:
        results = predictor.read_many(rows)
        credits = predictor.explain_many(results) if explained else [None] * len(results)
    except Exception as error:
        if len(rows) == 1:
            return [f"{type(error).__name__}: {error}"]
        return [answer for row in rows for answer in _answer(predictor, [row], explained)]
    return [
        str(next(iter(result.ignored.values()))) if result.ignored and not result.inputs else Answer(result, credit)
        for result, credit in zip(results, credits, strict=True)
    ]
