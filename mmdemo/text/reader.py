"""Words as steps: NLTK tokens with their places in the raw text, and ids that survive typing errors.

A word's ids are stable hashes of the word and of its character n-grams (Bojanowski et al. 2017, "Enriching word vectors
with subword information"), so there is no vocabulary: a word never seen still shares n-grams with those that were.
Where a script puts no spaces between its words, every character is a token.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mmdemo.config import TextConfig
from mmdemo.messages import InputError, Note
from mmdemo.modality import ModalityInput

if TYPE_CHECKING:
    from nltk.tokenize import RegexpTokenizer


MAX_CHARACTERS = 2000

# Scripts that put no spaces between words: Thai and Lao, Myanmar, Khmer, kana, bopomofo, Chinese characters.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u3096\u309d-\u30ff\u3105-\u312f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff"
)
# What belongs to the character before it, besides combining marks: joiners, soft hyphen, half-width voicing marks,
# skin tones, ideographic variation selectors.
JOINED = "\u00ad\u200c\u200d\u2060\uff9e\uff9f\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef"
APART = " .·-"  # what may stand between the letters of a word that is spelled
SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
BLANK = "\u115f\u1160\u2800\u3164\uffa0"  # letters and symbols by category, yet nothing to see
INVISIBLE_CATEGORIES = ("Cc", "Cf", "Cs", "Me")  # control, format, lone surrogates, enclosing marks (keycaps)


@dataclass(frozen=True)
class Token:
    """A word, number, character or run of one punctuation mark.

    Attributes:
        text: the normalised form: NFKC, lower case, ASCII digits, letters together, nothing invisible.
        start: where it begins in the raw text, in characters.
        end: where it ends, exclusive.
    """

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class TextInput(ModalityInput):
    """A text as the model sees it; ``len()`` is its number of steps.

    Attributes:
        raw: the text as it was given.
        tokens: what was read of it, in order; their spans point into ``raw``.
        notes: what the person should know, such as what was left out.
        absent: why there is nothing to read, or None.
        doubt: why the answer may not be called clear, where the task looks for numbers.
    """

    raw: str
    tokens: tuple[Token, ...]
    notes: tuple[Note, ...] = ()
    absent: Note | None = None
    doubt: Note | None = None

    def __len__(self) -> int:
        return len(self.tokens)


def normalise(word: str) -> str:
    """The form of a word that is hashed.

    NFKC and lower case; whatever sign stands for a digit (７, ٧, ❼, ⑺, 〧, ⁷) is the ASCII one, and a decimal that is
    a whole digit is that (3.0); a word whose letters stand apart (s e v e n, s-e-v-e-n) is put together; invisible
    characters are gone.
    """
    visible = (c for c in word if unicodedata.category(c) not in INVISIBLE_CATEGORIES and not "\ufe00" <= c <= "\ufe0f")
    plain = unicodedata.normalize("NFKC", "".join(_digit(c) for c in visible)).lower().replace("’", "'")
    plain = "".join(str(unicodedata.decimal(c, c)) for c in plain if c not in BLANK).strip()
    if _spelled_out().fullmatch(plain):
        return "".join(c for c in plain if c not in APART)
    return re.sub(r"^0?(\d)[.]0+$", r"\1", plain)


def _digit(c: str) -> str:
    """A character that stands for a digit as an ASCII one, any other as it is; letters (三) stay."""
    value = unicodedata.numeric(c, -1) if unicodedata.category(c)[0] == "N" else -1
    if value not in range(10) or "ROMAN NUMERAL" in unicodedata.name(c, ""):  # Ⅶ is read as its letters are
        return c
    return str(int(value))


@lru_cache
def _spelled_out() -> re.Pattern[str]:
    """A word of three letters or more with the same sign or space between any two."""
    marks = f"[{JOINED}{_combining()}]"
    letter = rf"(?:(?![{UNSPACED}])[^\W\d_]{marks}*)"
    return re.compile(rf"{letter}(?P<apart>[{APART}]){letter}(?:(?P=apart){letter})+")


@lru_cache
def _combining() -> str:
    """All combining marks of the first plane."""
    return "".join(c for c in map(chr, range(0x300, 0x10000)) if unicodedata.category(c)[0] == "M")


@lru_cache
def _signs_of_digits() -> str:
    """Signs that are numbers, yet no decimal digits, such as ❼, ⑺ and ½; superscripts belong to what they stand on."""
    numbers = (c for c in map(chr, range(0x80, 0x20000)) if unicodedata.category(c) in ("No", "Nl"))
    kept = (c for c in numbers if not re.match(f"[{UNSPACED}]", c) and c not in SUPERSCRIPTS)
    return "".join(c for c in kept if "ROMAN" not in unicodedata.name(c, ""))


@lru_cache
def _tokenizer() -> RegexpTokenizer:
    """NLTK's tokenizer by pattern: it needs no data, and it gives spans (never call its ``tokenize``)."""
    from nltk.tokenize import RegexpTokenizer  # here, since importing NLTK takes seconds

    marks = f"[{JOINED}{_combining()}]"
    signs = re.escape(_signs_of_digits())
    letter = rf"(?:(?![{UNSPACED}{signs}])[^\W\d_]{marks}*)"
    apart = rf"(?<![^\W\d_]){letter}(?P<apart>[{APART}]){letter}(?:(?P=apart){letter})+(?![^\W\d_])"
    return RegexpTokenizer(
        "|".join(
            (
                rf"\d{marks}+",  # a keycap
                r"\d{1,3}(?:,\d{3})+(?!\d)",  # 1,000
                rf"\d+(?:\.\d+)?[{SUPERSCRIPTS}]*",  # 42, 3.5, 5²; so 7th is 7 and th, and room7 is room and 7
                rf"[{signs}]{marks}*",
                rf"[{UNSPACED}]{marks}*",
                apart,  # s e v e n, U.S.A
                rf"{letter}+(?:['’]{letter}+|\d+{letter}+)*[{SUPERSCRIPTS}]*",  # don't, m²; s3ven is mistyped, not a 3
                rf"(?P<mark>[^\w\s]|_){marks}*(?P=mark)*",  # punctuation and symbols: ... is one token
            )
        )
    )


