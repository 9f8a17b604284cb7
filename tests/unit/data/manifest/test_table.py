"""No cell of a table that we write is run by a spreadsheet."""

import pytest

from mmdemo.data.manifest.table import plain_cell


@pytest.mark.parametrize("cell", ["=1+1", "+SUM(A1)", "-cmd|' /C calc'!A0", "@A1", "\t=1", "\r=1"])
def test_what_looks_like_a_formula_is_text(cell):
    assert plain_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["seven", "", "-0.5", "+3", "-1e-9", 3, None, True, "a=b", " - "])
def test_everything_else_stays(cell):
    assert plain_cell(cell) == cell
