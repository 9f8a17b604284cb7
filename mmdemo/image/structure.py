"""How a picture's file is built, looked at before anything in it is decoded: a small file may hold hours of work.

Every format has a kind of part that costs a decoder the same however small it is: a progressive JPEG's scans, each of
which goes over all pixels; segments, chunks, blocks and boxes; the tiles that a phone's photo is put together from; a
camera's notes (EXIF), which Pillow before 13 takes apart in time that grows with the square of their length. What is
counted here is far above what any camera or program writes. What is not counted still meets the end of a worker's time.
"""

from __future__ import annotations

import re

from mmdemo.worker_pool import TooMuchWork

MAX_SCANS = 64  # of a JPEG; a progressive one has about ten
MAX_SEGMENTS = 1_000  # of a JPEG; a hundred hold ten megabytes of a camera's notes
MAX_CHUNKS = 20_000  # of a PNG or a WebP; some programs write a chunk for every kilobyte
MAX_BLOCKS = 4_000  # of a GIF, beside its frames; a colour profile takes two thousand
MAX_PIECES = 200_000  # of a GIF's frames, which come in pieces of 255 bytes
MAX_BOXES = 5_000  # of a HEIF or AVIF; a phone's photo of 48 megapixels has five hundred, most of which name a tile
MAX_DEPTH = 8  # of those within one another
MAX_TILES = (
    2_000  # that a HEIF or AVIF is said to be put together from, each of which is decoded as often as it is named
)
MAX_NOTES = 200_000  # bytes of EXIF; a JPEG's segment holds 65 thousand
MAX_DIGITS = 1_000_000  # bytes of a PPM that is written in digits, which Pillow reads one by one, in Python
MARKER = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])", re.DOTALL)  # none of those that stand among a scan's own bytes


def check_structure(contents: bytes) -> None:
    """Refuse a picture whose parts are too many or too large; at a BMP or a TIFF nobody looks.

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
    elif contents[4:8] == b"ftyp":
        _BoxCheck(contents).check(0, len(contents))
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
    at, blocks, pieces = 13, 0, 0
    if len(contents) > 10 and contents[10] & 0x80:  # a palette for all frames
        at += 3 * 2 ** ((contents[10] & 7) + 1)
    while (kind := contents[at : at + 1]) in (b"!", b","):
        if kind == b"!":  # an extension: its kind, and blocks until an empty one
            at += 2
        else:  # a frame: where it lies, its palette, the size of its codes, and as before
            flags = contents[at + 9 : at + 10] or b"\0"
            at += 11 + (3 * 2 ** ((flags[0] & 7) + 1) if flags[0] & 0x80 else 0)
        while at < len(contents):
            length = contents[at]
            at += 1 + length
            blocks += kind == b"!"
            pieces += 1
            if blocks > MAX_BLOCKS or pieces > MAX_PIECES:
                raise TooMuchWork
            if not length:
                break


class _BoxCheck:
    """Goes through the boxes of a HEIF or AVIF, which may hold others.

    Args:
        contents: of the file.
    """

    HOLDERS = dict.fromkeys((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"iprp", b"ipco", b"dinf", b"grpl"), 0)
    HOLDERS |= {b"meta": 4, b"iref": 4, b"iinf": 6}  # bytes that stand before the first box within
    NOTES = b"Exif\0\0Exif\0\0"  # the sign that notes begin with, twice

    def __init__(self, contents: bytes) -> None:
        self.contents = contents
        self.boxes = self.tiles = 0
        if contents.count(self.NOTES) > MAX_NOTES // 1_000:
            raise TooMuchWork

    def check(self, at: int, end: int, depth: int = 0, within: bytes = b"") -> None:
        """Count what lies between two places, and all in it."""
        while at + 8 <= end:
            length, name = int.from_bytes(self.contents[at : at + 4], "big"), self.contents[at + 4 : at + 8]
            start = at + 8
            if length == 1:  # it stands behind the name
                length, start = int.from_bytes(self.contents[start : start + 8], "big"), at + 16
            stop = end if length == 0 else min(at + length, end)
            self.boxes += 1
            if within == b"iref":  # a reference's box: from which item, how many, and to which
                self.tiles += (stop - start) // 2
            if self.boxes > MAX_BOXES or self.tiles > MAX_TILES or depth > MAX_DEPTH:
                raise TooMuchWork
            if stop < start:
                return  # no box is shorter than its own beginning: whoever decodes it says what is wrong
            if name in self.HOLDERS:
                self.check(start + self._before(name, start), stop, depth + 1, name)
            at = stop

    def _before(self, name: bytes, start: int) -> int:
        wide = name == b"iinf" and self.contents[start : start + 1] != b"\0"  # its count has four bytes, not two
        return self.HOLDERS[name] + 2 * wide
