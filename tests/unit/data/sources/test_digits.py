"""Data sets from a folder or from their publishers (here a server of our own): checked either way."""

import functools
import gzip
import hashlib
import io
import shutil
import tarfile
import threading
import wave
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mmdemo.data.sources import digits
from mmdemo.data.sources.digits import fetch_fashion, fetch_fsdd, fetch_mnist, recordings_checksum
from mmdemo.messages import InputError

CONTENTS = {name: name.encode() * 100 for name in digits.MNIST_FILES}


def sound(samples):
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(samples))
    return buffer.getvalue()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def publisher(tmp_path, monkeypatch):
    """A server with small stand-ins for both data sets, and their checksums in place of the real ones."""
    served = tmp_path / "served"
    served.mkdir()
    for name, content in CONTENTS.items():
        (served / name).write_bytes(gzip.compress(content))
    with tarfile.open(served / "fsdd.tar.gz", "w:gz") as archive:
        for name in ("README.md", "recordings/0_ann_0.wav", "recordings/1_bob_0.wav", "../recordings/../evil.wav"):
            data = sound(name.encode() * 2)
            member = tarfile.TarInfo(f"free-spoken-digit-dataset-1.0.10/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(served)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(digits, "MNIST_URLS", (f"{url}/gone", url))  # the first mirror has lost it
    monkeypatch.setattr(digits, "FSDD_URL", f"{url}/fsdd.tar.gz")
    monkeypatch.setattr(digits, "MNIST_FILES", {n: hashlib.md5(c).hexdigest() for n, c in CONTENTS.items()})
    monkeypatch.setattr(digits, "FASHION_URLS", (url,))  # the same names as MNIST's, on a server of its own
    monkeypatch.setattr(digits, "FASHION_FILES", {n: digits.MNIST_FILES[n] for n in digits.FASHION_FILES})
    yield served
    server.shutdown()
    server.server_close()


def test_missing_files_are_fetched_once_and_then_used_without_the_publisher(publisher, tmp_path):
    folder = fetch_mnist(tmp_path / "data")
    assert {file.name for file in folder.iterdir()} == set(CONTENTS)
    shutil.rmtree(publisher)
    assert fetch_mnist(tmp_path / "data") == folder


def test_a_corrupted_file_is_refused(publisher, tmp_path):
    file = fetch_mnist(tmp_path) / "t10k-labels-idx1-ubyte.gz"
    whole = file.read_bytes()
    for damaged in (gzip.compress(b"something else"), whole[:-10], b""):
        file.write_bytes(damaged)
        with pytest.raises(InputError, match=r"t10k-labels.*not what its publisher"):
            fetch_mnist(tmp_path)
    file.write_bytes(gzip.compress(gzip.decompress(whole), compresslevel=1))  # the same, packed in another way
    fetch_mnist(tmp_path)


def test_fashion_mnists_pictures_alone_are_fetched_into_the_folder_itself(publisher, tmp_path):
    folder = fetch_fashion(tmp_path / "clothes")
    assert folder == tmp_path / "clothes"
    assert sorted(file.name for file in folder.iterdir()) == sorted(digits.FASHION_FILES)
    (folder / "t10k-images-idx3-ubyte.gz").write_bytes(b"half")
    with pytest.raises(InputError, match="t10k-images"):
        fetch_fashion(folder)


def test_what_cannot_be_fetched_is_said_with_the_way_out(publisher, tmp_path, monkeypatch):
    monkeypatch.setattr(digits, "MNIST_URLS", digits.MNIST_URLS[:1])
    with pytest.raises(InputError) as caught:
        fetch_mnist(tmp_path / "data")
    assert caught.value.note.key == "data.no_download"
    assert "MMDEMO_DATA" in str(caught.value) and "/gone/train-images" in str(caught.value)
    assert not list((tmp_path / "data").rglob("*.gz"))


def test_recordings_are_unpacked_and_checked(publisher, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="not what its publisher"):
        fetch_fsdd(tmp_path / "data")  # these are not the real ones
    recordings = tmp_path / "data" / digits.FSDD / "recordings"
    assert sorted(file.name for file in recordings.iterdir()) == ["0_ann_0.wav", "1_bob_0.wav"]
    assert not list(tmp_path.rglob("evil.wav"))
    monkeypatch.setattr(digits, "FSDD_SHA256", recordings_checksum(recordings))
    assert fetch_fsdd(tmp_path / "data") == recordings


@pytest.mark.parametrize("change", ["another name", "another sample", "one more", "one less", "no sound"])
def test_any_change_of_the_recordings_is_seen(tmp_path, change):
    for name in ("0_ann_0.wav", "1_bob_0.wav"):
        (tmp_path / name).write_bytes(sound(name.encode() + b"!"))
    before, first = recordings_checksum(tmp_path), tmp_path / "0_ann_0.wav"
    if change == "another name":
        first.rename(tmp_path / "2_ann_0.wav")
    elif change == "another sample":
        first.write_bytes(first.read_bytes()[:-1] + b"?")
    elif change == "one more":
        (tmp_path / "3_ann_0.wav").write_bytes(sound(b""))
    elif change == "one less":
        first.unlink()
    else:
        first.write_bytes(b"")
    assert recordings_checksum(tmp_path) != before


def test_a_broken_archive_is_refused(publisher, tmp_path):
    archive = publisher / "fsdd.tar.gz"
    archive.write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(InputError, match="not what its publisher"):
        fetch_fsdd(tmp_path / "data")
    assert not (tmp_path / "data" / digits.FSDD / "recordings").exists()


@pytest.mark.data
def test_the_real_data_sets_are_what_was_published(data_dir):
    assert len(list(fetch_mnist(data_dir).glob("*.gz"))) == 4
    assert len(list(fetch_fsdd(data_dir).glob("*.wav"))) == 3000
