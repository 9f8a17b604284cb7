"""The JavaScript modules that only reckon, by Node's own test runner; those that draw are tested in tests/browser."""

import re
import subprocess
from pathlib import Path
from shutil import which

import pytest

TESTS = Path(__file__).parents[1] / "javascript"
OLDEST = (18, 19)  # whose loader can be told that a .js file is a module


def test_what_the_modules_reckon():
    node = which("node")
    if node is None:
        pytest.skip("needs Node 18.19 or later, which is not installed")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=60).stdout.strip()
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < OLDEST:
        pytest.skip(f"needs Node 18.19 or later, and this is {version}")
    files = sorted(map(str, TESTS.glob("*.test.mjs")))
    done = subprocess.run([node, "--test", *files], capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"pass (\d+)", done.stdout)[1]) >= len(files)  # none of them is empty
