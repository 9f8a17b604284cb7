"""Files from their publishers' addresses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pooch

from mmdemo.messages import InputError


def download(urls: Sequence[str], file: Path, wanted: Path | None = None) -> None:
    """Fetch a file from the first address that answers, with a progress bar; no partial file is left behind."""
    for url in urls:
        try:
            pooch.retrieve(url, known_hash=None, fname=file.name, path=file.parent, progressbar=True)
            return
        except OSError as error:  # of the network (requests' errors are among them), or of the disk
            why = type(error).__name__
    wanted = wanted or file
    raise InputError("data.no_download", file=wanted.name, folder=str(wanted.parent), why=why, url=urls[0])
