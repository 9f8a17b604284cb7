"""GoEmotions, RAVDESS and FER2013 from their publishers, or from a folder that holds them.

They are laid out like this::

    goemotions/{train,dev,test}.tsv, labels.txt         text, numbers of its labels (one a line in labels.txt), id
    ravdess/Actor_01/03-01-05-01-02-01-01.flac ...      1,440 recordings under their published names (flac or wav)
    fer2013/fer2013.npz                                 images (N, 48, 48), labels (N,), classes

Files that are there are checked and used; missing ones are downloaded, checked and kept. FER2013 can be downloaded only
after signing in at Kaggle; put its ``fer2013.csv`` into the folder.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
import soxr

from mmdemo.config import SAMPLE_RATE
from mmdemo.data.sources.download import download
from mmdemo.messages import InputError

FEELINGS = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")

GOEMOTIONS = "goemotions"
GOEMOTIONS_URL = "https://raw.githubusercontent.com/google-research/google-research/master/goemotions/data"
GOEMOTIONS_SHA256 = {  # of texts_checksum
    "train": "428257b8bfec92a741ccbab230b7bb6490c5283bc9a2db8265e2435de79504e9",
    "dev": "81db82c73793b2af05510f00d01e48a2b7cfea7f80b61fb2f2baa3176a4f6152",
    "test": "f3e962996bca986aa9843985963058664e70bebca8fe9b09d9c197f7b74c7379",
}

RAVDESS = "ravdess"
RAVDESS_URL = "https://zenodo.org/records/1188976/files/Audio_Speech_Actors_01-24.zip"
RAVDESS_CLIPS = 60  # of every actor
RAVDESS_NAME = re.compile(r"03-01-0[1-8]-0[12]-0[12]-0[12]-(\d\d)")

FER2013 = "fer2013"
FER2013_URL = (
    "https://www.kaggle.com/competitions/challenges-in-representation-learning-facial-expression-recognition-challenge"
)
FER2013_CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")  # as numbered in the CSV


def fetch_goemotions(folder: Path) -> Path:
    """The folder with the three tables, their 28 labels brought to seven by the publisher's own (Ekman's) grouping.

    Raises:
        InputError: a file is missing and cannot be fetched, or is not what was published.
    """
    folder = folder / GOEMOTIONS
    if not (folder / "labels.txt").is_file():
        with TemporaryDirectory() as temporary:
            raw = Path(temporary)
            for name in (*(f"{split}.tsv" for split in GOEMOTIONS_SHA256), "emotions.txt", "ekman_mapping.json"):
                download([f"{GOEMOTIONS_URL}/{name}"], raw / name, wanted=folder / name)
            folder.mkdir(parents=True, exist_ok=True)
            _regroup(raw, folder)
    labels = (folder / "labels.txt").read_text(encoding="utf-8").split()
    for split, checksum in GOEMOTIONS_SHA256.items():
        file = folder / f"{split}.tsv"
        if not file.is_file() or tuple(labels) != FEELINGS or texts_checksum(file) != checksum:
            raise InputError("data.damaged", file=str(file))
    return folder


def texts_checksum(file: Path) -> str:
    """SHA-256 over a table's texts and ids, whatever the labels, which come in several groupings."""
    digest = hashlib.sha256()
    for line in file.read_bytes().splitlines():
        text, _, rest = line.partition(b"\t")
        digest.update(text + b"\t" + rest.rpartition(b"\t")[2] + b"\n")
    return digest.hexdigest()


def read_goemotions(file: Path) -> list[tuple[str, list[int]]]:
    """Every row's text and its labels."""
    with file.open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(text, [int(label) for label in labels.split(",")]) for text, labels, *_ in rows]


def _regroup(raw: Path, folder: Path) -> None:
    """Write the published tables with the seven labels in place of the 28."""
    names = (raw / "emotions.txt").read_text(encoding="utf-8").split()
    group = {"neutral": "neutral"}
    for feeling, kinds in json.loads((raw / "ekman_mapping.json").read_text(encoding="utf-8")).items():
        group |= dict.fromkeys(kinds, feeling)
    for split in GOEMOTIONS_SHA256:
        lines = []
        for line in (raw / f"{split}.tsv").read_text(encoding="utf-8").splitlines():
            text, labels, name = line.split("\t")
            found = sorted({FEELINGS.index(group[names[int(label)]]) for label in labels.split(",")})
            lines.append(f"{text}\t{','.join(map(str, found))}\t{name}\n")
        (folder / f"{split}.tsv").write_text("".join(lines), encoding="utf-8")
    (folder / "labels.txt").write_text("\n".join(FEELINGS), encoding="utf-8")


