"""A model that is trained with outliers, to its end."""

import numpy as np
import pandas as pd
from tiny import CONFIG, with_outliers

from mmdemo.evaluate.ood import study_unknown
from mmdemo.evaluate.tables import tables
from mmdemo.train.loop import train
from mmdemo.train.recipes import Recipe
from mmdemo.train.samples import SamplingConfig


def test_a_trained_model_is_unsure_of_what_it_was_taught_not_to_know(tmp_path):
    split = with_outliers()
    recipe = Recipe(epochs=4, samples=900, validation=250, batch_size=32, sampling=SamplingConfig(augment=False))
    splits = {"train": split, "validation": with_outliers(1)}
    model = train(CONFIG, splits, tmp_path / "c", tmp_path / "r", recipe=recipe, pair=True, quiet=True)
    test = with_outliers(2)
    cells = np.repeat(np.eye(3, dtype=bool), 10, axis=0)
    rows = pd.DataFrame(np.where(cells, "x", ""), columns=["text", "image", "audio"]).assign(kind="odd")
    found = study_unknown(model, test.only(test.labels >= 0), rows, lambda _: test.only(test.labels < 0))
    assert all(found["told_apart"][m]["odd"]["auroc"] > 0.95 for m in ("text", "image", "audio"))
    assert all(found["coverage"][m]["0.5"] > 0.95 for m in ("text", "image", "audio"))
    assert found["told_apart"]["text"]["odd"]["n"] == 10 and not found["told_apart"]["text"]["odd"]["nothing_found"]
    metrics = {"command": "c", "seed": 0, "split": "s", "alone": {}, "together": {}, "unknown": found}
    assert "| sound: odd | 10 | 0 |" in tables(metrics)
