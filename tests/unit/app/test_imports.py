"""What the page needs to start: requirements.txt, and nothing that only training or an evaluation needs."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
MODULES = {"scikit-learn": "sklearn"}  # where a package's module has another name
SCRIPT = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {missing}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
import mmdemo.app
"""


def packages(file):
    names = re.findall(r"(?m)^([\w-]+)", (ROOT / file).read_text(encoding="utf-8"))
    return {MODULES.get(name, name.replace("-", "_")) for name in names}


def test_the_page_can_be_imported_without_what_only_training_needs():
    missing = packages("requirements-train.txt") - packages("requirements.txt") - {"sklearn", "pooch"}  # librosa's
    assert "torchmetrics" in missing
    script = SCRIPT.replace("{missing}", repr(missing))
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
