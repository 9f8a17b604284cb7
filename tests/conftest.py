"""What all tests share: no network, no analytics, a folder of their own, and the real data where there is any."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from typing import Any

# Before anything imports gradio or huggingface_hub, which read these once.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# Each process side by side has its own, or one counts what the other has there.
os.environ["GRADIO_TEMP_DIR"] = tempfile.mkdtemp(prefix="mmdemo-tests-")

if "PYTEST_XDIST_WORKER" in os.environ:  # tests side by side: a thread each, or they wait for each other
    os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import numpy as np
import pytest


@pytest.fixture(scope="module")
def chromium() -> Iterator[Callable[..., Any]]:
    """Call it with flags: a Chromium of its own, whichever there is; without one the test is skipped.

    For one module at a time, since Playwright keeps an event loop running that other tests would trip over.
    """
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="needs playwright: pip install -r requirements-test.txt"
    )
    with sync_api.sync_playwright() as playwright:
        names = ("chromium", "chromium-browser", "google-chrome")
        places = (playwright.chromium.executable_path, *map(which, names))
        program = next((place for place in places if place and Path(place).exists()), None)
        if program is None:
            pytest.skip("needs Chromium: playwright install chromium")
        root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        started = []

        def launch(*flags: str) -> Any:
            started.append(playwright.chromium.launch(executable_path=program, args=[*root, *flags], timeout=120_000))
            return started[-1]

        yield launch
        for browser in started:
            browser.close()


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


@pytest.fixture(scope="session")
def trained() -> Path:
    """The shipped checkpoint of the digits."""
    folder = Path(__file__).parents[1] / "checkpoints" / "digits"
    if not (folder / "config.json").is_file():
        pytest.skip("needs the trained checkpoint: python -m mmdemo train")
    return folder


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Digits, emotion, lips (as shipped, or random weights where there are none) and fruit (random, three labels)."""
    import shutil

    import torch

    from mmdemo.config import ImageConfig, ModelConfig
    from mmdemo.model.multimodal_lstm import MultimodalLSTM

    folder = tmp_path_factory.mktemp("checkpoints")
    digits = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    feelings = ["anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"]
    face = ImageConfig(size=48, slices=12, subject="face")
    for config in (
        ModelConfig("digits", digits),
        ModelConfig("emotion", feelings, image=face, expose_test_cases=False),
        ModelConfig("fruit", ["apple", "pear", "plum"]),
        ModelConfig("lips", ["in sync", "out of sync"], without=["text", "image", "audio"], more={"video": {}}),
    ):
        shipped = Path(__file__).parents[1] / "checkpoints" / config.task
        if (shipped / "config.json").is_file():
            shutil.copytree(shipped, folder / config.task)
        else:
            torch.manual_seed(0)
            MultimodalLSTM(config).save_pretrained(folder / config.task)
    return folder


@pytest.fixture(scope="session")
def page_url(checkpoints: Path) -> Iterator[str]:
    """The page, served for real."""
    from mmdemo.app import build
    from mmdemo.server import launch

    demo = build(checkpoints, opening=False)  # so that what a test sees is what it had read
    _, url, _ = launch(demo, per_minute=0, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
    yield url.rstrip("/")
    demo.close()


@pytest.fixture
def tone() -> np.ndarray:
    """Half a second of 300 Hz with silence around it: (16000,)."""
    sound = np.zeros(16_000, np.float32)
    sound[4000:12000] = 0.5 * np.sin(2 * np.pi * 300 * np.arange(8000) / 16_000)
    return sound


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Callable[..., tuple[int, str, str]]:
    """Run a command of mmdemo in this process: its exit status, what it printed, and what it complained about."""
    from mmdemo import cli

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["mmdemo", *map(str, arguments)])
        status = 0
        try:
            cli.main()
        except SystemExit as end:
            status = end.code or 0
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run
