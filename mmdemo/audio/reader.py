"""Sound: from any recording to the spectrogram that the speech stem reads, each step with its seconds in the original.

The way of a recording: read and checked against the limits, mixed to mono, resampled to 16 kHz, one log-mel
spectrogram. Everything after that happens on the spectrogram: the speech in it is found, levelled and cut out, and
pauses are shortened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmdemo.audio.decode import Source, decode
from mmdemo.audio.find_speech import CONTEXT, SHORTEST, cut_off, cut_out, find_speech, keep, loudness, whole_steps
from mmdemo.audio.prosody import prosody
from mmdemo.audio.spectrogram import FRAMES_PER_SECOND, spectrogram
from mmdemo.audio.speech_embedding import BANDS, STRIDE
from mmdemo.audio.voice_encoder import TONES, tones
from mmdemo.config import PROSODY, SAMPLE_RATE, AudioConfig
from mmdemo.messages import Note
from mmdemo.modality import ModalityInput

TOO_QUIET = -35.0  # dB; a clip that peaks at half of full scale has about 10
CLIPPED = 0.002  # share of samples at full scale


@dataclass
class AudioInput(ModalityInput):
    """What was read from a recording, and where in it.

    Attributes:
        samples: (n,) float32 in -1..1, the whole recording, mono, 16 kHz.
        seconds: how long the recording is.
        segments: (start, end) of the speech that is read, in seconds of the original.
        mel: (F, 32) float32, what the stem reads: T * 8 frames and 34 more on either side.
        prosody: (T, PROSODY) float32, how each step sounds; (T, 0) where the task does not ask for it.
        tones: (T * 8, TONES) float32, what the voice encoder reads; (T * 8, 0) where the task does not ask for it.
        spans: (T, 2) float64, the 80 ms in the middle of each step's window, in seconds of the original.
        notes: what else a person should know.
        absent: why there is nothing to read, or None.
        doubt: several words, or one that the recording cuts off, where the task expects one.
    """

    samples: NDArray[np.float32]
    seconds: float
    segments: list[tuple[float, float]]
    mel: NDArray[np.float32]
    prosody: NDArray[np.float32]
    tones: NDArray[np.float32]
    spans: NDArray[np.float64]
    notes: tuple[Note, ...] = ()
    absent: Note | None = None
    doubt: Note | None = None

    def __len__(self) -> int:
        return len(self.spans)

    @property
    def breaks(self) -> list[int]:
        """The steps before which there is a pause that was left out."""
        return [k for k in range(1, len(self)) if self.spans[k, 0] - self.spans[k - 1, 1] > 1 / FRAMES_PER_SECOND]

    def part(self, start: int, stop: int) -> AudioInput:
        """The same recording of which only the steps from ``start`` to before ``stop`` are read."""
        first, last = self.spans[start, 0], self.spans[stop - 1, 1]
        return replace(
            self,
            segments=[(max(a, first), min(b, last)) for a, b in self.segments if a < last and b > first],
            mel=self.mel[start * STRIDE : stop * STRIDE + 2 * CONTEXT],
            prosody=self.prosody[start:stop],
            tones=self.tones[start * STRIDE : stop * STRIDE],
            spans=self.spans[start:stop],
        )


def read_audio(source: Source, config: AudioConfig | None = None) -> AudioInput:
    """Read a recording, find the speech in it and make the stem's spectrogram of that.

    Args:
        source: a file (see ``decode.py`` for the kinds), its bytes, or (rate, samples) with samples (n,) or
            (n, channels), whole numbers or floats.
        config: how much found speech is read.

    Raises:
        InputError: it is too long, too large or not a recording.
    """
    config = config or AudioConfig()
    samples = decode(source)
    seconds = len(samples) / SAMPLE_RATE
    power = spectrogram(samples)  # (F, 32)
    segments = find_speech(power)
    if not segments:
        absent = Note("audio.short" if seconds < SHORTEST / FRAMES_PER_SECOND else "audio.silence")
        nothing = np.zeros((0, BANDS), np.float32)
        unsaid, unheard = (
            np.zeros((0, width), np.float32) for width in (PROSODY * config.prosody, TONES * config.voice)
        )
        return AudioInput(samples, seconds, [], nothing, unsaid, unheard, np.zeros((0, 2)), absent=absent)

    level = loudness(power, segments)
    kept, left_out = keep(whole_steps(segments), round(config.max_seconds * FRAMES_PER_SECOND))
    notes = []
    if left_out:
        notes.append(Note("audio.cut", {"read": config.max_seconds, "left": round(left_out / FRAMES_PER_SECOND, 1)}))
    if level < TOO_QUIET:
        notes.append(Note("audio.quiet"))
    if np.mean(np.abs(samples) > 0.99) > CLIPPED:
        notes.append(Note("audio.clipped"))

    def clip(frames: NDArray | Sequence[int]) -> NDArray[np.float64]:
        return np.clip(np.asarray(frames) / FRAMES_PER_SECOND, 0, seconds)

    starts = np.concatenate([np.arange(start, end, STRIDE) for start, end in kept])  # (T,)
    frames = (starts[:, None] + np.arange(STRIDE)).ravel()  # (T * 8,)
    how = prosody(samples, frames, level) if config.prosody else np.zeros((len(starts), 0), np.float32)
    return AudioInput(
        samples=samples,
        seconds=seconds,
        segments=[tuple(clip(segment).tolist()) for segment in kept],
        mel=cut_out(power, kept, level),
        prosody=how,
        tones=tones(samples, frames) if config.voice else np.zeros((len(frames), 0), np.float32),
        spans=clip(np.stack([starts, starts + STRIDE], axis=1)),
        notes=tuple(notes),
        doubt=_lost_end(power, level) if config.one_word else None,
    )


def _lost_end(power: NDArray[np.float32], level: float) -> Note | None:
    """That a recording begins or ends in the middle of a word."""
    began_late, ended_early = cut_off(power, level)
    return Note("audio.began_late") if began_late else Note("audio.ended_early") if ended_early else None
