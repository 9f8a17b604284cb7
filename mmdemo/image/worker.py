"""What of reading a picture runs in worker processes, made ready there.

Neither this module nor any that it imports may need PyTorch or SciPy, which take most of a process's memory.
"""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from mmdemo.image.decode import open_picture
from mmdemo.image.face import find_faces, near_face
from mmdemo.image.ink import find_ink


def prepare() -> None:
    """Look at a blank picture, for ink and for a face, so that the next one is not kept waiting by what that loads."""
    cv2.setNumThreads(1)  # the cores are for other visitors' pictures, and a process with threads cannot be forked
    Image.init()
    blank = open_picture(np.full((120, 160, 3), 200, np.uint8))[0]
    for find in (find_ink, near_face, find_faces):
        find(blank)
