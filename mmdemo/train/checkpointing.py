"""What training writes to the disk: its state, to resume from, and at the end the checkpoint.

A file gets its final name only when it is complete, so a kill at any moment leaves what was there before.
"""

from __future__ import annotations

import logging
import math
import os
import shutil
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.model.weights import HASH, WEIGHTS, remove_hash

REASON = 200  # characters of an error that are told
log = logging.getLogger(__name__)


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
    """Load what ``keep`` stored; returns the progress, which is empty if there is no state that can be used."""
    if (state := stored(file, learning)) is None:
        return {}
    for name, thing in learning.items():
        thing.load_state_dict(state[name])
    return state["progress"]


def stored(file: Path, learning: dict[str, Any]) -> dict[str, Any] | None:
    """What ``keep`` stored; None if there is nothing.

    A state that is damaged, or not of what is ``learning``, is set aside with a warning, and there is none.
    """
    for part in file.parent.glob(f"{file.stem}-*.part"):  # left by a process that was killed while writing
        part.unlink(missing_ok=True)
    if not file.is_file():
        return None
    try:
        with zipfile.ZipFile(file) as archive:  # torch does not compare checksums
            if damaged := archive.testzip():
                raise ValueError(f"the checksum of {damaged} is wrong")
        state = torch.load(file, map_location="cpu", weights_only=True)
        for name, thing in learning.items():
            if _shapes(state[name]) != _shapes(thing.state_dict()) and isinstance(thing, nn.Module):
                raise ValueError(f"its {name} has other sizes")
        return dict(state, progress=dict(state["progress"]))
    except Exception as error:  # cut short, emptied, overwritten, of another version: torch raises nearly anything
        set_aside(file, error)
        return None


def _shapes(state: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(getattr(value, "shape", ())) for name, value in state.items()}


def set_aside(file: Path, error: Exception) -> None:
    """Give a damaged file another name, so that it can be made anew, and say so; another process may be quicker."""
    aside = file.with_name(f"{file.name}.damaged")
    with suppress(FileNotFoundError):
        file.replace(aside)
    reason = " ".join(str(error).split())[:REASON] or "no reason given"
    log.warning(
        "%s cannot be used (%s: %s): it is set aside as %s, and made anew",
        *(file, type(error).__name__, reason, aside.name),
    )


def publish(model: MultimodalLSTM, out: Path) -> None:
    """Write a checkpoint; an existing model card is kept."""
    part = out / ".part"
    shutil.rmtree(part, ignore_errors=True)
    model.save_pretrained(part)
    remove_hash(out)  # lest it stand beside weights that it is not of
    for name in (WEIGHTS, HASH, "config.json"):  # the config last: if it is there, the checkpoint is complete
        (part / name).replace(out / name)
    if not (out / "README.md").exists():
        (part / "README.md").replace(out / "README.md")
    shutil.rmtree(part)
