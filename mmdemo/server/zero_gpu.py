"""A GPU on loan for one call, as on a ZeroGPU Space; only the model's forward pass asks for it.

There, ``spaces.GPU`` runs a function in a forked process that has the GPU; arguments and results are pickled. So the
model on the GPU is a copy: it is never called in the server's own process, no thread can hold its locks when the
process forks, and results come back in ordinary memory. Everywhere else ``load`` returns an ordinary predictor.
"""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path

import torch

from mmdemo.inference.predictor import ModelOutput, Predictor
from mmdemo.modality import ModalityInput
from mmdemo.model.modalities import SENSES
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.server.gradio_compat import serves_a_request
from mmdemo.server.logs import describe_error

try:
    import spaces
except ImportError:  # not on a Space: there is no GPU to borrow
    spaces = None

SECONDS = 10  # that a forward pass may take, the way to the GPU included: the shorter, the sooner a GPU is lent
ON_ZERO_GPU = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")
USE_GPU = os.environ.get("MMDEMO_BORROW", "1") != "0"  # otherwise everything is computed on the CPU

_on_gpu: list[Predictor] = []  # by the number that the forked process is given


def with_gpu(function: Callable[..., bytes]) -> Callable[..., bytes]:
    """``@spaces.GPU`` on a Space; elsewhere the function itself."""
    return spaces.GPU(duration=SECONDS)(function) if spaces else function


@with_gpu
def forward(number: int, inputs: dict[str, ModalityInput], order: Sequence[str]) -> bytes:
    """``Predictor.forward`` of one of the predictors on the GPU; the ``ModelOutput`` as bytes."""
    file = io.BytesIO()
    torch.save(_on_gpu[number].forward(inputs, order), file)
    return file.getvalue()


class ZeroGPUPredictor(Predictor):
    """A predictor on the CPU that has pictures and sounds computed on a lent GPU.

    Words alone are computed on the CPU, which is done before a GPU would be there. So is everything that no visitor
    asked for, and everything while no GPU is free.
    """

    def __init__(self, model: MultimodalLSTM) -> None:
        super().__init__(model, "cpu")
        self._number = len(_on_gpu)
        _on_gpu.append(Predictor(deepcopy(model), "cuda"))  # in the main thread and before the start, or it is too late

    def forward(self, inputs: dict[str, ModalityInput], order: Sequence[str]) -> ModelOutput:
        """The model's forward pass, on the GPU or here."""
        large = any(len(given) for modality, given in inputs.items() if SENSES[modality].heavy)
        if USE_GPU and large and serves_a_request():
            try:
                return torch.load(io.BytesIO(forward(self._number, inputs, order)), "cpu", weights_only=False)
            except Exception as error:  # the visitor's share is used up, or no GPU was free
                logging.getLogger(__name__).info("no card", extra={"fields": describe_error(error)})
        return super().forward(inputs, order)


def load(folder: Path) -> Predictor:
    """A checkpoint made ready: a ``ZeroGPUPredictor`` on a ZeroGPU Space, elsewhere a ``Predictor``.

    Args:
        folder: of the checkpoint.

    Raises:
        FileNotFoundError: the folder holds no checkpoint.
    """
    predictor = Predictor.load(folder, "cpu" if ON_ZERO_GPU else None)
    return ZeroGPUPredictor(predictor.model) if ON_ZERO_GPU else predictor
