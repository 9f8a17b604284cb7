"""The model: three stems make steps of 100 numbers, one LSTM reads them, one dense softmax answers at every step."""

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import Tensor, nn

from mmdemo.config import MODALITIES, ImageConfig, ModelConfig, TextConfig
from mmdemo.distributed import SharedNorm, several
from mmdemo.sequence import Batch, Steps, join
from mmdemo.speech import SpeechEmbedding


class TextStem(nn.Module):
    """A word's step is the mean of the embeddings of the word and of its character n-grams.

    A typing error changes a few of the n-grams and leaves the others, and a word never seen shares n-grams with words
    that were (Bojanowski et al. 2017, Enriching Word Vectors with Subword Information).
    """

    def __init__(self, config: TextConfig, step_size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(config.buckets, step_size, padding_idx=0)

    def forward(self, ids: Tensor) -> Tensor:
        """(B, T, K) ids -> (B, T, S) steps."""
        count = (ids > 0).sum(-1, keepdim=True).clamp(min=1)
        return self.embedding(ids).sum(-2) / count.sqrt()  # the square root keeps the spread whatever the word's length


class ImageStem(nn.Module):
    """A small convolutional network that keeps the width as time: each column of its last map is one step."""

    def __init__(self, config: ImageConfig, step_size: int) -> None:
        super().__init__()

        def convolution(inputs: int, outputs: int) -> list[nn.Module]:
            return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), SharedNorm(outputs), nn.ReLU()]

        self.features = nn.Sequential(
            *convolution(1, 16),
            *convolution(16, 32),
            nn.MaxPool2d((2, config.size // config.slices)),  # (32, size / 2, slices)
            *convolution(32, 64),
            nn.MaxPool2d((2, 1)),  # (64, size / 4, slices)
            *convolution(64, 64),
        )
        self.column = nn.Conv2d(64, step_size, (config.size // 4, 1))  # the whole height at once

    def forward(self, squares: Tensor) -> Tensor:
        """(B, size, size) -> (B, slices, S)."""
        squares = squares[:, None].contiguous(memory_format=torch.channels_last)  # twice as fast on a CPU
        return self.column(self.features(squares)).squeeze(2).transpose(1, 2)


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
        self.text = TextStem(config.text, config.step_size)
        self.image = ImageStem(config.image, config.step_size)
        self.audio = nn.Linear(config.audio.stem_size, config.step_size)
        self.norms = nn.ModuleList(nn.LayerNorm(config.step_size) for _ in MODALITIES)  # no modality shouts
        self.dropout = nn.Dropout(config.dropout)
        self.lstm = nn.LSTM(config.step_size, config.hidden_size, batch_first=True)
        self.dense = nn.Linear(config.hidden_size, len(config.labels))
        with torch.no_grad():  # remember by default (Jozefowicz et al. 2015): a forget gate of 0.73 at the start
            self.lstm.bias_hh_l0[config.hidden_size : 2 * config.hidden_size] += 1

    def encode(self, batch: Batch) -> Steps:
        """Every modality's steps on one axis: x has shape (B, T, S)."""
        squares, shown = batch.image, batch.lengths[:, 1] > 0
        picture = squares.new_zeros(len(squares), self.config.image.slices, self.config.step_size)
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
