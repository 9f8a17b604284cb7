"""Splits for FER2013's faces, such that no photo is in two of them, not even cropped or lit a little differently.

The collection was scraped from the web and has many photos several times, from different sites. Those that look alike
form a group, and a group goes to one split as a whole.
"""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

SKETCH = 16  # pixels: height and width of what is compared
ALIKE = 0.95  # correlation from which two faces count as one photo; at 0.96 nearly all of them are
SHARES = {"test": 0.12, "validation": 0.08}  # of the groups; the others are trained on
BLOCK = 1000  # faces that are compared with all others at once


def groups(faces: NDArray[np.uint8]) -> NDArray[np.int64]:
    """A number for every face, (N,), the same for those that are one photo.

    Args:
        faces: (N, size, size).
    """
    small = np.stack([cv2.resize(face, (SKETCH, SKETCH), interpolation=cv2.INTER_AREA).ravel() for face in faces])
    sketches = small - small.mean(1, keepdims=True, dtype=np.float32)
    sketches /= np.linalg.norm(sketches, axis=1, keepdims=True) + 1e-6
    found = [(k, *np.nonzero(sketches[k : k + BLOCK] @ sketches.T > ALIKE)) for k in range(0, len(faces), BLOCK)]
    one, other = (
        np.concatenate(ends) for ends in zip(*((k + rows, columns) for k, rows, columns in found), strict=True)
    )
    return connected_components(coo_array((np.ones(len(one)), (one, other)), shape=(len(faces),) * 2))[1]


def face_splits(faces: NDArray[np.uint8], seed: int = 0) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """The split and the group of every face. They depend on the pixels and the seed, not on the order of the faces.

    Args:
        faces: (N, size, size).
        seed: another one makes other splits.
    """
    group = groups(faces)
    digests = [hashlib.sha256(str(seed).encode() + face.tobytes()).digest()[:6] for face in faces]
    drawn = np.array([int.from_bytes(digest, "big") for digest in digests]) / 2**48  # 0 to 1
    lowest = np.full(group.max(initial=-1) + 1, 1.0)
    np.minimum.at(lowest, group, drawn)
    sizes = np.bincount(group)
    lot = (1 - (1 - lowest) ** sizes)[group]  # the lowest of n even draws, made even again
    bounds = np.cumsum(list(SHARES.values()))
    return np.array([*SHARES, "train"])[np.searchsorted(bounds, lot, side="right")], group
