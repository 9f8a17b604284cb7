"""The test cases behind an evaluation: what is written, and that nothing else is ever read."""

import json
from pathlib import Path

import pandas as pd
import pytest

from mmdemo.evaluate.cases import FEWER, FILE, LIMIT, fetch, read_cases, write_cases
from mmdemo.messages import InputError


def test_what_is_written_is_small_and_can_be_read(tmp_path):
    many = sorted([k % 10, k % 7, 0.5, "x" * 100] for k in range(10_000))
    write_cases(tmp_path, {"seed": 0, "cases": {"text": many}})
    assert (tmp_path / FILE).stat().st_size <= LIMIT
    cells = pd.Series([tuple(case[:2]) for case in read_cases(tmp_path)["text"]]).value_counts()
    assert len(cells) == 70 and cells.max() in FEWER
    write_cases(tmp_path, {"seed": 0, "cases": {"text": many[:5]}})
    assert read_cases(tmp_path) == {"text": many[:5]}
    assert read_cases(tmp_path / "nowhere") == {}


def test_only_what_lies_in_the_data_is_fetched(tmp_path):
    folder = tmp_path / "data"
    (folder / "sub").mkdir(parents=True)
    secret = tmp_path / "secret.wav"
    secret.write_bytes(b"secret")
    (folder / "link.wav").symlink_to(secret)
    (folder / "sub" / "one.wav").write_bytes(b"sound")
    assert fetch("sub/one.wav", folder) == (folder / "sub" / "one.wav").resolve()
    for reference in ("../secret.wav", str(secret), "link.wav", "sub/../../secret.wav", "", ".", "sub", "none.wav"):
        with pytest.raises(InputError):
            fetch(reference, folder)


def test_a_picture_of_the_real_data_is_fetched(data_dir):
    picture = fetch("mnist/t10k-images-idx3-ubyte.gz#0", data_dir)  # a seven
    assert picture.shape == (28, 28)
    with pytest.raises(InputError):
        fetch("mnist/t10k-images-idx3-ubyte.gz#10000", data_dir)


def test_the_shipped_list_fits_its_labels(trained):
    cases = read_cases(Path(trained))
    if not cases:
        pytest.skip("the checkpoint has no cases.json yet: python -m mmdemo evaluate")
    labels = len(json.loads((trained / "config.json").read_text())["labels"])
    assert (trained / FILE).stat().st_size <= LIMIT
    assert all(0 <= truth < labels and 0 <= guess < labels for some in cases.values() for truth, guess, *_ in some)
    assert not any(reference.startswith(("/", "..")) for some in cases.values() for *_, reference in some)