def fetch_ravdess(folder: Path) -> Path:
    """The folder with the actors' folders: at 16 kHz, each with all of its 60 recordings of speech.

    Raises:
        InputError: they are missing and cannot be fetched, or are not all there.
    """
    folder = folder / RAVDESS
    if not folder.is_dir():
        with TemporaryDirectory() as temporary:
            archive = Path(temporary) / "ravdess.zip"
            download([RAVDESS_URL], archive, wanted=folder)
            try:
                _unpack(archive, folder)
            except (zipfile.BadZipFile, soundfile.LibsndfileError) as error:
                raise InputError("data.damaged", file=RAVDESS_URL) from error
    actors = sorted(folder.glob("Actor_*"))
    for actor in actors:
        names = {file.stem for file in ravdess_clips(actor)}
        if len(names) != RAVDESS_CLIPS or any(RAVDESS_NAME.fullmatch(name)[1] != actor.name[-2:] for name in names):
            raise InputError("data.damaged", file=str(actor))
    if not actors:
        raise InputError("data.damaged", file=str(folder))
    return folder


def ravdess_clips(folder: Path) -> list[Path]:
    """All recordings of speech below a folder."""
    files = [file for file in folder.rglob("*") if file.suffix in (".flac", ".wav")]
    return sorted(file for file in files if RAVDESS_NAME.fullmatch(file.stem))


def _unpack(archive: Path, folder: Path) -> None:
    """The publisher's 48 kHz recordings as 16 kHz FLAC, all of them or none."""
    part = folder.with_suffix(".part")
    with zipfile.ZipFile(archive) as members:
        for member in members.namelist():
            name = Path(member).stem
            if not (found := RAVDESS_NAME.fullmatch(name)):
                continue
            with members.open(member) as stream:
                samples, rate = soundfile.read(stream, dtype="float32", always_2d=True)
            actor = part / f"Actor_{found[1]}"
            actor.mkdir(parents=True, exist_ok=True)
            soundfile.write(actor / f"{name}.flac", soxr.resample(samples.mean(1), rate, SAMPLE_RATE), SAMPLE_RATE)
    if not part.is_dir():
        raise zipfile.BadZipFile
    part.rename(folder)


def fetch_fer2013(folder: Path) -> Path:
    """The archive ``fer2013.npz``; it is made from Kaggle's ``fer2013.csv`` where only that is there.

    Raises:
        InputError: neither is there, or what is there is no such collection.
    """
    file = folder / FER2013 / "fer2013.npz"
    table = file.with_suffix(".csv")
    if not file.is_file() and not table.is_file():
        raise InputError(
            "data.no_download",
            file=table.name,
            folder=str(table.parent),
            why="a Kaggle account is needed",
            url=FER2013_URL,
        )
    if not file.is_file():
        _archive(table, file)
    try:
        with np.load(file, allow_pickle=False) as archive:
            images, labels, classes = archive["images"], archive["labels"], archive["classes"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError("data.damaged", file=str(file)) from error
    if images.shape != (len(labels), 48, 48) or set(classes.tolist()) != set(FER2013_CLASSES):
        raise InputError("data.damaged", file=str(file))
    return file


def _archive(table: Path, file: Path) -> None:
    """Kaggle's table (emotion, pixels, Usage) as an archive, without duplicate faces."""
    images, labels = {}, []
    try:
        with table.open(newline="") as stream:
            for row in csv.DictReader(stream):
                face = np.array(row["pixels"].split(), np.uint8).reshape(48, 48)
                if face.tobytes() not in images:
                    images[face.tobytes()] = face
                    labels.append(int(row["emotion"]))
    except (KeyError, ValueError) as error:
        raise InputError("data.damaged", file=str(table)) from error
    part = file.with_suffix(".part.npz")
    np.savez(part, images=np.stack(list(images.values())), labels=np.uint8(labels), classes=np.array(FER2013_CLASSES))
    part.rename(file)
