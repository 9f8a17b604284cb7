"""The model: three stems make steps of 100 numbers, one LSTM reads them, one dense softmax answers at every step."""

from itertools import pairwise

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import Tensor, nn

from mmdemo import words
from mmdemo.config import MODALITIES, AudioConfig, ImageConfig, ModelConfig, TextConfig
from mmdemo.distributed import SharedNorm, several
from mmdemo.sequence import Batch, Steps, join
from mmdemo.speech import SpeechEmbedding
from mmdemo.words import WordVectors

SPEECH_SPREAD = 16  # standard deviation of the speech stem's numbers
HEIGHT = 3  # rows of a residual stem's last map: brows and eyes, nose, mouth


class TextStem(nn.Module):
    """A word's step is the mean of the embeddings of the word and of its character n-grams.

    A typing error changes a few of the n-grams and leaves the others, and a word never seen shares n-grams with words
    that were (Bojanowski et al. 2017, Enriching Word Vectors with Subword Information). Where the task has pretrained
    word vectors, what they say of the word is added.
    """

    def __init__(self, config: TextConfig, step_size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(config.buckets, step_size, padding_idx=0)
        self.words = WordVectors(config.words) if config.words else None
        self.meaning = nn.Linear(words.SIZE, step_size) if config.words else None
        self.lost = nn.Dropout1d(config.lost)

    def forward(self, ids: Tensor) -> Tensor:
        """(B, T, K) ids -> (B, T, S) steps."""
        if self.words is None:
            return self.lost(self._spelling(ids))
        vectors, known = self.words(ids[..., 0])
        return self.lost(self._spelling(ids[..., 1:]) + self.meaning(vectors) * known[..., None])

    def _spelling(self, ids: Tensor) -> Tensor:
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


class AudioStem(nn.Module):
    """What is heard around each step, for tasks to which 80 ms say too little.

    Only the first layer looks beside a step, and beyond either end it sees nought, so a sound in a batch has the same
    steps as alone.
    """

    def __init__(self, config: AudioConfig, step_size: int) -> None:
        super().__init__()
        width = 2 * config.context + 1
        usual = torch.ones(config.size)
        usual[: config.stem_size] = 1 / SPEECH_SPREAD
        self.scale = nn.Parameter(usual)
        self.layers = nn.Sequential(
            nn.Conv1d(config.size, config.channels, width, padding=config.context),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Conv1d(config.channels, step_size, 1),
        )

    def forward(self, sounds: Tensor) -> Tensor:
        """(B, T, size) -> (B, T, S)."""
        if not sounds.shape[1]:
            return sounds.new_zeros(len(sounds), 0, self.layers[-1].out_channels)
        return self.layers((sounds * self.scale).transpose(1, 2)).transpose(1, 2)


class ResidualBlock(nn.Module):
    """Two convolutions beside a way past them (He et al. 2016, Deep Residual Learning for Image Recognition)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.changes = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
            SharedNorm(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            SharedNorm(outputs),
        )
        self.past = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H, W)."""
        return torch.relu(self.changes(maps) + self.past(maps))


class ResidualStem(nn.Module):
    """A deeper network, for pictures that are harder than ink. Each column of its last map is one step here, too.

    Every picture is first brought to mean 0 and spread 1, so that the light does not matter. Between its stages the
    height is halved; so is the width, until it has as many columns as there are slices.
    """

    def __init__(self, config: ImageConfig, step_size: int) -> None:
        super().__init__()
        first, width = config.channels[0], config.size // 2
        layers = [nn.InstanceNorm2d(1), nn.Conv2d(1, first, 5, stride=2, padding=2, bias=False)]
        layers += [SharedNorm(first), nn.ReLU()]
        for inputs, outputs in pairwise(config.channels):
            layers.append(ResidualBlock(inputs, outputs))
            across = 2 if width > config.slices else 1
            layers.append(nn.MaxPool2d((2, across)))
            width //= across
        self.features = nn.Sequential(*layers[:-1], nn.AdaptiveAvgPool2d((HEIGHT, None)))
        self.column = nn.Conv2d(config.channels[-1], step_size, (HEIGHT, 1))

    def forward(self, squares: Tensor) -> Tensor:
        """(B, size, size) -> (B, slices, S)."""
        squares = squares[:, None].contiguous(memory_format=torch.channels_last)
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
        self.image = (ResidualStem if config.image.channels else ImageStem)(config.image, config.step_size)
        audio = config.audio
        self.audio = AudioStem(audio, config.step_size) if audio.context else nn.Linear(audio.size, config.step_size)
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
