"""Input that means harm, or is only broken: files and bodies for the server to refuse or to read."""

import io
import struct
import zlib

import numpy as np
import soundfile as sf
from PIL import Image


def picture(width, height, colour=200, kind="PNG"):
    """A picture of one colour."""
    file = io.BytesIO()
    Image.new("L", (width, height), colour).save(file, kind)
    return file.getvalue()


def sound(samples, rate=16_000, kind="WAV", subtype=None):
    """A recording's file."""
    file = io.BytesIO()
    sf.write(file, samples, rate, format=kind, subtype=subtype)
    return file.getvalue()


def bomb(side=30_000):
    """A PNG of a few kilobytes that says it is, and would be, nearly a gigapixel."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(bytes(1 + side // 8)) for _ in range(1000)) + rows.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def endless(seconds=100_000):
    """A WAV file whose header promises days of sound that are not there."""
    whole = bytearray(sound(np.zeros(1600, np.float32), subtype="PCM_16"))
    at = whole.index(b"data") + 4
    whole[at : at + 4] = struct.pack("<I", min(2**32 - 1, seconds * 32_000))
    return bytes(whole)


NOT_FINITE = np.tile(np.array([np.nan, np.inf, -np.inf, 0.5], np.float32), 8000)
EIGHT = np.random.default_rng(0).normal(0, 0.1, (192_000, 8)).astype(np.float32)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"

PICTURES = {  # name: (the file's name, its bytes, the key of the refusal or None where it is read)
    "one pixel": ("dot.png", picture(1, 1), None),
    "20,000 pixels wide": ("wide.png", picture(20_000, 1), None),
    "20,000 pixels high": ("high.png", picture(1, 20_000), None),
    "a bomb": ("bomb.png", bomb(), "image.large"),
    "too large": ("large.png", picture(8_000, 7_000), "image.large"),
    "cut short": ("cut.png", picture(640, 480)[:-200], "image.broken"),
    "nothing in it": ("empty.png", b"", "image.unreadable"),
    "a page": ("page.png", HTML, "image.unreadable"),
    "an SVG": ("drawing.svg", SVG, "image.unreadable"),
    "a sound": ("photo.jpg", sound(np.zeros(1600)), "image.unreadable"),
    "only a signature": ("photo.png", b"\x89PNG\r\n\x1a\n", "image.unreadable"),
}
SOUNDS = {
    "192 kHz, eight channels": ("many.wav", sound(EIGHT, 192_000, subtype="FLOAT"), None),
    "not finite": ("nan.wav", sound(NOT_FINITE, subtype="FLOAT"), None),
    "no samples": ("none.wav", sound(np.zeros(0)), None),
    "a header that lies": ("days.wav", endless(), None),
    "too long": ("long.flac", sound(np.zeros(31 * 16_000), kind="FLAC"), "audio.too_long"),
    "nothing in it": ("empty.wav", b"", "audio.unreadable"),
    "a picture": ("voice.wav", picture(64, 64), "audio.unreadable"),
    "a page": ("voice.mp3", HTML, "audio.unreadable"),
    "only a header": ("voice.wav", sound(np.zeros(1600))[:20], "audio.unreadable"),
}
WORDS = {
    "a script": "<script>alert(1)</script> seven",
    "a template": "${Reflect.set(window,'hit',1)} {{constructor}} seven",
    "every control character": "".join(map(chr, range(32))) + " seven",
    "right to left": "\u202eseven\u202c \ufeff\u200b",
    "a flood of marks": "e" + "\u0301" * 1900,
    "no letters at all": "\ue000\U000f0000\uffff" * 100,
}
PATHS = [
    "/etc/passwd",
    "../../../etc/passwd",
    "app.py",
    "file:///etc/passwd",
    "http://127.0.0.1:7860/config",
    "https://example.org/a.png",
    "/proc/self/environ",
    "\\\\server\\share",
    "a\0b",
    "/" + "a" * 5000,
    "",
]
CLOSED = [
    "/gradio_api/run/predict",
    "/gradio_api/api/predict",
    "/gradio_api/process_recording",
    "/gradio_api/component_server",
    "/gradio_api/vibe-edit",
    "/gradio_api/proxy=http://127.0.0.1/",
    "/gradio_api/dev/reload",
    "/gradio_api/run-history/connect",
    "/gradio_api/deep_link",
    "/gradio_api/file=http://example.org/",
    "/monitoring",
    "/login",
    "/pwa_icon/100000",
    "/docs",
]
BODIES = [
    b"",
    b"null",
    b"[]",
    b"{",
    b'{"data": "seven"}',
    b'{"data": [NaN]}',
    b'{"data": [1e999]}',
    b'{"data": ["\\ud800"]}',
    b'{"data": [' + b"[" * 5000 + b"]" * 5000 + b"]}",
    b'{"data": [{"text": "seven"}]}',
    b'{"data": ["seven", "a path"]}',
    b'{"data": ["seven", 5, true]}',
    b'{"data": ["seven", {}, {}]}',
    b'{"data": ["seven", null, null, null, null, null]}',
    b'{"data": ' + b"9" * 10_000 + b"}",
]


def scans(side=3999, count=2200):
    """A progressive JPEG of one colour, one of whose scans comes again and again: each goes over all pixels."""
    file = io.BytesIO()
    Image.new("L", (side, side), 200).save(file, "JPEG", progressive=True, quality=50)
    whole = file.getvalue()
    last = whole.rindex(b"\xff\xda")
    start = whole.rindex(b"\xff\xc4", 0, last) if whole.rfind(b"\xff\xc4", 0, last) > 0 else last
    return whole[:-2] + whole[start:-2] * count + whole[-2:]


def notes(count=400_000):
    """A PNG whose camera's notes are the sign at their beginning, over and over."""
    whole = picture(64, 64)
    data = b"eXIf" + b"Exif\0\0" * count
    chunk = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    return whole[:33] + chunk + whole[33:]  # after the header


