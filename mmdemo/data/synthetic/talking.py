"""Synthetic videos: drawn faces that speak, so that a model of lips and voice knows more than studios' people.

``python -m mmdemo faces --out FOLDER`` writes a folder of videos with a manifest. The voice is espeak-ng's, which is
asked when it says what: the phonemes, with their times, open and shut the mouth of a drawing. As in people, the mouth
is on its way before a sound is heard (Chandrasekaran and others 2009), more so in some faces than in others. Each
speaker is a face, a voice and a manner of their own, and says sentences that are put together by chance.

What is drawn depends on the seed and the number of the video alone. So a run that was interrupted goes on where it
stopped, and a larger count keeps what is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import soxr
from numpy.random import Generator
from numpy.typing import NDArray

from mmdemo.data.synthetic.espeak import library, spoken
from mmdemo.data.synthetic.takes import MANIFEST, file_name, make_missing
from mmdemo.video.encode import OPUS_RATE, write_webm

COUNT = 144
SENTENCES = 12  # of every speaker
SIZE = (480, 360)  # of a picture, width and height
FRAMES_PER_SECOND = 25
QUIET = 0.35  # seconds before the voice, and at least as long after it
SHORTEST = 3.2  # seconds
FINER = 2  # times as large a face is drawn, then shrunk

VOICES = (  # of espeak-ng
    "en-us+m3", "en-us+f2", "en-gb+m1", "en-us+m7", "en-gb-scotland+f3", "en-us+f4", "en-gb-x-rp+m4", "en-us+m2",
    "en-gb+f1", "en-029+m5", "en-us+f5", "en-gb-x-gbcwmd+m6",
)  # fmt: skip
WHO = (
    "Please",
    "My mother",
    "Nobody",
    "The baker",
    "Both of them",
    "We",
    "A small boy",
    "Somebody",
    "Your friend",
    "They",
)
DOES = ("move", "bring", "opened", "below", "found", "wanted", "borrow", "painted", "watch", "lose", "prefer", "follow")
WHAT = (
    "a purple bowl",
    "the old piano",
    "five pebbles",
    "warm bread",
    "an empty room",
    "my apple",
    "blue paper",
    "the map",
)
WHERE = (
    "before breakfast",
    "on the beach",
    "by the window",
    "for a moment",
    "above the farm",
    "in April",
    "with a smile",
)

# How far the mouth is open and how wide it is, 0..1, for espeak's phonemes by their first letters.
SHUT, TEETH = (0.0, 0.5), (0.12, 0.55)
SHAPES = {
    **dict.fromkeys(("p", "b", "m"), SHUT),
    **dict.fromkeys(("f", "v"), TEETH),
    **dict.fromkeys(("a", "A", "0", "V"), (1.0, 0.6)),
    **dict.fromkeys(("E", "e", "3", "@"), (0.6, 0.65)),
    **dict.fromkeys(("i", "I"), (0.4, 0.9)),
    **dict.fromkeys(("o", "O"), (0.7, 0.25)),
    **dict.fromkeys(("u", "U", "w"), (0.3, 0.05)),
    "_": (0.04, 0.5),
}
OTHERS = (0.25, 0.5)  # s, t, l and the rest

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Speaker:
    """A drawn face, its voice, and its manner.

    Attributes:
        voice, pace: espeak-ng's name of the voice, and words a minute.
        skin, hair, lips, coat, wall: colours, RGB.
        broad, long: how large the face is, 1 is usual.
        mouth: how large the mouth is, 1 is usual.
        opens: how far it opens, 1 is usual.
        ahead: seconds by which the mouth is ahead of the sound.
        sway, period: pixels by which the head goes to and fro, and seconds for once.
        shade: of the light from the right, -1 to 1; from the left if negative.
    """

    voice: str = VOICES[0]
    pace: int = 160
    skin: Colour = (226, 179, 150)
    hair: Colour = (62, 42, 32)
    lips: Colour = (186, 92, 90)
    coat: Colour = (70, 92, 120)
    wall: Colour = (172, 190, 200)
    broad: float = 1.0
    long: float = 1.0
    mouth: float = 1.0
    opens: float = 1.0
    ahead: float = 0.06
    sway: float = 3.0
    period: float = 2.7
    shade: float = 0.2

    @classmethod
    def drawn(cls, number: int, seed: int) -> Speaker:
        """One of many, all different."""
        rng = np.random.default_rng([seed, number])
        dark = rng.uniform(0.35, 1.05)
        skin = np.clip(np.array([232, 186, 158]) * dark ** np.array([0.8, 1.0, 1.15]) + rng.normal(0, 6, 3), 30, 250)
        lips = np.clip(skin * (0.82, 0.55, 0.62) + rng.normal(0, 8, 3), 20, 240)
        hair = np.array([70, 50, 38]) * rng.uniform(0.3, 2.6) + rng.normal(0, 8, 3)
        coat, wall = rng.uniform(40, 200, 3), rng.uniform(90, 230) + rng.normal(0, 14, 3)
        colours = [tuple(int(c) for c in np.clip(each, 0, 255)) for each in (skin, hair, lips, coat, wall)]
        return cls(
            VOICES[number % len(VOICES)],
            int(rng.integers(125, 185)),
            *colours,
            broad=float(rng.uniform(0.9, 1.1)),
            long=float(rng.uniform(0.92, 1.08)),
            mouth=float(rng.uniform(0.85, 1.2)),
            opens=float(rng.uniform(0.7, 1.15)),
            ahead=float(rng.uniform(0.03, 0.09)),
            sway=float(rng.uniform(0.5, 6)),
            period=float(rng.uniform(1.8, 4)),
            shade=float(rng.uniform(-0.5, 0.5)),
        )


@dataclass(frozen=True)
class Take:
    """One video.

    Attributes:
        name: its number.
        speaker: whose it is.
        sentence: what is said.
    """

    name: str
    speaker: str
    sentence: str


def make_faces(
    out: Path, *, count: int = COUNT, seed: int = 0, jobs: int | None = None, say: Callable[[str], None] = print
) -> Path:
    """Write videos of drawn faces that speak, as many as are missing, and their manifest.

    Args:
        out: the folder.
        count: how many.
        seed: of everything random.
        jobs: processes; one for each core if not given.
        say: takes a line of text for a person to read.

    Returns:
        The manifest, with the columns ``video``, ``speaker`` and ``sentence``.

    Raises:
        InputError: espeak-ng is not installed.
    """
    library()  # at once, not in every process
    takes = [
        Take(f"{k:04d}", f"drawn{k // SENTENCES}", sentence(np.random.default_rng([seed, k, 1]))) for k in range(count)
    ]
    file_of = partial(_file_of, out)
    manifest = out / MANIFEST
    made = make_missing(
        takes,
        file_of,
        partial(_make, out, seed),
        manifest,
        modality="video",
        columns=["video", "speaker", "sentence"],
        title="faces",
        jobs=jobs,
    )
    say(f"{made} videos of drawn faces are in {out}.")
    return manifest


def sentence(rng: Generator) -> str:
    """Words put together by chance; they need not mean anything."""
    return " ".join(str(rng.choice(words)) for words in (WHO, DOES, WHAT, WHERE))


def _file_of(out: Path, take: Take) -> Path:
    return out / file_name(take, "webm")


def _make(out: Path, seed: int, take: Take) -> None:
    file = _file_of(out, take)
    part = file.with_suffix(".part")
    part.write_bytes(film(Speaker.drawn(int(take.speaker.removeprefix("drawn")), seed), take.sentence))
    part.rename(file)


def mouths(phonemes: list[tuple[float, str]], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far a mouth is open, and how wide it is, at some times: it glides from each shape to the next.

    Args:
        phonemes: when each begins, and its name.
        times: (N,) seconds.

    Returns:
        (N, 2), each 0..1.
    """
    begins = np.array([begin for begin, _ in phonemes])
    shapes = np.array([SHAPES.get(name.lstrip("'_,-")[:1] or "_", OTHERS) for _, name in phonemes])
    lengths = np.diff(begins, append=begins[-1] + 0.1)
    keys = np.concatenate([[begins[0] - 0.1], begins + lengths / 2, [begins[-1] + 0.15]])
    rest = np.array([SHAPES["_"]])
    each = np.concatenate([rest, shapes, rest])
    return np.stack([np.interp(times, keys, each[:, k]) for k in range(2)], axis=1)


