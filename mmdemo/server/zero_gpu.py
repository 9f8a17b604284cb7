"""A card that is lent by the call, as on a ZeroGPU Space: only the model's own part of a reading ever asks for it.

There, ``spaces.GPU`` runs a function in a forked process that has the card; what goes in and comes out is pickled. So
the model that lies on the card is another one than the processor's: nobody calls it on this side, no thread can hold
its locks when the process forks, and what comes back lies in ordinary memory. Everywhere else ``spaces.GPU`` returns
the very function that it is given, and a predictor is just a predictor.
"""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from gradio.context import LocalContext

from mmdemo.inference.predictor import ModelOutput, Predictor
from mmdemo.modality import ModalityInput
from mmdemo.model.modalities import SENSES
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.server.logs import failure

try:
    import spaces
except ImportError:  # no Space: nobody lends anything
    spaces = None

SECONDS = 10  # that a reading may take on the card, the way there included: the shorter, the sooner it is lent
LENT = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")
BORROW = os.environ.get("MMDEMO_BORROW", "1") != "0"  # if not, all is done on the processor

_placed: list[Predictor] = []  # those on the card, by the number that is told to the forked process


def on_card(function: Callable[..., bytes]) -> Callable[..., bytes]:
    """``@spaces.GPU``, where there is such a thing."""
    return spaces.GPU(duration=SECONDS)(function) if spaces else function


@on_card
def forward(number: int, inputs: dict[str, ModalityInput], order: Sequence[str]) -> bytes:
    """``Predictor.forward`` of one of those that lie on the card, as bytes."""
    file = io.BytesIO()
    torch.save(_placed[number].forward(inputs, order), file)
    return file.getvalue()


class ZeroGPUPredictor(Predictor):
    """A predictor on the processor that lets a lent card read pictures and sounds.

    Words alone are read sooner than a card is there; so is everything where no visitor asks, or none is lent.
    """

    def __init__(self, model: MultimodalLSTM) -> None:
        super().__init__(model, "cpu")
        self._number = len(_placed)
        _placed.append(Predictor(deepcopy(model), "cuda"))  # in the main thread and before the start, or it is too late

    def forward(self, inputs: dict[str, ModalityInput], order: Sequence[str]) -> ModelOutput:
        """The model's own part, on the card or here."""
        large = any(len(given) for modality, given in inputs.items() if SENSES[modality].heavy)
        if BORROW and large and LocalContext.request.get(None) is not None:
            try:
                return torch.load(io.BytesIO(forward(self._number, inputs, order)), "cpu", weights_only=False)
            except Exception as error:  # the visitor's share is used up, or no card was free
                logging.getLogger(__name__).info("no card", extra={"fields": failure(error)})
        return super().forward(inputs, order)


def load(folder: Path, **settings: Any) -> Predictor:
    """A checkpoint folder made ready, for where we are.

    Raises:
        FileNotFoundError: the folder holds no checkpoint.
    """
    ready = Predictor.load(folder, **({"device": "cpu"} if LENT else {}), **settings)
    return ZeroGPUPredictor(ready.model) if LENT else ready
