"""Whether the page can answer, and with what: its version, and the hashes of its checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmdemo import __version__
from mmdemo.model.weights import weights_hash
from mmdemo.server import uploads

HASH_DIGITS = 12  # hexadecimal


def checkpoint_hash(folder: Path) -> str | None:
    """The first digits of the SHA-256 of a checkpoint's weights; None where there are none."""
    whole = weights_hash(folder)
    return whole and whole[:HASH_DIGITS]


class Health:
    """What ``GET /health`` says: ready once the model of every task has answered, until the server is told to stop.

    Attributes:
        answered, broken: the tasks whose model has answered, and those whose model cannot be used.
        stopping: whether the server was told to stop.
    """

    def __init__(self, folder: Path, tasks: Sequence[str]) -> None:
        self.folder, self.tasks = folder, list(tasks)
        self.answered: set[str] = set()
        self.broken: set[str] = set()
        self.stopping = False

    @property
    def ready(self) -> bool:
        """Whether a visitor who comes now is answered."""
        return bool(self.answered) and not self.stopping and set(self.tasks) <= self.answered | self.broken

    @property
    def status(self) -> str:
        """In a word: ``"starting"``, ``"ready"``, ``"stopping"``, or ``"broken"`` if it will never be ready."""
        if self.stopping:
            return "stopping"
        return "ready" if self.ready else "broken" if self.useless else "starting"

    @property
    def useless(self) -> bool:
        """Whether no visitor will ever be answered: no task has a model that can be used."""
        return not self.answered and set(self.tasks) <= self.broken

    def report(self) -> dict[str, Any]:
        """The status and what is served."""
        return {
            "status": self.status,
            "version": __version__,
            "checkpoints": {task: checkpoint_hash(self.folder / task) for task in self.tasks},
            "broken": sorted(self.broken),
            "disk": "ok" if uploads.has_room() else "full",
        }
