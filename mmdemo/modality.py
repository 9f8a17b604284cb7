"""The one face that every sense has: how its inputs are read, made steps of, learnt from, made worse, and shown.

A sense is a folder (``text``, ``image``, ``audio``) with one subclass of ``Modality``, named in
``mmdemo.model.modalities``. Nothing that trains, measures or predicts knows any sense by its name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator
from torch import Tensor, nn

from mmdemo.config import check_range
from mmdemo.messages import Note

Item = Any
"""An input as training and evaluation keep it: a text's tokens, a picture's square, a sound's embedded steps."""

Ask = Callable[[Sequence[Item]], np.ndarray]
"""The items of N inputs -> what the model answers to each of them alone, (N, C)."""


class ModalityInput(ABC):
    """An input that was read; ``len()`` is its number of steps, 0 where there is nothing to read in it.

    Attributes:
        notes: what the person should know besides.
        absent: why there is nothing to read; None where there is.
        doubt: why the answer may not be called clear, whatever the model says, such as several numbers of which one was
            read, or ink that the frame cuts off.
        candidates: (span, score) of everything in it that may be meant, best first, where a sense finds several.
        chosen: which of them was read.
        offsets: (seconds, score): how much better it would fit together if a part of it were moved by so much, where a
            sense tries that.
    """

    notes: tuple[Note, ...] = ()
    absent: Note | None = None
    doubt: Note | None = None
    candidates: tuple[tuple[tuple[float, ...], float], ...] = ()
    chosen: int = 0
    offsets: tuple[tuple[float, float], ...] = ()

    @abstractmethod
    def __len__(self) -> int: ...


@dataclass(frozen=True)
class Noise:
    """How much worse each input is made before it is read.

    Attributes:
        typing: chance of an error at each letter, 0 to 1.
        blur, darkness: of the picture, 0 to 1.
        snr: signal-to-noise ratio of the sound in dB; None for no noise.
        seed: of everything that is left to chance.
    """

    typing: float = 0.0
    blur: float = 0.0
    darkness: float = 0.0
    snr: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("typing", "blur", "darkness"):
            check_range(name, getattr(self, name), 0.0, 1.0)
        if self.snr is not None:
            check_range("snr", self.snr, -20.0, 100.0)


@dataclass(frozen=True)
class StepTarget:
    """What one modality of one sample says at each of its T steps.

    Attributes:
        label: index of the class that is spoken for, int64, shape (T,); any where the weight is 0.
        weight: how firmly, 0 to 1, float32, shape (T,).
    """

    label: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class CorruptionTest:
    """One way to make a raw input worse by degrees, to see how much of it an answer survives.

    Attributes:
        unit: of the levels, in words.
        levels: from unharmed on.
        apply: (raw input, level, row) -> the raw input, worse; a row always meets the same.
    """

    unit: str
    levels: tuple[float | None, ...]
    apply: Callable[[Any, float | None, int], Any]


