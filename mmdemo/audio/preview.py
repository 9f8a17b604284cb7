"""A small drawing of what was heard, that travels within an answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmdemo.audio.reader import AudioInput

PEAKS = 240  # columns of the waveform


def preview(given: AudioInput) -> dict[str, Any]:
    """The waveform's outline, how long it is, and where in it somebody spoke."""
    return {
        "peaks": peaks(given),
        "seconds": given.seconds,
        "segments": [[round(t, 3) for t in span] for span in given.segments],
    }


def peaks(sound: AudioInput) -> list[int]:
    """The loudest moment of each column of the waveform, in per cent of the loudest of all."""
    if not len(sound.samples):
        return []
    loud = np.abs(sound.samples)
    columns = np.array([part.max() for part in np.array_split(loud, min(PEAKS, len(loud)))])
    return np.rint(100 * columns / max(float(columns.max()), 1e-6)).astype(int).tolist()
