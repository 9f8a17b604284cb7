"""Trainings of the tiny task in processes of their own, which can be several, and can be killed."""

import json
import multiprocessing
import os
import signal
import socket
from dataclasses import replace
from pathlib import Path

import kornia.geometry.transform  # noqa: F401 -- once for all, too
import torch
import torch.utils.tensorboard
from tiny import CONFIG, features

from mmdemo.image.sync_batchnorm import SyncBatchNorm2d
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.model.sequence import Batch
from mmdemo.train import loop as training

SHORT = training.Recipe(epochs=4, samples=96, validation=30, batch_size=32)
CONTEXT = multiprocessing.get_context("forkserver")  # it imports PyTorch once, and forks before PyTorch has threads
CONTEXT.set_forkserver_preload(["trainings"])
torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])  # the first optimizer imports half of PyTorch: once for all


def start(job, *arguments, rank=0, of=1, port=0):
    """A process that runs a job, as one of several if need be."""
    process = CONTEXT.Process(target=_run, args=(job, arguments, rank, of, port))
    process.start()
    return process


def together(job, *arguments):
    """Run a job in two processes at once, to the end: with what they end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = [start(job, *arguments, rank=rank, of=2, port=port) for rank in range(2)]
    for process in processes:
        process.join(240)
    return [process.exitcode for process in processes]


def _run(job, arguments, rank, of, port):
    torch.set_num_threads(1)
    os.environ["ACCELERATE_USE_CPU"] = "true"
    if of > 1:  # as `accelerate launch` says it
        said = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": of, "LOCAL_WORLD_SIZE": of, "MASTER_PORT": port}
        os.environ |= {name: str(value) for name, value in said.items()} | {"MASTER_ADDR": "127.0.0.1"}
    job(*arguments)


def train(folder, recipe=SHORT, dropout=0.3):
    """Train the tiny task to the end."""
    splits = {"train": features(), "validation": features(seed=1)}
    config = replace(CONFIG, dropout=dropout)
    return training.train(config, splits, folder / "out", folder / "run", recipe=recipe, pair=True, quiet=True)


def result(folder):
    """The final validation loss and the weights of the checkpoint."""
    state = torch.load(folder / "run" / "state.pt", weights_only=True)
    model = MultimodalLSTM.from_pretrained(str(folder / "out"), local_files_only=True)
    return state["progress"]["best_loss"], model.state_dict() | _calibrated(model)


def _calibrated(model):
    """Every number of the calibration."""
    return {given: torch.tensor([*vars(found).values()]) for given, found in model.config.calibration.items()}


def record_losses(file):
    """The first 20 losses of a steep recipe without dropout, in double precision, to ``FILE.RANK``."""
    losses, loss_of, new, forward = [], training.sequence_loss, training.new_model, MultimodalLSTM.forward

    def kept(*arguments):
        losses.append(loss_of(*arguments))
        return losses[-1]

    def doubled(self, batch):
        inputs = {name: x.double() if x.is_floating_point() else x for name, x in batch.inputs.items()}
        return forward(self, Batch(inputs, batch.lengths, batch.order))

    training.sequence_loss, training.new_model = kept, lambda config: new(config).double()
    MultimodalLSTM.forward = doubled
    training.validate, training.calibrate = lambda *_: (0.0, 0.0), lambda *_, **__: None
    recipe = training.Recipe(epochs=2, samples=640, validation=1, batch_size=64)
    train(file.with_suffix(".training"), recipe, dropout=0.0)
    file.with_suffix(f".{os.environ.get('RANK', 0)}").write_text(json.dumps([float(loss) for loss in losses]))


def normalise(file, splits):
    """What the norm makes of a process's share of each batch, and its gradients, to ``FILE.BATCH.RANK``."""
    from accelerate import Accelerator

    accelerator = Accelerator()
    for number, shares in enumerate(splits):
        torch.manual_seed(0)
        batch, wanted = torch.randn(2, sum(shares), 3, 4, 5).double() * 3 + 5
        first = sum(shares[: accelerator.process_index])
        mine = slice(first, first + shares[accelerator.process_index] if len(shares) > 1 else None)
        norm = SyncBatchNorm2d(3).double().train()
        x = batch[mine].requires_grad_()
        y = norm(x)
        (y * wanted[mine]).square().sum().backward()
        weight, bias = (accelerator.reduce(p.grad, "sum") for p in (norm.weight, norm.bias))
        kept = {"y": y, "x": x.grad, "weight": weight, "bias": bias, **norm.state_dict(prefix="state.")}
        kept = {name: value.detach() for name, value in kept.items()}
        torch.save(kept, f"{file}.{number}.{accelerator.process_index}")
    accelerator.end_training()


MOMENTS = (
    "half of the second state is written",
    "the second state is written but not in place",
    "the last state is in place",
    "half of the checkpoint is written",
    "the weights are in place but not the config",
    "the checkpoint is in place",
)


def train_until(folder, moment):
    """Train, and be killed at one of the ``MOMENTS``."""
    publish, save, replaced = training.publish, torch.save, Path.replace
    written = []

    def reached(now):
        if now == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def state_saved(state, file):
        save(state, file)
        written.append(file)
        if len(written) == 2:
            if moment == MOMENTS[0]:
                os.truncate(file, file.stat().st_size // 2)
            reached(MOMENTS[0])
            reached(MOMENTS[1])

    def published(model, out):
        reached(MOMENTS[2])
        publish(model, out)
        reached(MOMENTS[5])

    def moved(file, target):
        if moment == MOMENTS[3] and target.name == "model.safetensors":
            os.truncate(file, file.stat().st_size // 2)
            reached(MOMENTS[3])
        replaced(file, target)
        if target.name == "model.safetensors":
            reached(MOMENTS[4])

    torch.save, Path.replace, training.publish = state_saved, moved, published
    train(folder)
