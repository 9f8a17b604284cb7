"""Recordings that are all work: small files with very many parts, each below 10 MB."""

import io
import struct
from collections.abc import Callable

import numpy as np
import soundfile

HUM = 0.3 * np.sin(2 * np.pi * 200 * np.arange(16_000) / 16_000)


def sound(kind: str, subtype: str | None = None, samples: np.ndarray = HUM) -> bytes:
    """An honest file of a format."""
    file = io.BytesIO()
    soundfile.write(file, samples, 16_000, format=kind, subtype=subtype)
    return file.getvalue()


def page(data: bytes = b"", flags: int = 0, serial: int = 7, number: int = 0) -> bytes:
    """A page of an Ogg file, as one packet, with its checksum."""
    lacing = bytes([255] * (len(data) // 255) + [len(data) % 255]) if data else b""
    head = b"OggS" + struct.pack("<BBqIIIB", 0, flags, 0, serial, number, 0, len(lacing)) + lacing
    check = 0
    for byte in head + data:
        check = ((check << 8) & 0xFFFFFFFF) ^ CRC[(check >> 24) ^ byte]
    return head[:22] + struct.pack("<I", check) + head[26:] + data


def _crc_table() -> list[int]:
    table = []
    for value in range(256):
        value <<= 24
        for _ in range(8):
            value = ((value << 1) ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        table.append(value)
    return table


CRC = _crc_table()


def wav_chunks(count: int = 1_000_000) -> bytes:
    """A WAV with very many empty chunks before its samples."""
    whole = sound("WAV")
    body = whole[8:36] + b"junk\0\0\0\0" * count + whole[36:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def aiff_chunks(count: int = 1_000_000) -> bytes:
    """An AIFF with very many empty chunks before its samples."""
    whole = sound("AIFF")
    at = whole.index(b"SSND")
    body = whole[8:at] + b"junk\0\0\0\0" * count + whole[at:]
    return b"FORM" + struct.pack(">I", len(body)) + body


def flac_blocks(count: int = 2_000_000) -> bytes:
    """A FLAC with very many empty blocks of padding."""
    whole = sound("FLAC")
    return whole[:4] + bytes([whole[4] & 0x7F]) + whole[5:42] + b"\1\0\0\0" * count + _last_block(whole)


def _last_block(whole: bytes) -> bytes:
    at = 4
    while not whole[at] & 0x80:
        at += 4 + int.from_bytes(whole[at + 1 : at + 4], "big")
    return whole[at:] if at > 4 else b"\x81\0\0\0" + whole[42:]


def flac_comments(count: int = 2_000_000) -> bytes:
    """A FLAC whose tags are very many empty ones."""
    comment = struct.pack("<I", 0) + struct.pack("<I", count) + b"\1\0\0\0a" * count
    whole = sound("FLAC")
    block = b"\4" + len(comment).to_bytes(3, "big") + comment
    return whole[:4] + bytes([whole[4] & 0x7F]) + whole[5:42] + block + _last_block(whole)


def ogg_pages(count: int = 300_000) -> bytes:
    """An Ogg file with very many empty pages after its first."""
    whole = sound("OGG", "VORBIS")
    serial = int.from_bytes(whole[14:18], "little")
    second = whole.index(b"OggS", 4)
    return whole[:second] + page(serial=serial, number=1) * count + whole[second:]


def ogg_streams(count: int = 100_000) -> bytes:
    """An Ogg file in which very many streams begin."""
    whole = sound("OGG", "VORBIS")
    first = whole[: whole.index(b"OggS", 4)]
    return (
        first
        + b"".join(page(b"\1vorbis", 2, serial) for serial in range(1, min(count, 2000))) * (count // 2000 + 1)
        + whole[len(first) :]
    )


def ogg_chain(count: int = 400) -> bytes:
    """Very many short Ogg files, one after another."""
    whole = sound("OGG", "VORBIS", HUM[:100])
    return whole * min(count * 10, 9_900_000 // len(whole))


def id3_frames(count: int = 900_000) -> bytes:
    """An MP3 whose tag holds very many empty frames."""
    frames = b"TXXX\0\0\0\1\0\0\0" * count
    size = len(frames)
    packed = bytes([(size >> shift) & 0x7F for shift in (21, 14, 7, 0)])
    return b"ID3\4\0\0" + packed + frames + sound("MP3")


def id3_tags(count: int = 900_000) -> bytes:
    """An MP3 with very many empty tags before it."""
    return b"ID3\4\0\0\0\0\0\0" * count + sound("MP3")


def mp3_frames(count: int = 20_000) -> bytes:
    """An MP3 with very many more frames than its header says."""
    whole = sound("MP3")
    return whole * max(1, min(count, 9_900_000 // len(whole)))


def noise_before_mp3(count: int = 9_000_000) -> bytes:
    """An MP3 far behind bytes that look like the beginnings of frames."""
    return b"\xff\xf3\x44\xc4" + b"\xff\xe3\x18\0" * (count // 4) + sound("MP3")


LABORIOUS: dict[str, Callable[[], bytes]] = {
    "a WAV's chunks": wav_chunks,
    "an AIFF's chunks": aiff_chunks,
    "a FLAC's blocks": flac_blocks,
    "a FLAC's tags": flac_comments,
    "an Ogg's pages": ogg_pages,
    "an Ogg's streams": ogg_streams,
    "an Ogg's chain": ogg_chain,
    "an MP3's tag": id3_frames,
    "an MP3's tags": id3_tags,
    "an MP3's frames": mp3_frames,
    "what is no MP3": noise_before_mp3,
}
