"""A video: the lips and the voice of one moment after the other, each with its seconds in the original.

Where a file is named, a part of it may be: ``talk.webm#t=0.5,2.5`` is two seconds of it, as in the W3C's media
fragments; ``#late=0.24`` is the same with the sound 0.24 s later, ``#late=-0.24`` earlier, and
``#sound=other.webm`` with the sound of another file in the same folder. Several are joined by ``&``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qsl, quote

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from mmdemo.audio.decode import decode as decode_sound
from mmdemo.audio.find_speech import CONTEXT, cut_out, find_speech, loudness
from mmdemo.audio.spectrogram import spectrogram
from mmdemo.audio.speech_embedding import SIZE, STRIDE, speech
from mmdemo.image.ink import Box
from mmdemo.messages import InputError, Note
from mmdemo.modality import ModalityInput
from mmdemo.video.decode import checked
from mmdemo.video.mouth import Mouth, read_mouth
from mmdemo.worker_pool import run_in_worker

STEP = 0.08  # seconds
FRAMES = 2  # pictures of a step
DOWN, ACROSS = 6, 8  # cosines of a mouth that are kept, the slowest ones: more would tell people apart, not shapes
SHAPE = FRAMES * (DOWN * ACROSS - 1)  # numbers of a step's lips
VOICE = SIZE + STRIDE  # of its voice: what is said, and how loud each 10 ms are
SHORTEST = 22  # steps: ten, and room for the sound to be six steps early or late
STRENGTH = 6.0  # by which the cosines are divided, so that their numbers are about 1
FAINT = 0.02  # of 0..1: the least contrast of a face
QUIETEST = -40.0  # dB below the level; what is quieter is silence
FRAGMENT = re.compile(r"(.+?)#((?:t|late|sound)=.*)", re.DOTALL)


@dataclass(frozen=True)
class View:
    """Which part of a video is read, and with which sound.

    Attributes:
        start, stop: steps of the lips, before the last one exclusive; to the end where that is None.
        late: steps by which the sound is moved to later; negative: to earlier.
        sound: the file whose sound it has instead; empty for its own.
    """

    start: int = 0
    stop: int | None = None
    late: int = 0
    sound: str = ""

    @classmethod
    def of(cls, cell: str) -> tuple[str, View]:
        """The file that a cell names, and the part of it.

        Raises:
            InputError: the part cannot be understood.
        """
        match = FRAGMENT.fullmatch(cell)
        if match is None or Path(cell).is_file():
            return cell, cls()
        told = dict(parse_qsl(match[2], keep_blank_values=True))
        try:
            start, stop = (_steps(second) for second in told["t"].split(",")) if "t" in told else (0, None)
            late = _steps(told.get("late", "0"))
        except (ValueError, OverflowError) as error:
            raise InputError("video.fragment", fragment=match[2][:80]) from error
        if start < 0 or (stop is not None and stop <= start) or set(told) - {"t", "late", "sound"}:
            raise InputError("video.fragment", fragment=match[2][:80])
        sound = told.get("sound", "")
        return match[1], cls(start, stop, late, str(Path(match[1]).with_name(Path(sound).name)) if sound else "")

    def __str__(self) -> str:
        parts = [f"t={self.start * STEP:.2f},{self.stop * STEP:.2f}"] if self.stop is not None else []
        parts += [f"late={self.late * STEP:.2f}"] if self.late else []
        parts += [f"sound={quote(Path(self.sound).name)}"] if self.sound else []
        return "&".join(parts)

    def steps(self, lips: int, voice: int) -> tuple[slice, slice]:
        """Which of so many steps of lips and of voice are read, one for one."""
        first = max(self.start, self.late, 0)
        last = min(lips if self.stop is None else self.stop, lips, voice + self.late)
        last = max(last, first)
        return slice(first, last), slice(first - self.late, last - self.late)


def _steps(seconds: str) -> int:
    value = float(seconds)
    if not math.isfinite(value) or abs(value) > 3600:
        raise ValueError
    return round(value / STEP)


@dataclass(frozen=True, eq=False)
class VideoInput(ModalityInput):
    """What the model sees and hears of a video. ``len()`` is the number of steps: twice T, lips and voice in turn.

    Attributes:
        mouths: uint8 (2 T, HEIGHT, WIDTH), the mouth 25 times a second.
        samples: (n,) float32 in -1..1, the whole sound, uncut, mono, 16 kHz; it begins with the picture.
        seconds: of the whole video.
        box: of the mouth in the first picture, in pixels of the original; None where no face was found.
        size: (width, height) of the original, upright.
        shapes: (T, SHAPE) float32, the lips of each step.
        voice: (T, VOICE) float32, the voice of each step.
        mel: (8 T, 32) float32, the spectrogram of the same.
        lips_at, voice_at: (T,) seconds at which each step of either begins in the original.
        notes, absent, doubt: see ``ModalityInput``.
        offsets: (seconds by which the sound would be late, how much better that fits than the middle one of all, in
            log-odds), for all that were tried.
    """

    mouths: NDArray[np.uint8]
    samples: NDArray[np.float32]
    seconds: float
    box: Box | None
    size: tuple[int, int]
    shapes: NDArray[np.float32]
    voice: NDArray[np.float32]
    mel: NDArray[np.float32]
    lips_at: NDArray[np.float64]
    voice_at: NDArray[np.float64]
    notes: tuple[Note, ...] = ()
    absent: Note | None = None
    doubt: Note | None = None
    offsets: tuple[tuple[float, float], ...] = field(default=())

    def __len__(self) -> int:
        return 0 if self.absent else 2 * len(self.shapes)

    @property
    def numbers(self) -> NDArray[np.float32]:
        """What the stem reads, (T, SHAPE + VOICE)."""
        return np.concatenate([self.shapes, self.voice], axis=1)

    def part(self, view: View, other: VideoInput | None = None) -> VideoInput:
        """A part of it, with another's sound where that is given."""
        heard = other or self
        lips, voice = view.steps(len(self.shapes), len(heard.voice))
        return replace(
            self,
            mouths=self.mouths[FRAMES * lips.start : FRAMES * lips.stop],
            samples=heard.samples,
            shapes=self.shapes[lips],
            voice=heard.voice[voice],
            mel=heard.mel[STRIDE * voice.start : STRIDE * voice.stop],
            lips_at=self.lips_at[lips],
            voice_at=heard.voice_at[voice],
            absent=self.absent or heard.absent or (None if lips.stop > lips.start else _too_short()),
        )


