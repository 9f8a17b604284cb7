"""``app.py`` as on a ZeroGPU Space, with the Space's own library and no card: ordinary memory stands in for the card's.

Only what touches CUDA is replaced: how the forked process begins with the card, and how weights get onto it.
"""

import runpy
import sys
from pathlib import Path

import torch


def no():
    return False


if not torch.version.cuda:  # a PyTorch without CUDA lacks what the library replaces and asks
    torch.version.cuda, torch._C._cuda_init, torch.cuda._is_in_bad_fork = "13.0", None, no

import spaces.zero  # noqa: E402
from spaces.zero.torch import patching  # noqa: E402

ROOT = Path(__file__).parents[2]


def move(callback=None):
    for fake, original in patching.cuda_aliases.items():
        fake.data = original


spaces.zero.torch.init = lambda uuid: None
spaces.zero.torch.pack = lambda: 0  # to the disk, for the other process to read from there: it has the memory already
spaces.zero.torch.move = move

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    runpy.run_path(str(ROOT / "app.py"), run_name="__main__")
