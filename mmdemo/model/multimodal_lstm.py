"""The model: every sense's stem makes steps of 100 numbers, one LSTM reads them, a dense softmax answers at each."""

from pathlib import Path
from typing import Any

import torch
from huggingface_hub import PyTorchModelHubMixin
from safetensors.torch import load_file
from torch import Tensor, nn

from mmdemo.config import ModelConfig
from mmdemo.modality import Stem
from mmdemo.model.modalities import SENSES
from mmdemo.model.sequence import Batch, Steps, join
from mmdemo.model.weights import WEIGHTS, check_shapes, check_weights, remove_hash, write_hash


class MultimodalLSTM(nn.Module, PyTorchModelHubMixin):
    """Stems -> one LSTM -> a dense layer at every step. The stem of each sense is an attribute with the sense's name.

    Args:
        config: the task and the sizes. ``save_pretrained`` writes it as ``config.json`` beside the safetensors, and
            ``from_pretrained`` builds the model from it.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        for modality in config.modalities:
            self.add_module(modality, SENSES[modality].stem(config.of(modality), config.embedding_dim))
        self.norms = nn.ModuleList(nn.LayerNorm(config.embedding_dim) for _ in config.modalities)  # no modality shouts
        self.dropout = nn.Dropout(config.dropout)
        self.lstm = nn.LSTM(config.embedding_dim, config.hidden_size, batch_first=True)
        self.dense = nn.Linear(config.hidden_size, len(config.labels))
        with torch.no_grad():  # remember by default (Jozefowicz et al. 2015): a forget gate of 0.73 at the start
            self.lstm.bias_hh_l0[config.hidden_size : 2 * config.hidden_size] += 1
        self.register_load_state_dict_pre_hook(_rename_former_weights)

    @classmethod
    def from_pretrained(cls, folder: str | Path, **options: Any) -> "MultimodalLSTM":
        """A checkpoint's model, from its folder or from the hub.

        Raises:
            CheckpointError: something in the folder is damaged, or does not fit the rest.
        """
        if (Path(folder) / "config.json").is_file():
            options.setdefault("config", cls.check(Path(folder)))
        return super().from_pretrained(str(folder), **options)

    @classmethod
    def check(cls, folder: Path) -> ModelConfig:
        """Look at a folder's checkpoint without making its model: its configuration.

        Raises:
            CheckpointError: something in it is damaged, or does not fit the rest.
        """
        config = ModelConfig.from_json(folder / "config.json")
        shapes = {
            "lstm.weight_ih_l0": (4 * config.hidden_size, config.embedding_dim),
            "dense.weight": (len(config.labels), config.hidden_size),
        }
        check_weights(folder / WEIGHTS, shapes)  # before any memory is spent on a model of another size
        return config

    @classmethod
    def _load_as_safetensor(
        cls, model: "MultimodalLSTM", model_file: str, map_location: str, strict: bool
    ) -> "MultimodalLSTM":
        """Load weights whose file has been looked at; every one of them has to be there and to fit."""
        stored = load_file(model_file, device=map_location)
        _rename(stored)
        found, needed = ({name: tuple(w.shape) for name, w in state.items()} for state in (stored, model.state_dict()))
        check_shapes(Path(model_file), found, needed)
        model.load_state_dict(stored)
        return model.eval()

    def _save_pretrained(self, save_directory: Path) -> None:
        """Write the weights, and their hash beside them."""
        remove_hash(Path(save_directory))
        super()._save_pretrained(save_directory)
        write_hash(Path(save_directory))

    def stem(self, modality: str) -> Stem:
        """The stem of one sense."""
        return getattr(self, modality)

    def encode(self, batch: Batch) -> Steps:
        """Every modality's steps on one axis: x has shape (B, T, S)."""
        parts = [
            norm(self.stem(modality)(batch.inputs[modality], lengths))
            for modality, norm, lengths in zip(self.config.modalities, self.norms, batch.lengths.T, strict=True)
        ]
        return join(parts, batch.lengths, batch.order)

    def decide(self, states: Tensor) -> Tensor:
        """LSTM outputs (..., H) -> logits (..., C), before any temperature."""
        return self.dense(self.dropout(states))

    def forward(self, batch: Batch) -> tuple[Tensor, Steps]:
        """Logits after every step, shape (B, T, C), and the joined steps that they belong to."""
        steps = self.encode(batch)
        states, _ = self.lstm(self.dropout(steps.x))  # (B, T, H)
        return self.decide(states), steps

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.dense.weight.device


def _rename_former_weights(model: MultimodalLSTM, state: dict[str, Tensor], *rest: Any) -> None:
    _rename(state)


def _rename(state: dict[str, Any]) -> None:
    """Checkpoints written before mmdemo 1.0 have the speech embedding beside the stem that it is a part of."""
    for name in [name for name in state if name.startswith("speech.")]:
        state[f"audio.{name}"] = state.pop(name)
    for name in [name for name in state if name.startswith("audio.")]:
        part = name.removeprefix("audio.")
        if not part.startswith(("speech.", "voice.", "projection.")):
            state[f"audio.projection.{part}"] = state.pop(name)


def pick_device() -> torch.device:
    """CUDA, then Apple's MPS, then the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
