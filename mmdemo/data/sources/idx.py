"""IDX files, the format of MNIST: a magic number, the size of each axis, then the numbers (http://yann.lecun.com)."""

from __future__ import annotations

import gzip
import math
import os
import stat
import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np

from mmdemo.messages import InputError

UNSIGNED_BYTE = 8  # the only type of number that MNIST and its descendants use


def read_idx(path: str | Path) -> np.ndarray:
    """The array in an IDX file of unsigned bytes, plain or gzipped; kept in memory, so it must not be written to.

    Raises:
        InputError: there is no such file, or it is not a whole IDX file of unsigned bytes.
    """
    try:
        state = os.stat(path)
    except (OSError, ValueError) as error:
        raise InputError("manifest.missing_file", file=str(path)) from error
    if not stat.S_ISREG(state.st_mode):  # a device may never end
        raise InputError("manifest.not_idx", file=str(path))
    return _read(str(path), state.st_mtime_ns, state.st_size)


def read_pictures(path: str | Path) -> np.ndarray:
    """The pictures in an IDX file, or those that a NumPy archive (``.npz``) calls ``images``: uint8 (N, height, width).

    Raises:
        InputError: there is no such file, or it has no such pictures.
    """
    pictures = _read_archive(str(path), os.path.getmtime(path)) if _is_archive(path) else read_idx(path)
    if pictures.ndim != 3:
        raise InputError("manifest.no_picture", file=str(path), n=0, count=0)
    return pictures


def _is_archive(path: str | Path) -> bool:
    return str(path).endswith(".npz") and os.path.isfile(path)


@lru_cache(maxsize=2)
def _read_archive(path: str, modified: float) -> np.ndarray:
    try:
        with np.load(path, allow_pickle=False) as archive:
            pictures = archive["images"]
        if pictures.dtype != np.uint8:
            raise ValueError("not bytes")
        return pictures
    except Exception as error:  # an empty file, a lying shape, a broken header: NumPy raises nearly anything
        raise InputError("manifest.not_idx", file=path) from error


@lru_cache(maxsize=4)
def _read(path: str, modified: int, size: int) -> np.ndarray:
    """Read a file once for every state that it is in."""
    try:
        data = Path(path).read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        zeros, kind, axes = int.from_bytes(data[:2], "big"), data[2], data[3]
        shape = tuple(int(n) for n in np.frombuffer(data, ">u4", axes, offset=4))
        if zeros or kind != UNSIGNED_BYTE or not axes or len(data) != 4 + 4 * axes + math.prod(shape):
            raise ValueError("not IDX")
        return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)
    except (OSError, EOFError, zlib.error, IndexError, ValueError) as error:
        raise InputError("manifest.not_idx", file=path) from error
