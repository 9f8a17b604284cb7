"""Make the recording that a live session plays where there is no microphone: ``assets/session.flac``.

Digits one after another with quiet between: the voices of the page's examples, and some of espeak-ng's, chosen because
the shipped checkpoint hears them. It is an illustration, and no measurement of anything. Needs espeak-ng::

    python tools/make_session.py
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent))

from mmdemo.config import SAMPLE_RATE
from mmdemo.inference.predictor import Predictor
from mmdemo.resources import ASSETS, CHECKPOINTS

OUT = ASSETS / "session.flac"
SECONDS = 120
GAPS = (0.55, 1.5)  # seconds of quiet between two of them, at least and at most
LOUDNESS = (0.25, 0.6)  # of the highest sample
EXAMPLES = {"three": "three.flac", "seven": "seven.flac", "nine": "nine.flac"}
VOICES = ("en-us+m3", "en-us+m7", "en-us+f2", "en-us+f4", "en-gb+f5", "en-gb+m1", "en-gb-scotland+m2")
SURE = 0.9  # the least belief with which the checkpoint hears a voice that is used


def main() -> None:
    """Write the recording."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=CHECKPOINTS / "digits")
    predictor = Predictor.load(parser.parse_args().checkpoint)
    rng = np.random.default_rng(7)
    voices = {word: list(heard(predictor, word)) for word in predictor.config.labels}
    parts, used, before = [quiet(0.8)], 0.8, ""
    while used < SECONDS:
        word = rng.choice([each for each, said in voices.items() if said and each != before])
        said = voices[word][rng.integers(len(voices[word]))]
        said = said / np.abs(said).max() * rng.uniform(*LOUDNESS)
        parts += [said, quiet(rng.uniform(*GAPS))]
        used, before = used + sum(map(len, parts[-2:])) / SAMPLE_RATE, word
    samples = np.concatenate(parts)
    sf.write(OUT, samples, SAMPLE_RATE, "PCM_16")
    counts = {word: len(said) for word, said in voices.items()}
    print(f"{OUT.name}: {len(samples) / SAMPLE_RATE:.0f} s, {OUT.stat().st_size / 1000:.0f} kB; voices: {counts}")


def heard(predictor: Predictor, word: str) -> list[NDArray[np.float32]]:
    """A word in all voices in which the checkpoint hears it: float32 (n,) each."""
    said = [sf.read(ASSETS / "examples/digits" / EXAMPLES[word], dtype="float32")[0]] if word in EXAMPLES else []
    for voice in VOICES:
        samples = spoken(word, voice)
        result = predictor.predict(audio=(SAMPLE_RATE, samples))
        if result.label == word and result.probability >= SURE:
            said.append(samples)
    return said


def spoken(word: str, voice: str) -> NDArray[np.float32]:
    """A word by espeak-ng."""
    done = subprocess.run(["espeak-ng", "-v", voice, "-s", "135", "--stdout", word], check=True, capture_output=True)
    samples, rate = sf.read(io.BytesIO(done.stdout), dtype="float32")
    return soxr.resample(samples, rate, SAMPLE_RATE).astype(np.float32)


def quiet(seconds: float) -> NDArray[np.float32]:
    """So many seconds of nothing."""
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


if __name__ == "__main__":
    main()
