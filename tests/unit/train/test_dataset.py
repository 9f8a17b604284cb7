"""A task's rows, and fewer of them."""

from pathlib import Path

import pandas as pd

from mmdemo.data.tasks.registry import own_task
from mmdemo.train.dataset import Data


def test_fewer_rows_of_one_split_leave_the_others_whole(tmp_path):
    table = pd.DataFrame(
        {
            "text": [f"word {k}" for k in range(30)] + [""] * 10,
            "image": [""] * 28 + [f"{k}.png" for k in range(12)],
            "label": "left",
            "split": ["train"] * 35 + ["test"] * 5,
        }
    )
    task = own_task("tiny", _manifest(tmp_path))
    data = Data(task, table, tmp_path, tmp_path, 0, print)
    few = data.fewer("train", 4)
    train = few.whole("train")
    assert 4 <= (train["text"] != "").sum() <= 4 + 2  # two rows have both
    assert 4 <= (train["image"] != "").sum() <= 4 + 2
    assert len(few.whole("test")) == 5 and list(few.rows.index) == list(range(len(few.rows)))
    assert few.rows.equals(data.fewer("train", 4).rows)
    assert data.fewer("train", 1000).rows.equals(table)


def _manifest(folder: Path) -> Path:
    file = folder / "tiny.csv"
    file.write_text("text,label\ngo,left\nstay,right\n")
    return file
