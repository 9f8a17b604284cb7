"""The GRID audiovisual sentence corpus (Cooke, Barker, Cunningham, Shao 2006), to be named wherever a clip is shown.

Its licence is CC BY 4.0. A folder ``grid`` holds a folder for each speaker (``s1`` to ``s34``) with sentences of three
seconds as MP4, the corpus's MPEG-1 converted: ``grid/s1/bbaf2n.mp4``.
"""

from __future__ import annotations

import re
from pathlib import Path

from mmdemo.messages import InputError

GRID = "grid"
GRID_URL = "https://zenodo.org/records/3625687"


def grid_clips(data: Path) -> dict[str, list[Path]]:
    """Each speaker's sentences, in alphabetical order.

    Args:
        data: folder of the data sets.

    Raises:
        InputError: no speaker has two sentences or more.
    """
    folder = data / GRID
    speakers = {
        one.name: sorted(one.glob("*.mp4")) for one in sorted(folder.glob("s*")) if re.fullmatch(r"s\d+", one.name)
    }
    speakers = {name: clips for name, clips in speakers.items() if len(clips) > 1}
    if not speakers:
        raise InputError("data.no_grid", folder=str(folder), url=GRID_URL)
    return speakers
