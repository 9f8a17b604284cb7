"""Trainings of the tiny task in processes of their own, which can be several, and can be killed."""

import json
import multiprocessing
import os
import signal
import socket
from dataclasses import replace
from pathlib import Path

import torch
from tiny import CONFIG, features

from mmdemo import train as training
from mmdemo.data.pairs import Mixing
from mmdemo.distributed import SharedNorm
from mmdemo.model import MultimodalLSTM
from mmdemo.sequence import Batch

SHORT = training.Recipe(epochs=4, samples=192, validation=60, batch_size=32)
CONTEXT = multiprocessing.get_context("forkserver")  # it imports PyTorch once, and forks before PyTorch has threads
CONTEXT.set_forkserver_preload(["trainings"])


def start(job, *arguments, rank=0, of=1, port=0):
    """A process that runs a job, as one of several if need be."""
    process = CONTEXT.Process(target=_run, args=(job, arguments, rank, of, port))
    process.start()
    return process


def together(job, *arguments, count=2):
    """Run a job in several processes at once, to the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ended = [start(job, *arguments, rank=rank, of=count, port=port) for rank in range(count)]
    for process in ended:
        process.join(240)
    assert [process.exitcode for process in ended] == [0] * count


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
    return state["progress"]["best_loss"], model.state_dict() | {"temperature": torch.tensor(model.config.temperature)}


def record_losses(file):
    """The first 20 losses of a steep recipe without dropout, in double precision, to ``FILE.RANK``."""
    losses, loss_of, new, forward = [], training.sequence_loss, training.new_model, MultimodalLSTM.forward

    def loss_kept(*arguments):
        losses.append(loss_of(*arguments))
        return losses[-1]

    def doubled(self, batch):
        return forward(self, Batch(batch.text, batch.image.double(), batch.audio.double(), batch.lengths, batch.order))

    training.sequence_loss, training.new_model = loss_kept, lambda config: new(config).double()
    MultimodalLSTM.forward, training.calibrate = doubled, lambda *_: None
    recipe = training.Recipe(epochs=2, samples=640, validation=1, batch_size=64, mixing=Mixing())
    training.train.__globals__["validate"] = lambda *_: (1.0 / (1 + len(losses)), 1.0)
    train(file.parent / f"{file.name}-training", recipe, dropout=0.0)
    file.with_name(f"{file.name}.{os.environ.get('RANK', 0)}").write_text(json.dumps([float(x) for x in losses]))


def normalise(file, shares):
    """What the norm makes of a process's share of a batch, and its gradients, to ``FILE.RANK``."""
    from accelerate import Accelerator

    accelerator = Accelerator()
    torch.manual_seed(0)
    batch, wanted = torch.randn(2, sum(shares), 3, 4, 5).double() * 3 + 5
    first = sum(shares[: accelerator.process_index])
    mine = slice(first, first + shares[accelerator.process_index] if len(shares) > 1 else None)
    norm = SharedNorm(3).double().train()
    x = batch[mine].requires_grad_()
    y = norm(x)
    (y * wanted[mine]).square().sum().backward()
    weight, bias = (accelerator.reduce(p.grad, "sum") for p in (norm.weight, norm.bias))
    kept = {"y": y, "x": x.grad, "weight": weight, "bias": bias, **norm.state_dict(prefix="state.")}
    torch.save({name: value.detach() for name, value in kept.items()}, f"{file}.{accelerator.process_index}")
    accelerator.end_training()


def train_until(folder, moment):
    """Train, and be killed at a moment of the writing."""
    die = lambda: os.kill(os.getpid(), signal.SIGKILL)  # noqa: E731
    save, replace_, publish, count = torch.save, Path.replace, training._publish, [0]

    def torn(state, file):
        save(state, file)
        count[0] += 1
        if moment == "a torn state" and count[0] == 2:
            os.truncate(file, os.path.getsize(file) // 2)
            die()
        if moment == "a state that is not in place" and count[0] == 2:
            die()

    def moved(self, target):
        replace_(self, target)
        if moment == "between the checkpoint's files" and target.name == "model.safetensors":
            die()

    def published(model, out):
        if moment == "before the checkpoint":
            die()
        publish(model, out)
        if moment == "after the checkpoint":
            die()

    def torn_checkpoint(model, part):
        MultimodalLSTM_save(model, part)
        if moment == "a torn checkpoint":
            os.truncate(part / "model.safetensors", 1000)
            die()

    MultimodalLSTM_save = MultimodalLSTM.save_pretrained
    torch.save, Path.replace, training._publish, MultimodalLSTM.save_pretrained = (
        torn,
        moved,
        published,
        torn_checkpoint,
    )
    train(folder)


MOMENTS = (
    "a torn state",
    "a state that is not in place",
    "before the checkpoint",
    "a torn checkpoint",
    "between the checkpoint's files",
    "after the checkpoint",
)
