"""Other people's digits: read as published, checked, split by person, and strokes without the ways through the air."""

import hashlib

import numpy as np
import pytest

from mmdemo.data.sources import handwriting
from mmdemo.data.sources.handwriting import pen_lifts, read_pendigits, read_semeion
from mmdemo.messages import InputError


def semeion_lines(digits):
    rng = np.random.default_rng(0)
    rows = [np.r_[rng.integers(0, 2, 256), np.arange(10) == digit].astype(int) for digit in digits]
    return "\n".join(" ".join(f"{n:.4f}" if k < 256 else str(n) for k, n in enumerate(row)) for row in rows) + "\n"


@pytest.fixture
def semeion(tmp_path, monkeypatch):
    """Five blocks as Semeion has them, and more rows than are used."""
    digits = np.r_[np.tile(np.repeat(np.arange(10), 2), 4), np.repeat(np.arange(6), 4)]
    file = tmp_path / handwriting.SEMEION
    file.parent.mkdir()
    file.write_text(semeion_lines([*digits, 6, 7]))
    monkeypatch.setattr(handwriting, "SEMEION_ROWS", len(digits))
    rows = handwriting._numbers(file, 266)[: len(digits)]
    monkeypatch.setattr(handwriting, "SEMEION_SHA256", hashlib.sha256(rows.tobytes()).hexdigest())
    return tmp_path, digits


def test_semeions_blocks_never_share_a_split(semeion):
    folder, digits = semeion
    people = read_semeion(folder)
    assert people.inputs.shape == (len(digits), 16, 16) and set(np.unique(people.inputs)) == {0, 1}
    assert people.digits.tolist() == digits.tolist()  # the rows that are not used are not there
    assert list(people.splits[:80:20]) == ["train", "validation", "test", "train"]
    assert all(len(set(people.splits[first : first + 20])) == 1 for first in range(0, 100, 20))


def test_a_changed_file_is_refused(semeion):
    folder, _ = semeion
    file = folder / handwriting.SEMEION
    whole = file.read_text()
    for damaged in (whole.replace("1.0000", "0.0000", 1), whole[: len(whole) // 2], "", "<html>gone</html>"):
        file.write_text(damaged)
        with pytest.raises(InputError, match=r"semeion\.data.*not what its publisher"):
            read_semeion(folder)


def test_the_pen_based_set_is_read_as_published_and_as_a_table(tmp_path, monkeypatch):
    rows = np.random.default_rng(1).integers(0, 101, (7_494, 17))
    rows[:, 16] %= 10
    monkeypatch.setattr(handwriting, "PENDIGITS_SHA256", hashlib.sha256(rows.astype(np.uint8).tobytes()).hexdigest())
    published, table = tmp_path / "a" / handwriting.PENDIGITS, tmp_path / "b" / handwriting.AS_TABLE
    for file in (published, table):
        file.parent.mkdir(parents=True)
    published.write_text("\n".join(",".join(f"{n:3d}" for n in row) for row in rows) + "\n")
    heading = ",".join(f'"c{k}"' for k in range(17))
    lines = [f'"{k + 1}",' + ",".join(map(str, row)) for k, row in enumerate(rows)]
    table.write_text("\n".join([f'"",{heading}', *lines]) + "\n")
    for folder in ("a", "b"):
        people = read_pendigits(tmp_path / folder)
        assert np.array_equal(people.inputs.reshape(-1, 16), rows[:, :16])
        assert np.array_equal(people.digits, rows[:, 16])
        assert [int((people.splits == split).sum()) for split in handwriting.PEN_SPLITS] == [6_000, 494, 1_000]


def test_the_way_back_to_a_bar_is_no_stroke():
    seven = np.array([[10, 95], [60, 100], [90, 90], [70, 50], [50, 0], [30, 20], [15, 45], [80, 50]])
    down, bar = pen_lifts(seven, 7)
    assert down.tolist() == seven[:5].tolist() and bar.tolist() == seven[6:].tolist()
    plain = np.array([[0, 90], [30, 100], [60, 100], [90, 95], [80, 70], [70, 50], [60, 25], [50, 0]])
    assert len(pen_lifts(plain, 7)) == 1
    five = np.array([[20, 95], [15, 55], [60, 60], [80, 30], [50, 5], [0, 0], [25, 90], [100, 100]])
    belly, bar = pen_lifts(five, 5)
    assert belly.tolist() == five[:6].tolist() and bar.tolist() == five[6:].tolist()
    four = np.array([[30, 100], [10, 60], [0, 40], [50, 38], [100, 45], [80, 70], [70, 90], [55, 0]])
    corner, stem = pen_lifts(four, 4)
    assert corner.tolist() == four[:5].tolist() and stem.tolist() == four[6:].tolist()
    assert len(pen_lifts(five, 3)) == 1  # a three is one stroke, whatever it looks like
