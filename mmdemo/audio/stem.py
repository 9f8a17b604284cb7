"""From the speech embedding to the LSTM's steps, for tasks to which 80 ms say too little."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmdemo.config import AudioConfig

SPEECH_SPREAD = 16  # standard deviation of the speech stem's numbers


class AudioStem(nn.Module):
    """What is heard around each step, for tasks to which 80 ms say too little.

    Only the first layer looks beside a step, and beyond either end it sees nought, so a sound in a batch has the same
    steps as alone.
    """

    def __init__(self, config: AudioConfig, embedding_dim: int) -> None:
        super().__init__()
        width = 2 * config.context + 1
        usual = torch.ones(config.size)
        usual[: config.stem_size] = 1 / SPEECH_SPREAD
        self.scale = nn.Parameter(usual)
        self.layers = nn.Sequential(
            nn.Conv1d(config.size, config.channels, width, padding=config.context),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Conv1d(config.channels, embedding_dim, 1),
        )

    def forward(self, sounds: Tensor) -> Tensor:
        """(B, T, size) -> (B, T, S)."""
        if not sounds.shape[1]:
            return sounds.new_zeros(len(sounds), 0, self.layers[-1].out_channels)
        return self.layers((sounds * self.scale).transpose(1, 2)).transpose(1, 2)
