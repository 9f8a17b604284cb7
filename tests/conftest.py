"""What all tests share: no network, no analytics, a folder of their own, and the real data where there is any."""

import os
import tempfile
from pathlib import Path

# Before anything imports gradio or huggingface_hub, which read these once.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GRADIO_TEMP_DIR", tempfile.mkdtemp(prefix="mmdemo-tests-"))

import pytest


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder with the real data sets, laid out as the README says; without it the test is skipped."""
    folder = os.environ.get("MMDEMO_DATA")
    if not folder:
        pytest.skip("needs the real data: set MMDEMO_DATA to its folder")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"MMDEMO_DATA is {folder}, which is not a folder")
    return path
