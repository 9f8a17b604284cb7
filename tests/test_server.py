"""The server as its command starts it, in a process of its own, until it is told to stop."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest
from gradio_client import Client, handle_file

from mmdemo.predictor import Predictor
from mmdemo.ui.tasks import EXAMPLES

ROOT = Path(__file__).parents[1]
PICTURE = EXAMPLES / "digits" / "seven.jpg"


@pytest.fixture
def server(tmp_path, checkpoints) -> Iterator[tuple[str, psutil.Popen]]:
    """Its address and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    places = {"MMDEMO_CHECKPOINTS": str(checkpoints), "GRADIO_TEMP_DIR": str(tmp_path / "uploads")}
    command = [sys.executable, "-m", "mmdemo", "serve", "--port", str(port)]
    with (tmp_path / "log.txt").open("wb") as log:
        process = psutil.Popen(command, cwd=ROOT, env=os.environ | places, stdout=log, stderr=subprocess.STDOUT)
    until = time.monotonic() + 180
    while time.monotonic() < until and process.poll() is None:
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/health", timeout=30).status_code == 200:
                break
        time.sleep(0.2)
    else:
        pytest.fail((tmp_path / "log.txt").read_text())
    yield url, process
    if process.is_running():
        process.kill()
    process.wait()


def test_it_answers_as_a_predictor_does_and_leaves_no_process_behind(server, checkpoints):
    url, process = server
    started = process.children(recursive=True)
    if (os.cpu_count() or 1) > 1:
        assert len(started) >= 2  # pictures are searched in them
    said = Client(url, verbose=False).predict(None, handle_file(PICTURE), None, api_name="/predict")
    result = Predictor.load(checkpoints / "digits", "cpu").predict(image=PICTURE)
    assert said["label"] == result.label
    assert said["probabilities"][result.label] == pytest.approx(float(result.probabilities.max()), abs=1e-5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    _, left = psutil.wait_procs(started, timeout=20)
    assert not [one for one in left if one.status() != psutil.STATUS_ZOMBIE]
