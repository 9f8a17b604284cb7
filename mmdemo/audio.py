"""Sound: from any recording to the spectrogram that the speech stem reads, each step with its seconds in the original.

The way of a recording: read and checked against the limits, mixed to mono, resampled to 16 kHz, one log-mel
spectrogram. Everything after that happens on the spectrogram: the speech in it is found, levelled and cut out, and
pauses are shortened.

Of librosa, only ``librosa.filters`` is used: its other modules compile themselves with numba for up to a minute when
they are first imported, which no visitor should wait for. A test holds our spectrogram against librosa's own.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
import soxr
from librosa import filters
from numpy.typing import NDArray
from scipy.fft import rfft
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, sosfilt

from mmdemo.config import SAMPLE_RATE, AudioConfig
from mmdemo.messages import InputError, Note
from mmdemo.prosody import prosody
from mmdemo.speech import BANDS, STRIDE, WINDOW

MAX_SECONDS = 30  # of a recording
MAX_BYTES = 10_000_000  # of a file
MAX_CHANNELS = 16
RATES = (2_000, 192_000)  # Hz, lowest and highest sampling rate

FFT, WIN, HOP = 512, 400, 160  # samples: 32 ms, 25 ms, 10 ms
FRAMES_PER_SECOND = SAMPLE_RATE // HOP
LOWEST, HIGHEST = 60, 3800  # Hz; telephone recordings lose nothing

RUMBLE = 50  # Hz; what lies below (DC, wind, a bumped table) is filtered out, lest it leak into the lowest bands
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

LOUD = 5  # frames; as long have the loud moments to be that set the level
LEVEL = 101.0  # dB of those in the stem's scale: a clip that peaks at half of full scale has about that
FLOOR = 50.0  # dB; everything is laid over a quiet noise so far below the level, so that all silences are alike
CONTEXT = (WINDOW - STRIDE) // 2  # frames before the first and after the last step that their windows see
TOO_QUIET = -35.0  # dB; a clip that peaks at half of full scale has about 10
CLIPPED = 0.002  # share of samples at full scale


@dataclass
class AudioInput:
    """What was read from a recording, and where in it.

    Attributes:
        samples: (n,) float32 in -1..1, the whole recording, mono, 16 kHz.
        seconds: how long the recording is.
        segments: (start, end) of the speech that is read, in seconds of the original.
        mel: (F, 32) float32, what the stem reads: T * 8 frames and 34 more on either side.
        prosody: (T, PROSODY) float32, how each step sounds; (T, 0) where the task does not ask for it.
        spans: (T, 2) float64, the 80 ms in the middle of each step's window, in seconds of the original.
        notes: what else a person should know.
        absent: why there is nothing to read, or None.
    """

    samples: NDArray[np.float32]
    seconds: float
    segments: list[tuple[float, float]]
    mel: NDArray[np.float32]
    prosody: NDArray[np.float32]
    spans: NDArray[np.float64]
    notes: tuple[Note, ...] = ()
    absent: Note | None = None

    def __len__(self) -> int:
        return len(self.spans)


Source = str | Path | bytes | tuple[int, NDArray]


def read_audio(source: Source, config: AudioConfig | None = None) -> AudioInput:
    """Read a recording, find the speech in it and make the stem's spectrogram of that.

    Args:
        source: a file (wav, flac, ogg, mp3), its bytes, or (rate, samples) with samples (n,) or (n, channels), whole
            numbers or floats.
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
        unsaid = np.zeros((0, config.size - config.stem_size), np.float32)
        return AudioInput(samples, seconds, [], nothing, unsaid, np.zeros((0, 2)), absent=absent)

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
        spans=clip(np.stack([starts, starts + STRIDE], axis=1)),
        notes=tuple(notes),
    )


def decode(source: Source) -> NDArray[np.float32]:
    """Any recording as mono float32 samples at 16 kHz in -1..1, rumble filtered out; the limits are checked first.

    Raises:
        InputError: as for :func:`read_audio`.
    """
    if isinstance(source, tuple):
        rate, samples = source
        mono = from_array(int(rate), np.asarray(samples))
    else:
        rate, mono = from_file(source)
    mono = np.nan_to_num(mono, nan=0.0, posinf=0.0, neginf=0.0)
    peak = np.abs(mono).max(initial=0.0)
    if peak > 1:  # floats may be larger
        mono = mono / peak
    if len(mono) < rate / FRAMES_PER_SECOND:
        return np.zeros(0, np.float32)  # less than a frame: nothing to hear, nor for the resampler to work on
    samples = soxr.resample(mono - mono.mean(), rate, SAMPLE_RATE)
    return np.clip(sosfilt(high_pass(), samples), -1, 1).astype(np.float32)


