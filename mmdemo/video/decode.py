"""Any short video with its sound, by the times that its pictures and its sound have: the limits are checked first.

Browsers record VP8 with Opus, phones H.264 or HEVC with AAC. Their pictures come at irregular times, a recording may
say nothing about its length, and picture and sound need not begin together: so only timestamps count here. As with
sounds, the container is told by its first bytes, only a short list of decoders is let in, no other file is opened, and
what is counted is what comes out, whatever the headers say.

Nothing in this module may need PyTorch or SciPy: it runs in worker processes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mmdemo.audio.containers import DECODERS, check_decoder, container_of, opened
from mmdemo.audio.decode import check_limits
from mmdemo.audio.mix import to_mono
from mmdemo.audio.structure import check_structure
from mmdemo.messages import InputError
from mmdemo.worker_pool import TooMuchWork, run_in_worker

MAX_SECONDS = 10
MAX_BYTES = 20_000_000  # of a file: ten seconds of a phone's full HD have 15 to 20
MAX_PIXELS = 9_000_000  # of a picture: 4K has 8.3 million
MAX_WORK = 1_200_000_000  # pixels of all pictures together: ten seconds of full HD have 620 million
MAX_FRAMES = 1_300  # ten seconds of a screen's 120 a second
MAX_PACKETS = 20_000  # of pictures and of sound: Opus has at most 4,000 in ten seconds
PADDING = 0.3  # seconds that recorders add
KEPT_SIDE = 640  # pixels; a larger picture is reduced to this
CLOSEST = 1 / 50  # seconds between two pictures that are looked at
JITTER = 0.02  # seconds by which a piece of sound may seem to lie beside the end of the last one and still follow it
CONTAINERS = ("mov", "matroska")
PICTURE_DECODERS = (
    "h264", "hevc", "vp8", "libvpx", "vp9", "libvpx-vp9", "av1", "libdav1d", "mpeg4", "h263", "mjpeg", "mpeg1video",
)  # fmt: skip


@dataclass(frozen=True)
class Film:
    """What a file decodes to.

    Attributes:
        times: when each picture begins to be shown, (N,) seconds, rising from 0.
        pictures: of each, uint8 (H, W, 3), RGB, upright and reduced; all of one size.
        seconds: until the last picture is over.
        rate: of the sound, Hz.
        sound: (n,) float32, mono; its first sample belongs to the first picture's time.
        size: (width, height) of the original, upright.
    """

    times: NDArray[np.float64]
    pictures: list[NDArray[np.uint8]]
    seconds: float
    rate: int
    sound: NDArray[np.float32]
    size: tuple[int, int]


def checked(source: str | Path | bytes) -> bytes | Path:
    """The source, once its size has been checked.

    Raises:
        InputError: it is missing, or too large.
    """
    if isinstance(source, bytes):
        size = len(source)
    else:
        source = Path(source)
        if not source.is_file():
            raise InputError("video.missing", name=source.name)
        size = source.stat().st_size
    if size > MAX_BYTES:
        raise InputError("video.heavy", megabytes=round(size / 1e6), limit=MAX_BYTES // 1_000_000)
    return source


def decode(source: str | Path | bytes) -> Film:
    """Decode a file, or its bytes, in a worker if there are any.

    Raises:
        InputError: missing, too large, too long, no video, or without a sound.
    """
    return run_in_worker(decode_here, checked(source))


def decode_here(source: Path | bytes) -> Film:
    """The same in this process; the size of the source has been checked."""
    try:
        contents = source if isinstance(source, bytes) else source.read_bytes()
    except FileNotFoundError as error:  # an upload, deleted while it waited for its turn
        raise InputError("video.missing", name=Path(str(source)).name) from error
    try:
        return _film(contents)
    except MemoryError as error:
        raise TooMuchWork from error


def _film(contents: bytes) -> Film:
    check_structure(contents)
    if (name := container_of(contents)) not in CONTAINERS:
        raise InputError("video.unreadable")
    with opened(contents, name, (*DECODERS, *PICTURE_DECODERS), refused="video.unreadable") as container:
        return _streams(container)


def _streams(container: Any) -> Film:
    if not container.streams.video:
        raise InputError("video.no_picture")
    if not container.streams.audio:
        raise InputError("video.no_sound")
    video, audio = container.streams.video[0], container.streams.audio[0]
    for stream, known in ((video, PICTURE_DECODERS), (audio, DECODERS)):
        check_decoder(stream, known, refused="video.unreadable")
    _check_size(video.codec_context.width, video.codec_context.height)
    if container.duration and container.duration / 1e6 > MAX_SECONDS + PADDING:
        raise InputError("video.too_long", limit=MAX_SECONDS)
    video.codec_context.options = {"max_pixels": str(MAX_PIXELS)}  # a stream may change its size on the way
    screen, ear = _Screen(), _Ear()
    for frame in _frames(container, video, audio):
        (screen if hasattr(frame, "width") else ear).take(frame)
    if not screen.pictures:
        raise InputError("video.no_picture")
    seconds = screen.end - screen.origin
    sound = ear.track(screen.origin, seconds)
    return Film(np.array(screen.times) - screen.origin, screen.pictures, seconds, ear.rate, sound, screen.size)


def _frames(container: Any, video: Any, audio: Any) -> Iterator[Any]:
    """Pictures and pieces of sound in the file's order; damaged packets are passed over, as players do."""
    import av

    for count, packet in enumerate(container.demux(video, audio)):
        if count > MAX_PACKETS:
            raise TooMuchWork
        try:
            yield from packet.decode()
        except (av.error.InvalidDataError, av.error.EOFError):
            continue


