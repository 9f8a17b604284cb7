"""Where visitors' uploads are kept, and how they are deleted: a private folder in which no file grows old.

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
from threading import Event, Thread

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
NO_ROOM = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name)}
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
        fields = {"folder": place, "free_megabytes": shutil.disk_usage(place).free // 1_000_000, "errno": error.errno}
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
            if self._stopped.wait(self.every):
                return

    def stop(self) -> None:
        """End after the current round."""
        self._stopped.set()
