"""What a visitor gives to the page: the values of its inputs by name, and the order in which the page holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mmdemo.audio.noise import SNR
from mmdemo.config import INPUTS
from mmdemo.modality import Noise

SLIDERS = {  # of noise, and where each ends: a hundred per cent, or so many dB from the faintest noise on
    "typing": 100,
    "blur": 100,
    "darkness": 100,
    "sound": int(SNR[1] - SNR[0]) + 1,
}
EMPTY = {"text": ""}  # what an input holds when it is empty; None for all others


@dataclass(frozen=True)
class Given:
    """The inputs of the page; by default all empty, switched on, and without noise.

    Attributes:
        sources: what was given, by modality.
        used: whether a modality is switched on, by modality; it is unless it is False here.
        noise: where the sliders are, by their names in ``SLIDERS``; at 0 unless named here.
        task: whose model reads it.
        candidate: which of the picture's candidates to read, or of the offsets at which the sound may be put; None for
            the likeliest, and for the sound as it is.
    """

    sources: Mapping[str, Any] = field(default_factory=dict)
    used: Mapping[str, bool] = field(default_factory=dict)
    noise: Mapping[str, int] = field(default_factory=dict)
    task: str = ""
    candidate: int | None = None

    @classmethod
    def of(cls, *values: Any) -> Given:
        """From what Gradio hands over: ``values()``, then the task, and the candidate if there is one."""
        m, n = len(INPUTS), len(SLIDERS)
        return cls(
            dict(zip(INPUTS, values[:m], strict=True)),
            dict(zip(INPUTS, values[m : 2 * m], strict=True)),
            dict(zip(SLIDERS, values[2 * m : 2 * m + n], strict=True)),
            *values[2 * m + n :],
        )

    def values(self) -> tuple[Any, ...]:
        """What fills the page: the sources, the switches and the sliders, in the order of its inputs."""
        return (
            *(self.sources.get(modality, EMPTY.get(modality)) for modality in INPUTS),
            *(self.used.get(modality, True) for modality in INPUTS),
            *(self.noise.get(name, 0) for name in SLIDERS),
        )

    def is_empty(self) -> bool:
        """Whether there is nothing at all, switched on or not."""
        return all(_is_nothing(source) for source in self.sources.values())

    def to_read(self) -> dict[str, Any]:
        """What is to be read, by modality: what was given and is switched on."""
        return {
            modality: source
            for modality, source in self.sources.items()
            if self.used.get(modality, True) and not _is_nothing(source)
        }

    def noise_to_add(self) -> Noise:
        """How much worse it is made before it is read: per cent as shares, and the last slider as a ratio in dB."""
        typing, blur, darkness, sound = (self.noise.get(name, 0) for name in SLIDERS)
        return Noise(typing / 100, blur / 100, darkness / 100, SNR[1] + 1 - sound if sound else None)


def _is_nothing(source: Any) -> bool:
    return source is None or (isinstance(source, str) and not source)  # an array has no truth value
