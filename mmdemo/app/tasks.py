"""What the page can be asked: the trained tasks in a folder, and the examples made for them."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from mmdemo.app.given import Given
from mmdemo.config import INPUTS, CheckpointError, ModelConfig
from mmdemo.inference.live_weights import write_live_weights
from mmdemo.inference.predictor import Predictor
from mmdemo.messages import InputError
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.resources import ASSETS
from mmdemo.server import zero_gpu
from mmdemo.server.health import checkpoint_hash

EXAMPLES = ASSETS / "examples"


@dataclass(frozen=True)
class Example:
    """Something to try with one click; any of them may be missing.

    Attributes:
        name: its key in the strings files (``example.<name>``), or its title where there is none.
        text: the words, "" if none.
        image: the picture's file.
        audio: the recording's file.
        video: the video's file.
        noise: where the sliders of noise are, by their names in ``given.SLIDERS``; at 0 unless named here.
    """

    name: str
    text: str = ""
    image: Path | None = None
    audio: Path | None = None
    video: Path | None = None
    noise: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many inputs it has."""
        return sum(map(bool, (self.text, self.image, self.audio, self.video)))

    def given(self, task: str) -> Given:
        """What it gives to the page: all switched on, and its noise."""
        files = {name: (file := getattr(self, name)) and str(file) for name in ("image", "audio", "video")}
        return Given({"text": self.text, **files}, noise=self.noise, task=task)


class Tasks:
    """The checkpoints of a folder, each loaded once, when it is first asked for.

    Args:
        folder: every folder in it that has a ``config.json`` is a task, unless its checkpoint cannot be used, or it has
            other senses than the page has inputs for.

    Attributes:
        broken: why some cannot, by their names; each is said once, in a warning.
        live_folder: for what :meth:`live_weights` makes; it goes with this object.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._predictors: dict[str, Predictor] = {}
        self._hashes: dict[str, str | None] = {}
        self._senses: dict[str, tuple[str, ...]] = {}
        self._lock = Lock()
        self._live = tempfile.TemporaryDirectory(prefix="mmdemo-")
        self.live_folder = Path(self._live.name).resolve()
        self.broken: dict[str, str] = {}
        for name in self.names:
            try:
                MultimodalLSTM.check(folder / name)
            except CheckpointError as error:
                self._leave_out(name, error)

    @property
    def names(self) -> list[str]:
        """The tasks that can be chosen now, ``digits`` first."""
        found = {path.parent.name for path in self.folder.glob("*/config.json")} - set(self.broken)
        return sorted(filter(self._can_be_given, found), key=lambda name: (name != "digits", name))

    def _can_be_given(self, name: str) -> bool:
        """Whether the page has an input for each of a task's senses."""
        return set(self.senses(name)) <= set(INPUTS)

    def senses(self, name: str | None) -> tuple[str, ...]:
        """The senses of a task, looked up once; none where its configuration cannot be read, or there is no task."""
        if name and name not in self._senses:
            try:
                self._senses[name] = tuple(ModelConfig.from_json(self.folder / name / "config.json").modalities)
            except (CheckpointError, OSError):  # said where it is loaded
                return ()
        return self._senses[name] if name else ()

    def predictor(self, name: str) -> Predictor:
        """The task made ready.

        Raises:
            InputError: there is no such task, or none any more that can be used.
        """
        if name not in self.names:  # it comes from a browser: never a path
            raise InputError("ask.no_task")
        with self._lock:
            if name not in self._predictors:
                self._hashes[name] = checkpoint_hash(self.folder / name)
                try:
                    self._predictors[name] = zero_gpu.load(self.folder / name)
                except CheckpointError as error:
                    self._leave_out(name, error)
                    raise InputError("ask.no_task") from error
            return self._predictors[name]

    def live_weights(self, name: str) -> Path:
        """The file of weights with which the page runs the task's LSTM itself, made when it is first asked for.

        Raises:
            InputError: there is no such task, or it does not hear.
        """
        model = self.predictor(name).model
        if "audio" not in self.senses(name):
            raise InputError("live.deaf")
        return write_live_weights(model, self.live_folder)

    def _leave_out(self, name: str, error: CheckpointError) -> None:
        self.broken[name] = str(error)
        logging.getLogger(__name__).warning("The task %s is left out: %s", name, error)

    def hash(self, name: str) -> str | None:
        """The hash of the checkpoint as it was loaded, whatever lies in its folder by now.

        Raises:
            InputError: there is no such task.
        """
        self.predictor(name)
        return self._hashes[name]

    def example_names(self, name: str | None) -> list[str]:
        """The names of a task's examples; none where there is no task."""
        return [example.name for example in self.examples(name)] if name else []

    @staticmethod
    def examples(name: str) -> list[Example]:
        """The examples of a task: ``assets/examples/<task>/examples.json``; none if there is no such file."""
        if not isinstance(name, str):  # it comes from a browser
            return []
        folder = EXAMPLES / name
        if folder.parent != EXAMPLES or not (folder / "examples.json").is_file():  # a name, never a path
            return []
        rows = json.loads((folder / "examples.json").read_text(encoding="utf-8"))
        files = ("image", "audio", "video")
        return [
            Example(**{key: folder / value if key in files else value for key, value in row.items()}) for row in rows
        ]
