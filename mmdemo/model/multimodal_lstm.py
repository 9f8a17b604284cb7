"""The model: three stems make steps of 100 numbers, one LSTM reads them, one dense softmax answers at every step."""

from pathlib import Path
from typing import Any

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import Tensor, nn

from mmdemo.audio.speech_embedding import SpeechEmbedding
from mmdemo.audio.stem import AudioStem
from mmdemo.config import MODALITIES, ModelConfig
from mmdemo.image.stem import ImageStem, ResidualStem
from mmdemo.image.sync_batchnorm import several
from mmdemo.model.sequence import Batch, Steps, join
from mmdemo.text.stem import TextStem


class MultimodalLSTM(nn.Module, PyTorchModelHubMixin):
    """Stems -> one LSTM -> a dense layer at every step.

    Args:
        config: the task and the sizes. ``save_pretrained`` writes it as ``config.json`` beside the safetensors, and
            ``from_pretrained`` builds the model from it.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.speech = SpeechEmbedding().requires_grad_(False)  # pretrained: it has heard far more people than we have
        self.text = TextStem(config.text, config.embedding_dim)
        self.image = (ResidualStem if config.image.channels else ImageStem)(config.image, config.embedding_dim)
        audio = config.audio
        self.audio = (
            AudioStem(audio, config.embedding_dim) if audio.context else nn.Linear(audio.size, config.embedding_dim)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(config.embedding_dim) for _ in MODALITIES)  # no modality shouts
        self.dropout = nn.Dropout(config.dropout)
        self.lstm = nn.LSTM(config.embedding_dim, config.hidden_size, batch_first=True)
        self.dense = nn.Linear(config.hidden_size, len(config.labels))
        with torch.no_grad():  # remember by default (Jozefowicz et al. 2015): a forget gate of 0.73 at the start
            self.lstm.bias_hh_l0[config.hidden_size : 2 * config.hidden_size] += 1

    @classmethod
    def from_pretrained(cls, folder: str | Path, **options: Any) -> "MultimodalLSTM":
        """A checkpoint's model, from its folder or from the hub.

        Raises:
            ValueError: the folder's ``config.json`` is no configuration of a checkpoint.
        """
        file = Path(folder) / "config.json"
        if file.is_file():
            options.setdefault("config", ModelConfig.from_json(file))
        return super().from_pretrained(str(folder), **options)

    def encode(self, batch: Batch) -> Steps:
        """Every modality's steps on one axis: x has shape (B, T, S)."""
        squares, shown = batch.image, batch.lengths[:, 1] > 0
        picture = squares.new_zeros(len(squares), self.config.image.slices, self.config.embedding_dim)
        if shown.any() or (self.training and several()):  # other processes may have some: their norms wait for this one
            picture[shown] = self.image(squares[shown])
        parts = [self.text(batch.text), picture, self.audio(batch.audio)]
        return join([norm(part) for norm, part in zip(self.norms, parts, strict=True)], batch.lengths, batch.order)

    def decide(self, states: Tensor) -> Tensor:
        """LSTM outputs (..., H) -> calibrated logits (..., C)."""
        return self.dense(self.dropout(states)) / self.config.temperature

    def forward(self, batch: Batch) -> tuple[Tensor, Steps]:
        """Logits after every step, shape (B, T, C), and the joined steps that they belong to."""
        steps = self.encode(batch)
        states, _ = self.lstm(self.dropout(steps.x))  # (B, T, H)
        return self.decide(states), steps

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.dense.weight.device


def pick_device() -> torch.device:
    """CUDA, then Apple's MPS, then the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
