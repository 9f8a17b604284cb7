"""What a Space installs beside our list resolves with it, on every Python and with every PyTorch that it may bring.

Nothing is installed, and of what could be only the descriptions are fetched.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import metadata_load

ROOT = Path(__file__).parents[2]
MATTER = metadata_load(ROOT / "README.md")
SPACE = [
    f"gradio[oauth,mcp]=={MATTER['sdk_version']}",
    "spaces",
]  # installed by the Space itself, whatever the list says
ZERO = [(python, torch) for python in ("3.10", "3.12") for torch in ("2.8.0", "2.11.0")]  # the ends of its list
UNREACHED = ("dns error", "Failed to fetch", "Could not connect", "error sending request", "network", "timed out")


def resolve(python, *more):
    """The versions that would be installed, by name; without an index in reach, the test is skipped."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        pytest.skip("needs uv: pip install -r requirements-test.txt")
    options = ["--python-version", python, "--python-platform", "linux", "--only-binary", ":all:", "--no-header"]
    command = [uv, "pip", "compile", *options, "--no-annotate", "--quiet", str(ROOT / "requirements.txt"), "-"]
    try:
        done = subprocess.run(
            command, input="\n".join([*SPACE, *more]), capture_output=True, text=True, timeout=240, cwd=ROOT
        )
    except subprocess.TimeoutExpired:
        pytest.skip("the package index did not answer in time")
    if done.returncode and any(sign in done.stderr for sign in UNREACHED):
        pytest.skip(f"needs a package index: {done.stderr.splitlines()[0]}")
    assert done.returncode == 0, done.stderr
    return dict(line.split("==") for line in done.stdout.splitlines() if "==" in line)


@pytest.mark.parametrize("python", ["3.10", "3.12", "3.13"])
def test_a_space_on_a_processor_or_a_card_of_its_own(python):
    found = resolve(python)
    assert found["gradio"] == MATTER["sdk_version"]
    assert {"torch", "librosa", "spaces", "mcp", "opencv-python-headless"} <= set(found)


@pytest.mark.parametrize(("python", "torch"), ZERO)
def test_a_space_on_zerogpu(python, torch):
    assert resolve(python, f"torch=={torch}")["torch"] == torch


def test_what_does_not_resolve_is_noticed():
    with pytest.raises(AssertionError, match="gradio"):
        resolve("3.12", "gradio==5.0.0")
