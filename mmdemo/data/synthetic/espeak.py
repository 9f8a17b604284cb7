"""espeak-ng, by its library: a voice, and when it says which phoneme, which its command does not tell."""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import NDArray

from mmdemo.messages import InputError

LIBRARY = "libespeak-ng.so.1"
PHONEME, SYNCHRONOUS, PHONEME_EVENTS, SPEED = 7, 2, 1, 1  # of its speak_lib.h


class _Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    ]


def library() -> ctypes.CDLL:
    """espeak-ng's library.

    Raises:
        InputError: it is not installed.
    """
    try:
        return ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise InputError("data.no_espeak") from error


def spoken(
    words: str, voice: str = "en-us", pace: int = 160
) -> tuple[NDArray[np.float32], int, list[tuple[float, str]]]:
    """A sentence by espeak-ng, and when it says what.

    Args:
        words: in English.
        voice: its name.
        pace: words a minute.

    Returns:
        The voice (n,) in -1..1, its rate in Hz, and when which phoneme begins, in seconds.

    Raises:
        InputError: espeak-ng is not installed.
    """
    espeak = library()
    rate = espeak.espeak_Initialize(SYNCHRONOUS, 0, None, PHONEME_EVENTS)
    pieces: list[NDArray[np.float32]] = []
    phonemes: list[tuple[float, str]] = []

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))
    def take(wave, count, events) -> int:  # noqa: ANN001
        if wave and count:
            pieces.append(np.ctypeslib.as_array(wave, (count,)).astype(np.float32) / 32768)
        k = 0
        while events[k].type:
            if events[k].type == PHONEME:
                phonemes.append((events[k].audio_position / 1000, events[k].id.decode("utf-8", "replace")))
            k += 1
        return 0

    espeak.espeak_SetSynthCallback(take)
    espeak.espeak_SetVoiceByName(voice.encode())
    espeak.espeak_SetParameter(SPEED, pace, 0)
    text = words.encode()
    espeak.espeak_Synth(text, len(text) + 1, 0, 1, 0, 1, None, None)
    espeak.espeak_Synchronize()
    return np.concatenate(pieces), rate, phonemes
