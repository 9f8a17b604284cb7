"""What visitors upload: a folder of our own for it, and nothing in that folder grows old.

Gradio deletes what it remembers having written (``delete_cache``). It forgets what a server left behind that was
killed, and uploads that broke off; so here everything goes by its age, whoever wrote it.
"""

from __future__ import annotations

import logging
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

MINUTES = float(os.environ.get("MMDEMO_UPLOAD_MINUTES", 10))  # after which a file is gone, whatever happens
EVERY = min(60.0, 15 * MINUTES)  # seconds between two looks
PLACE = "GRADIO_TEMP_DIR"  # where Gradio looks for the folder


def folder() -> Path:
    """Where uploads lie: ``$GRADIO_TEMP_DIR``, or else a folder that only this user can read."""
    if not os.environ.get(PLACE):
        user = os.getuid() if hasattr(os, "getuid") else "uploads"
        ours = Path(tempfile.gettempdir()).resolve() / f"mmdemo-{user}"
        with suppress(FileExistsError):
            ours.mkdir(mode=0o700)
        if hasattr(os, "getuid") and (ours.is_symlink() or ours.stat().st_uid != os.getuid()):
            ours = Path(tempfile.mkdtemp(prefix="mmdemo-"))  # somebody else has taken the name
        os.environ[PLACE] = str(ours)
    place = Path(os.environ[PLACE])
    place.mkdir(parents=True, exist_ok=True)
    return place


def sweep(place: Path, older_than: float) -> int:
    """Delete the files that were written more than so many seconds ago, and folders that are empty then.

    Returns:
        how many files are gone.
    """
    gone, before = 0, time.time() - older_than
    for root, _, names in os.walk(place, topdown=False):
        for name in names:
            path = Path(root, name)
            with suppress(OSError):  # Gradio was quicker
                if path.lstat().st_mtime < before:
                    path.unlink()
                    gone += 1
        with suppress(OSError):  # not empty
            if Path(root) != place and Path(root).lstat().st_mtime < before:
                Path(root).rmdir()
    return gone


class Janitor(Thread):
    """Sweeps a folder from now on, until it is told to stop."""

    def __init__(self, place: Path, older_than: float = 60 * MINUTES, every: float = EVERY) -> None:
        super().__init__(name="janitor", daemon=True)
        self.place, self.older_than, self.every = place, older_than, every
        self._stop_it = Event()

    def run(self) -> None:
        """Sweep, wait, and again: the first time at once, for what an earlier server left."""
        while True:
            if gone := sweep(self.place, self.older_than):
                logging.getLogger(__name__).info("swept", extra={"fields": {"files": gone}})
            if self._stop_it.wait(self.every):
                return

    def stop(self) -> None:
        """Sweep no more."""
        self._stop_it.set()
