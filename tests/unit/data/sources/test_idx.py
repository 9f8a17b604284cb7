"""IDX files: read once, read again when they change, and refused when they are damaged."""

import gzip

import pytest
from manifests import idx, write_pictures

from mmdemo.data.sources.idx import read_idx
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
