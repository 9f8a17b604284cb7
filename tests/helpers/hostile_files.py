"""Files that mean harm, made anew for every seed: sizes, counts, places and formats differ, the kinds remain.

Each function of ``KINDS`` takes a source of chance and returns a file's name and its bytes, at most ten megabytes. Some
are refused at a glance, some are read, and some keep a decoder busy until it is stopped; none may harm anybody else.
"""

from __future__ import annotations

import io
import struct
import zlib
from random import Random
from typing import Any

import numpy as np
import soundfile
from PIL import Image

MOST = 9_900_000  # bytes of a file: a little less than a server takes
PNG = b"\x89PNG\r\n\x1a\n"
File = tuple[str, bytes]


def image(pixels: np.ndarray, kind: str, **options: Any) -> bytes:
    """An array as a file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def plain(width: int, height: int, kind: str, mode: str = "L", **options: Any) -> bytes:
    """A picture of one colour as a file."""
    file = io.BytesIO()
    Image.new(mode, (width, height), 200 if mode in "LP" else None).save(file, kind, **options)
    return file.getvalue()


def sound(samples: np.ndarray, rate: int, kind: str, subtype: str | None = None) -> bytes:
    """Samples as a file."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, subtype=subtype)
    return file.getvalue()


def noise(chance: Random, *shape: int) -> np.ndarray:
    """Bytes without any order, which no format makes smaller."""
    return np.random.default_rng(chance.getrandbits(32)).integers(0, 256, shape, np.uint8)


def many(chance: Random, low: int, high: int) -> int:
    """A number between two others, as likely small as large."""
    return round(low * (high / low) ** chance.random())


def chunk(name: bytes, data: bytes = b"") -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def into(chance: Random, whole: bytes, parts: bytes, places: list[int]) -> bytes:
    """A file with something put into one of some places, cut where it would be too large."""
    at = chance.choice(places)
    return (whole[:at] + parts + whole[at:])[:MOST]


# JPEG