def face(speaker: Speaker, opened: float, wide: float, blink: bool = False, sway: float = 0.0) -> NDArray[np.uint8]:
    """The drawing.

    Args:
        speaker: whose face it is.
        opened, wide: the mouth, 0..1.
        blink: whether the eyes are shut.
        sway: pixels by which the head is to the right.

    Returns:
        uint8 (H, W, 3), RGB.
    """
    width, height = SIZE[0] * FINER, SIZE[1] * FINER
    fade = np.linspace(1.1, 0.9, height)[:, None, None]
    scene = np.broadcast_to(fade * np.array(speaker.wall), (height, width, 3)).clip(0, 255).astype(np.uint8).copy()

    def at(x: float, y: float) -> tuple[int, int]:
        return (
            round(FINER * (240 + speaker.broad * (x - 240) + sway)),
            round(FINER * (180 + speaker.long * (y - 180))),
        )

    def oval(x: float, y: float, across: float, down: float, colour: Colour) -> None:
        size = (max(1, round(FINER * across * speaker.broad)), max(1, round(FINER * down * speaker.long)))
        cv2.ellipse(scene, at(x, y), size, 0, 0, 360, colour, -1, cv2.LINE_AA)

    def arc(
        x: float, y: float, across: float, down: float, colour: Colour, thick: float, turns: tuple[int, int]
    ) -> None:
        size = (round(FINER * across), round(FINER * down))
        cv2.ellipse(scene, at(x, y), size, 0, *turns, colour, round(FINER * thick), cv2.LINE_AA)

    def tone(colour: Colour, share: float) -> Colour:
        red, green, blue = (int(min(255, c * share)) for c in colour)
        return red, green, blue

    skin = speaker.skin
    oval(240, 400, 150, 90, speaker.coat)
    cv2.rectangle(scene, at(208, 260), at(272, 340), tone(skin, 0.86), -1)
    oval(240, 130, 106, 104, speaker.hair)
    oval(240, 178, 90, 118, skin)
    oval(240, 92, 84, 34, speaker.hair)
    oval(240, 196, 86, 100, skin)
    for side in (-1, 1):
        x = 240 + 38 * side
        oval(x, 164, 25, 17, tone(skin, 0.9))  # the eye's hollow
        arc(x, 146, 22, 9, tone(speaker.hair, 0.9), 5, (200, 340))
        if blink:
            cv2.line(scene, at(x - 16, 167), at(x + 16, 167), tone(skin, 0.45), 3 * FINER, cv2.LINE_AA)
        else:
            oval(x, 166, 17, 9, (246, 244, 240))
            oval(x, 166, 8, 8, (70, 60, 46))
            oval(x, 166, 4, 4, (16, 14, 14))
            arc(x, 166, 18, 10, tone(skin, 0.3), 2, (180, 360))
        oval(240 + 56 * side, 214, 19, 13, tone(skin, 1.03))  # cheeks
    oval(240, 196, 13, 26, tone(skin, 0.94))
    oval(240, 215, 18, 10, tone(skin, 0.92))
    for side in (-1, 1):
        oval(240 + 8 * side, 219, 4, 3, tone(skin, 0.6))
    across = speaker.mouth * (21 + 13 * wide)
    down = speaker.mouth * (1 + 17 * opened * speaker.opens)
    oval(240, 252 + down * 0.35, across + 5, down + 7, speaker.lips)
    if down > 2:
        oval(240, 252 + down * 0.35, across, down, (58, 20, 22))
        if opened > 0.3:
            oval(240, 252 - down * 0.35, across * 0.72, down * 0.25, (240, 236, 228))  # teeth
            oval(240, 252 + down * 0.85, across * 0.6, down * 0.35, (176, 84, 84))  # tongue
    else:
        cv2.line(scene, at(240 - across, 252), at(240 + across, 252), tone(speaker.lips, 0.6), 2 * FINER, cv2.LINE_AA)
    light = 1 + speaker.shade * np.linspace(-0.5, 0.5, SIZE[0])[None, :, None]
    return (cv2.resize(scene, SIZE, interpolation=cv2.INTER_AREA) * light).clip(0, 255).astype(np.uint8)


