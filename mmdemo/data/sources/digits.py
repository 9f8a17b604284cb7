"""MNIST, Fashion-MNIST and spoken digits (FSDD) from their publishers, or from a folder that holds them.

They are laid out as their publishers do it::

    mnist/train-images-idx3-ubyte.gz ...                       the four files
    fashion-mnist/train-images-idx3-ubyte.gz ...               the two files of pictures
    free-spoken-digit-dataset/recordings/0_george_0.wav ...    3,000 recordings

Files that are there are checked and used; missing ones are downloaded, checked and kept.
"""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import wave
import zlib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mmdemo.data.sources.download import download
from mmdemo.messages import InputError

if TYPE_CHECKING:
    pass


MNIST = "mnist"
MNIST_URLS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
)
MNIST_FILES = {  # MD5 of the uncompressed file, for the same file may be packed in many ways
    "train-images-idx3-ubyte.gz": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte.gz": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte.gz": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte.gz": "27ae3e4e09519cfbb04c329615203637",
}

FASHION = "fashion-mnist"
FASHION_URLS = ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",)
FASHION_FILES = {  # what is on them does not matter: none of it is a digit
    "train-images-idx3-ubyte.gz": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    "t10k-images-idx3-ubyte.gz": "8181f5470baa50b63fa0f6fddb340f0a",
}

FSDD = "free-spoken-digit-dataset"
FSDD_URL = "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/v1.0.10.tar.gz"
FSDD_SHA256 = "c8561bca57f668363317b9a5c554392cae37561fa99077368d9a9f32b9618584"  # of recordings_checksum


def fetch_mnist(folder: Path) -> Path:
    """The folder with MNIST's four files, all of them there and checked.

    Raises:
        InputError: a file is missing and cannot be fetched, or is not what was published.
    """
    return _fetch_idx(folder / MNIST, MNIST_FILES, MNIST_URLS)


def fetch_fashion(folder: Path) -> Path:
    """``folder`` with Fashion-MNIST's two files of pictures, both of them there and checked.

    Raises:
        InputError: a file is missing and cannot be fetched, or is not what was published.
    """
    return _fetch_idx(folder, FASHION_FILES, FASHION_URLS)


def fetch_fsdd(folder: Path) -> Path:
    """The folder with the 3,000 recordings of the Free Spoken Digit Dataset, checked.

    Raises:
        InputError: they are missing and cannot be fetched, or are not what was published.
    """
    recordings = folder / FSDD / "recordings"
    if not recordings.is_dir():
        with TemporaryDirectory() as temporary:
            archive = Path(temporary) / "fsdd.tar.gz"
            download([FSDD_URL], archive, wanted=recordings)
            try:
                _unpack(archive, recordings)
            except (tarfile.TarError, EOFError, zlib.error) as error:
                raise InputError("data.damaged", file=FSDD_URL) from error
    if recordings_checksum(recordings) != FSDD_SHA256:
        raise InputError("data.damaged", file=str(recordings))
    return recordings


def recordings_checksum(folder: Path) -> str:
    """SHA-256 over the names and samples of all recordings; what else a wav file's header says does not matter."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.wav")):
        digest.update(file.name.encode())
        try:
            with wave.open(str(file)) as recording:
                digest.update(recording.readframes(recording.getnframes()))
        except (wave.Error, EOFError):
            digest.update(b"unreadable")
    return digest.hexdigest()


def _fetch_idx(folder: Path, files: dict[str, str], urls: Sequence[str]) -> Path:
    """The folder with all of the files, each of which has the MD5 that is given once it is unpacked."""
    for name, checksum in files.items():
        file = folder / name
        if not file.is_file():
            download([f"{url}/{name}" for url in urls], file)
        try:
            found = hashlib.md5(gzip.decompress(file.read_bytes()), usedforsecurity=False).hexdigest()
        except (OSError, EOFError, zlib.error):
            found = None
        if found != checksum:
            raise InputError("data.damaged", file=str(file))
    return folder


def _unpack(archive: Path, recordings: Path) -> None:
    """Take the recordings, and nothing else, out of the publisher's archive: all of them or none."""
    part = recordings.with_suffix(".part")
    part.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as members:
        for member in members:
            path = Path(member.name)
            if member.isfile() and path.parent.name == "recordings" and path.suffix == ".wav":
                (part / path.name).write_bytes(members.extractfile(member).read())
    part.rename(recordings)


MNIST_VALIDATION = 5_000  # the last ones of MNIST's training set
