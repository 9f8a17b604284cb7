"""Synthetic recordings to train on: spoken digits in many voices, other words, and sounds that are no speech.

``python -m mmdemo voices --out FOLDER`` writes a folder of recordings with a manifest. Digits are for training only,
each in a voice that nobody has: two of Kokoro's 54 mixed, in timbre and in manner apart, some of them foreign; a few
rough ones by espeak-ng and flite, where these are installed. What is no digit carries the label ``OUTLIER``, and its
words in the validation and test split are in no other, nor are Kokoro's voices that say them.

What is drawn depends on the seed and the number of the recording alone. So a run that was interrupted goes on where it
stopped, and a larger count keeps what is there.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
import soxr
from numpy.random import Generator
from numpy.typing import NDArray

from mmdemo.config import SAMPLE_RATE
from mmdemo.data.manifest.manifest import OUTLIER
from mmdemo.data.sentences.vocabulary import DIGITS
from mmdemo.data.synthetic.clatter import CLATTER, clatter
from mmdemo.data.synthetic.kokoro import Kokoro, heard
from mmdemo.data.synthetic.takes import MANIFEST, draw, file_name, make_missing

SPOKEN = json.loads(Path(__file__).with_name("spoken.json").read_text(encoding="utf-8"))
COUNT = 6_000

# How often each is drawn: what is said, in which split what is no digit is, by whom.
KINDS = {"digit": 62, "phrase": 10, "words": 18, "clatter": 10}
SPLITS = {"train": 70, "validation": 12, "test": 18}
MAKERS = {"kokoro-82m": 80, "espeak-ng": 16, "flite": 4}

HELD_OUT = {  # voices that say other words in no split but their own, and no digits
    "validation": ("bf_lily", "am_liam", "if_sara"),
    "test": ("af_nova", "am_echo", "bm_lewis", "zf_xiaoni", "em_alex", "hf_beta"),
}
ENDINGS = {".": 40, "": 25, "?": 12, "!": 12, ",": 11}  # falling, as it comes, rising, loud, going on
PACES = (0.65, 1.4)
PEAK = 0.5
FLITE = ("kal16", "awb", "rms", "slt")

# espeak-ng's phonemes as Kokoro writes them.
TO_KOKORO = {
    **{"eɪ": "A", "aɪ": "I", "aʊ": "W", "oʊ": "O", "əʊ": "Q", "ɔɪ": "Y", "dʒ": "ʤ", "tʃ": "ʧ"},
    **{"ɜːɹ": "ɜɹ", "ɜː": "ɜɹ", "ɚ": "əɹ", "iə": "iə", "r": "ɹ", "ɐ": "ə", "ː": "", "_": "", "-": ""},
}


@dataclass(frozen=True)
class Take:
    """One recording to make.

    Attributes:
        name: its number, with which its file's name begins.
        label: a digit's name, or ``OUTLIER``.
        split: one of the manifest's.
        speaker: the voice, in words; no two digits have the same but by chance.
        kind: ``digit``, ``phrase``, ``words``, or the kind of clatter.
        made: by which program.
        said: what to say: phonemes for Kokoro, words for the others.
        pace: 1 is usual, 2 twice as fast.
        label_span: from which to which share of the recording the label is being said, as in a manifest.
    """

    name: str
    label: str
    split: str
    speaker: str
    kind: str
    made: str
    said: str
    pace: float
    label_span: str = ""


def plan(count: int, seed: int, voices: tuple[str, ...], makers: dict[str, int] = MAKERS) -> list[Take]:
    """The first ``count`` recordings of a seed.

    Args:
        count: how many.
        seed: of everything random.
        voices: Kokoro's, by name.
        makers: how often each program is asked.
    """
    return [_take(number, np.random.default_rng([seed, number]), voices, makers) for number in range(count)]


def make_voices(
    out: Path,
    kokoro: Path,
    *,
    count: int = COUNT,
    seed: int = 0,
    jobs: int | None = None,
    say: Callable[[str], None] = print,
) -> Path:
    """Make what is missing of the recordings, with a progress bar, and write their manifest.

    Args:
        out: the folder to write to.
        kokoro: the synthesiser's folder, as ``fetch_kokoro`` gives it.
        count: how many recordings.
        seed: of everything random.
        jobs: processes; one for each core if not given.
        say: told which programs are not installed, and what could not be synthesised.

    Returns:
        The manifest.
    """
    makers = {name: weight for name, weight in MAKERS.items() if name == "kokoro-82m" or which(name)}
    for name in set(MAKERS) - set(makers):
        say(f"{name} is not installed: its voices are left out.")
    if "espeak-ng" not in makers:
        say("Without espeak-ng, which spells other words out for Kokoro, only digits are said.")
    takes = plan(count, seed, tuple(sorted(file.stem for file in (kokoro / "voices").glob("*.bin"))), makers)
    made = make_missing(
        takes,
        partial(_file, out),
        partial(_make, out=out, kokoro=kokoro, seed=seed),
        out / MANIFEST,
        modality="audio",
        columns=["text", "image", "audio", "label", "split", "speaker", "kind", "made", "said", "pace", "label_span"],
        title="voices",
        jobs=jobs,
    )
    if made < len(takes):
        say(f"{len(takes) - made} of {len(takes)} recordings could not be made.")
    return out / MANIFEST


def _take(number: int, rng: Generator, voices: tuple[str, ...], makers: dict[str, int]) -> Take:
    name = f"{number:05d}"
    kind = draw(KINDS, rng)
    if "espeak-ng" not in makers and kind in ("phrase", "words"):
        kind = "digit"
    split = "train" if kind in ("digit", "phrase") else draw(SPLITS, rng)
    if kind == "clatter":
        return Take(name, OUTLIER, split, "", str(rng.choice(CLATTER[split])), "procedural", "", 1.0)
    made = draw(makers, rng)
    pace = round(float(np.exp(rng.uniform(*np.log(PACES)))), 2)
    speaker = _speaker(made, split, voices, rng)
    if kind == "words":
        said = str(rng.choice(SPOKEN["other"][split]))
        said = f"{said}{draw(ENDINGS, rng)}"
        return Take(name, OUTLIER, split, speaker, kind, made, said, pace)
    digit = int(rng.integers(10))
    said, span = _digit(digit, made, rng)
    if kind == "phrase":
        said, span = _phrase(str(rng.choice(SPOKEN["phrases"]["train"])), said, made)
    return Take(name, DIGITS[digit], split, speaker, kind, made, f"{said}{draw(ENDINGS, rng)}", pace, span)


def _digit(digit: int, made: str, rng: Generator) -> tuple[str, str]:
    """A digit's phonemes for Kokoro, its spelling for the others; it is heard from end to end."""
    if made != "kokoro-82m":
        return str(rng.choice(SPOKEN["digit_spellings"][digit])), ""
    phonemes = str(rng.choice(SPOKEN["digits"][digit]))
    stress = rng.random()  # mostly as it is, now and then drawn out or said in passing
    if stress < 0.1 and phonemes[-1] in "iuOɔ":
        phonemes += "ː"
    elif stress > 0.9:
        phonemes = phonemes.replace("ˈ", "ˌ")
    return phonemes, ""


