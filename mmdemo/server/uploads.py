"""Where visitors' files are kept, and how they are deleted: a private folder in which no file grows old.

They are what visitors gave and what was made for them. Each is counted for its visitor, whose oldest goes when they
become too many.

Gradio deletes the files that it remembers having written (``delete_cache``). It does not know about files left by a
server that was killed, nor about uploads that broke off. So files are deleted here by age, whatever wrote them.
"""

from __future__ import annotations

import errno
import logging
import math
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread

from mmdemo.server.gradio_compat import visitor_served
from mmdemo.server.quotas import FILES, LEAST_FILE, Holdings, Limit

MINUTES_VARIABLE = "MMDEMO_UPLOAD_MINUTES"


def _minutes(said: str) -> float:
    """What the environment says about how long a file is kept.

    Raises:
        ValueError: it is no time at all.
    """
    with suppress(ValueError):
        if 0 < (minutes := float(said)) < math.inf:
            return minutes
    raise ValueError(f"{MINUTES_VARIABLE} has to be a number above 0, and is {said}")


MINUTES = _minutes(os.environ.get(MINUTES_VARIABLE, "10"))  # for which a file is kept
CLEAN_EVERY = min(60.0, 15 * MINUTES)  # seconds
FOLDER_VARIABLE = "GRADIO_TEMP_DIR"  # where Gradio looks for the folder
NO_ROOM = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG", "EMFILE", "ENFILE") if hasattr(errno, name)}
LEAST_ROOM = 20_000_000  # bytes; a disk with less than two uploads' room is full
REMEMBERED = 60.0  # seconds for which a disk counts as full that once had no room, and nothing more is said about it

log = logging.getLogger("mmdemo.server")
_had_no_room = float("-inf")  # when a file could not be written


def folder() -> Path:
    """Where uploads lie: ``$GRADIO_TEMP_DIR``, or else a folder that only this user can read."""
    if not os.environ.get(FOLDER_VARIABLE):
        user = os.getuid() if hasattr(os, "getuid") else "uploads"
        private = Path(tempfile.gettempdir()).resolve() / f"mmdemo-{user}"
        with suppress(FileExistsError):
            private.mkdir(mode=0o700)
        if hasattr(os, "getuid") and (private.is_symlink() or private.stat().st_uid != os.getuid()):
            private = Path(tempfile.mkdtemp(prefix="mmdemo-"))  # somebody else has taken the name
        os.environ[FOLDER_VARIABLE] = str(private)
    uploads = Path(os.environ[FOLDER_VARIABLE])
    uploads.mkdir(parents=True, exist_ok=True)
    return uploads


def found_no_room(error: BaseException | None) -> bool:
    """Whether a file could not be written because the disk, or the share of it that this user has, is full.

    That is remembered, and the operator is told at once, but not once for each visitor.
    """
    global _had_no_room
    if not isinstance(error, OSError) or error.errno not in NO_ROOM:
        return False
    if time.monotonic() - _had_no_room > REMEMBERED:
        place = str(folder())
        fields = {
            "folder": place,
            "free_megabytes": shutil.disk_usage(place).free // 1_000_000,
            "errno": errno.errorcode[error.errno],
        }
        log.error("disk full", extra={"fields": fields})
    _had_no_room = time.monotonic()
    return True


def has_room() -> bool:
    """Whether there is room for another upload, as far as is known."""
    lately = time.monotonic() - _had_no_room < REMEMBERED
    try:
        return not lately and shutil.disk_usage(folder()).free >= LEAST_ROOM
    except OSError:
        return False


class Ledger:
    """Whose the files are. A file that several visitors gave is there until the last of them has lost it."""

    def __init__(self, limit: Limit = FILES) -> None:
        self._held: Holdings[tuple[str, Path]] = Holdings(limit)
        self._owners: dict[Path, set[str]] = {}
        self._lock = Lock()

    def charge(self, visitor: str, path: Path) -> None:
        """Count a file for a visitor, and delete what has to go for it."""
        with suppress(OSError):  # it is gone already
            size = max(LEAST_FILE, path.stat().st_size)
            with self._lock:
                self._owners.setdefault(path, set()).add(visitor)
                for key in self._held.add(visitor, (visitor, path), size):
                    self._lose(*key)

    def forget_missing(self) -> None:
        """Count the files no longer that are gone."""
        with self._lock:
            for path in [path for path in self._owners if not path.exists()]:
                for visitor in self._owners.pop(path):
                    self._held.remove((visitor, path))

    def _lose(self, visitor: str, path: Path) -> None:
        self._owners[path].discard(visitor)
        if not self._owners[path]:
            del self._owners[path]
            with suppress(OSError):
                path.unlink()
                if path.parent != folder():
                    path.parent.rmdir()


ledger = Ledger()


def charge(path: Path) -> None:
    """Count a file for the visitor whose request is being answered."""
    ledger.charge(visitor_served(), path)


def delete_old_files(folder: Path, older_than: float) -> int:
    """Delete the files that were written more than so many seconds ago, and folders that are empty then.

    Returns:
        how many files were deleted.
    """
    deleted, before = 0, time.time() - older_than
    for root, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(root, name)
            with suppress(OSError):  # Gradio was quicker
                if path.lstat().st_mtime < before:
                    path.unlink()
                    deleted += 1
        with suppress(OSError):  # not empty
            if Path(root) != folder and Path(root).lstat().st_mtime < before:
                Path(root).rmdir()
    return deleted


class UploadCleaner(Thread):
    """Deletes the old files of a folder again and again, until it is stopped.

    Args:
        folder: where the files lie.
        older_than: seconds that a file is kept.
        every: seconds between two rounds.
    """

    def __init__(self, folder: Path, older_than: float = 60 * MINUTES, every: float = CLEAN_EVERY) -> None:
        super().__init__(name="upload-cleaner", daemon=True)
        self.folder, self.older_than, self.every = folder, older_than, every
        self._stopped = Event()

    def run(self) -> None:
        """Delete, wait, and start over: the first round at once, for what an earlier server left."""
        while True:
            if deleted := delete_old_files(self.folder, self.older_than):
                logging.getLogger(__name__).info("swept", extra={"fields": {"files": deleted}})
            ledger.forget_missing()
            if self._stopped.wait(self.every):
                return

    def stop(self) -> None:
        """End after the current round."""
        self._stopped.set()
