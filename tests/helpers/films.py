"""Short videos of a face whose mouth opens with every syllable, made with the libraries that read them."""

import io
from fractions import Fraction

import av
import cv2
import numpy as np
from PIL import Image

from mmdemo.resources import ASSETS

KINDS = {  # FFmpeg's container, and its encoders of pictures and of sound
    "webm": ("webm", "libvpx", "libopus"),
    "mp4": ("mp4", "mpeg4", "aac"),
    "mov": ("mov", "mjpeg", "pcm_s16le"),
}
RATE = 48_000
PORTRAIT = np.asarray(Image.open(ASSETS / "examples" / "emotion" / "calm.jpg").convert("RGB"))
SYLLABLES = (0.45, 0.7, 1.1, 1.3, 1.75, 2.2, 2.45)  # seconds at which each begins
LENGTH = 0.16


def opening(time):
    """How far the mouth is open, 0 to 1."""
    return max(np.sin(np.pi * np.clip((time - start) / LENGTH, 0, 1)) for start in SYLLABLES)


def speech(seconds=3.0, late=0.0):
    """A voice that is as loud as the mouth is open, (n,) at RATE."""
    times = np.arange(round(seconds * RATE)) / RATE - late
    loud = np.max([np.sin(np.pi * np.clip((times - start) / LENGTH, 0, 1)) for start in SYLLABLES], axis=0)
    buzz = sum(np.sin(2 * np.pi * 140 * k * times) / k for k in range(1, 20))
    return 0.2 * loud * buzz + 1e-3 * np.random.default_rng(0).normal(size=len(times))


def speaking(time, moved=(0, 0), size=(320, 240)):
    """A picture of the face at a moment."""
    scene = np.full((size[1], size[0], 3), 120, np.uint8)
    height, width = PORTRAIT.shape[:2]
    head = PORTRAIT[: height * 6 // 10, width * 22 // 100 : width * 82 // 100]
    face = cv2.resize(head, (200, 200), interpolation=cv2.INTER_AREA)
    x, y = 60 + moved[0], 20 + moved[1]
    scene[y : y + 200, x : x + 200] = face
    high = round(10 * opening(time))
    if high:
        cv2.ellipse(scene, (x + MOUTH[0], y + MOUTH[1]), (20, high), 0, 0, 360, (40, 15, 15), -1, cv2.LINE_AA)
    return scene


MOUTH = (100, 154)  # in the face of 200 pixels


def film(kind="mp4", times=None, picture=speaking, sound=None, sound_from=0.0, file=None):
    """A file's bytes.

    Args:
        kind: of ``KINDS``.
        times: when each picture is shown; three seconds of 25 a second if not given.
        picture: from a time to uint8 (H, W, 3); None for no pictures.
        sound: (n,) at RATE; the speech that belongs to it if not given, none if empty.
        sound_from: when it begins.
        file: where to write it; something that cannot be wound back leaves the length unknown.
    """
    container, picture_encoder, sound_encoder = KINDS[kind]
    times = np.arange(75) / 25 if times is None else np.asarray(times)
    sound = speech() if sound is None else np.asarray(sound)
    file = file or io.BytesIO()
    packets = []
    with av.open(file, "w", format=container) as out:
        if picture is not None:
            shown = picture(0.0)
            video = out.add_stream(picture_encoder, rate=25)
            video.width, video.height = shown.shape[1::-1]
            video.pix_fmt = "yuvj420p" if picture_encoder == "mjpeg" else "yuv420p"
            video.bit_rate = 2_000_000
            video.time_base = video.codec_context.time_base = Fraction(1, 1000)
        if len(sound):
            audio = out.add_stream(sound_encoder, rate=RATE, layout="mono")
        if picture is not None:
            for time in times:
                frame = av.VideoFrame.from_ndarray(picture(float(time)), format="rgb24")
                frame.pts, frame.time_base = round(float(time) * 1000), Fraction(1, 1000)
                packets += video.encode(frame)
            packets += video.encode(None)
        if len(sound):
            pcm = (sound * 32767).clip(-32768, 32767).astype(np.int16)[None]
            frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
            frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
            frame.pts = round(sound_from * RATE)
            packets += audio.encode(frame) + audio.encode(None)
        for packet in sorted(packets, key=lambda packet: float(packet.dts * packet.time_base)):
            out.mux(packet)
    return file.getvalue()


class Pipe(io.RawIOBase):
    """Takes what is written, as a live recording does: it cannot go back to write how long it has become."""

    def __init__(self):
        self.parts = []

    def writable(self):
        return True

    def seekable(self):
        return False

    def write(self, data):
        self.parts.append(bytes(data))
        return len(data)

    def getvalue(self):
        return b"".join(self.parts)
