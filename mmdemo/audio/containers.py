"""The sound in the files of phones and browsers (M4A, MP4, WebM, WMA, AMR, CAF, ...), read with FFmpeg's libraries.

FFmpeg knows hundreds of formats, some of which are lists of other files or fetch addresses. So the container is told by
the file's first bytes, from a short list, and nothing else is tried; only decoders of sound are let in; no other file
is opened; and what is counted is what comes out, whatever the headers say.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmdemo.messages import InputError
from mmdemo.worker_pool import TooMuchWork

ID3 = b"ID3"  # a tag that some programs put before AAC or MP3
SIGNATURES: tuple[tuple[int, bytes, str], ...] = (  # where, which bytes, and FFmpeg's name of the container
    (4, b"ftyp", "mov"),  # MP4, M4A, MOV, 3GP
    *((4, atom, "mov") for atom in (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")),  # QuickTime's older files
    (0, b"\x1a\x45\xdf\xa3", "matroska"),  # WebM, too
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),  # WMA
    (0, b"#!AMR", "amr"),
    (0, b"caff", "caf"),
    (0, b"\xff\xf1", "aac"),
    (0, b"\xff\xf9", "aac"),
    (0, b"OggS", "ogg"),
    (0, b"RIFF", "wav"),
    (0, b"FORM", "aiff"),
    (0, b"fLaC", "flac"),
    *((0, bytes([0xFF, second]), "mp3") for second in (0xFB, 0xFA, 0xF3, 0xF2, 0xE3, 0xE2)),
)
DECODERS = (  # by FFmpeg's names; those of pictures are not among them, so a film's are never decoded
    "aac", "aac_fixed", "aac_latm", "opus", "libopus", "vorbis", "libvorbis", "mp3float", "mp3", "mp2float", "mp2",
    "flac", "alac", "amrnb", "amrwb", "libopencore_amrnb", "libopencore_amrwb", "wmav1", "wmav2", "wmapro",
    "wmalossless", "wmavoice", "ac3", "eac3", "ilbc", "libilbc", "gsm", "gsm_ms", "adpcm_ima_qt", "adpcm_ima_wav",
    "adpcm_ms", "pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be",
    "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be", "pcm_alaw", "pcm_mulaw",
)  # fmt: skip
MAX_PACKETS = 100_000  # of the sound; half a minute of the smallest that phones write are twenty thousand
MAX_STREAMS = 64  # of a container; a film with sound in many languages has twenty


def container_of(contents: bytes) -> str | None:
    """FFmpeg's name of the container that a file's first bytes belong to; None if it is none that is read."""
    if contents.startswith(ID3) and len(contents) > 10:  # its length has seven bits in each byte
        size = sum((byte & 0x7F) << shift for byte, shift in zip(contents[6:10], (21, 14, 7, 0), strict=True))
        rest = contents[10 + size : 12 + size]
        return next((name for _, start, name in SIGNATURES if name in ("aac", "mp3") and rest.startswith(start)), None)
    return next((name for at, start, name in SIGNATURES if contents[at : at + len(start)] == start), None)


def read_container(contents: bytes) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """What the first sound in a container decodes to, piece by piece: its sampling rate, and samples (n, channels).

    Rate and channels are those of the first piece throughout: the library converts what changes on the way. Damaged
    packets are passed over, as players do. Nothing comes of a recording that was stopped as soon as it was begun.

    Raises:
        InputError: it is no container that is read, there is no sound in it, or none that can be decoded.
        TooMuchWork: it has too many packets.
    """
    if (name := container_of(contents)) is None:
        raise InputError("audio.unreadable")
    with opened(contents, name, DECODERS, refused="audio.unreadable") as container:
        if not container.streams.audio:
            raise InputError("audio.no_sound" if container.streams.video else "audio.unreadable")
        stream = container.streams.audio[0]
        check_decoder(stream, DECODERS, refused="audio.unreadable")
        yield from _decoded(container, stream)


@contextmanager
def opened(contents: bytes, name: str, decoders: Sequence[str], *, refused: str) -> Iterator[Any]:
    """A container that FFmpeg has opened: of that format only, with these decoders only, and nothing else beside it.

    Args:
        contents: the file.
        name: FFmpeg's name of the container, see :func:`container_of`.
        decoders: FFmpeg's names of those that are let in.
        refused: the message for what cannot be opened, or fails while it is read.

    Raises:
        InputError: that message.
        TooMuchWork: it takes too much memory.
    """
    import av  # takes a tenth of a second, which only these files need

    options = {
        "format_whitelist": name,
        "codec_whitelist": ",".join(decoders),
        "protocol_whitelist": "none",
        "max_streams": str(MAX_STREAMS),
    }
    try:
        with av.open(
            io.BytesIO(contents), format=name, options=options, metadata_errors="ignore", io_open=_open_nothing
        ) as container:
            yield container
    except InputError:
        raise
    except MemoryError as error:
        raise TooMuchWork from error
    except Exception as error:  # FFmpeg's own, and a file that it may not open
        raise InputError(refused) from error


def check_decoder(stream: Any, decoders: Sequence[str], *, refused: str) -> None:
    """Refuse a stream of another decoder; the others get one thread, since each would take memory of the worker's.

    Raises:
        InputError: the message ``refused``.
    """
    if stream.codec_context is None or stream.codec_context.codec.name not in decoders:
        raise InputError(refused)
    stream.codec_context.thread_count = 1


def _decoded(container: Any, stream: Any) -> Iterator[tuple[int, NDArray[np.float32]]]:
    import av

    first: tuple[Any, int] | None = None  # layout of the channels, and rate
    now, resampler, damaged = None, None, False
    for count, packet in enumerate(container.demux(stream)):
        if count > MAX_PACKETS:
            raise TooMuchWork
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            damaged = True
            continue
        except av.error.EOFError:
            break
        for frame in frames:
            kind = (frame.layout, frame.sample_rate)
            first = first or kind
            if kind != first:
                if kind != now:
                    now, resampler = kind, av.AudioResampler(frame.format, *first)
                frame.pts = None  # it would go on where another resampler has begun
            for piece in [frame] if kind == first else resampler.resample(frame):
                if piece.samples:
                    yield first[1], _samples(piece)
    if damaged and first is None:
        raise InputError("audio.unreadable")


def _samples(frame: Any) -> NDArray[np.float32]:
    """A frame's samples, (n, channels) in -1..1, whatever their type and order."""
    array = frame.to_ndarray()  # (channels, n), or (1, n * channels)
    array = array.T if frame.format.is_planar else array.reshape(-1, len(frame.layout.channels))
    if array.dtype.kind == "f":
        return array.astype(np.float32)
    half = 1 << (8 * array.dtype.itemsize - 1)
    return ((array.astype(np.float64) - (half if array.dtype.kind == "u" else 0)) / half).astype(np.float32)


def _open_nothing(*_: Any) -> None:
    """What FFmpeg gets that wants to open another file or an address."""
    raise PermissionError
