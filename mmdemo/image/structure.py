"""How a picture's file is built, looked at before anything in it is decoded: a small file may hold hours of work.

Every format has a kind of part that costs a decoder the same however small it is: a progressive JPEG's scans, each of
which goes over all pixels; segments, chunks and blocks; a camera's notes (EXIF), which Pillow before 13 takes apart in
time that grows with the square of their length. What is counted here is far above what any camera or program writes.
What is not counted still meets the end of a worker's time.
"""

from __future__ import annotations

import re

from mmdemo.worker_pool import TooMuchWork

MAX_SCANS = 64  # of a JPEG; a progressive one has about ten
MAX_SEGMENTS = 1_000  # of a JPEG; a hundred hold ten megabytes of a camera's notes
MAX_CHUNKS = 20_000  # of a PNG or a WebP; some programs write a chunk for every kilobyte
MAX_BLOCKS = 4_000  # of a GIF, before its first frame; a colour profile takes two thousand
MAX_NOTES = 200_000  # bytes of EXIF; a JPEG's segment holds 65 thousand
MAX_DIGITS = 1_000_000  # bytes of a PPM that is written in digits, which Pillow reads one by one, in Python
MARKER = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])", re.DOTALL)  # none of those that stand among a scan's own bytes


def check_structure(contents: bytes) -> None:
    """Refuse a JPEG, PNG, WebP, GIF or plain PPM whose parts are too many or too large; nothing else is looked at.

    Raises:
        TooMuchWork: it is built to keep a decoder busy.
    """
    if contents.startswith(b"\xff\xd8"):
        _check_jpeg(contents)
    elif contents.startswith(b"\x89PNG\r\n\x1a\n"):
        _check_chunks(contents, start=8, notes=b"eXIf", big_endian=True)
    elif contents.startswith(b"RIFF") and contents[8:12] == b"WEBP":
        _check_chunks(contents, start=12, notes=b"EXIF", big_endian=False)
    elif contents.startswith(b"GIF8"):
        _check_gif(contents)
    elif contents[:2] in (b"P1", b"P2", b"P3") and len(contents) > MAX_DIGITS:
        raise TooMuchWork


def _check_jpeg(contents: bytes) -> None:
    scans = segments = notes = 0
    at = 2
    while (found := MARKER.search(contents, at)) and found[1] != b"\xd9":  # the end; a film may follow
        kind, at = found[1], found.end()
        length = 0 if kind in b"\x01\xd8" else int.from_bytes(contents[at : at + 2], "big")  # those two have none
        scans += kind == b"\xda"
        segments += 1
        if kind == b"\xe1" and contents.startswith(b"Exif\0\0", at + 2):  # Pillow adds them up
            notes += length
        if scans > MAX_SCANS or segments > MAX_SEGMENTS or notes > MAX_NOTES:
            raise TooMuchWork
        at += length


def _check_chunks(contents: bytes, start: int, notes: bytes, *, big_endian: bool) -> None:
    """A PNG's chunks are length, name, data, checksum; a WebP's are name, length, data, and a byte to make it even."""
    at, count = start, 0
    while at + 8 <= len(contents):
        first, second = contents[at : at + 4], contents[at + 4 : at + 8]
        name, length = (
            (second, int.from_bytes(first, "big")) if big_endian else (first, int.from_bytes(second, "little"))
        )
        count += 1
        if count > MAX_CHUNKS or (name == notes and length > MAX_NOTES):
            raise TooMuchWork
        at += 12 + length if big_endian else 8 + length + length % 2


def _check_gif(contents: bytes) -> None:
    at, blocks = 13, 0
    if len(contents) > 10 and contents[10] & 0x80:  # a palette for all frames
        at += 3 * 2 ** ((contents[10] & 7) + 1)
    while contents[at : at + 1] == b"!":  # an extension before the first frame: a kind, and blocks until an empty one
        at += 2
        while at < len(contents):
            length = contents[at]
            at += 1 + length
            blocks += 1
            if blocks > MAX_BLOCKS:
                raise TooMuchWork
            if not length:
                break
