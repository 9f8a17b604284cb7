"""Write a video with its sound as WebM (VP8 and Opus), which every browser plays."""

from __future__ import annotations

import io
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

OPUS_RATE = 48_000  # Hz, of the sound in the file
FRAME = 960  # samples of a frame of Opus: 20 ms
QUALITY = {"crf": "12", "b": "260k", "deadline": "good"}
TICK = Fraction(1, 1000)  # seconds: what times are counted in


def write_webm(
    pictures: Iterable[NDArray[np.uint8]], times: Iterable[float], samples: NDArray[np.float32], rate: int
) -> bytes:
    """A file's contents.

    Args:
        pictures: N, each (H, W, 3), RGB, all of a size.
        times: N seconds at which each is shown, ascending, from 0 on.
        samples: (n,) in -1..1, mono, which begin with the first picture.
        rate: of the samples, Hz.
    """
    import av  # takes a tenth of a second, which no start of a server need wait for

    pictures = iter(pictures)
    first = next(pictures)
    file = io.BytesIO()
    with av.open(file, "w", format="webm") as out:
        video = out.add_stream("libvpx", rate=30, options=QUALITY)
        video.height, video.width = first.shape[:2]
        video.pix_fmt, video.time_base = "yuv420p", TICK
        video.codec_context.time_base = TICK
        sound = out.add_stream("libopus", rate=OPUS_RATE, options={"b": "32k"})
        packets = []
        for time, picture in zip(times, (first, *pictures), strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
            frame.pts, frame.time_base = round(time * 1000), TICK
            packets += video.encode(frame)
        packets += video.encode(None)
        whole = np.rint(32767 * samples.clip(-1, 1)).astype(np.int16)[None]
        piece = av.AudioFrame.from_ndarray(whole, "s16", "mono")
        piece.sample_rate, piece.pts = rate, 0
        resampler = av.AudioResampler("flt", "mono", OPUS_RATE, frame_size=FRAME)
        for each in (*resampler.resample(piece), *resampler.resample(None)):
            packets += sound.encode(each)
        packets += sound.encode(None)
        for packet in sorted(packets, key=lambda packet: float(packet.dts * packet.time_base)):
            out.mux(packet)
    return file.getvalue()
