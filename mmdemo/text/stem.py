"""From a word's hashed n-grams to one step of the LSTM."""

from __future__ import annotations

from torch import Tensor, nn

from mmdemo.config import TextConfig
from mmdemo.modality import Stem
from mmdemo.text.vectors import SIZE, WordVectors


class TextStem(Stem):
    """A word's step is the mean of the embeddings of the word and of its character n-grams.

    A typing error changes a few of the n-grams and leaves the others, and a word never seen shares n-grams with words
    that were (Bojanowski et al. 2017, Enriching Word Vectors with Subword Information). Where the task has pretrained
    word vectors, what they say of the word is added.
    """

    def __init__(self, config: TextConfig, embedding_dim: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(config.buckets, embedding_dim, padding_idx=0)
        self.words = WordVectors(config.words) if config.words else None
        self.meaning = nn.Linear(SIZE, embedding_dim) if config.words else None
        self.word_dropout = nn.Dropout1d(config.word_dropout)

    def forward(self, ids: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, T, K) ids -> (B, T, S) steps."""
        if self.words is None:
            return self.word_dropout(self._spelling(ids))
        vectors, known = self.words(ids[..., 0])
        return self.word_dropout(self._spelling(ids[..., 1:]) + self.meaning(vectors) * known[..., None])

    def load_pretrained(self) -> None:
        """The word vectors, where the task has some."""
        if self.words is not None:
            self.words.load_state_dict(WordVectors.pretrained().state_dict())

    def _spelling(self, ids: Tensor) -> Tensor:
        count = (ids > 0).sum(-1, keepdim=True).clamp(min=1)
        return self.embedding(ids).sum(-2) / count.sqrt()  # the square root keeps the spread whatever the word's length
