"""A checkpoint made ready: raw inputs in, one ``Result`` out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from mmdemo.config import SAMPLE_RATE
from mmdemo.inference.micro_batch import MicroBatcher
from mmdemo.inference.result import Result
from mmdemo.lstm.counterfactual import contradictions, last_states
from mmdemo.lstm.explanation import Explanation, Step, explain
from mmdemo.lstm.readout import Readout
from mmdemo.lstm.trace import Trace, trace
from mmdemo.messages import Note
from mmdemo.modality import Item, ModalityInput
from mmdemo.model.modalities import SENSES
from mmdemo.model.multimodal_lstm import MultimodalLSTM, pick_device
from mmdemo.model.sequence import Batch, collate
from mmdemo.worker_pool import seats

# Why an answer below ``confidence_threshold`` is not sure, by the two highest probabilities p and q:
SPREAD = 0.7  # p + q below this, and p below a half: like nothing that it knows
CLOSE = 3  # p less than so many times q: close between the two


class ModelOutput(NamedTuple):
    """What the model itself made of preprocessed inputs.

    Attributes:
        embeddings, step_probabilities, unimodal_probabilities, trace, milliseconds, device: as in ``Result``.
    """

    embeddings: dict[str, Tensor]
    step_probabilities: np.ndarray
    unimodal_probabilities: dict[str, np.ndarray]
    trace: Trace | None
    milliseconds: dict[str, float]
    device: str


class Predictor:
    """A trained task, ready to read anything.

    Args:
        model: the model; it is put into evaluation mode on ``device``.
        device: where to run; CUDA, then MPS, then the CPU if not given.
    """

    def __init__(self, model: MultimodalLSTM, device: torch.device | str | None = None) -> None:
        self.model = model.eval().to(device or pick_device())
        self.config = model.config
        self._encode = MicroBatcher(self._encode_many)

    @classmethod
    def load(cls, folder: str | Path, device: torch.device | str | None = None) -> Predictor:
        """A checkpoint folder made ready.

        Raises:
            FileNotFoundError: the folder holds no checkpoint.
        """
        if not (Path(folder) / "config.json").is_file():
            raise FileNotFoundError(
                f"No checkpoint in {folder}: it has no config.json. Train one: python -m mmdemo train"
            )
        return cls(MultimodalLSTM.from_pretrained(str(folder), local_files_only=True), device)

    @property
    def device(self) -> torch.device:
        """Where the model is now."""
        return self.model.device

    @property
    def readout(self) -> Readout:
        """The model's dense layer and temperature, as the functions of ``mmdemo.lstm`` take them."""
        return Readout.of(self.model.dense, self.config.temperature)

    def preprocess(self, modality: str, source: Any, candidate: int | None = None) -> ModalityInput:
        """Preprocess one raw input.

        Args:
            modality: of the input.
            source: what :meth:`predict` takes.
            candidate: which to read where the input holds several things that may be meant; if not given, the one that
                both the finder and the model hold for the likeliest.

        Raises:
            InputError: the input is too large, or cannot be read.
        """
        choose = partial(self._likeliest, modality)
        return SENSES[modality].read(source, self.config.of(modality), candidate=candidate, choose=choose)

    @torch.inference_mode()
    def batch(self, samples: Sequence[Mapping[str, ModalityInput]], orders: Sequence[Sequence[str]]) -> Batch:
        """Put preprocessed inputs into one batch on the model's device; absent ones are left out."""
        items = [{name: SENSES[name].item(given) for name, given in sample.items() if len(given)} for sample in samples]
        return collate(items, orders, self.config).to(self.device)

    @torch.inference_mode()
    def predict(
        self,
        text: Any = None,
        image: Any = None,
        audio: Any = None,
        order: Sequence[str] | None = None,
        candidate: int | None = None,
        **others: Any,
    ) -> Result:
        """Read whatever is given, decide, and look inside.

        Args:
            text: a string, or a ``TextInput``.
            image: a path, bytes, a PIL image, an array, or an ``ImageInput``.
            audio: a path, bytes, ``(rate, samples)``, or an ``AudioInput``.
            order: the order of reading; must name every modality once. That of the configuration if not given.
            candidate: which of the picture's candidates to read, see :meth:`preprocess`.
            others: inputs of further senses, where the task has some.

        Raises:
            InputError: an input is too large, or cannot be read.
            ValueError: the order is not a permutation of the modalities.
        """
        names = self.config.modalities
        order = names if order is None else order
        if sorted(order) != sorted(names):
            raise ValueError(f"order must name each of {', '.join(names)} once, but is {order!r}")
        clock = _Clock()
        inputs: dict[str, ModalityInput] = {}
        for modality, source in {"text": text, "image": image, "audio": audio, **others}.items():
            if source is not None:
                with clock(modality):
                    ready = isinstance(source, ModalityInput)
                    inputs[modality] = source if ready else self.preprocess(modality, source, candidate)

        embeddings, step_probabilities, unimodal_probabilities, inside, milliseconds, device = self.forward(
            inputs, order
        )
        used = list(embeddings)
        probabilities = step_probabilities[-1] if len(step_probabilities) else self._prior()
        contradiction = _contradiction(unimodal_probabilities, self.config.labels, self.config.confidence_threshold)
        reason = contradiction or self._doubt(probabilities, unimodal_probabilities)
        return Result(
            task=self.config.task,
            labels=list(self.config.labels),
            probabilities=probabilities,
            sure=reason is None,
            reason=reason,
            contradiction=contradiction,
            used=used,
            ignored={modality: item.absent for modality, item in inputs.items() if item.absent},
            notes=[note for item in inputs.values() for note in item.notes],
            steps=[step for modality in used for step in _steps(modality, inputs[modality])],
            embeddings=embeddings,
            step_probabilities=step_probabilities,
            unimodal_probabilities=unimodal_probabilities,
            trace=inside,
            inputs=inputs,
            milliseconds={**clock.milliseconds, **milliseconds},
            device=device,
            picture=_picture(inputs),
        )

    @torch.inference_mode()
    def forward(self, inputs: dict[str, ModalityInput], order: Sequence[str]) -> ModelOutput:
        """The model's own part of ``predict``: all of it that is done where the model is."""
        clock = _Clock()
        used = [modality for modality in order if modality in inputs and len(inputs[modality])]
        with clock("stems"), seats.leave():  # so that others can come and wait
            x = self._encode((inputs, order))  # in one batch with all that are waiting
        with clock("lstm"):
            step_probabilities, inside = self._run(x)
        with clock("alone"):
            embeddings = dict(zip(used, x.split([len(inputs[modality]) for modality in used]), strict=True))
            unimodal_probabilities = self._unimodal_probabilities(embeddings)
        return ModelOutput(
            embeddings, step_probabilities, unimodal_probabilities, inside, clock.milliseconds, self.device.type
        )

    def explain(
        self, result: Result, *, about: int | None = None, against: int | None = None, faithful: bool = False
    ) -> Explanation | None:
        """Why it answered that; ``None`` if there was nothing to read.

        Args:
            result: what ``predict`` returned.
            about: the class to explain, the answer if not given; ``against``: the class to weigh it against, the mean
                of all if not given.
            faithful: whether to test the ledger too, which takes longer than all the rest.
        """
        if not result.steps:
            return None
        return explain(
            self.model.lstm,
            self.readout,
            result.embeddings,
            result.steps,
            result.labels,
            inside=result.trace,
            about=about,
            against=against,
            faithful=faithful,
        )

    def warm_up(self) -> None:
        """Run everything once, so that the first visitor waits no longer than the next."""
        seconds = np.arange(SAMPLE_RATE, dtype=np.float32) / SAMPLE_RATE
        chirp = np.sin(2 * np.pi * (200 + 800 * seconds) * seconds) * np.hanning(len(seconds))
        blank = np.full((480, 640, 3), 200, np.uint8)  # in which a face is looked for, too
        stroke = blank.copy()
        stroke[140:340, 310:330] = 20
        for picture in (blank, stroke):
            self.predict("seven", picture, (SAMPLE_RATE, chirp.astype(np.float32)))

    @torch.inference_mode()
    def _likeliest(self, modality: str, items: Sequence[Item], scores: np.ndarray) -> int:
        """Which of an input's candidates is meant: the finder's score, by its root, times the model's confidence.

        The finder knows strokes, the model knows what they may mean; either alone takes a hand's edge for a digit more
        often. The root was chosen on composed photos of training digits.

        Args:
            modality: of the input.
            items: N candidates, as the model takes them.
            scores: the finder's, (N,), 0 to 1.
        """
        orders = [self.config.modalities] * len(items)
        steps = self.model.encode(collate([{modality: item} for item in items], orders, self.config).to(self.device))
        states = last_states(self.model.lstm, list(steps.x))  # (N, H)
        confidence = self.model.decide(states).softmax(-1).amax(-1).cpu().numpy()
        return int((np.sqrt(scores) * confidence).argmax())

    @torch.inference_mode()
    def _encode_many(self, samples: Sequence[tuple[dict[str, ModalityInput], Sequence[str]]]) -> list[Tensor]:
        """The joined steps (T, S) of every sample, from its inputs and the order of reading, in one batch."""
        steps = self.model.encode(self.batch(*zip(*samples, strict=True)))
        return [x[:length] for x, length in zip(steps.x, steps.lengths.tolist(), strict=True)]

    def _run(self, x: Tensor) -> tuple[np.ndarray, Trace | None]:
        """One sample's joined steps (T, S) -> distributions after every step (T, C), and the trace."""
        if not len(x):
            return np.zeros((0, len(self.config.labels)), np.float32), None
        inside = trace(self.model.lstm, x)
        return self.model.decide(inside.h).softmax(-1).cpu().numpy(), inside

    def _unimodal_probabilities(self, embeddings: dict[str, Tensor]) -> dict[str, np.ndarray]:
        """The distribution that each modality alone leads to, all of them in one call of the LSTM."""
        if not embeddings:
            return {}
        last = last_states(self.model.lstm, list(embeddings.values()))  # (M, H)
        return dict(zip(embeddings, self.model.decide(last).softmax(-1).cpu().numpy(), strict=True))

    def _prior(self) -> np.ndarray:
        """What the model answers to nothing at all: the softmax of the bias."""
        return self.model.decide(torch.zeros(self.config.hidden_size, device=self.device)).softmax(-1).cpu().numpy()

    def _doubt(self, probabilities: np.ndarray, unimodal_probabilities: dict[str, np.ndarray]) -> Note | None:
        """Why the answer does not deserve trust, or ``None``."""
        if not unimodal_probabilities:
            return Note("answer.nothing")
        if probabilities.max() >= self.config.confidence_threshold:
            return None
        labels = self.config.labels
        if len({int(p.argmax()) for p in unimodal_probabilities.values()}) > 1:
            return _who_says_what(
                "answer.disagree", {name: labels[int(p.argmax())] for name, p in unimodal_probabilities.items()}
            )
        first, second = np.argsort(-probabilities)[:2]
        p, q = probabilities[first], probabilities[second]
        if p < 0.5 and p + q < SPREAD:
            return Note(
                f"answer.unlike_{next(iter(unimodal_probabilities))}"
                if len(unimodal_probabilities) == 1
                else "answer.unlike"
            )
        if p < CLOSE * q:
            return Note("answer.unsure", {"first": labels[first], "second": labels[second]})
        return Note("answer.weak", {"label": labels[first]})