class Modality(ABC):
    """A sense.

    What its methods hand to one another: a *source* is whatever a person or a program gives; reading makes a
    ``ModalityInput`` of it, of which an ``Item`` is what the model needs; ``collate`` makes a batch of items, and the
    stem makes steps of that.

    Attributes:
        name: of its column in a manifest, its part of the configuration and its stem in the model.
        inline: whether a manifest's cell holds the input itself, not where it lies.
        heavy: whether reading it is worth waiting for a graphics card.
        joins: whether two inputs can follow one another in one: see :meth:`join`.
        chooses: whether an input may hold several things of which one is meant: see :meth:`consider`.
        continuous: whether it goes on in time by itself, so that in a stream its steps are the clock: :meth:`stream`.
    """

    name: ClassVar[str]
    inline: ClassVar[bool] = False
    heavy: ClassVar[bool] = True
    joins: ClassVar[bool] = False
    chooses: ClassVar[bool] = False
    continuous: ClassVar[bool] = False

    # Reading

    @abstractmethod
    def read(self, source: Any, config: Any, *, candidate: int | None = None) -> ModalityInput:
        """Preprocess one raw input.

        Args:
            source: see the sense's own ``reader`` module.
            config: the sense's part of the task's configuration.
            candidate: which to read where an input holds several things that may be meant.

        Raises:
            InputError: the input is too large, or cannot be read.
        """

    def consider(self, given: ModalityInput, config: Any, labels: Sequence[str], ask: Ask) -> ModalityInput:
        """An input after the model was asked about parts of it: another doubt, or less to read; or just as it was.

        Args:
            given: as :meth:`read` returned it.
            config: the sense's part of the configuration.
            labels: the names of the classes.
            ask: the model.
        """
        return given

    @abstractmethod
    def item(self, given: ModalityInput) -> Item:
        """What the model takes of an input that was read."""

    @abstractmethod
    def spans(self, given: ModalityInput) -> Iterator[tuple[str, tuple[float, ...]]]:
        """Where each step came from: its word ("" but for text) and its span in the original."""

    def preview(self, given: ModalityInput) -> dict[str, Any]:
        """What the model saw of an input, as plain JSON, for a person to check."""
        return {}

    def strip(self, given: ModalityInput) -> np.ndarray | None:
        """A grey image (height, width) in 0..255 that lies above the input's steps in the drawing; None for none."""
        return None

    def place(self, index: int, count: int, word: str, span: tuple[float, ...]) -> dict[str, Any]:
        """How a sentence points at a step, the ``index``-th of its input's ``count``: what fills the gaps in it."""
        return {"step": index + 1, "steps": count}

    def perturb(self, source: Any, noise: Noise) -> Any:
        """A source made worse; the same object where there is nothing to do.

        Raises:
            InputError: the source is refused, as it would be without noise.
        """
        return source

    # The model

    @abstractmethod
    def stem(self, config: Any, embedding_dim: int) -> Stem:
        """A new stem, untrained."""

    @abstractmethod
    def collate(self, items: Sequence[Item | None], config: Any) -> Any:
        """A batch for the stem; None marks a sample without an input. It is a tensor, or has a ``to(device)`` too."""

    def steps(self, item: Item, config: Any) -> int:
        """How many steps the stem makes of an item."""
        return len(item)

    # Training

    def fingerprint(self, config: Any) -> Mapping[str, Any] | None:
        """The settings that decide what is read, by which what was read is cached; None where that is not worth it."""
        return None

    def prepare(
        self, source: Any, config: Any, *, variants: int, rng: Generator, others: tuple[str, ...]
    ) -> list[Item] | str:
        """One cell of a manifest, ready to be trained on: as it is, and varied; or a sentence that says why not.

        Args:
            source: the cell, or the picture that it names.
            config: the sense's part of the configuration.
            variants: how many, where the sense varies before and not during training.
            rng: makes them.
            others: cells of no class, which may be mixed in.
        """
        given = self.read(source, config)
        return str(given.absent) if given.absent else [self.item(given)]

    def wholes(self, cell: str) -> tuple[str, ...]:
        """What has to be read for a cell of a manifest; what many cells are parts of is read and kept only once."""
        return (cell,)

    def part(self, wholes: Sequence[Item], cell: str) -> Item:
        """The item of a cell, of the items of its :meth:`wholes`."""
        return wholes[0]

    def pack(self, item: Item) -> Item:
        """An item as it is kept in memory and on the disk, if it can be kept smaller; :meth:`unpack` undoes it."""
        return item

    def unpack(self, item: Item) -> Item:
        """What :meth:`pack` packed."""
        return item

    def target(self, label: int, steps: int, span: tuple[float, float]) -> StepTarget:
        """What each step of an input says, if its label is all that is known of it.

        Args:
            label: index of the class; -1 for none.
            steps: T.
            span: from which to which share of the input its label is being said, where a sense takes time.
        """
        return ramp(label, steps)

    def marked_target(self, cell: str, item: Item, marks: Sequence[tuple[int, int | None]]) -> StepTarget | None:
        """What each step of an item says, if the manifest marks that; None where a sense knows no marks.

        Args:
            cell: the manifest's.
            item: what is read of it.
            marks: (offset, class index or None): what holds from there on.
        """
        return None

    def disturb(self, item: Item, severity: Callable[[], float], strength: float, rng: Generator) -> Item:
        """One item changed at random in training; ``severity()`` draws by how much, 0 to 1."""
        return item

    def join(self, first: Item, second: Item, config: Any) -> Item:
        """Two items one after the other as one, or as much of them as can be read."""
        raise NotImplementedError(f"two inputs of {self.name} make no third")

    def augment(self, batch: Any, present: Tensor, severity: Tensor, generators: Sequence[Any], config: Any) -> Any:
        """A whole batch changed at random, in training.

        Args:
            batch: what :meth:`collate` made.
            present: which samples have an input, (B,) bool.
            severity: of the damage, of those n that have, (n,), 0 to 1.
            generators: PyTorch's, one for each of them, so that each becomes the same in whatever batch it is.
            config: the sense's part of the configuration.
        """
        return batch

    def clip(self, cell: str, config: Any, rng: Generator | None) -> tuple[Any, int] | None:
        """A cell of a continuous sense, ready for a stream, without what lies before and after, and how long it is.

        None where there is nothing in it. Its length is in steps.

        Args:
            cell: the manifest's.
            config: the sense's part of the configuration.
            rng: varies it; as it is if None.

        Raises:
            InputError: it cannot be read.
        """
        raise NotImplementedError(f"{self.name} does not go on in time")

    def stream(
        self,
        clips: Sequence[tuple[int, Any]],
        steps: int,
        noise: float,
        rng: Generator,
        *,
        config: Any,
        stem: Stem,
    ) -> Item:
        """What a continuous sense's stem gets of a stream: clips, and quiet between them.

        Args:
            clips: each with the step at which it begins; none begins before another ends.
            steps: how many there are.
            noise: of the room, in dB of full scale.
            rng: how loud each clip is, and the noise.
            config: the sense's part of the configuration.
            stem: of the model.
        """
        raise NotImplementedError(f"{self.name} does not go on in time")

    # Evaluation

    def degrade(self, item: Item, level: float, rng: Generator, *, cell: str, config: Any, stem: Stem) -> Item | None:
        """An item worse by so much, 0 to 1; None if nothing can be read in it any more.

        Args:
            item: undisturbed.
            level: how much.
            rng: the only source of chance.
            cell: the manifest's, for what is damaged before it is read.
            config: the sense's part of the configuration.
            stem: of the model that is measured.
        """
        return item

    def embedded(self, item: Item, stem: Stem) -> Item:
        """An item with all that is worked out by what is pretrained and frozen in the stem, as training keeps it."""
        return item

    def raw(self, source: Any) -> Any:
        """A cell's content in the form that :meth:`corruptions` change."""
        return source

    def source(self, raw: Any) -> Any:
        """What :meth:`read` takes of a raw input."""
        return raw

    def corruptions(self, seed: int, others: Sequence[Any]) -> dict[str, CorruptionTest]:
        """Everything that a raw input has to survive; ``others``: raw inputs of other people."""
        return {}

    def nothing_but_noise(self, row: int, seed: int, others: Sequence[Any]) -> Any | None:
        """A raw input that says nothing; None where there is no such thing."""
        return None


