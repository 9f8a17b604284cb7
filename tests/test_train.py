import math
from dataclasses import replace

import pytest
import torch
from tiny import CONFIG, features

from mmdemo import train as training
from mmdemo.data.pairs import PLAIN
from mmdemo.evaluate import answer, evaluate, singles
from mmdemo.sequence import Steps
from mmdemo.train import RECIPES, Recipe, sequence_loss, train

QUICK = Recipe(
    epochs=3, samples=600, validation=90, batch_size=32, mixing=replace(PLAIN, together=(0.5, 0.2, 0.3), reorder=0.5)
)


def run(folder, recipe=QUICK, seed=0):
    splits = {"train": features(), "validation": features(seed=1)}
    return train(CONFIG, splits, folder / "out", folder / "run", recipe=recipe, pair=True, seed=seed, quiet=True)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    return run(folder), folder


def test_loss_by_hand():
    logits = torch.zeros(1, 3, 2)  # two equal classes: log 2 at every step, padding included
    steps = Steps(torch.zeros(1, 3, 1), torch.tensor([2]), torch.zeros(1, 3, dtype=torch.long))
    taught = torch.tensor([[[1.0, 0], [0.5, 0.5], [9, 9]]])
    assert float(sequence_loss(logits, steps, taught)) == pytest.approx(math.log(2))


def test_it_learns_every_modality(trained):
    model, _ = trained
    test = features(seed=2)
    for modality in ("text", "image", "audio"):
        assert answer(model, test, singles(test, modality), [modality]).right.mean() > 0.9


def test_evaluation_covers_the_seven_subsets(trained):
    model, _ = trained
    report = evaluate(model, features(seed=2), pair=True, seed=0)
    assert set(report["alone"]) == {"text", "image", "audio"}
    assert len(report["together"]) == 7
    everything = report["together"]["text+image+audio"]
    assert sum(map(sum, everything["confusion"])) == everything["n"]
    assert everything["interval"][0] <= everything["accuracy"] <= everything["interval"][1]


def test_a_checkpoint_is_safetensors_and_config(trained):
    _, folder = trained
    names = {path.name for path in (folder / "out").iterdir()}
    assert {"model.safetensors", "config.json"} <= names
    assert not any(name.endswith((".bin", ".pt", ".pkl")) for name in names)


def test_a_killed_run_goes_on_where_it_stopped_and_ends_the_same(trained, tmp_path, monkeypatch):
    whole, _ = trained
    finished = []

    def killed_in_the_second_epoch(*args):
        if finished:
            raise KeyboardInterrupt
        finished.append(one_epoch(*args))
        return finished[0]

    one_epoch = training._epoch
    monkeypatch.setattr(training, "_epoch", killed_in_the_second_epoch)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path)
    monkeypatch.undo()
    resumed = run(tmp_path)
    for name, weight in whole.state_dict().items():
        assert torch.allclose(weight, resumed.state_dict()[name], atol=1e-4), name


def test_the_textbook_recipe_is_the_textbooks():
    textbook = RECIPES["textbook"]
    assert (textbook.batch_size, textbook.learning_rate, textbook.epochs) == (32, 1e-3, 10)
    assert textbook.weight_decay == 0 and not textbook.one_cycle
