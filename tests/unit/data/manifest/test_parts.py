"""A table in parts is the whole table."""

import pandas as pd
import pytest

from mmdemo.data.manifest.parts import PartedTable
from mmdemo.data.manifest.table import read_table
from mmdemo.messages import InputError

ROWS = [
    'a,"x"',
    '"two\nlines, and a comma",y',
    "",
    "ü with BOM and 文字,z",
    "too,many,cells",
    "few",
    ' spaces stay ,"a ""quote"""',
    ",",
    "last,row",
]


def joined(path, most):
    table = PartedTable(path)
    parts = table.parts(most)
    assert [part.number for part in parts] == list(range(len(parts)))
    assert [part.first for part in parts] == [sum(p.rows for p in parts[:n]) for n in range(len(parts))]
    read = [table.read(part) for part in reversed(parts)][::-1]  # in any order
    assert [len(rows) for rows, _ in read] == [part.rows for part in parts]
    return pd.concat([rows for rows, _ in read], ignore_index=True), [p for _, problems in read for p in problems]


@pytest.mark.parametrize("most", [1, 2, 3, 100])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_text_file(tmp_path, most, ending, mark):
    path = tmp_path / "table.csv"
    text = mark + "\n".join(["Text, other", *ROWS]) + "\n"
    path.write_bytes(text.replace("\n", ending).encode())
    rows, problems = joined(path, most)
    whole, whole_problems = read_table(path)
    pd.testing.assert_frame_equal(rows, whole)
    assert problems == whole_problems and len(problems) == 1
    assert PartedTable(path).columns == ["text", "other"]
    assert rows["text"].tolist()[:3] == ["a", "two\nlines, and a comma", "ü with BOM and 文字"]
    assert rows["line"].tolist() == [2, 3, 6, 7, 8, 9, 11]


@pytest.mark.parametrize("most", [1, 3, 100])
@pytest.mark.parametrize("group", [2, 5, 100])
def test_a_parquet_file(tmp_path, most, group):
    path = tmp_path / "table.parquet"
    table = pd.DataFrame({"Text": [f" {n}" for n in range(11)], "label": [1.0, None, *range(9)]})
    table.to_parquet(path, row_group_size=group)
    rows, problems = joined(path, most)
    pd.testing.assert_frame_equal(rows, read_table(path)[0])
    assert rows["label"].tolist()[:3] == ["1", "", "0"] and not problems
    assert PartedTable(path).columns == ["text", "label"]


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(InputError, match="gone"):
        PartedTable(tmp_path / "gone.csv")
    (tmp_path / "not.parquet").write_text("text\nseven\n")
    with pytest.raises(InputError, match=r"not\.parquet"):
        PartedTable(tmp_path / "not.parquet").parts(3)
    (tmp_path / "latin.csv").write_bytes("text\nsch\u00f6n\n".encode("latin-1"))
    with pytest.raises(InputError, match="UTF-8"):
        PartedTable(tmp_path / "latin.csv").parts(3)
    (tmp_path / "empty.csv").write_text("")
    assert PartedTable(tmp_path / "empty.csv").parts(3) == []
