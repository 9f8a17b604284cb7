"""Where to find the files that come with mmdemo: inside an installed package, or at the top of the source tree.

Only for reading: what mmdemo writes goes to the current folder or where an option says.
"""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE if (PACKAGE / "assets").is_dir() else PACKAGE.parent
ASSETS = ROOT / "assets"  # pretrained weights, and examples for the page
CHECKPOINTS = ROOT / "checkpoints"  # one folder for each trained task
