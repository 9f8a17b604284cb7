"""From a task's name or a manifest to a checkpoint: what the command ``train`` does."""

from __future__ import annotations

from pathlib import Path

from mmdemo.messages import InputError
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.calibration import calibrate
from mmdemo.train.checkpointing import publish
from mmdemo.train.dataset import Data
from mmdemo.train.features import VOICES, Features
from mmdemo.train.loop import processes, train
from mmdemo.train.recipes import Recipe
from mmdemo.train.samples import PLAIN, MultimodalSamples
from mmdemo.train.stream_maker import StreamMaker, has_clock
from mmdemo.train.streams import calibrate_streams, teach_streams


def train_task(data: Data, out: Path, run: Path, *, recipe: Recipe, start_from: Path | None = None) -> MultimodalLSTM:
    """Train a task's checkpoint; see ``mmdemo.train.loop.train``. Streams come last, where the recipe has them."""
    together = processes()
    with together.local_main_process_first():  # the first process reads, the others use its cache
        splits = _splits(data)
    task = data.task
    model = train(task.config, splits, out, run, recipe=recipe, pair=task.pair, seed=data.seed, start_from=start_from)
    # it takes a minute: the other processes need not wait
    if recipe.streams and has_clock(task.config) and together.is_main_process:
        _teach(model, data, splits, out, recipe)
    return model


def teach_task(model: MultimodalLSTM, data: Data, out: Path, *, recipe: Recipe) -> list[float]:
    """Teach a checkpoint streams alone, calibrate it anew and write it to ``out``; the loss of each pass.

    Raises:
        InputError: the task has no sense that goes on in time.
    """
    if not has_clock(model.config):
        raise InputError("data.no_clock", task=model.config.task)
    return _teach(model, data, _splits(data), out, recipe)


def calibrate_task(model: MultimodalLSTM, data: Data, out: Path, *, recipe: Recipe) -> None:
    """Calibrate a task's checkpoint anew and write it to ``out``; see ``mmdemo.train.calibration.calibrate``."""
    _calibrate(model, data, data.features(data.whole("validation")), recipe)
    publish(model, out)


def _splits(data: Data) -> dict[str, Features]:
    return {
        "train": data.features(data.whole("train"), voices=VOICES),
        "validation": data.features(data.whole("validation")),
    }


def _teach(model: MultimodalLSTM, data: Data, splits: dict[str, Features], out: Path, recipe: Recipe) -> list[float]:
    """Teach streams, calibrate, and write the checkpoint."""
    if recipe.streams is None:
        return []
    samples = MultimodalSamples(
        splits["train"],
        model.config,
        pair=data.task.pair,
        sampling=recipe.sampling,
        seed=data.seed,
        length=recipe.samples,
    )
    losses = teach_streams(model, samples, data.whole("train"), recipe.streams, seed=data.seed)
    _calibrate(model, data, splits["validation"], recipe, taught=True)
    publish(model, out)
    return losses


def _calibrate(
    model: MultimodalLSTM, data: Data, features: Features, recipe: Recipe, *, taught: bool | None = None
) -> None:
    """Calibrate for single samples and, where streams were taught, for streams."""
    pair = data.task.pair
    calibrate(model, features, pair=pair, seed=data.seed, count=recipe.validation)
    if recipe.streams and (model.config.streams is not None if taught is None else taught):
        samples = MultimodalSamples(features, model.config, pair=pair, sampling=PLAIN, seed=data.seed)
        maker = StreamMaker(model, samples, data.whole("validation"), recipe.streams.asked)
        calibrate_streams(model, maker.make(data.seed))
