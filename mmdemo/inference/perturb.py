"""A visitor's own input made worse: hasty fingers, a blurred or dark photo, a noisy room.

Pure functions with a seed: the same input and setting give the same damage again, and a setting of zero gives the input
back untouched. What training does to its data is elsewhere, in ``mmdemo.data``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mmdemo.audio.decode import decode
from mmdemo.audio.noise import worsen_sound
from mmdemo.config import SAMPLE_RATE, check_range
from mmdemo.image.decode import open_picture
from mmdemo.image.noise import worsen_picture
from mmdemo.text.noise import worsen_text
from mmdemo.text.reader import MAX_CHARACTERS


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
            check_range(name, getattr(self, name), 0.0, 1.0)
        if self.snr is not None:
            check_range("snr", self.snr, -20.0, 100.0)

    def worsen(self, modality: str, source: Any) -> Any:
        """A raw input, as ``Predictor.preprocess`` takes it, made worse; the same object where there is nothing to do.

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