def _contradiction(
    unimodal_probabilities: dict[str, np.ndarray], labels: Sequence[str], confidence_threshold: float
) -> Note | None:
    """Who says what, where modalities that are sure each on its own say different things."""
    pairs = contradictions(unimodal_probabilities, confidence_threshold)
    if not pairs:
        return None
    sure = {
        name: labels[int(p.argmax())] for name, p in unimodal_probabilities.items() if p.max() > confidence_threshold
    }
    return _who_says_what("answer.contradiction", sure)


def _who_says_what(key: str, said: dict[str, str]) -> Note:
    """A sentence about two modalities, or, with ``_three`` after its key, three."""
    values = {}
    for place, (name, label) in zip(("first", "second", "third"), said.items(), strict=False):
        values |= {place: name, f"{place}_label": label}
    return Note(key if len(said) == 2 else f"{key}_three", values)


def _picture(inputs: Mapping[str, ModalityInput]) -> dict[str, Any] | None:
    """Everything in the picture that may be what is asked for, and which of it was read."""
    for given in inputs.values():
        if given.candidates:
            found = [
                {"box": [round(edge, 1) for edge in box], "score": round(float(score), 3)}
                for box, score in given.candidates
            ]
            return {"candidates": found, "taken": given.chosen}
    return None


def _steps(modality: str, given: ModalityInput) -> Iterator[Step]:
    """The steps that an input has on the joined axis."""
    for word, span in SENSES[modality].spans(given):
        yield Step(modality, word, span)


class _Clock:
    """Wall-clock milliseconds by stage."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time the block as one stage."""
        start = time.perf_counter()
        yield
        self.milliseconds[stage] = (time.perf_counter() - start) * 1000
