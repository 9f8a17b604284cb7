"""IDX files: read once, read again when they change, and refused when they are damaged."""

import gzip
import io
import zipfile

import numpy as np
import pytest
from manifests import idx, write_pictures

from mmdemo.data.sources.idx import read_idx, read_pictures
from mmdemo.messages import InputError


@pytest.fixture
def pictures(tmp_path):
    return write_pictures(tmp_path)


def test_an_idx_file_is_read_once_and_again_when_it_changes(tmp_path, pictures):
    path = tmp_path / "plain-idx3-ubyte"
    assert read_idx(path) is read_idx(path)
    path.write_bytes(idx(pictures[:1]))
    assert len(read_idx(path)) == 1


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b + b"x", lambda b: b[:3], lambda b: b"\x01" + b[1:]])
@pytest.mark.parametrize("packed", [False, True])
def test_a_damaged_idx_file_is_refused(tmp_path, pictures, damage, packed):
    data = damage(idx(pictures))
    path = tmp_path / "damaged"
    path.write_bytes(gzip.compress(data) if packed else data)
    with pytest.raises(InputError, match="not a whole IDX file"):
        read_idx(path)


def test_a_cut_gzip_is_refused(tmp_path, pictures):
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(idx(pictures))[:-9])
    with pytest.raises(InputError, match="not a whole IDX file"):
        read_idx(path)


def archive(header=b"", **arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    if header:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as whole:
            whole.writestr("images.npy", header)
    return file.getvalue()


def npy(said):
    return b"\x93NUMPY\x01\x00" + len(said).to_bytes(2, "little") + said


GOOD = archive(images=np.zeros((3, 4, 4), np.uint8))
BAD = {
    "empty": b"",
    "text": b"seven",
    "cut short": GOOD[:-40],
    "a lying shape": archive(npy(b"{'descr': '|u1', 'fortran_order': False, 'shape': (10000000, 10000, 10000)}\n")),
    "a broken header": archive(npy(b"{'descr': (((, }\n")),
    "no header": archive(b"\x93NUM"),
    "no pictures": archive(other=np.zeros(3)),
    "objects": archive(images=np.array([None, 1], object)),
    "numbers": archive(images=np.zeros((3, 4, 4))),
    "one axis": archive(images=np.zeros(3, np.uint8)),
}


@pytest.mark.parametrize("name", BAD)
def test_it_is_refused_by_name(name, tmp_path):
    file = tmp_path / "faces.npz"
    file.write_bytes(BAD[name])
    with pytest.raises(InputError, match=r"faces\.npz"):
        read_pictures(file)


def test_a_good_one_is_read(tmp_path):
    (tmp_path / "faces.npz").write_bytes(GOOD)
    assert read_pictures(tmp_path / "faces.npz").shape == (3, 4, 4)
