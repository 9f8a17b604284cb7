"""Files as phones and browsers write them, made with the libraries that read them."""

import io
from fractions import Fraction

import av
import numpy as np
import soxr

KINDS = {  # what a file is called: FFmpeg's container and encoder, and the rate at which it is written
    "m4a": ("ipod", "aac", 44_100),
    "mp4": ("mp4", "aac", 48_000),
    "aac": ("adts", "aac", 44_100),
    "webm": ("webm", "libopus", 48_000),
    "opus": ("ogg", "libopus", 48_000),
    "amr": ("amr", "libopencore_amrnb", 8_000),
    "3gp": ("3gp", "libopencore_amrnb", 8_000),
    "wma": ("asf", "wmav2", 44_100),
    "caf": ("caf", "alac", 44_100),
    "caf of a phone": ("caf", "adpcm_ima_qt", 44_100),
    "mov": ("mov", "pcm_s16le", 44_100),
    "mkv": ("matroska", "flac", 44_100),
    "mp4 with MP3": ("mp4", "libmp3lame", 44_100),
    "oga": ("ogg", "flac", 44_100),
}


def contained(samples, kind="m4a", rate=16_000, channels=1, film=False, options=None):
    """The file of a sound, (n,) in -1..1; a film has a few grey pictures besides, or nothing else without samples."""
    container, encoder, encoded_rate = KINDS[kind]
    layout = "mono" if channels == 1 else "stereo"
    file = io.BytesIO()
    packets = []
    with av.open(file, "w", format=container, options=options or {}) as out:
        if film:
            packets.append(_film(out.add_stream("libvpx" if container in ("webm", "matroska") else "mpeg4", rate=10)))
        if samples is not None:
            stream = out.add_stream(encoder, rate=encoded_rate, layout=layout)
            if encoder not in ("alac", "libopencore_amrnb"):
                stream.bit_rate = 96_000
            pcm = (soxr.resample(np.asarray(samples, float), rate, encoded_rate) * 32767).clip(-32768, 32767)
            pcm = np.repeat(pcm.astype(np.int16), channels)[None]
            frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = encoded_rate, 0, Fraction(1, encoded_rate)
            packets.append((stream.encode(frame) if len(samples) else []) + stream.encode(None))
        for packet in [packet for stream in packets for packet in stream]:
            out.mux(packet)
    return file.getvalue()


def _film(stream):
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    grey = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="rgb24")
    return [packet for frame in [grey] * 5 + [None] for packet in stream.encode(frame)]