def read_video(source: str | Path | bytes) -> VideoInput:
    """Read a video, find the face in it, and make the steps of its lips and of its voice.

    Args:
        source: a file, perhaps with a part of it (see this module), or the bytes of one.

    Raises:
        InputError: missing, too large, too long, no video, without a sound, or a part that cannot be understood.
    """
    if isinstance(source, bytes):
        return _whole(source)
    file, view = View.of(str(source))
    whole = _whole(file)
    return whole if view == View() else whole.part(view, _whole(view.sound) if view.sound else None)


def _whole(source: str | bytes) -> VideoInput:
    mouth = run_in_worker(read_mouth, checked(source))  # it may take for ever, or crash
    return read(mouth, decode_sound((mouth.rate, mouth.sound)))


def read(mouth: Mouth, samples: NDArray[np.float32]) -> VideoInput:
    """The steps of a mouth and a sound that begin together.

    Args:
        mouth: as it was cut out.
        samples: (n,) at 16 kHz, in -1..1.
    """
    count = len(mouth.pictures) // FRAMES
    power = spectrogram(samples) if len(samples) else np.zeros((0, 32), np.float32)
    segments = find_speech(power)
    absent = None
    if mouth.box is None:
        absent = Note("video.no_face")
    elif count < SHORTEST:
        absent = _too_short()
    elif not segments:
        absent = Note("video.silence")
    if absent:
        count = 0
    starts = np.arange(count) * STEP
    level = loudness(power, segments) if segments else 0.0
    mel = cut_out(power, [(0, count * STRIDE)], level)[CONTEXT:-CONTEXT] if count else np.zeros((0, 32), np.float32)
    return VideoInput(
        mouths=mouth.pictures[: FRAMES * count],
        samples=samples,
        seconds=mouth.seconds,
        box=mouth.box,
        size=mouth.size,
        shapes=shapes_of(mouth.pictures[: FRAMES * count]),
        voice=voice_of(power, level, count),
        mel=mel,
        lips_at=starts,
        voice_at=starts,
        absent=absent,
    )


def _too_short() -> Note:
    return Note("video.short", {"least": math.ceil(SHORTEST * STEP)})


def shapes_of(mouths: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The lips of each step: how the slowest cosines of two pictures differ from their mean over the whole video.

    The two-dimensional discrete cosine transform is what lip readers were built on before they learnt from pixels
    (Potamianos et al. 2003). What is constant, the face and its light, is taken out, and the contrast divided by.

    Args:
        mouths: uint8 (2 T, HEIGHT, WIDTH).

    Returns:
        (T, SHAPE).
    """
    if not len(mouths):
        return np.zeros((0, SHAPE), np.float32)
    grey = mouths.astype(np.float32) / 255
    cosines = np.stack([cv2.dct(picture)[:DOWN, :ACROSS].ravel()[1:] for picture in grey])  # (2 T, 47)
    contrast = max(float(grey.mean(axis=0).std()), FAINT)
    lips = (cosines - cosines.mean(axis=0)) / contrast / STRENGTH
    return lips.reshape(len(mouths) // FRAMES, SHAPE).astype(np.float32)


def mirrored(shapes: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same lips in a mirror, (..., SHAPE): every second cosine across changes its sign."""
    signs = np.tile(np.where(np.arange(ACROSS) % 2, -1, 1), DOWN)[1:]  # (47,)
    return (shapes * np.tile(signs, FRAMES)).astype(np.float32)


def heard(samples: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """The voice of so many steps of a sound, (count, VOICE); as of silence where nobody is found to speak.

    Args:
        samples: (n,) at 16 kHz, in -1..1.
        count: T.
    """
    power = spectrogram(samples)
    segments = find_speech(power)
    return voice_of(power, loudness(power, segments) if segments else 0.0, count)


def voice_of(power: NDArray[np.float32], level: float, count: int) -> NDArray[np.float32]:
    """The voice of each step: the speech embedding of what is around it, and how loud each of its 10 ms are.

    Args:
        power: (F, 32) of the whole sound's spectrogram.
        level: of what is said in it, dB.
        count: T.

    Returns:
        (T, VOICE).
    """
    if not count:
        return np.zeros((0, VOICE), np.float32)
    mel = cut_out(power, [(0, count * STRIDE)], level)  # (8 T + 68, 32)
    with torch.inference_mode():
        said = speech()(torch.from_numpy(mel)[None])[0].numpy()  # (T, 96)
    frames = np.zeros(count * STRIDE)
    heard = power[: count * STRIDE].sum(axis=1)
    frames[: len(heard)] = heard / 10 ** (level / 10)
    loud = 10 * np.log10(frames + 10 ** (QUIETEST / 10))  # dB, from QUIETEST to about 0
    loud = (loud / -QUIETEST * 4 + 2).reshape(count, STRIDE)
    return np.concatenate([said, loud], axis=1).astype(np.float32)
