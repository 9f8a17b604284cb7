"""The training loop: on one or several devices, resumable, and reproducible from its seed.

``accelerate launch -m mmdemo train ...`` or ``torchrun`` runs it on several GPUs or machines (docs/scaling.md). On a
CPU, use ``torchrun`` with ``ACCELERATE_USE_CPU=true``: Accelerate's own launcher starts only one process there. The
processes share every batch and learn what one process would. All randomness derives from the seed, the epoch and the
sample, so a run that was killed repeats the epoch that it was in and ends with the same result.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator, InitProcessGroupKwargs
from accelerate.utils import DataLoaderConfiguration, broadcast_object_list, set_seed
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader
from tqdm import tqdm

from mmdemo.config import ModelConfig
from mmdemo.messages import InputError
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.model.sequence import Batch, Steps
from mmdemo.train.calibration import calibrate, true_classes
from mmdemo.train.checkpointing import Progress, keep, publish, resume, stored
from mmdemo.train.features import Features
from mmdemo.train.pretrain_stems import pretrain_stem
from mmdemo.train.recipes import Recipe
from mmdemo.train.samples import PLAIN, MultimodalSamples, SamplingConfig, loader_workers

HOURS = 6  # how long processes wait for the one that reads the data
LAST_STEP = 0.5  # share of the loss that the last step, the answer, has; the rest is spread over all steps


def processes() -> Accelerator:
    """The processes that were launched together, this one among them."""
    return Accelerator(kwargs_handlers=[InitProcessGroupKwargs(timeout=timedelta(hours=HOURS))])


def new_model(config: ModelConfig) -> MultimodalLSTM:
    """A new model with its pretrained parts: the speech embedding, and word vectors if the task uses them."""
    model = MultimodalLSTM(config)
    for modality in config.modalities:
        model.stem(modality).load_pretrained()
    return model


def sequence_loss(logits: Tensor, steps: Steps, taught: Tensor) -> Tensor:
    """Cross-entropy with the target distributions: half from each sample's last step, half from the mean of all steps.

    Args:
        logits: (B, T, C).
        steps: the joined steps that they belong to.
        taught: (B, T, C).
    """
    every = F.cross_entropy(logits.transpose(1, 2), taught.transpose(1, 2), reduction="none")  # (B, T)
    mean = (every * steps.mask).sum(1) / steps.lengths.clamp(min=1)
    return (LAST_STEP * steps.last(every) + (1 - LAST_STEP) * mean).mean()


def train(
    config: ModelConfig,
    splits: dict[str, Features],
    out: Path,
    run: Path,
    *,
    recipe: Recipe,
    pair: bool,
    seed: int = 0,
    start_from: Path | None = None,
    quiet: bool = False,
) -> MultimodalLSTM:
    """Train a task and write its checkpoint.

    Args:
        config: the task.
        splits: features of ``train`` and ``validation``.
        out: folder of the checkpoint; gets ``model.safetensors`` and ``config.json`` when the training is done.
        run: folder of the run: TensorBoard logs and the state to resume from. A run that was killed resumes from its
            last complete epoch; to start afresh, delete the folder.
        recipe: how to train.
        pair: whether missing modalities are lent by other rows of the same class.
        seed: of everything random.
        start_from: a checkpoint to take the weights from where their shapes fit.
        quiet: no progress bars.

    Returns:
        The model of the best epoch, calibrated on the validation split.
    """
    set_seed(seed)
    accelerator = Accelerator(
        dataloader_config=DataLoaderConfiguration(use_seedable_sampler=True, data_seed=seed, split_batches=True),
        log_with="tensorboard",
        project_dir=str(run),
    )
    _check_shared(accelerator, run)
    accelerator.init_trackers("log")
    model = new_model(config)
    if start_from:
        _borrow(model, start_from)
    model.to(accelerator.device)
    if stored(run / "state.pt", {"model": model}) is None:
        with accelerator.main_process_first():  # the first process trains, the others load what it saved
            for modality, stages in recipe.stem_pretraining.items():
                pretrain_stem(
                    model, modality, splits, run, stages=stages, sampling=recipe.sampling, seed=seed, quiet=quiet
                )
    for modality in recipe.frozen:
        model.stem(modality).requires_grad_(False)
    samples = MultimodalSamples(
        splits["train"], config, pair=pair, sampling=recipe.sampling, seed=seed, length=recipe.samples
    )
    samples.length += -samples.length % recipe.batch_size  # whole batches: any number of processes divides them alike
    workers = loader_workers(accelerator.device)
    loader = DataLoader(samples, recipe.batch_size, shuffle=True, collate_fn=samples.collate, num_workers=workers)
    optimizer = torch.optim.AdamW(
        (p for p in model.parameters() if p.requires_grad), recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    schedule = (
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer, recipe.learning_rate, total_steps=recipe.epochs * len(loader) + 1, pct_start=0.2
        )
        if recipe.one_cycle
        else torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    )
    validation = list(_validation(splits["validation"], config, pair, seed, recipe.validation))

    learning = {"model": model, "optimizer": optimizer, "schedule": schedule}
    progress = Progress(**resume(run / "state.pt", learning))
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    while progress.epoch < recipe.epochs and progress.epoch - progress.best_epoch <= recipe.patience:
        samples.set_epoch(progress.epoch)  # Accelerate does this only if batches are not shared
        loader.set_epoch(progress.epoch)
        torch.manual_seed(_dropout_seed(seed, progress.epoch, accelerator.process_index))
        train_loss = _epoch(accelerator, model, optimizer, schedule, loader, recipe, progress, quiet)
        bare = accelerator.unwrap_model(model)
        told = validate(bare, validation) if accelerator.is_main_process else (0.0, 0.0)
        loss, accuracy = broadcast_object_list([*told])  # the main process decides for all when to stop
        accelerator.log(
            {"loss/train": train_loss, "loss/validation": loss, "accuracy/validation": accuracy}, step=progress.epoch
        )
        if not quiet:
            accelerator.print(
                f"epoch {progress.epoch + 1}: loss {train_loss:.4f}, validation {loss:.4f}, accuracy {accuracy:.2%}"
            )
        if loss < progress.best_loss:
            best = {name: weight.cpu().clone() for name, weight in bare.state_dict().items()}
            progress.best_loss, progress.best_epoch, progress.best = loss, progress.epoch, best
        progress.epoch += 1
        if accelerator.is_main_process:
            keep(run / "state.pt", learning, vars(progress))

    best = MultimodalLSTM(copy.deepcopy(config)).to(accelerator.device)  # calibration must not reach the task's config
    best.load_state_dict(progress.best)
    calibrate(best, splits["validation"], pair=pair, seed=seed, count=recipe.validation)
    if accelerator.is_main_process:
        publish(best, out)
    accelerator.wait_for_everyone()
    accelerator.end_training()
    return best


def _check_shared(accelerator: Accelerator, run: Path) -> None:
    """Make sure that all processes, whatever machine they are on, see one folder of the run: they resume from it.

    Raises:
        InputError: they do not; every process says so.
    """
    if accelerator.num_processes == 1:
        return
    mark = broadcast_object_list([uuid.uuid4().hex])[0]
    file = run / f".{mark}"
    if accelerator.is_main_process:
        run.mkdir(parents=True, exist_ok=True)
        file.touch()
    accelerator.wait_for_everyone()
    seen = accelerator.gather(torch.tensor([file.is_file()], device=accelerator.device))
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        file.unlink()
    if not bool(seen.all()):
        raise InputError("train.not_shared", folder=str(run.absolute()))


@torch.no_grad()
def validate(model: MultimodalLSTM, batches: list[tuple[Batch, Tensor]]) -> tuple[float, float]:
    """Loss, and accuracy over the samples that have a class, on batches of all subsets of the modalities."""
    model.eval()
    loss = right = count = asked = 0.0
    for batch, taught in batches:
        batch, taught = batch.to(model.device), taught.to(model.device)
        logits, steps = model(batch)
        loss += float(sequence_loss(logits, steps, taught)) * len(taught)
        truth = true_classes(steps.last(taught))
        right += float((steps.last(logits).argmax(-1) == truth).sum())
        asked += float((truth >= 0).sum())
        count += len(taught)
    return loss / count, right / max(asked, 1)


def _epoch(
    accelerator: Accelerator,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    schedule: Any,
    loader: DataLoader,
    recipe: Recipe,
    progress: Progress,
    quiet: bool,
) -> float:
    """One pass over the epoch's samples; the mean training loss."""
    model.train()
    for modality in recipe.frozen:
        accelerator.unwrap_model(model).stem(modality).eval()
    total = torch.zeros((), device=accelerator.device)
    bar = tqdm(
        loader, desc=f"epoch {progress.epoch + 1}", leave=False, disable=quiet or not accelerator.is_main_process
    )
    for batch, taught in bar:
        logits, steps = model(batch)
        loss = sequence_loss(logits, steps, taught)
        optimizer.zero_grad()
        accelerator.backward(loss)
        accelerator.clip_grad_norm_(model.parameters(), recipe.clip)
        optimizer.step()
        schedule.step()
        total += loss.detach()
    return float(accelerator.reduce(total, "mean")) / len(loader)


def _dropout_seed(seed: int, epoch: int, process: int) -> int:
    """Dropout repeats itself when a run is resumed, and differs between processes."""
    return int(np.random.SeedSequence([seed, epoch, process]).generate_state(1)[0])


def _validation(
    features: Features, config: ModelConfig, pair: bool, seed: int, count: int
) -> Iterator[tuple[Batch, Tensor]]:
    """Fixed batches of undisturbed samples: one modality, two, and all, in equal parts."""
    sampling = replace(PLAIN, modality_counts=SamplingConfig.modality_counts)
    samples = MultimodalSamples(features, config, pair=pair, sampling=sampling, seed=seed, length=count)
    for first in range(0, count, 250):
        yield samples.collate([samples[k] for k in range(first, min(first + 250, count))])


def _borrow(model: MultimodalLSTM, folder: Path) -> None:
    """Take over the weights of a checkpoint wherever the shapes fit (a dense layer for other labels does not)."""
    own = model.state_dict()
    lent = MultimodalLSTM.from_pretrained(str(folder), local_files_only=True).state_dict()
    model.load_state_dict(own | {name: w for name, w in lent.items() if name in own and w.shape == own[name].shape})