def segments(count=1_000_000):
    """A JPEG that begins with very many empty comments."""
    whole = picture(64, 64, kind="JPEG")
    return whole[:2] + b"\xff\xfe\0\x02" * count + whole[2:]


def split_notes(count=140):
    """A JPEG whose camera's notes are in very many segments, which Pillow adds up."""
    whole = picture(64, 64, kind="JPEG")
    data = b"Exif\0\0" * 10_900
    return whole[:2] + (b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data) * count + whole[2:]


def chunks(count=700_000):
    """A PNG with very many empty chunks."""
    whole = picture(64, 64)
    return whole[:33] + (struct.pack(">I", 0) + b"prVt" + struct.pack(">I", zlib.crc32(b"prVt"))) * count + whole[33:]


def comments(count=1_500_000):
    """A GIF with a comment of very many short blocks."""
    whole = picture(64, 64, kind="GIF")
    at = 13 + 3 * 2 ** ((whole[10] & 7) + 1)
    return whole[:at] + b"!\xfe" + b"\x01a" * count + b"\0" + whole[at:]


def late_comments(count=1_500_000):
    """A GIF with such a comment between two blank frames."""
    file = io.BytesIO()
    blank = [Image.new("L", (64, 64), colour) for colour in (200, 201)]
    blank[0].save(file, "GIF", save_all=True, append_images=blank[1:])
    whole = file.getvalue()
    at = whole.rindex(b"!\xf9")
    return whole[:at] + b"!\xfe" + b"\x01a" * count + b"\0" + whole[at:]


def pieces(count=2_000_000):
    """A GIF whose first frame comes in pieces of one byte."""
    whole = picture(64, 64, kind="GIF")
    return whole[:-2] + b"\x01a" * count + whole[-2:]


def box(name, data=b""):
    """A box of a HEIF or AVIF."""
    return struct.pack(">I", 8 + len(data)) + name + data


def boxes(count=1_000_000):
    """An AVIF with very many empty boxes."""
    return picture(64, 64, kind="AVIF") + box(b"free") * count


def deep_boxes(count=100_000):
    """An AVIF with boxes in boxes in boxes."""
    within = b"".join(struct.pack(">I", 8 * k) + b"iprp" for k in range(count, 0, -1))
    return picture(64, 64, kind="AVIF") + within


def tiles(count=4_000):
    """An AVIF that says it is put together from one tile over and over."""
    whole = picture(64, 64, kind="AVIF")
    references = box(b"iref", bytes(4) + box(b"dimg", struct.pack(">HH", 2, count) + b"\0\1" * count))
    at = whole.index(b"meta") - 4
    length = struct.unpack(">I", whole[at : at + 4])[0]
    return whole[:at] + box(b"meta", whole[at + 8 : at + length] + references) + whole[at + length :]


def boxed_notes(count=100_000):
    """An AVIF whose camera's notes are the sign at their beginning, over and over."""
    return picture(64, 64, kind="AVIF") + box(b"mdat", b"Exif\0\0" * count)


def riff(count=1_000_000):
    """A WebP with very many empty chunks."""
    whole = picture(64, 64, kind="WEBP")
    body = whole[8:] + b"prVt\0\0\0\0" * count
    return b"RIFF" + struct.pack("<I", len(body)) + body


def digits(side=1250):
    """A PPM written in digits."""
    return b"P3\n%d %d\n255\n" % (side, side) + b"7 " * (3 * side * side)


WORK = {  # pictures that are all work, each below 10 MB
    "a JPEG's scans": scans,
    "a JPEG's segments": segments,
    "a JPEG's notes": split_notes,
    "a PNG's notes": notes,
    "a PNG's chunks": chunks,
    "a GIF's blocks": comments,
    "a GIF's later blocks": late_comments,
    "a GIF's pieces": pieces,
    "an AVIF's boxes": boxes,
    "an AVIF's boxes in boxes": deep_boxes,
    "an AVIF's tiles": tiles,
    "an AVIF's notes": boxed_notes,
    "a WebP's chunks": riff,
    "a PPM's digits": digits,
}
