"""Where in a spectrogram somebody speaks; that is levelled and cut out, in whole steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from mmdemo.audio.spectrogram import decibels
from mmdemo.audio.speech_embedding import STRIDE, WINDOW

SMOOTH = 5  # frames over which the finder averages
FINDER_BANDS = slice(2, None)  # the finder ignores what lies below about 190 Hz: mains hum
QUANTILE = 0.1  # a band's noise floor: what this share of the frames stay under
RANGE = 45  # dB below the loudest; what is fainter is never speech
TIGHT = 50  # frames; a shorter recording may be speech from end to end, with no noise floor to be seen in it
TIGHT_RANGE = 20  # dB below a band's loudest frame: as high as its noise floor is taken to be then
INAUDIBLE = -75.0  # dB; a few units of the last of 16 bits
THRESHOLD = 4  # dB above the noise floor, averaged over the bands; steady noise stays under 3.5
SHORTEST = 10  # frames, smoothed; a shorter sound is a click
BRIDGE = 30  # frames; a shorter pause lies within one segment
MARGIN = 15  # frames kept before and after what was found: soft consonants

EDGE = slice(1, 4)  # frames at either end of a recording; the very first one is half outside of it
ABRUPT = (0.0, -10.0)  # dB from the level, at the beginning and at the end: words begin suddenly, but fade away

LOUD = 5  # frames; as long have the loud moments to be that set the level
LEVEL = 101.0  # dB of those in the stem's scale: a clip that peaks at half of full scale has about that
FLOOR = 50.0  # dB; everything is laid over a quiet noise so far below the level, so that all silences are alike
CONTEXT = (WINDOW - STRIDE) // 2  # frames before the first and after the last step that their windows see


def find_speech(power: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Where something rises out of the steady noise.

    Every band has its own noise floor: what its quietest tenth stays under. A frame counts where it lies well above the
    floors, averaged over the bands, so that a hum in one band does not matter and speech in many does. Digital silence
    (of muted or padded recordings) is left out of the tenth, since it says nothing about the noise around the speech.

    Args:
        power: (F, 32) of :func:`spectrogram`.

    Returns:
        (start, end) in frames, in order, apart by a pause of 0.3 s at least, and with no margins.
    """
    bands = decibels(uniform_filter1d(power, SMOOTH, axis=0, mode="nearest"))[:, FINDER_BANDS]  # (F, 30)
    loudest = np.quantile(bands, 0.99)
    if loudest < INAUDIBLE:
        return []
    heard = bands.max(axis=1) > loudest - RANGE
    floor = np.quantile(bands[heard], QUANTILE, axis=0)  # (30,)
    if len(power) < TIGHT:
        floor = np.minimum(floor, bands.max(axis=0) - TIGHT_RANGE)
    floor = np.maximum(floor, loudest - RANGE)
    active = np.clip(bands - floor, 0, None).mean(axis=1) > THRESHOLD  # (F,)
    edges = np.flatnonzero(np.diff(np.r_[False, active, False])).reshape(-1, 2)

    found: list[tuple[int, int]] = []
    for start, end in edges.tolist():
        if found and start - found[-1][1] < BRIDGE:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return [(start, end) for start, end in found if active[start:end].sum() >= SHORTEST]


def loudness(power: NDArray[np.float32], segments: list[tuple[int, int]]) -> float:
    """The level of what was found, in dB: its loudest moments, but for those as short as a click."""
    found = np.concatenate([power[start:end, FINDER_BANDS] for start, end in segments]).sum(axis=1)
    return float(decibels(np.sort(found)[-LOUD]))


def cut_off(power: NDArray[np.float32], level: float) -> tuple[bool, bool]:
    """Whether a recording begins, and whether it ends, in the middle of something.

    Of recordings that were cut by a sixth to nearly a half, ``ABRUPT`` finds every second; of those that others have
    trimmed to what can be heard, it takes one in fifty for cut at the beginning and one in a hundred at the end.

    Args:
        power: (F, 32) of the whole recording.
        level: dB, of :func:`loudness`.
    """
    ends = power[EDGE], power[::-1][EDGE]
    loud = [float(decibels(end[:, FINDER_BANDS].sum(axis=1)).mean()) if len(end) else -np.inf for end in ends]
    began_late, ended_early = (here - level > most for here, most in zip(loud, ABRUPT, strict=True))
    return began_late, ended_early


def whole_steps(segments: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Add the margins and round up to whole steps, so that no step reads from two segments."""
    result = []
    for start, end in segments:
        steps = -(-(end - start + 2 * MARGIN) // STRIDE)
        result.append((start - MARGIN, start - MARGIN + steps * STRIDE))
    return result


def keep(segments: list[tuple[int, int]], most: int) -> tuple[list[tuple[int, int]], int]:
    """The first segments, of whole steps, until there are ``most`` frames; and how many frames were left out."""
    kept, left_out, room = [], 0, most // STRIDE * STRIDE
    for start, end in segments:
        read = min(end - start, room)
        if read:
            kept.append((start, start + read))
        room -= read
        left_out += end - start - read
    return kept, left_out


def cut_out(power: NDArray[np.float32], segments: list[tuple[int, int]], level: float) -> NDArray[np.float32]:
    """The stem's input: the segments one after another, with context before and after, levelled, in its units.

    Args:
        power: (F, 32) of the whole recording.
        segments: (start, end) in frames; what lies outside of the recording is quiet.
        level: dB, of :func:`loudness`.

    Returns:
        (frames of the segments + 68, 32) float32: dB / 10 + 2, as the stem was trained on.
    """
    first, last = segments[0][0], segments[-1][1]
    pieces = [(first - CONTEXT, first), *segments, (last, last + CONTEXT)]
    frames = np.concatenate([np.arange(start, end) for start, end in pieces])
    inside = (frames >= 0) & (frames < len(power))
    heard = np.where(inside[:, None], power[frames.clip(0, len(power) - 1)], 0)
    relative = heard / 10 ** (level / 10) + 10 ** (-FLOOR / 10)
    return ((10 * np.log10(relative) + LEVEL) / 10 + 2).astype(np.float32)