def check_limits(rate: int, channels: int, seconds: float) -> None:
    """Refuse what is too long or absurd, before any memory is spent on it."""
    if not RATES[0] <= rate <= RATES[1]:
        raise InputError("audio.rate", rate=rate, lowest=RATES[0], highest=RATES[1])
    if not 1 <= channels <= MAX_CHANNELS:
        raise InputError("audio.channels", channels=channels, limit=MAX_CHANNELS)
    if seconds > MAX_SECONDS:
        raise InputError("audio.too_long", limit=MAX_SECONDS)


def from_array(rate: int, samples: NDArray) -> NDArray[np.float64]:
    """Samples of any type, (n,) or (n, channels), as mono floats."""
    if samples.ndim not in (1, 2) or samples.dtype.kind not in "iuf":
        raise InputError("audio.shape", shape=str(samples.shape))
    check_limits(rate, 1 if samples.ndim == 1 else samples.shape[1], len(samples) / rate if rate > 0 else 0)
    if samples.dtype.kind == "f":
        floats = samples.astype(np.float64)
    else:
        kind = np.iinfo(samples.dtype)
        middle = 0 if samples.dtype.kind == "i" else (kind.max + 1) / 2
        floats = (samples.astype(np.float64) - middle) / (kind.max - middle)
    return floats if floats.ndim == 1 else floats.mean(axis=1)


def from_file(source: str | Path | bytes) -> tuple[int, NDArray[np.float32]]:
    """A file's, or its bytes', sampling rate and mono samples."""
    if not isinstance(source, bytes):
        path = Path(source)
        if not path.is_file():
            raise InputError("audio.missing", name=path.name)
        size = path.stat().st_size
    else:
        size = len(source)
    if size > MAX_BYTES:
        raise InputError("audio.too_large", megabytes=round(size / 1e6), limit=MAX_BYTES // 1_000_000)
    contents = source if isinstance(source, bytes) else path.read_bytes()
    try:
        with soundfile.SoundFile(io.BytesIO(contents)) as file:
            rate = file.samplerate
            check_limits(rate, file.channels, file.frames / rate)
            # In blocks, and one more second than is allowed: headers lie.
            blocks = file.blocks(blocksize=rate, frames=min(file.frames, (MAX_SECONDS + 1) * rate), dtype="float32")
            mono = [block if block.ndim == 1 else block.mean(axis=1) for block in blocks]
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise InputError("audio.unreadable") from error
    return rate, np.concatenate([np.zeros(0, np.float32), *mono])


@lru_cache
def high_pass() -> NDArray[np.float64]:
    """The filter against rumble, in second-order sections."""
    return butter(4, RUMBLE, "highpass", fs=SAMPLE_RATE, output="sos")


@lru_cache
def mel_filters() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The window (512,) and the mel filters (257, 32)."""
    window = np.pad(filters.get_window("hann", WIN), (FFT - WIN) // 2).astype(np.float32)
    mel = filters.mel(sr=SAMPLE_RATE, n_fft=FFT, n_mels=BANDS, fmin=LOWEST, fmax=HIGHEST)
    return window, np.ascontiguousarray(mel.T)


def warm_up() -> None:
    """Import and compute now what the first visitor would otherwise wait for."""
    read_audio((SAMPLE_RATE, np.sin(np.arange(SAMPLE_RATE) ** 2 * 1e-5)))


def spectrogram(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The power in 32 mel bands, one frame every 10 ms, frame k centred at k * 10 ms.

    The same numbers as ``librosa.feature.melspectrogram(y=samples, sr=16000, n_fft=512, win_length=400, hop_length=160,
    center=True, pad_mode="constant", power=2.0, n_mels=32, fmin=60, fmax=3800)``, transposed.

    Returns:
        (F, 32) with F = 1 + n // 160.
    """
    window, mel = mel_filters()
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, FFT // 2), FFT)[::HOP]  # (F, 512)
    spectrum = rfft(frames * window, axis=1)  # (F, 257)
    return (spectrum.real**2 + spectrum.imag**2) @ mel  # (F, 32)


def decibels(power: NDArray) -> NDArray:
    """10 log10, never below -120."""
    return 10 * np.log10(np.maximum(power, 1e-12))


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


def envelope(samples: NDArray[np.float32], points: int = 400) -> NDArray[np.float32]:
    """The waveform's outline for drawing.

    Returns:
        (points, 2): the lowest and the highest sample of each of ``points`` equal pieces, and never to one side of 0.
    """
    edges = np.linspace(0, len(samples), points + 1).astype(int)
    pieces = [samples[start : max(end, start + 1)] for start, end in pairwise(edges)]
    return np.array([(piece.min(initial=0.0), piece.max(initial=0.0)) for piece in pieces], np.float32)
