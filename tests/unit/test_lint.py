"""Every linter that `make lint` runs finds nothing."""

import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

ROOT = Path(__file__).parents[2]
LINTERS = {
    "ruff check": ["ruff", "check"],
    "ruff format": ["ruff", "format", "--check"],
    "oxlint": ["oxlint", "--deny-warnings"],  # it also fails if it finds no JavaScript at all
}


@pytest.mark.parametrize("name", LINTERS)
def test_linter_finds_nothing(name):
    tool, *arguments = LINTERS[name]
    beside = Path(sys.executable).parent / tool  # this environment's own, before any other
    program = str(beside) if beside.exists() else which(tool)
    assert program, f"{tool} is not installed: pip install -r requirements-test.txt"
    done = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
