"""From a task's name or a manifest to a checkpoint: what the command ``train`` does."""

from __future__ import annotations

from pathlib import Path

from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.calibration import calibrate
from mmdemo.train.checkpointing import publish
from mmdemo.train.dataset import Data
from mmdemo.train.features import VOICES
from mmdemo.train.loop import processes, train
from mmdemo.train.recipes import Recipe


def train_task(data: Data, out: Path, run: Path, *, recipe: Recipe, start_from: Path | None = None) -> MultimodalLSTM:
    """Train a task's checkpoint; see ``mmdemo.train.loop.train``."""
    with processes().local_main_process_first():  # the first process reads, the others use its cache
        splits = {
            "train": data.features(data.whole("train"), voices=VOICES),
            "validation": data.features(data.whole("validation")),
        }
    task = data.task
    return train(task.config, splits, out, run, recipe=recipe, pair=task.pair, seed=data.seed, start_from=start_from)


def calibrate_task(model: MultimodalLSTM, data: Data, out: Path, *, recipe: Recipe) -> None:
    """Calibrate a task's checkpoint anew and write it to ``out``; see ``mmdemo.train.calibration.calibrate``."""
    features = data.features(data.whole("validation"))
    calibrate(model, features, pair=data.task.pair, seed=data.seed, count=recipe.validation)
    publish(model, out)