def _phrase(pattern: str, digit: str, made: str) -> tuple[str, str]:
    """A phrase with a digit in it, and from which to which share of it the digit is about to be heard."""
    before, after = pattern.split("{n}")
    if made == "kokoro-82m":
        before, after = (phonemes(part.strip()) for part in (before, after))
        before, after = before + " " * bool(before), " " * bool(after) + after
    length = len(before) + len(digit) + len(after)
    span = f"{len(before) / length:.2f}-{(len(before) + len(digit)) / length:.2f}"
    return f"{before}{digit}{after}", span


def _speaker(made: str, split: str, voices: tuple[str, ...], rng: Generator) -> str:
    """A voice: ``kokoro af_bella zm_yunxi 0.40 0.75`` (two, and the second's shares in timbre and in manner)."""
    if made == "espeak-ng":
        accent = rng.choice(["en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029"])
        return f"espeak-ng {accent}+{rng.choice(_variants())} {rng.integers(25, 76)}"
    if made == "flite":
        return f"flite {rng.choice(FLITE)} {rng.uniform(0.8, 1.25):.2f}"
    kept = [name for names in HELD_OUT.values() for name in names]
    there = [name for name in voices if (name in HELD_OUT[split] if split in HELD_OUT else name not in kept)]
    first, second = rng.choice(there, 2, replace=False)
    shares = (0, 0) if rng.random() < 0.25 else rng.uniform(0.15, 0.85, 2)
    return f"kokoro {first} {second} {shares[0]:.2f} {shares[1]:.2f}"


