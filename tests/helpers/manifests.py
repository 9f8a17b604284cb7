"""Manifests and IDX files as a test writes them."""

import gzip

import numpy as np


def write(folder, text, name="manifest.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def idx(array):
    head = bytes([0, 0, 8, array.ndim]) + b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    return head + array.tobytes()


def write_pictures(folder):
    """The same three pictures as an IDX file, plain and packed."""
    array = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
    (folder / "plain-idx3-ubyte").write_bytes(idx(array))
    (folder / "packed-idx3-ubyte.gz").write_bytes(gzip.compress(idx(array)))
    return array
