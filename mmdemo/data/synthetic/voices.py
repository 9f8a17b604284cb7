"""Synthetic recordings: digits in many voices and accents, numbers that are no digit, other words, and other sounds.

``python -m mmdemo voices --out FOLDER`` writes a folder of recordings with a manifest. Each voice is one that nobody
has: two of Kokoro's 54 mixed, in timbre and in manner apart, some of them foreign; rough ones by espeak-ng and flite,
where these are installed. Half of the digits are said with an accent of English, by its phonemes ("three" with a dental
t and a tapped r) or by a foreign speaker of espeak-ng who reads the English word in the spelling of the own language.
What is no digit carries the label ``OUTLIER``; its words in the validation and test split are in no other.

Kokoro's voices of the validation split say nothing in another. Those of the test split say what is no digit, and the
digits of a second manifest, ``strangers.csv``: nobody learns from it, it tells how the accents are understood.

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
from mmdemo.data.synthetic.takes import MANIFEST, STRANGERS, draw, file_name, make_missing

SPOKEN = json.loads(Path(__file__).with_name("spoken.json").read_text(encoding="utf-8"))
COUNT = 6_000

STRANGER = 20  # to so many recordings there is one more in that manifest

# How often each is drawn: what is said, in which split it is, by whom.
KINDS = {"digit": 60, "phrase": 7, "numbers": 10, "several": 3, "words": 11, "foreign": 3, "clatter": 6}
DIGIT_SPLITS = {"train": 93, "validation": 7}
SPLITS = {"train": 70, "validation": 12, "test": 18}
MAKERS = {"kokoro-82m": 36, "espeak-ng": 57, "flite": 7}
ACCENTED = 0.55  # share of the digits that are said with an accent
INDIAN = 0.3  # of those the share of Indian English, which more people speak than any other
STRANGERS_ACCENTED, STRANGERS_INDIAN = 0.8, 0.5  # the same of the strangers

HELD_OUT = {  # voices that are in no split but their own; test voices say digits in the manifest of strangers alone
    "validation": ("bf_lily", "am_liam", "if_sara", "hm_psi"),
    "test": ("af_nova", "am_echo", "bm_lewis", "zf_xiaoni", "em_alex", "hf_beta"),
}
ENDINGS = {".": 40, "": 25, "?": 12, "!": 12, ",": 11}  # falling, as it comes, rising, loud, going on
PACES = (0.65, 1.7)
THROATS = {"grown": 75, "child": 17, "deep": 8}
THROAT = {"grown": (0.95, 1.05), "child": (1.18, 1.45), "deep": (0.82, 0.92)}  # pitch and resonances, times the voice's
PEAK = 0.5
FLITE = ("kal16", "awb", "rms", "slt")
ENGLISHES = (  # of espeak-ng
    *("en-us", "en-us-nyc", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029"),
)

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
        kind: one of ``KINDS``, or the kind of clatter.
        made: by which program.
        said: what to say: phonemes for Kokoro, words for the others.
        pace: 1 is usual, 2 twice as fast.
        throat: factor of the voice's pitch and resonances; a child's is higher.
        accent: of a digit, one of ``SPOKEN["accents"]`` or the language in whose spelling it is written; or nothing.
        heard: of several digits their names.
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
    throat: float = 1.0
    accent: str = ""
    heard: str = ""


def plan(count: int, seed: int, voices: tuple[str, ...], makers: dict[str, int] = MAKERS) -> list[Take]:
    """The first ``count`` recordings of a seed.

    Args:
        count: how many.
        seed: of everything random.
        voices: Kokoro's, by name.
        makers: how often each program is asked.
    """
    return [_take(number, np.random.default_rng([seed, number]), voices, makers) for number in range(count)]


def plan_strangers(count: int, seed: int, voices: tuple[str, ...], makers: dict[str, int] = MAKERS) -> list[Take]:
    """The first ``count`` recordings of strangers: digits, several digits and numbers that are none, by Kokoro's test
    voices alone; arguments as for ``plan``.
    """
    return [
        _stranger(number, np.random.default_rng([seed, number, 2]), voices, "espeak-ng" in makers)
        for number in range(count)
    ]


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
        The manifest; beside it lies that of the strangers.
    """
    makers = {name: weight for name, weight in MAKERS.items() if name == "kokoro-82m" or which(name)}
    for name in set(MAKERS) - set(makers):
        say(f"{name} is not installed: its voices are left out.")
    if "espeak-ng" not in makers:
        say("Without espeak-ng, which spells other words out for Kokoro, only digits are said.")
    names = tuple(sorted(file.stem for file in (kokoro / "voices").glob("*.bin")))
    columns = ["text", "image", "audio", "label", "split", "speaker", "kind", "made", "said", "pace", "label_span"]
    strangers = plan_strangers(count // STRANGER, seed, names, makers)
    for takes, manifest in ((plan(count, seed, names, makers), MANIFEST), (strangers, STRANGERS)):
        made = make_missing(
            takes,
            partial(_file, out),
            partial(_make, out=out, kokoro=kokoro, seed=seed),
            out / manifest,
            modality="audio",
            columns=[*columns, "throat", "accent", "heard"],
            title=manifest.removesuffix(".csv"),
            jobs=jobs,
        )
        if made < len(takes):
            say(f"{len(takes) - made} of {len(takes)} recordings in {manifest} could not be made.")
    return out / MANIFEST


def _take(number: int, rng: Generator, voices: tuple[str, ...], makers: dict[str, int]) -> Take:
    name = f"{number:05d}"
    kind = draw(KINDS, rng)
    if "espeak-ng" not in makers and kind not in ("digit", "several", "clatter"):
        kind = "digit"
    splits = {"digit": DIGIT_SPLITS, "phrase": {"train": 1}, "several": {"train": 1}}.get(kind, SPLITS)
    split = draw(splits, rng)
    if kind == "clatter":
        return Take(name, OUTLIER, split, "", str(rng.choice(CLATTER[split])), "procedural", "", 1.0)
    made = "kokoro-82m" if split == "validation" and kind == "digit" else draw(makers, rng)
    pace = round(float(np.exp(rng.uniform(*np.log(PACES)))), 2)
    throat = _throat(rng)
    ending = draw(ENDINGS, rng)
    if kind in ("words", "numbers", "foreign", "several"):
        return _no_digit(name, kind, split, made, voices, pace, throat, ending, rng)
    digit = int(rng.integers(10))
    accent = ""
    if kind == "digit" and made != "flite" and rng.random() < ACCENTED:
        accent = _accent(made, rng)
    speaker = _speaker(made, split, voices, rng, accent)
    said, span = _digit(digit, made, rng, accent), ""
    if kind == "phrase":
        said, span = _phrase(str(rng.choice(SPOKEN["phrases"]["train"])), said, made)
    return Take(name, DIGITS[digit], split, speaker, kind, made, f"{said}{ending}", pace, span, throat, accent)


def _no_digit(
    name: str,
    kind: str,
    split: str,
    made: str,
    voices: tuple[str, ...],
    pace: float,
    throat: float,
    ending: str,
    rng: Generator,
) -> Take:
    """A word, a number, a foreign number or several digits."""
    accent = heard_digits = ""
    if kind == "foreign":
        made = "kokoro-82m" if made == "flite" else made
        accent = str(rng.choice(list(SPOKEN["foreign"])))
        said = str(rng.choice(SPOKEN["foreign"][accent]))
        if made == "kokoro-82m":
            said = phonemes(said, accent)
    elif kind == "several":
        made = "kokoro-82m"
        said, heard_digits = _several(rng)
    else:
        said = _number(rng) if kind == "numbers" else str(rng.choice(SPOKEN["other"][split]))
    speaker = _speaker(made, split, voices, rng, accent)
    return Take(name, OUTLIER, split, speaker, kind, made, f"{said}{ending}", pace, "", throat, accent, heard_digits)


def _stranger(number: int, rng: Generator, voices: tuple[str, ...], words: bool) -> Take:
    """One recording by a voice of the test split: seven of ten are digits, most of them with an accent."""
    name = f"s{number:04d}"
    kind = draw({"digit": 70, "several": 12, "numbers": 18 if words else 0}, rng)
    pace = round(float(np.exp(rng.uniform(*np.log(PACES)))), 2)
    throat, ending = _throat(rng), draw(ENDINGS, rng)
    if kind != "digit":
        return _no_digit(name, kind, "test", "kokoro-82m", voices, pace, throat, ending, rng)
    digit = int(rng.integers(10))
    accent = _accent("kokoro-82m", rng, STRANGERS_INDIAN) if rng.random() < STRANGERS_ACCENTED else ""
    speaker = _speaker("kokoro-82m", "test", voices, rng, accent)
    said = _digit(digit, "kokoro-82m", rng, accent)
    return Take(name, DIGITS[digit], "test", speaker, kind, "kokoro-82m", f"{said}{ending}", pace, "", throat, accent)


def _throat(rng: Generator) -> float:
    return round(float(rng.uniform(*THROAT[draw(THROATS, rng)])), 2)


def _accent(made: str, rng: Generator, indian: float = INDIAN) -> str:
    """An accent of Kokoro's phonemes, or the language of espeak-ng that reads the digits in a spelling of its own."""
    if made == "espeak-ng":
        return str(rng.choice(list(SPOKEN["respelt"])))
    others = [name for name in SPOKEN["accents"] if name != "indian"]
    return "indian" if rng.random() < indian else str(rng.choice(others))


def _digit(digit: int, made: str, rng: Generator, accent: str = "") -> str:
    """A digit's phonemes for Kokoro, its spelling for the others."""
    if made != "kokoro-82m":
        return SPOKEN["respelt"][accent][digit] if accent else str(rng.choice(SPOKEN["digit_spellings"][digit]))
    said = str(rng.choice(SPOKEN["accents"][accent]["digits"][digit] if accent else SPOKEN["digits"][digit]))
    stress = rng.random()  # mostly as it is, now and then drawn out or said in passing
    if stress < 0.1 and said[-1] in "iuOɔ":
        said += "ː"
    elif stress > 0.9:
        said = said.replace("ˈ", "ˌ")
    return said


def _several(rng: Generator) -> tuple[str, str]:
    """Two to four digits in a row, as phonemes, with or without pauses, and their names."""
    digits = rng.integers(10, size=int(rng.choice([2, 2, 3, 4])))
    pause = str(rng.choice([" ", " ", ", ", "... "]))
    said = pause.join(_digit(int(digit), "kokoro-82m", rng) for digit in digits)
    return said, " ".join(DIGITS[digit] for digit in digits)


def _number(rng: Generator) -> str:
    """A number that is no digit, in words."""
    numbers = SPOKEN["numbers"]
    tens, teens = ([word for word in numbers["plain"] if word.endswith(end)] for end in ("ty", "teen"))
    drawn = rng.random()
    if drawn < 0.6:
        return str(rng.choice(numbers["plain"]))
    if drawn < 0.75:
        return str(rng.choice(numbers["ordinals"]))
    n, m = rng.choice(DIGITS[1:], 2)
    return str(rng.choice(numbers["patterns"])).format(n=n, m=m, ten=rng.choice(tens), teen=rng.choice(teens))


def _phrase(pattern: str, digit: str, made: str) -> tuple[str, str]:
    """A phrase with a digit in it, and from which to which share of it the digit is about to be heard."""
    before, after = pattern.split("{n}")
    if made == "kokoro-82m":
        before, after = (phonemes(part.strip()) for part in (before, after))
        before, after = before + " " * bool(before), " " * bool(after) + after
    length = len(before) + len(digit) + len(after)
    span = f"{len(before) / length:.2f}-{(len(before) + len(digit)) / length:.2f}"
    return f"{before}{digit}{after}", span


def _speaker(made: str, split: str, voices: tuple[str, ...], rng: Generator, accent: str = "") -> str:
    """A voice: ``kokoro af_bella zm_yunxi 0.40 0.75`` (two, and the second's shares in timbre and in manner).

    With an accent the first of them is half of the time one that has it by birth, where there is one.
    """
    if made == "espeak-ng":
        accent = accent or str(rng.choice(ENGLISHES))
        return f"espeak-ng {accent}+{rng.choice(_variants())} {rng.integers(20, 90)}"
    if made == "flite":
        return f"flite {rng.choice(FLITE)} {rng.uniform(0.8, 1.25):.2f}"
    kept = [name for names in HELD_OUT.values() for name in names]
    there = [name for name in voices if (name in HELD_OUT[split] if split in HELD_OUT else name not in kept)]
    first, second = rng.choice(there, 2, replace=False)
    native = tuple(SPOKEN["accents"].get(accent, {}).get("voices", ()))
    own = [name for name in there if native and name.startswith(native)]
    if own and rng.random() < 0.5:
        first = rng.choice(own)
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
        samples = soxr.resample(samples, SAMPLE_RATE, SAMPLE_RATE / take.throat)
    if len(samples) < SAMPLE_RATE // 10:
        return
    file = _file(out, take)
    part = file.with_suffix(".part")
    level = PEAK / np.abs(samples).max()
    soundfile.write(part, samples * level, SAMPLE_RATE, "PCM_16", format="FLAC")
    part.replace(file)


def _by_kokoro(take: Take, folder: Path) -> NDArray[np.float32]:
    _, first, second, timbre, manner = take.speaker.split()
    said = _spelt(take.said) if take.kind in ("words", "numbers") else take.said
    return _kokoro(folder).say(said, (first, second), (float(timbre), float(manner)), take.pace / take.throat)


def _spelt(said: str) -> str:
    """Words with their ending as phonemes with the same ending."""
    ending = said[-1] if said[-1] in ENDINGS else ""
    return phonemes(said.removesuffix(ending)) + ending


@lru_cache(maxsize=1)
def _kokoro(folder: Path) -> Kokoro:
    return Kokoro(folder)


def _by_espeak(take: Take, folder: Path) -> NDArray[np.float32]:
    _, voice, pitch = take.speaker.split()
    speed = str(max(80, round(160 * take.pace / take.throat)))
    return _spoken(lambda file: ["espeak-ng", "-v", voice, "-p", pitch, "-s", speed, "-w", file, take.said])


def _by_flite(take: Take, folder: Path) -> NDArray[np.float32]:
    _, voice, pitch = take.speaker.split()
    settings = ["--setf", f"duration_stretch={take.throat / take.pace:.2f}"]
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
