"""Words and pictures of a live session as steps of the LSTM, which the page reads in the order in which they come."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmdemo.inference.predictor import Predictor
from mmdemo.modality import ModalityInput


@torch.inference_mode()
def live_steps(predictor: Predictor, modality: str, source: Any) -> tuple[NDArray[np.float32], ModalityInput]:
    """One input as the LSTM gets it, after its stem and norm.

    Args:
        predictor: the task.
        modality: of the input.
        source: as ``Predictor.predict`` takes it.

    Returns:
        The steps (T, S), with T = 0 where there is nothing to read, and what was read, which says why.

    Raises:
        InputError: the input is too large, or cannot be read.
    """
    given = predictor.preprocess(modality, source)
    if not len(given):
        return np.zeros((0, predictor.config.embedding_dim), np.float32), given
    batch = predictor.batch([{modality: given}], [predictor.config.modalities])
    return predictor.model.encode(batch).x[0].float().cpu().numpy(), given