def _check_size(width: int, height: int) -> None:
    if not width or not height or width * height > MAX_PIXELS:
        raise InputError("video.large", width=width, height=height, limit=MAX_PIXELS // 1_000_000)


class _Screen:
    """Takes pictures: those that are looked at, reduced."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.pictures: list[NDArray[np.uint8]] = []
        self.origin = self.end = 0.0
        self.size = (0, 0)
        self.count = self.work = 0

    def take(self, frame: Any) -> None:
        _check_size(frame.width, frame.height)
        self.count += 1
        self.work += frame.width * frame.height
        if self.count > MAX_FRAMES or self.work > MAX_WORK:
            raise InputError("video.much", limit=MAX_WORK // 1_000_000)
        length = float(frame.duration * frame.time_base) if frame.duration and frame.time_base else 1 / 25
        time = self.end if frame.time is None else float(frame.time)
        if not self.times:
            self.origin = time
        elif time - self.times[-1] < CLOSEST:
            self.end = max(self.end, time + min(length, 0.2))
            return
        if time - self.origin > MAX_SECONDS + PADDING:
            raise InputError("video.too_long", limit=MAX_SECONDS)
        self.end = time + min(length, 0.2)
        self.times.append(time)
        self.pictures.append(self._reduced(frame))

    def _reduced(self, frame: Any) -> NDArray[np.uint8]:
        ratio = min(1.0, KEPT_SIDE / max(frame.width, frame.height))
        width, height = max(1, round(frame.width * ratio)), max(1, round(frame.height * ratio))
        small = frame.reformat(width, height, "rgb24", interpolation="AREA", threads=1).to_ndarray()
        quarters = round((frame.rotation or 0) / 90) % 4  # how a phone was held
        picture = np.ascontiguousarray(np.rot90(small, quarters))
        if not self.pictures:
            self.size = (frame.height, frame.width) if quarters % 2 else (frame.width, frame.height)
            return picture
        first = self.pictures[0]
        return picture if picture.shape == first.shape else cv2.resize(picture, first.shape[1::-1])


class _Ear:
    """Takes pieces of sound, and puts each where its time is."""

    def __init__(self) -> None:
        self.rate = self.channels = 0
        self.floats: Any = None
        self.kind: tuple[str, str, int] | None = None
        self.pieces: list[tuple[float | None, NDArray[np.float32]]] = []
        self.count = 0

    def take(self, frame: Any) -> None:
        if not frame.samples:
            return
        import av

        if self.floats is None:
            self.rate, self.channels = frame.sample_rate, len(frame.layout.channels)
            check_limits(self.rate, self.channels, 0)
            self.kind = frame.format.name, frame.layout.name, frame.sample_rate
            self.floats = av.AudioResampler("fltp", frame.layout, frame.sample_rate)  # other numbers, not another rate
        if (frame.format.name, frame.layout.name, frame.sample_rate) != self.kind:  # no recorder changes on the way
            return
        self.count += frame.samples
        if self.count > (MAX_SECONDS + 2) * self.rate:
            raise InputError("video.too_long", limit=MAX_SECONDS)
        time = None if frame.time is None else float(frame.time)
        for piece in self.floats.resample(frame):
            self.pieces.append((time, piece.to_ndarray().T))  # (n, channels)
            time = None

    def track(self, origin: float, seconds: float) -> NDArray[np.float32]:
        """Mono samples from a time on, silent where there are none.

        Raises:
            InputError: there is no sound at all.
        """
        if not self.pieces:
            raise InputError("video.no_sound")
        whole = np.zeros((round(seconds * self.rate), self.channels), np.float32)
        cursor: int | None = None
        for time, piece in self.pieces:
            at = cursor if time is None else round((time - origin) * self.rate)
            if at is None:
                at = 0
            if cursor is not None and abs(at - cursor) < JITTER * self.rate:
                at = cursor  # times are rounded to milliseconds in WebM
            cursor = at + len(piece)
            first, last = max(at, 0), min(cursor, len(whole))
            if first < last:
                whole[first:last] = piece[first - at : last - at]
        return to_mono(whole)
