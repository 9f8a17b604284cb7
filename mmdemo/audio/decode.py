"""Any recording, whatever its format, rate and channels, as mono samples at 16 kHz; the limits are checked first."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from mmdemo.audio.containers import read_container
from mmdemo.audio.mix import Channels, finite, to_mono
from mmdemo.audio.structure import check_structure
from mmdemo.config import SAMPLE_RATE
from mmdemo.messages import InputError
from mmdemo.worker_pool import TooMuchWork, run_in_worker

MAX_SECONDS = 30  # of a recording
MAX_BYTES = 10_000_000  # of a file
MAX_CHANNELS = 16
RATES = (2_000, 192_000)  # Hz, lowest and highest sampling rate
PADDING = 0.2  # seconds that encoders add, so that half a minute is a little more in M4A

SHORTEST = 0.01  # seconds: a frame; in less there is nothing to hear, nor for the resampler to work on
RUMBLE = 50  # Hz; what lies below (DC, wind, a bumped table) is filtered out, lest it leak into the lowest bands


Source = str | Path | bytes | tuple[int, NDArray]


def decode(source: Source) -> NDArray[np.float32]:
    """Any recording as mono float32 samples at 16 kHz in -1..1, rumble filtered out; the limits are checked first.

    Raises:
        InputError: as for :func:`read_audio`.
    """
    if isinstance(source, tuple):
        rate, samples = source
        return _without_rumble(_resample(int(rate), from_array(int(rate), np.asarray(samples))))
    if isinstance(source, bytes):
        size = len(source)
    else:
        source = Path(source)
        if not source.is_file():
            raise InputError("audio.missing", name=source.name)
        size = source.stat().st_size
    if size > MAX_BYTES:
        raise InputError("audio.too_large", megabytes=round(size / 1e6), limit=MAX_BYTES // 1_000_000)
    return _without_rumble(run_in_worker(_decode_file, source))  # it may take for ever, or crash


def prepare() -> None:
    """Decode a moment of silence, so that the first recording is not kept waiting by what that loads.

    Nothing of this module that runs in a worker may need PyTorch, librosa or SciPy, which take much memory.
    """
    silence = io.BytesIO()
    soundfile.write(silence, np.zeros(round(4 * SHORTEST * SAMPLE_RATE)), 2 * SAMPLE_RATE, format="WAV")
    _decode_file(silence.getvalue())
    with suppress(InputError):
        next(from_container(b"caff" + bytes(8)))  # loads what reads the files of phones


def _decode_file(source: Path | bytes) -> NDArray[np.float32]:
    """Decode a file, or its bytes, whose length has been checked."""
    try:
        return _resample(*from_file(source if isinstance(source, bytes) else source.read_bytes()))
    except FileNotFoundError as error:  # an upload, deleted while it waited for its turn
        raise InputError("audio.missing", name=source.name) from error
    except MemoryError as error:
        raise TooMuchWork from error


def _resample(rate: int, mono: NDArray[np.floating]) -> NDArray[np.float32]:
    """Mono samples at any rate at 16 kHz, about in -1..1."""
    peak = np.abs(mono).max(initial=0.0)
    if peak > 1:  # floats may be larger
        mono = mono / peak
    if len(mono) < rate * SHORTEST:
        return mono[:0]
    return soxr.resample(mono - mono.mean(), rate, SAMPLE_RATE)


def _without_rumble(samples: NDArray[np.floating]) -> NDArray[np.float32]:
    """Samples at 16 kHz in -1..1, rumble filtered out."""
    from scipy.signal import sosfilt

    return np.clip(sosfilt(high_pass(), samples), -1, 1).astype(np.float32) if len(samples) else np.zeros(0, np.float32)


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
    return to_mono(floats)


def from_file(contents: bytes) -> tuple[int, NDArray[np.float32]]:
    """Sampling rate and mono samples of a file's bytes."""
    check_structure(contents)
    return mixed(partial(_blocks, contents))


def mixed(pieces: Callable[[], Iterable[tuple[int, NDArray[np.float32]]]]) -> tuple[int, NDArray[np.float32]]:
    """Sampling rate and mono samples of a recording that is read twice: first for how its channels are to be mixed.

    So a recording with many channels is never in memory as a whole.

    Args:
        pieces: reads it from its beginning on, as (rate, samples), samples (n, C) with the same C each time.
    """
    channels = None
    for _, piece in pieces():
        if piece.shape[1] == 1:
            break
        channels = channels or Channels(piece.shape[1])
        channels.add(finite(piece))
    weights = np.ones(1) if channels is None else channels.weights
    rate, mono = SAMPLE_RATE, [np.zeros(0, np.float32)]
    for rate, piece in pieces():  # noqa: B007  # all have the same, which is returned
        mono.append(finite(piece) @ weights.astype(np.float32))
    return rate, np.concatenate(mono)


def _blocks(contents: bytes) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """A file a second at a time, and one more second than is allowed: headers lie."""
    try:
        file = soundfile.SoundFile(io.BytesIO(contents))
    except (soundfile.LibsndfileError, RuntimeError):
        yield from from_container(contents)
        return
    try:
        with file:
            rate = file.samplerate
            check_limits(rate, file.channels, file.frames / rate)
            most = min(file.frames, (MAX_SECONDS + 1) * rate)
            for block in file.blocks(blocksize=rate, frames=most, dtype="float32", always_2d=True):
                yield rate, block
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise InputError("audio.unreadable") from error


def from_container(contents: bytes) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """The same of the files of phones and browsers, which libsndfile does not open; counted while it is decoded."""
    count = 0
    for rate, piece in read_container(contents):
        left = max(0, MAX_SECONDS * rate - count)
        count += len(piece)
        check_limits(rate, piece.shape[1], count / rate - PADDING)
        yield rate, piece[:left]


@lru_cache
def high_pass() -> NDArray[np.float64]:
    """The filter against rumble, in second-order sections."""
    from scipy.signal import butter

    return butter(4, RUMBLE, "highpass", fs=SAMPLE_RATE, output="sos")
