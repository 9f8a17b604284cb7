"""The file of a checkpoint's weights, checked before it is used: its hash, its shapes, and that all numbers are finite.

Beside ``model.safetensors`` lies ``model.safetensors.sha256``, as the command ``sha256sum`` writes and checks it. A
checkpoint without one, such as those made before mmdemo 1.0, is used unless something else is wrong with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from safetensors import SafetensorError, safe_open

from mmdemo.config import CheckpointError

WEIGHTS = "model.safetensors"
HASH = f"{WEIGHTS}.sha256"
SHA256_DIGITS = 64
SHOWN = 3  # tensors that a sentence names at most
AGAIN = "copy the checkpoint again from where it came from, or train it anew"

Shape = tuple[int, ...]


def weights_hash(folder: Path) -> str | None:
    """The SHA-256 of a checkpoint's weights, read again only when they have changed; None where there are none."""
    weights = folder / WEIGHTS
    return _hash_since(weights, weights.stat().st_mtime_ns) if weights.is_file() else None


@lru_cache
def _hash_since(file: Path, changed: int) -> str:
    return _sha256(file)


def write_hash(folder: Path) -> None:
    """Note the hash of a checkpoint's weights beside them."""
    (folder / HASH).write_text(f"{_sha256(folder / WEIGHTS)}  {WEIGHTS}\n", encoding="ascii")


def remove_hash(folder: Path) -> None:
    """Forget a hash, before other weights take the place of those that it was of."""
    (folder / HASH).unlink(missing_ok=True)


def check_weights(file: Path, shapes: Mapping[str, Shape]) -> None:
    """Make sure that a file of weights is whole and finite, and that some of its tensors have the shapes they should.

    Args:
        file: the weights.
        shapes: of some of the tensors, by name.

    Raises:
        CheckpointError: the file is missing or damaged, another than its hash is of, or does not fit.
    """
    if not file.is_file():
        raise CheckpointError(f"{file} is missing: {AGAIN}")
    expected = _noted_hash(file.with_name(HASH))
    if expected and _sha256(file) != expected:
        raise CheckpointError(
            f"{file} is not the file that {HASH} was made of, so at least a byte of it has changed: {AGAIN}; "
            f"if you have changed it on purpose, delete {HASH}"
        )
    try:
        with safe_open(file, "pt") as stored:
            names = list(stored.keys())
            found = {name: tuple(stored.get_slice(name).get_shape()) for name in names if name in shapes}
            check_shapes(file, found, shapes)
            for name in names:
                if not bool(stored.get_tensor(name).isfinite().all()):
                    raise CheckpointError(f"{file} has numbers that are not finite in its tensor {name}: {AGAIN}")
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{file} is damaged ({error}): {AGAIN}") from error


def check_shapes(file: Path, found: Mapping[str, Shape], shapes: Mapping[str, Shape]) -> None:
    """Compare the shapes of a file's tensors with those that they should have.

    Raises:
        CheckpointError: some are missing, too many, or of other shapes.
    """
    faults = [f"lacks {name}" for name in shapes if name not in found]
    faults += [f"has {name}, which the model has not" for name in found if name not in shapes]
    faults += [
        f"has {name} as {list(found[name])} instead of {list(shape)}"
        for name, shape in shapes.items()
        if name in found and found[name] != shape
    ]
    if faults:
        more = f" and {len(faults) - SHOWN} more" * (len(faults) > SHOWN)
        said = ", ".join(faults[:SHOWN])
        raise CheckpointError(f"{file} does not fit the config.json beside it, since it {said}{more}: {AGAIN}")


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _noted_hash(file: Path) -> str | None:
    """The hash that a file notes; None where there is no such file.

    Raises:
        CheckpointError: the file notes no hash.
    """
    if not file.is_file():
        return None
    with suppress(UnicodeDecodeError, IndexError):
        noted = file.read_text(encoding="ascii").split()[0].lower()
        if len(noted) == SHA256_DIGITS and not noted.strip("0123456789abcdef"):
            return noted
    raise CheckpointError(f"{file} holds no SHA-256 of {WEIGHTS}: {AGAIN}; or delete that file to go without")
