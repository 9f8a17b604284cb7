"""How a recording's file is built, looked at before anything in it is decoded: a small file may hold very much work.

Every format has parts that cost a decoder about the same however small they are: chunks, blocks, pages, packets, frames
of tags. What is counted here is far above what thirty seconds of any recorder or program hold. What is not counted
still meets the end of a worker's time.
"""

from __future__ import annotations

from mmdemo.worker_pool import TooMuchWork

MAX_CHUNKS = 1_000  # of a WAV or an AIFF; some recorders write a dozen
MAX_BLOCKS = 1_000  # of a FLAC, before its samples; a file with covers and tags has about ten
MAX_PAGES = 20_000  # of an Ogg; thirty seconds of the shortest packets there are, a page for each, are 12,000
MAX_PACKETS = 50_000  # of an Ogg
MAX_STREAMS = 16  # that begin in an Ogg; a recording is one
MAX_TAGS = 10  # before an MP3; each program that edits it may leave one
MAX_TAG_FRAMES = 2_000  # of a tag before an MP3, a frame for each thing that it tells

TAG_HEAD = 10  # bytes


def check_structure(contents: bytes) -> None:
    """Refuse a WAV, AIFF, FLAC, Ogg or MP3 whose parts are too many; nothing else is looked at.

    Raises:
        TooMuchWork: it is built to keep a decoder busy.
    """
    at = _check_tags(contents)
    start = contents[at : at + 12]
    if start[:4] in (b"RIFF", b"RF64") and start[8:] == b"WAVE":
        _check_chunks(contents, at + 12, "little")
    elif start[:4] in (b"RIFX", b"FORM") and start[8:] in (b"WAVE", b"AIFF", b"AIFC"):
        _check_chunks(contents, at + 12, "big")
    elif start.startswith(b"fLaC"):
        _check_blocks(contents, at + 4)
    elif start.startswith(b"OggS"):
        _check_pages(contents, at)


def _check_tags(contents: bytes) -> int:
    """Look at the ID3 tags that may stand before any of the formats; where they end."""
    at = tags = 0
    while contents.startswith(b"ID3", at):
        tags += 1
        end = at + TAG_HEAD + _seven_bits(contents[at + 6 : at + 10])
        name_length, head = (3, 6) if contents[at + 3 : at + 4] == b"\2" else (4, 10)
        plain = contents[at + 3 : at + 4] != b"\4"  # lengths have eight bits a byte before version 4
        frames, inside = 0, at + TAG_HEAD
        while inside + head <= min(end, len(contents)) and contents[inside]:  # the rest is padding
            length = contents[inside + name_length : inside + 2 * name_length]
            inside += head + (int.from_bytes(length, "big") if plain else _seven_bits(length))
            frames += 1
            if frames > MAX_TAG_FRAMES:
                raise TooMuchWork
        if tags > MAX_TAGS:
            raise TooMuchWork
        at = end
    return at


def _seven_bits(number: bytes) -> int:
    """A number of which each byte holds seven bits, so that none looks like the beginning of sound."""
    value = 0
    for byte in number:
        value = value << 7 | byte & 0x7F
    return value


def _check_chunks(contents: bytes, at: int, order: str) -> None:
    """Chunks are a name, a length, data, and a byte to make it even."""
    count = 0
    while at + 8 <= len(contents):
        length = int.from_bytes(contents[at + 4 : at + 8], order)
        at += 8 + length + length % 2
        count += 1
        if count > MAX_CHUNKS:
            raise TooMuchWork


def _check_blocks(contents: bytes, at: int) -> None:
    """Blocks are a kind, whose first bit says that it is the last, a length, and data."""
    count = 0
    while at + 4 <= len(contents):
        count += 1
        if count > MAX_BLOCKS:
            raise TooMuchWork
        if contents[at] & 0x80:
            return
        at += 4 + int.from_bytes(contents[at + 1 : at + 4], "big")


def _check_pages(contents: bytes, at: int) -> None:
    """Pages are a head of 27 bytes, the lengths of the pieces, and these; a piece below 255 bytes ends a packet."""
    pages = packets = streams = 0
    while 0 <= at <= len(contents) - 27:
        pages += 1
        streams += bool(contents[at + 5] & 2)
        lengths = contents[at + 27 : at + 27 + contents[at + 26]]
        packets += len(lengths) - lengths.count(255)
        if pages > MAX_PAGES or packets > MAX_PACKETS or streams > MAX_STREAMS:
            raise TooMuchWork
        at = contents.find(b"OggS", at + 27 + len(lengths) + sum(lengths))  # decoders skip what lies between