@cache
def _variants() -> tuple[str, ...]:
    """The names of espeak-ng's voice variants, but for a whisper without any voice."""
    lines = subprocess.run(["espeak-ng", "--voices=variant"], capture_output=True, text=True, check=True).stdout
    names = re.findall(r"!v/(\S+)", lines)
    return tuple(sorted(set(names) - {"whisper", "whisperf"}))


@cache
def phonemes(words: str, accent: str = "en-us") -> str:
    """English words as Kokoro's phonemes, by way of espeak-ng."""
    if not words:
        return ""
    command = ["espeak-ng", "-q", "--ipa", "-v", accent, words]
    ipa = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    for theirs, ours in TO_KOKORO.items():
        ipa = ipa.replace(theirs, ours)
    return ipa


def _make(take: Take, out: Path, kokoro: Path, seed: int) -> None:
    """Make one recording, whole or not at all."""
    if take.made == "procedural":
        samples = clatter(take.kind, np.random.default_rng([seed, int(take.name), 1]))
    else:
        samples = {"kokoro-82m": _by_kokoro, "espeak-ng": _by_espeak, "flite": _by_flite}[take.made](take, kokoro)
    if len(samples) < SAMPLE_RATE // 10:
        return
    file = _file(out, take)
    part = file.with_suffix(".part")
    level = PEAK / np.abs(samples).max()
    soundfile.write(part, samples * level, SAMPLE_RATE, "PCM_16", format="FLAC")
    part.replace(file)


def _by_kokoro(take: Take, folder: Path) -> NDArray[np.float32]:
    _, first, second, timbre, manner = take.speaker.split()
    said = _spelt(take.said) if take.kind == "words" else take.said
    return _kokoro(folder).say(said, (first, second), (float(timbre), float(manner)), take.pace)


def _spelt(said: str) -> str:
    """Words with their ending as phonemes with the same ending."""
    ending = said[-1] if said[-1] in ENDINGS else ""
    return phonemes(said.removesuffix(ending)) + ending


@lru_cache(maxsize=1)
def _kokoro(folder: Path) -> Kokoro:
    return Kokoro(folder)


def _by_espeak(take: Take, folder: Path) -> NDArray[np.float32]:
    _, voice, pitch = take.speaker.split()
    speed = str(round(160 * take.pace))
    return _spoken(lambda file: ["espeak-ng", "-v", voice, "-p", pitch, "-s", speed, "-w", file, take.said])


def _by_flite(take: Take, folder: Path) -> NDArray[np.float32]:
    _, voice, pitch = take.speaker.split()
    settings = ["--setf", f"duration_stretch={1 / take.pace:.2f}"]
    samples = _spoken(lambda file: ["flite", "-voice", voice, *settings, "-t", take.said, "-o", file])
    return soxr.resample(samples, SAMPLE_RATE, SAMPLE_RATE / float(pitch))  # flite has few voices: make some more


def _spoken(command: Callable[[str], list[str]]) -> NDArray[np.float32]:
    """What a program writes to a file: mono at ``SAMPLE_RATE``, cut to what can be heard."""
    with TemporaryDirectory() as folder:
        file = f"{folder}/said.wav"
        subprocess.run(command(file), check=True, capture_output=True)
        samples, rate = soundfile.read(file, dtype="float32")
    return soxr.resample(heard(samples, rate), rate, SAMPLE_RATE)


def _file(out: Path, take: Take) -> Path:
    return out / file_name(take, "flac")