def tokenize(raw: str) -> list[Token]:
    """All tokens of a text in order, with their spans; spaces and invisible characters belong to none."""
    spans = _tokenizer().span_tokenize(raw)
    tokens = (Token(normalise(raw[start:end]), start, end) for start, end in spans)
    return [token for token in tokens if token.text]


@lru_cache(maxsize=1 << 16)
def _ids(word: str, buckets: int, ngrams: tuple[int, int], limit: int) -> tuple[int, ...]:
    # A number's single digits are seen too, so that 42 has something of 4 and of 2 without being either.
    shortest = 1 if word.isdecimal() else ngrams[0]
    marked = f"<{word}>"
    grams = [marked[i : i + n] for n in range(shortest, ngrams[1] + 1) for i in range(len(marked) - n + 1)]
    features = [f"={word}", *(gram for gram in grams if gram not in "<>")]
    # zlib.crc32 gives the same number everywhere and always, unlike hash(); row 0 is padding.
    rows = (zlib.crc32(feature.encode("utf-8", "surrogatepass")) % (buckets - 1) + 1 for feature in features)
    return tuple(dict.fromkeys(rows))[:limit]


def word_key(word: str) -> int:
    """A whole word's hash, by which pretrained vectors know it; never 0."""
    return zlib.crc32(f"={word}".encode("utf-8", "surrogatepass")) + 1


def token_ids(tokens: Sequence[str], config: TextConfig | None = None) -> np.ndarray:
    """Rows of the embedding table for normalised words: first the whole word, then its n-grams from short to long.

    Where the task has pretrained vectors, the word's key comes before them.

    Args:
        tokens: words in their normalised form.
        config: the sizes; a word with more n-grams than fit loses the longest.

    Returns:
        int64, (len(tokens), width), padded with 0.
    """
    config = config or TextConfig()
    ids = np.zeros((len(tokens), config.width), dtype=np.int64)  # (T, width)
    if config.words:
        ids[:, 0] = [word_key(word) for word in tokens]
    for row, word in zip(ids[:, config.width - config.ids_per_token :], tokens, strict=True):
        # tuple(): a config read from JSON holds a list, which no cache takes
        rows = _ids(word, config.buckets, tuple(config.ngrams), config.ids_per_token)
        row[: len(rows)] = rows
    return ids


def read_text(raw: str, config: TextConfig | None = None) -> TextInput:
    """Any text to what the model reads of it.

    Of a longer text the *last* ``max_tokens`` tokens are read, because who corrects themselves does so at the end; a
    note says how many were left out. A text with nothing visible in it counts as absent.

    Raises:
        InputError: ``text.too_long``, above ``MAX_CHARACTERS``.
    """
    config = config or TextConfig()
    if len(raw) > MAX_CHARACTERS:
        raise InputError("text.too_long", characters=len(raw), limit=MAX_CHARACTERS)
    tokens = tokenize(raw)
    left_out = max(0, len(tokens) - config.max_tokens)
    tokens = tuple(tokens[left_out:])
    notes = (Note("text.left_out", {"read": len(tokens), "left_out": left_out}),) if left_out else ()
    absent = None if tokens else Note("text.empty")
    return TextInput(raw, tokens, notes, absent)
