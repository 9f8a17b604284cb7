"""The page, ready to serve: ``python app.py``, or as a Hugging Face Space."""

import os
from contextlib import suppress

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy looks: the cores are for visitors side by side

with suppress(ImportError):
    import spaces  # noqa: F401  (there on a Space only, where it has to come before PyTorch)

from mmdemo.app import build
from mmdemo.server import serve

demo = build(warm=True)

if __name__ == "__main__":
    serve(demo)
