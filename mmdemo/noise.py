"""A visitor's own input made worse: hasty fingers, a blurred or dark photo, a noisy room.

Pure functions with a seed: the same input and setting give the same damage again, and a setting of zero gives the input
back untouched. What training does to its data is elsewhere, in ``mmdemo.data``.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mmdemo.audio import decode
from mmdemo.config import SAMPLE_RATE
from mmdemo.loudness import add_noise, loud_part
from mmdemo.picture import open_picture
from mmdemo.text import MAX_CHARACTERS, add_typos, tokenize

LOST = 0.25  # the share of words that are lost at a rate of 1
BLUR = 0.03  # of the picture's longer side: sigma of the blur at 1
STOPS = 7.0  # by how many halvings of the light the picture is darker at 1
FULL_WELL = 3000.0  # electrons of a white pixel in full light: a small sensor's
READ_NOISE = 6.0  # electrons, standard deviation
SNR = (0.0, 30.0)  # dB, from as loud as the speech to hardly heard
VOICES = 6  # that babble is made of


@dataclass(frozen=True)
class Noise:
    """How much worse each input is made before it is read.

    Attributes:
        typing: chance of an error at each letter, 0 to 1.
        blur, darkness: of the picture, 0 to 1.
        snr: signal-to-noise ratio of the sound in dB; None for no noise.
        seed: of everything that is left to chance.
    """

    typing: float = 0.0
    blur: float = 0.0
    darkness: float = 0.0
    snr: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("typing", "blur", "darkness"):
            _within(name, getattr(self, name), 0.0, 1.0)
        if self.snr is not None:
            _within("snr", self.snr, -20.0, 100.0)

    def worsen(self, modality: str, source: Any) -> Any:
        """A raw input, as ``Predictor.read`` takes it, made worse; the same object where there is nothing to do.

        Raises:
            InputError: the picture or the recording is refused, as it would be without noise.
        """
        if modality == "text" and self.typing and len(source) <= MAX_CHARACTERS:
            return worsen_text(source, self.typing, self.seed)[-MAX_CHARACTERS:]
        if modality == "image" and (self.blur or self.darkness):
            return worsen_picture(open_picture(source)[0], self.blur, self.darkness, self.seed)
        if modality == "audio" and self.snr is not None:
            return SAMPLE_RATE, worsen_sound(decode(source), self.snr, seed=self.seed)
        return source


def worsen_text(raw: str, rate: float, seed: int = 0) -> str:
    """Typing errors, and words that are lost altogether; spaces, signs and everything else stay where they are.

    Args:
        raw: any text.
        rate: chance of an error at each letter, 0 to 1 (see ``mmdemo.text.add_typos``); a quarter as likely, a word is
            lost. What is lost at a rate is lost at every higher one too. One word at least stays.
        seed: every word has its own chance, so that a longer text has the same errors at its start.

    Raises:
        ValueError: the rate is not within 0..1.
    """
    _within("rate", rate, 0.0, 1.0)
    if not rate:
        return raw
    tokens = [token for token in tokenize(raw) if token.text[0].isalnum()]
    chances = [random.Random(f"{seed} {place}") for place in range(len(tokens))]
    fates = [chance.random() for chance in chances]  # how soon each word is lost
    pieces, end = [], 0
    for token, chance, fate in zip(tokens, chances, fates, strict=True):
        lost = fate < LOST * rate and fate < max(fates)
        word = "" if lost else add_typos([raw[token.start : token.end]], rate, chance)[0]
        pieces += [raw[end : token.start], word]
        end = token.end
    return "".join([*pieces, raw[end:]])


def worsen_picture(picture: NDArray[np.uint8], blur: float = 0.0, darkness: float = 0.0, seed: int = 0) -> NDArray:
    """A picture out of focus, and taken in less light.

    Less light means fewer electrons in every pixel, so the noise that counting them brings grows against the picture
    (shot noise, and the noise of reading them out: Foi et al. 2008, "Practical Poissonian-Gaussian noise modeling and
    fitting for single-image raw-data"). Only the noise that the darkness adds is added: the photo has its own already.

    Args:
        picture: uint8 (H, W, 3), sRGB.
        blur: 0 to 1, where the Gaussian's sigma is 3 % of the longer side.
        darkness: 0 to 1, where a 128th of the light is left.
        seed: of the sensor's noise.

    Returns:
        uint8 (H, W, 3).

    Raises:
        ValueError: blur or darkness is not within 0..1.
    """
    _within("blur", blur, 0.0, 1.0)
    _within("darkness", darkness, 0.0, 1.0)
    if blur:
        picture = _blur(picture, BLUR * blur * max(picture.shape[:2]))
    if darkness:
        left = 2.0 ** (-STOPS * darkness)  # of the light
        light = _to_light()  # of each code, as everything here: there are far fewer codes than pixels
        variance = (left - left**2) * light / FULL_WELL + (1 - left**2) * (READ_NOISE / FULL_WELL) ** 2
        grain = np.random.default_rng(seed).standard_normal(picture.shape, np.float32)
        darker = (left * light).astype(np.float32)[picture] + np.sqrt(variance).astype(np.float32)[picture] * grain
        picture = _to_codes()[(65535 * darker.clip(0, 1)).astype(np.uint16)]
    return picture


def worsen_sound(
    samples: NDArray[np.float32],
    snr_db: float | None,
    kind: str = "pink",
    seed: int = 0,
    voices: Sequence[NDArray[np.float32]] = (),
) -> NDArray[np.float32]:
    """Noise behind a recording.

    Args:
        samples: (n,) mono, at ``SAMPLE_RATE``.
        snr_db: how far the noise lies below the loud parts of the recording, which are the speech: silence around it
            does not change what the figure means (see ``loud_part``). None for no noise.
        kind: ``"pink"``, which falls by 3 dB an octave as most rooms' noise does; ``"white"``, ``"brown"``; or
            ``"babble"``, many people speaking at once.
        seed: where the noise comes from.
        voices: for babble, recordings of speech, each (m,) at ``SAMPLE_RATE``.

    Returns:
        (n,), not clipped. A recording of silence stays silent.

    Raises:
        ValueError: there is no such kind, or babble without voices.
    """
    if snr_db is None or not len(samples):
        return samples
    rng = np.random.default_rng(seed)
    if kind != "babble":
        return add_noise(samples, snr_db, rng, kind)
    noise = babble(voices, len(samples), rng)
    gain = loud_part(samples) / max(float(noise.std()), 1e-12) * 10 ** (-snr_db / 20)
    return (samples + gain * noise).astype(np.float32)


def babble(voices: Sequence[NDArray[np.float32]], length: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Many people speaking at once: ``VOICES`` streams of shuffled recordings, all equally loud, summed.

    Args:
        voices: recordings of speech, at ``SAMPLE_RATE``.
        length: of what is wanted, in samples.
        rng: shuffles them.

    Raises:
        ValueError: none of the voices can be heard.
    """
    equal = [voice / loud for voice in voices if (loud := loud_part(voice))]
    if not equal:
        raise ValueError("babble needs recordings in which something can be heard")
    total = np.zeros(length)
    for _ in range(VOICES):
        stream: list[NDArray] = []
        while sum(map(len, stream)) < 2 * length:  # twice, so that it may begin in the middle of a word
            stream += [equal[k] for k in rng.permutation(len(equal))]
        start = rng.integers(length)
        total += np.concatenate(stream)[start : start + length]
    return total


def _blur(picture: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    """A Gaussian of sigma pixels. A wide one is computed on a smaller picture: what that loses is far finer."""
    height, width = picture.shape[:2]
    ratio = max(1, int(sigma / 4))
    if ratio == 1:
        return cv2.GaussianBlur(picture, (0, 0), sigma)
    small = cv2.resize(picture, (-(-width // ratio), -(-height // ratio)), interpolation=cv2.INTER_AREA)
    return cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma / ratio), (width, height), interpolation=cv2.INTER_LINEAR)


@lru_cache
def _to_light() -> NDArray[np.float64]:
    """Linear light, 0 to 1, of each of the 256 codes of sRGB (IEC 61966-2-1)."""
    code = np.arange(256) / 255
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


@lru_cache
def _to_codes() -> NDArray[np.uint8]:
    """The code of each of 65536 even levels of linear light."""
    light = np.arange(65536) / 65535
    return np.rint(255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)).astype(
        np.uint8
    )


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} must be within {low:g} to {high:g}, but is {value!r}")
