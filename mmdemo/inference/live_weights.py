"""The weights that the page needs to run a task's LSTM itself: one file for one checkpoint.

It is a safetensors file of 32-bit floats with PyTorch's names, which ``web/live/weights.js`` takes apart, and says in
its metadata what the task is. Words and pictures become steps on the server, so their stems are not in it. Half
precision would halve it, but moved beliefs by up to 0.09 in twenty seconds of digits: far more than the 1e-4 that
JavaScript and PyTorch may differ by.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn

from mmdemo.audio.spectrogram import mel_filters
from mmdemo.audio.stem import AudioStem
from mmdemo.model.modalities import SENSES
from mmdemo.model.multimodal_lstm import MultimodalLSTM

HASH_DIGITS = 12
QUIET_STEPS = 25  # of quiet, of which the one in the middle is kept
ROOM = -60.0  # dB of full scale: a quiet room's noise


def live_weights(model: MultimodalLSTM) -> bytes:
    """The file: the LSTM, the dense layer, a step of quiet and, where the page itself can hear, what it hears with."""
    state = model.state_dict()
    tensors = {name: weight for name, weight in state.items() if name.startswith(("lstm.", "dense."))}
    tensors["audio.quiet"] = quiet_step(model)
    if hears(model):
        norm = f"norms.{model.config.modalities.index('audio')}."
        tensors |= {name: weight for name, weight in state.items() if name.startswith("audio.")}
        tensors |= {f"audio.norm.{part}": state[norm + part] for part in ("weight", "bias")}
        window, filters = mel_filters()
        tensors |= {"mel.window": torch.from_numpy(window), "mel.filters": torch.from_numpy(filters)}
    ready = {name: weight.detach().cpu().float().contiguous() for name, weight in tensors.items()}
    return save(ready, metadata={"about": json.dumps(about(model), ensure_ascii=False)})


def about(model: MultimodalLSTM) -> dict[str, Any]:
    """What the page has to know of a task to run it: plain JSON."""
    config = model.config
    calibration = config.streams or config.calibrated(config.modalities)
    return {
        "task": config.task,
        "labels": config.labels,
        "embedding_dim": config.embedding_dim,
        "hidden_size": config.hidden_size,
        "hears": hears(model),
        "taught": config.streams is not None,
        "calibration": vars(calibration),
    }


@torch.inference_mode()
def quiet_step(model: MultimodalLSTM) -> Tensor:
    """The step (S,) of a room in which nobody speaks: with it time goes by where the page itself hears nothing."""
    config = model.config
    clock = next(modality for modality in config.modalities if SENSES[modality].continuous)
    sense, stem, part = SENSES[clock], model.stem(clock), config.of(clock)
    item = sense.stream([], QUIET_STEPS, ROOM, np.random.default_rng(0), config=part, stem=stem)
    batch, lengths = sense.collate([item], part), torch.tensor([QUIET_STEPS])
    steps = model.norms[config.modalities.index(clock)](stem(batch.to(model.device), lengths.to(model.device)))
    return steps[0, QUIET_STEPS // 2]


def hears(model: MultimodalLSTM) -> bool:
    """Whether the page can make steps of sound: where a step needs the speech embedding and one layer, nothing else."""
    stem = getattr(model, "audio", None)
    return isinstance(stem, AudioStem) and isinstance(stem.projection, nn.Linear) and model.config.audio.size == 96


def write_live_weights(model: MultimodalLSTM, folder: Path) -> Path:
    """Write the file into a folder, with a hash of it in its name, so that it may be kept for ever; where it is."""
    contents = live_weights(model)
    file = folder / f"{model.config.task}-{hashlib.sha256(contents).hexdigest()[:HASH_DIGITS]}.safetensors"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_bytes(contents)
        part.replace(file)
    return file
