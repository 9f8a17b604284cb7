"""Where the files lie that come with mmdemo: within an installed package, or at the top of the source tree."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE if (PACKAGE / "assets").is_dir() else PACKAGE.parent
ASSETS = ROOT / "assets"  # pretrained weights, and examples for the page
CHECKPOINTS = ROOT / "checkpoints"  # a folder for each trained task
