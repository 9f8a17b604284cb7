"""Word vectors that were trained elsewhere: what 24,000 English words mean, as 100 numbers each.

They let a text's stem know words that its task's own texts never used. The vectors in
``assets/word_vectors.safetensors`` are made by ``tools/port_word_vectors.py``; ``assets/README.md`` credits them.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from mmdemo.resources import ASSETS

WEIGHTS = ASSETS / "word_vectors.safetensors"
WORDS = 24_000
SIZE = 100


class WordVectors(nn.Module):
    """Looks words up by their hash. They are kept as 8-bit numbers, and never trained.

    Args:
        words: how many there are.
    """

    def __init__(self, words: int) -> None:
        super().__init__()
        self.register_buffer("keys", torch.arange(words))  # sorted
        self.register_buffer("vectors", torch.zeros(words, SIZE, dtype=torch.int8))
        self.register_buffer("scale", torch.ones(1))

    @classmethod
    def pretrained(cls, path: str | Path = WEIGHTS) -> WordVectors:
        """The words with their vectors."""
        weights = load_file(path)
        words = cls(len(weights["keys"]))
        words.load_state_dict(weights)
        return words

    def forward(self, keys: Tensor) -> tuple[Tensor, Tensor]:
        """Hashes of any shape -> vectors (..., 100), nought for a word that is not known; and which are known."""
        place = torch.searchsorted(self.keys, keys.contiguous()).clamp(max=len(self.keys) - 1)
        known = self.keys[place] == keys
        return self.vectors[place] * self.scale * known[..., None], known
