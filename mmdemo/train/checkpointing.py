"""What training writes to the disk: its state, to resume from, and at the end the checkpoint.

A file gets its final name only when it is complete, so a kill at any moment leaves what was there before.
"""

from __future__ import annotations

import math
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmdemo.model.multimodal_lstm import MultimodalLSTM


@dataclass
class Progress:
    """The state of a run.

    Attributes:
        epoch: how many are complete.
        best_loss: the lowest on the validation split.
        best_epoch: in which it was reached.
        best: the weights of that epoch. They are kept here and not in the checkpoint's folder, so that there is no
            moment at which the two disagree.
    """

    epoch: int = 0
    best_loss: float = math.inf
    best_epoch: int = -1
    best: dict[str, Tensor] | None = None


def keep(file: Path, learning: dict[str, Any], progress: dict[str, Any]) -> None:
    """Write the state to resume from.

    Args:
        file: its name.
        learning: whatever has a ``state_dict``, by name.
        progress: what else there is to know.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.stem}-{os.getpid()}.part")  # a process that outlived its launcher may be writing, too
    torch.save({name: thing.state_dict() for name, thing in learning.items()} | {"progress": progress}, part)
    part.replace(file)


def resume(file: Path, learning: dict[str, Any]) -> dict[str, Any]:
    """Load what ``keep`` stored; returns the progress, which is empty if there is no state."""
    for part in file.parent.glob(f"{file.stem}-*.part"):  # left by a process that was killed while writing
        part.unlink(missing_ok=True)
    if not file.is_file():
        return {}
    state = torch.load(file, map_location="cpu", weights_only=True)
    for name, thing in learning.items():
        thing.load_state_dict(state[name])
    return state["progress"]


def publish(model: MultimodalLSTM, out: Path) -> None:
    """Write a checkpoint; an existing model card is kept."""
    part = out / ".part"
    shutil.rmtree(part, ignore_errors=True)
    model.save_pretrained(part)
    for name in ("model.safetensors", "config.json"):  # the config last: if it is there, the checkpoint is complete
        (part / name).replace(out / name)
    if not (out / "README.md").exists():
        (part / "README.md").replace(out / "README.md")
    shutil.rmtree(part)
