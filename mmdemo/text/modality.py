"""Words as a sense of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from mmdemo.config import TextConfig
from mmdemo.modality import CorruptionTest, Modality, Noise, StepTarget
from mmdemo.text.noise import add_typos, random_words, worsen_text
from mmdemo.text.numbers import doubt_about, with_numerals
from mmdemo.text.reader import MAX_CHARACTERS, TextInput, read_text, token_ids, tokenize
from mmdemo.text.stem import TextStem

LONGEST = 24  # characters of a word that a sentence repeats


class Text(Modality):
    """Words. An item is the tuple of the normalised tokens."""

    name = "text"
    inline = True
    heavy = False

    def read(self, source: str, config: TextConfig, *, candidate: int | None = None) -> TextInput:
        """See ``read_text``; where the answer is a digit, names of it are looked up, and numbers may make a doubt."""
        given = read_text(source, config)
        if not config.numbers:
            return given
        return replace(given, tokens=with_numerals(given.tokens), doubt=doubt_about(source, given.tokens))

    def item(self, given: TextInput) -> tuple[str, ...]:
        """The tokens."""
        return tuple(token.text for token in given.tokens)

    def spans(self, given: TextInput) -> Iterator[tuple[str, tuple[float, ...]]]:
        """Every token as it was written, and its characters (start, end)."""
        for token in given.tokens:
            yield given.raw[token.start : token.end], (token.start, token.end)

    def preview(self, given: TextInput) -> dict[str, Any]:
        """The tokens, normalised."""
        return {"tokens": [token.text for token in given.tokens]}

    def place(self, index: int, count: int, word: str, span: tuple[float, ...]) -> dict[str, Any]:
        """The word, in quotation marks: the page gives bare names of labels their own form."""
        return {"word": f"“{word if len(word) <= LONGEST else word[: LONGEST - 1] + '…'}”"}

    def perturb(self, source: str, noise: Noise) -> str:
        """Typing errors."""
        if not noise.typing or len(source) > MAX_CHARACTERS:
            return source
        return worsen_text(source, noise.typing, noise.seed)[-MAX_CHARACTERS:]

    def stem(self, config: TextConfig, embedding_dim: int) -> TextStem:
        """Embeddings of words and their n-grams."""
        return TextStem(config, embedding_dim)

    def collate(self, items: Sequence[tuple[str, ...] | None], config: TextConfig) -> Tensor:
        """Each token's ids, (B, T, K)."""
        empty = torch.zeros(0, config.width, dtype=torch.long)
        ids = [empty if item is None else torch.from_numpy(token_ids(item, config)) for item in items]
        return pad_sequence(ids, batch_first=True)

    def marked_target(self, cell: str, item: tuple[str, ...], marks: Sequence[tuple[int, int | None]]) -> StepTarget:
        """Evidence from marks in a text: what is marked at a character holds from the token on that ends there."""
        ends = np.array([token.end for token in tokenize(cell)][-len(item) :])
        label, weight = np.zeros(len(ends), np.int64), np.zeros(len(ends), np.float32)
        for offset, index in marks:
            later = ends >= offset
            label[later], weight[later] = index or 0, float(index is not None)
        return StepTarget(label, weight)

    def disturb(
        self, item: tuple[str, ...], severity: Callable[[], float], strength: float, rng: Generator
    ) -> tuple[str, ...]:
        """Typing errors, at the strongest in so many letters."""
        degree = severity()
        return tuple(add_typos(item, degree * strength, rng)) if degree else item

    def degrade(self, item: tuple[str, ...], level: float, rng: Generator, **about: Any) -> tuple[str, ...]:
        """So many letters mistyped."""
        return tuple(add_typos(item, level, rng))

    def corruptions(self, seed: int, others: Sequence[Any]) -> dict[str, CorruptionTest]:
        """Typing errors."""
        return {
            "typing": CorruptionTest(
                "share of letters mistyped",
                (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5),
                lambda raw, level, row: worsen_text(raw, level, seed + row),
            )
        }

    def nothing_but_noise(self, row: int, seed: int, others: Sequence[Any]) -> str:
        """Random letters."""
        return random_words(np.random.default_rng([seed, row]))