def film(speaker: Speaker, words: str, late: float = 0.0, heard: str | None = None) -> bytes:
    """A speaker who says something, as WebM (VP8 and Opus).

    Args:
        speaker: who.
        words: what the lips say.
        late: seconds by which the sound is late.
        heard: what the sound says instead.

    Raises:
        InputError: espeak-ng is not installed.
    """
    voice, rate, phonemes = spoken(words, speaker.voice, speaker.pace)
    seconds = max(len(voice) / rate + 2 * QUIET, SHORTEST)
    if heard:
        voice, rate, _ = spoken(heard, speaker.voice, speaker.pace)
    times = np.arange(round(seconds * FRAMES_PER_SECOND)) / FRAMES_PER_SECOND
    shapes = mouths([(begin + QUIET - speaker.ahead, name) for begin, name in phonemes], times)
    swayed = speaker.sway * np.sin(2 * np.pi * times / speaker.period)
    track = np.random.default_rng(0).normal(0, 4e-4, round(seconds * OPUS_RATE)).astype(np.float32)
    first = round((QUIET + late) * OPUS_RATE)
    voice = soxr.resample(voice, rate, OPUS_RATE)[: len(track) - first]
    track[first : first + len(voice)] += voice
    pictures = (
        face(speaker, opened, wide, 1.4 < time < 1.55, sway)
        for (opened, wide), time, sway in zip(shapes, times, swayed, strict=True)
    )
    return write_webm(pictures, times, track, OPUS_RATE)
