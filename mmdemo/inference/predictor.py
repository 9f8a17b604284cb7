"""A checkpoint made ready: raw inputs in, one ``Result`` out."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from mmdemo.config import SAMPLE_RATE
from mmdemo.inference.micro_batch import MicroBatcher
from mmdemo.inference.result import Result
from mmdemo.inference.trust import contradiction, trust
from mmdemo.lstm.counterfactual import ends, last_states
from mmdemo.lstm.explanation import Explanation, Step, explain
from mmdemo.lstm.many import Credits, explain_many
from mmdemo.lstm.readout import Readout
from mmdemo.lstm.trace import Trace, full_precision, trace
from mmdemo.messages import InputError, Note
from mmdemo.modality import Item, ModalityInput
from mmdemo.model.modalities import SENSES
from mmdemo.model.multimodal_lstm import MultimodalLSTM, pick_device
from mmdemo.model.sequence import Batch, collate
from mmdemo.seats import seats


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


class _Prepared(NamedTuple):
    """One row's inputs: what was read, why the others were refused, and how long that took."""

    inputs: dict[str, ModalityInput]
    refused: dict[str, Note]
    milliseconds: dict[str, float]


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

    def readout(self, given: Collection[str]) -> Readout:
        """The model's dense layer, as the functions of ``mmdemo.lstm`` take it.

        Args:
            given: the modalities that were read, whose combination has a temperature of its own.
        """
        return Readout.of(self.model.dense, self.config.calibrated(given).temperature)

    def preprocess(self, modality: str, source: Any, candidate: int | None = None) -> ModalityInput:
        """Preprocess one raw input.

        Args:
            modality: of the input.
            source: what :meth:`predict` takes, or a function without arguments that loads it, and may refuse it, too.
            candidate: which to read where the input holds several things that may be meant; if not given, the one that
                both the finder and the model hold for the likeliest.

        Raises:
            InputError: the input is too large, or cannot be read.
        """
        source = source() if callable(source) else source
        sense, config = SENSES[modality], self.config.of(modality)
        given = sense.read(source, config, candidate=candidate)
        return sense.consider(given, config, self.config.labels, partial(self.answers, modality))

    @torch.inference_mode()
    def batch(self, samples: Sequence[Mapping[str, ModalityInput]], orders: Sequence[Sequence[str]]) -> Batch:
        """Put preprocessed inputs into one batch on the model's device; absent ones are left out."""
        items = [{name: SENSES[name].item(given) for name, given in sample.items() if len(given)} for sample in samples]
        return collate(items, orders, self.config).to(self.device)

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

        An input that cannot be read leaves the others to be read, see :meth:`read`. Each may also be a function without
        arguments that loads it, and may refuse it, too.

        Raises:
            InputError: none of the inputs given can be read; it says why the first cannot.
            ValueError: the order is not a permutation of the modalities.
        """
        result = self.read({"text": text, "image": image, "audio": audio, **others}, order, candidate)
        if result.ignored and not result.inputs:
            note = next(iter(result.ignored.values()))
            raise InputError(note.key, **note.values)
        return result

    @torch.inference_mode()
    def read(
        self, sources: Mapping[str, Any], order: Sequence[str] | None = None, candidate: int | None = None
    ) -> Result:
        """The same of sources by modality, without ever refusing: what cannot be read is ``ignored``, as is said there.

        Raises:
            ValueError: the order is not a permutation of the modalities.
        """
        names = self.config.modalities
        order = names if order is None else order
        if sorted(order) != sorted(names):
            raise ValueError(f"order must name each of {', '.join(names)} once, but is {order!r}")
        prepared = self._prepare(sources, candidate)
        return self._result(prepared, self.forward(prepared.inputs, order))

    @torch.inference_mode()
    def read_many(self, rows: Sequence[Mapping[str, Any]]) -> list[Result]:
        """``read`` of many rows, each in the order of the configuration, with the model's part in one batch."""
        prepared = [self._prepare(sources) for sources in rows]
        outputs = self._forward_many([one.inputs for one in prepared])
        return [self._result(*pair) for pair in zip(prepared, outputs, strict=True)]

    def _prepare(self, sources: Mapping[str, Any], candidate: int | None = None) -> _Prepared:
        """Preprocess what is given of one row."""
        clock, names = _Clock(), self.config.modalities
        inputs: dict[str, ModalityInput] = {}
        refused: dict[str, Note] = {}
        for modality, source in sources.items():
            if source is None:
                continue
            if modality not in names:
                refused[modality] = Note("answer.not_of_task", {"task": self.config.task, "reads": ", ".join(names)})
                continue
            with clock(modality):
                try:
                    ready = isinstance(source, ModalityInput)
                    inputs[modality] = source if ready else self.preprocess(modality, source, candidate)
                except InputError as error:
                    refused[modality] = error.note
        return _Prepared(inputs, refused, clock.milliseconds)

    def _result(self, prepared: _Prepared, output: ModelOutput) -> Result:
        """What one row's inputs and the model's part in them come to."""
        inputs, refused, spent = prepared
        embeddings, step_probabilities, unimodal_probabilities, inside, milliseconds, device = output
        used = list(embeddings)
        probabilities = step_probabilities[-1] if len(step_probabilities) else self._prior()
        level, reason = trust(self.config, probabilities, unimodal_probabilities, inputs)
        if contradicted := contradiction(self.config, unimodal_probabilities):
            level, reason = "unclear", contradicted
        return Result(
            task=self.config.task,
            labels=list(self.config.labels),
            probabilities=probabilities,
            level=level,
            reason=reason,
            contradiction=contradicted,
            used=used,
            ignored={modality: item.absent for modality, item in inputs.items() if item.absent} | refused,
            notes=[note for item in inputs.values() for note in item.notes],
            steps=[step for modality in used for step in _steps(modality, inputs[modality])],
            embeddings=embeddings,
            step_probabilities=step_probabilities,
            unimodal_probabilities=unimodal_probabilities,
            trace=inside,
            inputs=inputs,
            milliseconds={**spent, **milliseconds},
            device=device,
            picture=_picture(inputs),
        )

    @torch.inference_mode()
    def forward(self, inputs: dict[str, ModalityInput], order: Sequence[str]) -> ModelOutput:
        """The model's own part of ``predict``: all of it that is done where the model is.

        It is done in full precision: the answer to an input is the same alone and in one batch with others'.
        """
        clock = _Clock()
        used = [modality for modality in order if modality in inputs and len(inputs[modality])]
        with full_precision(self.device):
            with clock("stems"), seats.leave():  # so that others can come and wait
                x = self._encode((inputs, order))  # in one batch with all that are waiting
            with clock("lstm"):
                step_probabilities, inside = self._run(x, used)
            with clock("alone"):
                embeddings = dict(zip(used, x.split([len(inputs[modality]) for modality in used]), strict=True))
                unimodal_probabilities = self._unimodal_probabilities(embeddings)
        return ModelOutput(
            embeddings, step_probabilities, unimodal_probabilities, inside, clock.milliseconds, self.device.type
        )

    def _forward_many(self, rows: Sequence[dict[str, ModalityInput]]) -> list[ModelOutput]:
        """``forward`` of many rows; the milliseconds are each row's part of what all took together."""
        if not rows:
            return []
        clock, order = _Clock(), self.config.modalities
        there = [[modality for modality in order if len(inputs.get(modality, ()))] for inputs in rows]
        with full_precision(self.device):
            with clock("stems"):
                encoded = self._encode_many([(inputs, order) for inputs in rows])  # (T_n, S) each
            with clock("lstm"):
                ran = self._run_many(encoded, there)
            with clock("alone"):
                embeddings = [
                    dict(zip(used, x.split([len(inputs[modality]) for modality in used]), strict=True))
                    for x, used, inputs in zip(encoded, there, rows, strict=True)
                ]
                alone = self._alone_many(embeddings)
        spent = {stage: milliseconds / len(rows) for stage, milliseconds in clock.milliseconds.items()}
        return [
            ModelOutput(parts, grown, probabilities, inside, spent, self.device.type)
            for parts, (grown, inside), probabilities in zip(embeddings, ran, alone, strict=True)
        ]

    def explain_many(self, results: Sequence[Result]) -> list[Credits | None]:
        """What the answer to each of many results is made of; ``None`` where there was nothing to read."""
        asked = [result for result in results if result.steps]
        readouts = [self.readout(result.used) for result in asked]
        found = iter(explain_many(self.model.lstm, readouts, [result.embeddings for result in asked]))
        return [next(found) if result.steps else None for result in results]

    def explain(
        self, result: Result, *, about: int | None = None, against: int | None = None, faithful: bool = False
    ) -> Explanation | None:
        """Why it answered that; ``None`` if there was nothing to read.

        Args:
            result: what ``predict`` returned.
            about: the class to explain, the answer if not given; ``against``: the class to weigh it against. If neither
                is given, it is what another input says, where one says something else; otherwise the mean of all.
            faithful: whether to test the ledger too, which takes longer than all the rest.
        """
        if not result.steps:
            return None
        with full_precision(self.device):
            return explain(
                self.model.lstm,
                self.readout(result.used),
                result.embeddings,
                result.steps,
                result.labels,
                inside=result.trace,
                about=about,
                against=against,
                faithful=faithful,
            )

    def warm_up(self) -> None:
        """Run everything once, so that the first visitor waits no longer than the next.

        A GPU loads each kernel when it is first needed, and other sizes need others: so every input is read alone and
        with the rest, and explained with all that can be asked.
        """
        if not {"text", "image", "audio"} & set(self.config.modalities):
            return  # an example does as well
        seconds = np.arange(SAMPLE_RATE, dtype=np.float32) / SAMPLE_RATE
        chirp = np.sin(2 * np.pi * (200 + 800 * seconds) * seconds) * np.hanning(len(seconds))
        blank = np.full((480, 640, 3), 200, np.uint8)  # in which a face is looked for, too
        stroke = blank.copy()
        stroke[140:340, 310:330] = 20
        sound = SAMPLE_RATE, chirp.astype(np.float32)
        self.read({"text": "seven", "image": blank, "audio": sound})
        whole = {"text": "three, no wait, seven", "image": stroke, "audio": sound}
        whole = {modality: given for modality, given in whole.items() if modality in self.config.modalities}
        for given in ({modality: given} for modality, given in whole.items()):
            self.explain(self.predict(**given))
        self.explain(self.predict(**whole), faithful=True)

    @torch.inference_mode()
    def trace_of(self, modality: str, item: Item) -> Trace:
        """The inside of the LSTM while it reads one input of one modality alone, (T, H) each."""
        batch = collate([{modality: item}], [self.config.modalities], self.config).to(self.device)
        with full_precision(self.device):
            return trace(self.model.lstm, self.model.encode(batch).x[0])

    @torch.inference_mode()
    def answers(self, modality: str, items: Sequence[Item]) -> np.ndarray:
        """What the model answers to each of N inputs of one modality alone: (N, C)."""
        orders = [self.config.modalities] * len(items)
        batch = collate([{modality: item} for item in items], orders, self.config).to(self.device)
        with full_precision(self.device):
            steps = self.model.encode(batch)
            each = [x[:length] for x, length in zip(steps.x, steps.lengths.tolist(), strict=True)]
            states = last_states(self.model.lstm, each)  # (N, H)
        return self.readout([modality]).probabilities(states).cpu().numpy()

    @torch.inference_mode()
    def _encode_many(self, samples: Sequence[tuple[dict[str, ModalityInput], Sequence[str]]]) -> list[Tensor]:
        """The joined steps (T, S) of every sample, from its inputs and the order of reading, in one batch."""
        steps = self.model.encode(self.batch(*zip(*samples, strict=True)))
        return [x[:length] for x, length in zip(steps.x, steps.lengths.tolist(), strict=True)]

    def _run(self, x: Tensor, used: Sequence[str]) -> tuple[np.ndarray, Trace | None]:
        """One sample's joined steps (T, S) -> distributions after every step (T, C), and the trace."""
        if not len(x):
            return np.zeros((0, len(self.config.labels)), np.float32), None
        inside = trace(self.model.lstm, x)
        return self.readout(used).probabilities(inside.h).cpu().numpy(), inside

    def _run_many(
        self, encoded: Sequence[Tensor], there: Sequence[Sequence[str]]
    ) -> list[tuple[np.ndarray, Trace | None]]:
        """``_run`` of many samples, all of them in one padded batch."""
        found = [self._run(x[:0], used) for x, used in zip(encoded, there, strict=True)]
        asked = [n for n, x in enumerate(encoded) if len(x)]
        if not asked:
            return found
        lengths = [len(encoded[n]) for n in asked]
        together = trace(
            self.model.lstm, pad_sequence([encoded[n] for n in asked], batch_first=True), lengths=lengths
        )  # signals (N, T, H)
        for row, n in enumerate(asked):
            inside = together.sequence(row)
            found[n] = self.readout(there[n]).probabilities(inside.h).cpu().numpy(), inside
        return found

    def _alone_many(self, embeddings: Sequence[Mapping[str, Tensor]]) -> list[dict[str, np.ndarray]]:
        """``_unimodal_probabilities`` of many samples, all of them in one call of the LSTM."""
        parts = [part for given in embeddings for part in given.values()]
        states = iter(ends(self.model.lstm, parts)) if parts else iter(())
        return [
            {name: self.readout([name]).probabilities(next(states)).cpu().numpy() for name in given}
            for given in embeddings
        ]

    def _unimodal_probabilities(self, embeddings: dict[str, Tensor]) -> dict[str, np.ndarray]:
        """The distribution that each modality alone leads to, all of them in one call of the LSTM."""
        if not embeddings:
            return {}
        last = last_states(self.model.lstm, list(embeddings.values()))  # (M, H)
        pairs = zip(embeddings, last, strict=True)
        return {modality: self.readout([modality]).probabilities(state).cpu().numpy() for modality, state in pairs}

    def _prior(self) -> np.ndarray:
        """What the model answers to nothing at all: the softmax of the bias."""
        nothing = torch.zeros(self.config.hidden_size, device=self.device)
        return self.readout([]).probabilities(nothing).cpu().numpy()


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