class Stem(nn.Module):
    """What makes a batch of one modality's inputs steps of the LSTM.

    Subclasses' ``forward(batch, lengths)`` takes what ``Modality.collate`` makes and the number of steps of each
    sample, (B,), and returns (B, T, embedding_dim); rows beyond a sample's end mean nothing.
    """

    teaches_itself: ClassVar[bool] = False
    """Whether, alone, it learns by :meth:`own_loss` and not by the classes."""

    def load_pretrained(self) -> None:
        """Take over the weights that were trained elsewhere, where there are some."""

    def own_loss(self, batch: Any, lengths: Tensor, labels: Tensor) -> Tensor:
        """What a stem learns by that ``teaches_itself``.

        Args:
            batch, lengths: as for ``forward``.
            labels: the samples' classes, (B,).
        """
        raise NotImplementedError

    def shrunk(self, batch: Any, size: int) -> Any:
        """A batch in a lower resolution, for quick first epochs, where there is such a thing."""
        return batch


def ramp(label: int, steps: int, span: tuple[float, float] = (0.0, 1.0)) -> StepTarget:
    """Evidence for one label that grows evenly to 1.

    Args:
        label: index of the class; -1 for none, which is no evidence at any step.
        steps: T.
        span: from which to which share of the steps it grows; after that it stays.
    """
    labels = np.full(steps, max(label, 0), np.int64)
    if label < 0:
        return StepTarget(labels, np.zeros(steps, np.float32))
    done = np.arange(1, steps + 1) / max(steps, 1)
    return StepTarget(labels, np.interp(done, span, (0, 1)).astype(np.float32))