def jpeg_scans(chance: Random) -> File:
    """A progressive JPEG with one of its scans over and over: each goes over all pixels."""
    side = chance.choice([640, 1600, 2800, 3999])
    whole = plain(side, chance.randint(side // 2, side), "JPEG", chance.choice(["L", "RGB"]), progressive=True,
                  quality=chance.randint(5, 90))  # fmt: skip
    starts = [at for at in range(2, len(whole) - 1) if whole[at : at + 2] == b"\xff\xda"]
    number = chance.randrange(len(starts))
    begin = starts[number]
    end = next((at for at in range(begin + 2, len(whole) - 1) if whole[at] == 0xFF and whole[at + 1] not in (0, 0xFF)
                and not 0xD0 <= whole[at + 1] <= 0xD7), len(whole) - 2)  # fmt: skip
    scan = whole[begin:end]
    count = min(many(chance, 60, 200_000), (MOST - len(whole)) // len(scan))
    fill = b"\xff" * chance.choice([0, 0, 1, 7])  # allowed before any marker
    return "photo.jpg", (whole[:end] + (fill + scan) * count + whole[end:])[:MOST]


def jpeg_segments(chance: Random) -> File:
    """A JPEG with very many small segments, before or after the tables, or behind the picture."""
    whole = plain(64, 64, "JPEG", progressive=chance.random() < 0.5)
    data = b"x" * chance.choice([0, 0, 1, 40, 2000])
    part = bytes((0xFF, chance.choice([0xFE, 0xE0, 0xE2, 0xED, 0xEF, 0xDB, 0xC4, 0xDD])))
    part += struct.pack(">H", len(data) + 2) + data
    tables = whole.index(b"\xff\xdb")
    return "photo.jpg", into(chance, whole, part * many(chance, 900, MOST // len(part)), [2, tables, len(whole) - 2])


def exif_repeats(chance: Random) -> File:
    """Notes of a camera that are their own sign over and over, or a directory that names itself, in any format."""
    kind = chance.choice(["JPEG", "PNG", "WEBP"])
    sign = chance.choice([b"Exif\0\0", b"Exif\0\0" * 3 + b"II*\0", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"])
    entry = struct.pack("<HHII", chance.choice([0x8769, 0x8825, 0x0112, 0x927C]), 4, many(chance, 1, 2**31), 8)
    notes = sign * many(chance, 1_000, 400_000 // len(sign) * 6) if chance.random() < 0.7 else (
        b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 65_535) + entry * many(chance, 100, 60_000)
    )  # fmt: skip
    whole = plain(64, 64, kind)
    if kind == "JPEG":
        parts = [notes[at : at + 65_500] for at in range(0, min(len(notes), MOST - 1000), 65_500)]
        ours = b"".join(b"\xff\xe1" + struct.pack(">H", len(part) + 2) + part for part in parts)
        return "photo.jpg", into(chance, whole, ours, [2, whole.index(b"\xff\xdb")])
    if kind == "PNG":
        name = chance.choice([b"eXIf", b"zTXt", b"tEXt", b"iTXt"])
        data = notes if name == b"eXIf" else b"Raw profile type exif\0" + (b"\0" if name == b"zTXt" else b"")
        data += (
            b"" if name == b"eXIf" else zlib.compress(notes.hex().encode()) if name == b"zTXt" else notes.hex().encode()
        )
        return "photo.png", into(chance, whole, chunk(name, data[: MOST - 1000]), [33, len(whole) - 12])
    body = whole[8:] + b"EXIF" + struct.pack("<I", len(notes)) + notes + b"\0" * (len(notes) % 2)
    return "photo.webp", (b"RIFF" + struct.pack("<I", len(body)) + body)[:MOST]


# PNG, WebP, GIF, TIFF, PPM


def png_chunks(chance: Random) -> File:
    """A PNG of very many chunks: empty ones, texts that swell, profiles, or a picture byte by byte."""
    way = chance.choice(["empty", "texts", "bytes", "frames", "palette"])
    whole = plain(64, 64, "PNG")
    if way == "empty":
        part = chunk(bytes(chance.choice([b"prVt", b"tEXt", b"teST", b"tIME", b"gAMA"])))
    elif way == "texts":
        text = zlib.compress(b"\0" * many(chance, 10_000, 4_000_000), 9)
        name = chance.choice([b"zTXt", b"iCCP", b"iTXt"])
        part = chunk(name, b"x\0" + (b"\1\0\0\0" if name == b"iTXt" else b"\0") + text)
    elif way == "frames":
        control = struct.pack(">IIIIIHHBB", 0, 64, 64, 0, 0, 1, 100, 0, 0)
        part = chunk(b"fcTL", control) + chunk(b"fdAT", b"\0\0\0\1" + zlib.compress(bytes(65 * 64)))
        whole = whole[:33] + chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)) + whole[33:]
    elif way == "palette":
        part = chunk(b"PLTE", bytes(768))
    else:
        pixels = zlib.compress(b"".join(b"\0" + bytes(512) for _ in range(512)), 0)
        single = b"".join(chunk(b"IDAT", pixels[at : at + 1]) for at in range(len(pixels)))
        header = struct.pack(">IIBBBBB", 512, 512, 8, 0, 0, 0, 0)
        return "photo.png", (PNG + chunk(b"IHDR", header) + single + chunk(b"IEND"))[:MOST]
    count = many(chance, 300, max(301, MOST // len(part)))
    return "photo.png", into(chance, whole, part * count, [33, len(whole) - 12])


def frames(chance: Random) -> File:
    """A GIF or WebP of very many frames, or with very many blocks or chunks before, between or after them."""
    if chance.random() < 0.5:
        whole = plain(64, 64, "GIF")
        table = 13 + 3 * 2 ** ((whole[10] & 7) + 1)
        single = whole[table:-1]
        way = chance.choice(["frames", "comments", "empty", "large"])
        if way == "frames":
            parts = single
        elif way == "large":  # each frame covers a screen that is as large as may be
            whole = whole[:6] + struct.pack("<HH", 4000, 3900) + whole[10:]
            parts = b"!\xf9\x04\x08\0\0\0\0" + single  # and asks for what was there before
        else:
            inner = b"\xff" + b"a" * 255 if way == "comments" else b"\x01a"
            kind = chance.choice([0xFE, 0xFF, 0x01, 0xF9, 0x42])
            parts = bytes((0x21, kind)) + inner * many(chance, 1, 20_000) + b"\0"
        count = many(chance, 1, max(2, (MOST - len(whole)) // len(parts)))
        return "photo.gif", into(chance, whole, parts * count, [table, len(whole) - 1])
    size = chance.choice([16, 64, 400])
    shots = [Image.new("RGB", (size, size), (shade % 256, shade // 256, 7)) for shade in range(many(chance, 20, 400))]
    file = io.BytesIO()
    shots[0].save(file, "WEBP", save_all=True, append_images=shots[1:], lossless=True, method=0, quality=0)
    body = file.getvalue()[8:]
    extra = chance.choice([b"prVt\0\0\0\0", b"XMP \0\0\0\0", b"ANMF\0\0\0\0", b"ICCP\x02\0\0\0ab"])
    body += extra * many(chance, 1, (MOST - len(body)) // len(extra))
    return "photo.webp", (b"RIFF" + struct.pack("<I", len(body)) + body)[:MOST]


def tiff_tags(chance: Random) -> File:
    """A TIFF of very many directories or entries, which point at one another, at themselves, or nowhere."""
    entries = many(chance, 10, 60_000)
    tag = struct.pack("<HHII", chance.choice([256, 273, 279, 320, 700, 34_675]), chance.choice([1, 3, 4, 5, 12]),
                      many(chance, 1, 2**31), chance.choice([8, 2**31, 0]))  # fmt: skip
    single = struct.pack("<H", entries) + tag * entries
    data, count = b"II*\0\x08\0\0\0", many(chance, 1, max(2, MOST // (len(single) + 4)))
    for number in range(count):
        last = number == count - 1
        after = chance.choice([8, 0]) if last else len(data) + len(single) + 4
        data += single + struct.pack("<I", after)
    return "scan.tif", data[:MOST]


def digits(chance: Random) -> File:
    """A PPM that is written in digits, with blanks and comments among them."""
    kind = chance.choice([b"P1", b"P2", b"P3"])
    side = many(chance, 100, 1_700)
    value = chance.choice([b"7 ", b"0000000007 ", b"1#x\n ", b"7\n\n\n", b"1 "])
    head = kind + b"\n%d %d\n" % (side, side) + (b"" if kind == b"P1" else b"%d\n" % chance.choice([255, 65_535]))
    return "photo.ppm", (head + value * (side * side * (3 if kind == b"P3" else 1)))[: many(chance, 500_000, MOST)]


def pixel_bomb(chance: Random) -> File:
    """A small file that says that it is large, and may be."""
    side = many(chance, 4_100, 60_000)
    kind = chance.choice(["PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "JPEG"])
    if kind == "PNG":
        rows = zlib.compressobj(9)
        data = b"".join(rows.compress(bytes(1 + side // 8)) for _ in range(many(chance, 1, 2_000))) + rows.flush()
        header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, chance.choice([0, 1]))
        return "photo.png", PNG + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND")
    if kind == "PPM":
        return "photo.ppm", b"P6 %d %d 255\n" % (side, side) + bytes(many(chance, 1, 1_000_000))
    whole = bytearray(plain(64, 64, kind))
    short, long = struct.pack("<HH", 65_000, 65_000), struct.pack("<ii", side, chance.choice([side, -side]))
    if kind == "GIF":
        whole[6:10] = short
    elif kind == "BMP":
        whole[18:26] = long
    elif kind == "JPEG":
        at = whole.index(b"\xff\xc0")
        whole[at + 5 : at + 9] = struct.pack(">HH", 65_000, 65_000)
    elif kind == "WEBP":
        body = b"VP8X\x0a\0\0\0\0\0\0\0" + struct.pack("<I", 16_000)[:3] * 2 + bytes(whole[12:])
        whole = bytearray(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)
    else:
        for tag in (256, 257):
            at = whole.find(struct.pack("<HH", tag, 3))
            at = whole.find(struct.pack("<HH", tag, 4)) if at < 0 else at
            whole[at + 8 : at + 12] = struct.pack("<I", side if whole[at + 2] == 4 else 65_000)
    return f"photo.{kind.lower()}", bytes(whole)


def slow_picture(chance: Random) -> File:
    """A picture that breaks no rule and takes as long as one may: nearly 16 megapixels, all detail."""
    way = chance.choice(["scans", "noise", "strokes", "lossless", "interlaced"])
    if way == "scans":  # as many scans as an honest camera's picture may have, each over all pixels
        whole = plain(3999, 3999, "JPEG", "RGB", progressive=True, quality=50)
        begin = whole.rindex(b"\xff\xda")
        return "photo.jpg", whole[:-2] + whole[begin:-2] * chance.randint(30, 52) + whole[-2:]
    if way == "noise":
        pixels = noise(chance, 900, 900, 3).repeat(4, 0).repeat(4, 1)
        return "photo.jpg", image(pixels, "JPEG", quality=chance.randint(20, 60), progressive=True)[:MOST]
    if way == "strokes":  # much that looks like ink, in pieces
        small = np.where(noise(chance, 660, 660) < chance.randint(20, 120), 0, 255).astype(np.uint8)
        return "photo.png", image(small.repeat(6, 0).repeat(6, 1), "PNG", compress_level=1)[:MOST]
    if way == "lossless":
        pixels = noise(chance, 500, 500, 3).repeat(6, 0).repeat(6, 1)
        return "photo.webp", image(pixels, "WEBP", lossless=True, method=0, quality=0)[:MOST]
    header = struct.pack(">IIBBBBB", 3999, 3999, 1, 0, 0, 0, 1)  # Adam7, one bit a pixel
    data = zlib.compress(noise(chance, 2_100_000).tobytes(), 1)
    return "photo.png", PNG + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND")


# Sound


def lying_length(chance: Random) -> File:
    """A recording whose header promises other lengths than there are, for the whole or for a part."""
    kind = chance.choice(["WAV", "AIFF", "AU", "W64", "RF64", "CAF", "FLAC", "OGG", "MP3"])
    whole = bytearray(sound(np.zeros(many(chance, 100, 30_000), np.float32), 16_000, kind))
    for _ in range(chance.randint(1, 3)):
        marks = [at for name in (b"data", b"SSND", b"fact", b"RIFF", b"FORM", b"ds64", b"fLaC", b"Xing", b"Info")
                 if (at := whole.find(name)) >= 0]  # fmt: skip
        at = chance.choice(marks) + 4 if marks and chance.random() < 0.7 else chance.randrange(min(len(whole), 200))
        huge = chance.choice(
            [b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\0\x80"]
        )
        whole[at : at + 4] = huge
        if kind == "FLAC":  # the number of samples has 36 bits
            whole[21:26] = bytes((whole[21] | 0x0F,)) + b"\xff\xff\xff\xff"
    return f"voice.{kind.lower()}", bytes(whole)


def sound_parts(chance: Random) -> File:
    """A recording of very many packets, pages, streams, chunks, tags or pictures."""
    way = chance.choice(["wav", "flac", "ogg", "mp3", "chained", "cues"])
    quiet = np.zeros(1_600, np.float32)
    if way in ("wav", "cues"):
        whole = sound(quiet, 16_000, "WAV")
        part = b"LIST\x04\0\0\0INFO" if way == "wav" else b"cue \x1c\0\0\0" + struct.pack("<I", 2**31 - 1) + bytes(24)
        part = chance.choice([part, b"junk\0\0\0\0", b"smpl\x04\0\0\0abcd"])
        return "voice.wav", into(chance, whole, part * many(chance, 1_000, MOST // len(part)), [12, 36, len(whole)])
    if way == "flac":
        whole = sound(quiet, 16_000, "FLAC")
        body = b"x" * chance.choice([0, 4, 18, 40_000])
        part = bytes((chance.choice([1, 2, 3, 5, 6, 126]),)) + struct.pack(">I", len(body))[1:] + body
        return "voice.flac", into(chance, whole, part * many(chance, 100, MOST // len(part)), [42])
    if way == "mp3":
        tag = b"ID3\x04\0\0" + bytes((0x04, 0, 0, 0)) + b"TXXX" + bytes(many(chance, 100, 4_000_000))
        return "voice.mp3", (tag * chance.randint(1, 3) + sound(quiet, 16_000, "MP3"))[:MOST]
    single = sound(quiet, chance.choice([8_000, 16_000, 48_000]), "OGG", chance.choice(["VORBIS", "OPUS"]))
    if way == "chained":
        return "voice.ogg", single * many(chance, 2, MOST // len(single))
    empty = b"OggS\0\0" + bytes(8) + single[14:18] + bytes(8) + b"\xff" + bytes(255)  # a page of 255 empty packets
    return "voice.ogg", into(chance, single, empty * many(chance, 100, MOST // len(empty)), [58, len(single)])


def channels_and_rates(chance: Random) -> File:
    """A recording with absurd numbers of channels or rates, some of them true."""
    if chance.random() < 0.5:
        whole = bytearray(sound(np.zeros((1_000, 2)), 16_000, "WAV"))
        whole[22:24] = struct.pack("<H", chance.choice([0, 1, 17, 1_024, 65_535]))
        whole[24:28] = struct.pack("<I", chance.choice([0, 1, 1_999, 192_001, 2**31, 2**32 - 1]))
        whole[32:34] = struct.pack("<H", chance.choice([0, 1, 4, 65_535]))
        return "voice.wav", bytes(whole)
    channels, rate = chance.choice([(8, 192_000), (16, 48_000), (200, 8_000), (1_000, 2_000), (2, 2_000)])
    kind = "FLAC" if channels <= 8 else "WAV"
    return f"voice.{kind.lower()}", sound(np.zeros((many(chance, 10, 4_000), channels), np.int16), rate, kind)[:MOST]


def slow_sound(chance: Random) -> File:
    """A recording that breaks no rule and takes as long as one may: thirty seconds, many channels, high rates."""
    channels, rate = chance.choice([(8, 192_000), (2, 192_000), (8, 48_000), (1, 44_100)])
    count = chance.randint(20, 29) * rate
    if chance.random() < 0.5:
        return "voice.flac", sound(np.zeros((count, channels), np.int16), rate, "FLAC")[:MOST]
    hiss = noise(chance, 29 * 16_000).astype(np.float32) / 128 - 1  # all of it may be speech
    return "voice.ogg", sound(hiss[: 20 * 16_000] * 0.3, 16_000, "OGG")


# All of them


def mutated(chance: Random) -> File:
    """A real file of any format with a few bytes changed, doubled or taken away."""
    name, whole = chance.choice(REAL)
    raw = bytearray(whole)
    for _ in range(chance.randint(1, 12)):
        at = chance.randrange(min(len(raw), chance.choice([64, 600, len(raw)]))) if raw else 0
        way = chance.random()
        if way < 0.5 and raw:
            raw[at] = chance.randrange(256)
        elif way < 0.75:
            raw[at:at] = raw[at : at + chance.randint(1, 400)]
        else:
            del raw[at : at + chance.randint(1, 400)]
    return name, bytes(raw)


def truncated(chance: Random) -> File:
    """One of all the others, or a real file, cut anywhere."""
    name, whole = chance.choice([*(KINDS[kind] for kind in KINDS if kind not in ("truncated", *SLOW)), mutated])(chance)
    return name, whole[: chance.randrange(1, max(2, len(whole)))]


REAL = [
    *((f"photo.{kind.lower()}", plain(90, 70, kind)) for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")),
    *((f"voice.{kind.lower()}", sound(np.sin(np.arange(8_000) / 9) / 3, 16_000, kind))
      for kind in ("WAV", "FLAC", "OGG", "MP3", "AIFF", "CAF")),
]  # fmt: skip
KINDS = {
    "JPEG scans": jpeg_scans,
    "JPEG segments": jpeg_segments,
    "EXIF repeats": exif_repeats,
    "PNG chunks": png_chunks,
    "frames of GIF and WebP": frames,
    "TIFF directories": tiff_tags,
    "PPM digits": digits,
    "pixel bombs": pixel_bomb,
    "slow pictures": slow_picture,
    "lying lengths of sound": lying_length,
    "packets and chunks of sound": sound_parts,
    "channels and rates": channels_and_rates,
    "slow sounds": slow_sound,
    "changed bytes": mutated,
    "truncated": truncated,
}
SLOW = ("slow pictures", "slow sounds")
