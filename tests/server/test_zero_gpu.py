"""A ZeroGPU Space, with its own library and a lender of GPUs made here: what asks for a GPU, and what comes of it."""

import json
import os
import socket
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import httpx
import pytest

from mmdemo.app.tasks import EXAMPLES
from mmdemo.inference.predictor import Predictor
from mmdemo.server import zero_gpu

DIGITS = EXAMPLES / "digits"


class Lender:
    """What lends GPUs on such a Space: it says yes, or that there is none, and remembers what it was asked."""

    def __init__(self):
        lender, self.asked, self.free = self, [], True

        class Answers(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                what = urlsplit(self.path).path.strip("/")
                lender.asked.append(what)
                gpu = {"idle": True, "nvidiaIndex": 0, "nvidiaUUID": "none", "allowToken": "a"}
                said = json.dumps(gpu if what == "schedule" else {}).encode()
                self.send_response(503 if what == "schedule" and not lender.free else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def space(checkpoints, tmp_path_factory):
    """The Space's address, and its lender of GPUs."""
    pytest.importorskip("spaces", reason="needs spaces: pip install -r requirements-test.txt")
    if not sys.platform.startswith("linux"):
        pytest.skip("a Space is a Linux machine")
    place, lender = tmp_path_factory.mktemp("space"), Lender()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (place / "cgroup").write_text("0::/\n")
    environment = os.environ | {
        "SPACE_ID": "somebody/mmdemo",
        "SPACES_ZERO_GPU": "true",
        "SPACES_ZERO_DEVICE_API_URL": lender.url,
        "ZEROGPU_PROC_SELF_CGROUP_PATH": str(place / "cgroup"),
        "HOME": str(place),
        "MMDEMO_CHECKPOINTS": str(checkpoints),
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_TEMP_DIR": str(place / "uploads"),
        "OMP_NUM_THREADS": "1",  # a fork of a process that has used OpenMP's threads on the processor would hang there
    }
    log = place / "log.txt"
    with log.open("wb") as output:
        program = [sys.executable, str(Path(__file__).parents[1] / "helpers" / "zerogpu.py")]
        process = subprocess.Popen(program, env=environment, stdout=output, stderr=output)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as http:
        for _ in range(1200):
            try:
                if http.get("/health").status_code == 200:
                    break
            except httpx.TransportError:
                pass
            assert process.poll() is None, log.read_text()
            time.sleep(0.2)
        yield http, lender, log
    process.terminate()
    assert process.wait(60) == 0, log.read_text()


def predict(http, text=None, image=None, audio=None):
    def given(path):
        if path is None:
            return None
        uploaded = http.post("/gradio_api/upload", files={"files": (path.name, path.read_bytes())}).json()[0]
        return {"path": uploaded, "meta": {"_type": "gradio.FileData"}}

    asked = http.post("/gradio_api/call/predict", json={"data": [text, given(image), given(audio)]})
    assert asked.status_code == 200, asked.text
    told = http.get(f"/gradio_api/call/predict/{asked.json()['event_id']}").text.strip().split("\n\n")[-1]
    assert told.startswith("event: complete"), told
    return json.loads(told.partition("data: ")[2])[0]


def asked(lender):
    """What it was asked since the last time."""
    before, lender.asked[:] = list(lender.asked), []
    return before


def test_a_gpu_is_asked_for_when_it_is_needed_and_only_then(space, checkpoints):
    http, lender, log = space
    here = Predictor.load(checkpoints / "digits", "cpu")
    assert "startup-report" in asked(lender)
    assert "schedule" not in lender.asked  # for warming up
    inputs = {"text": "eight", "image": DIGITS / "eight.jpg", "audio": DIGITS / "nine.flac"}
    assert predict(http, text="eight")["label"] == "eight"
    assert asked(lender) == []

    for given in (inputs, {"image": DIGITS / "four.jpg"}, {"audio": DIGITS / "seven.flac"}):
        said, alone = predict(http, **given), here.predict(**given)
        assert said["probabilities"] == pytest.approx(alone.to_json()["probabilities"], abs=1e-5)
        assert {"schedule", "release"} <= set(asked(lender))
    assert "no card" not in log.read_text()


def test_without_a_gpu_it_is_read_all_the_same(space, checkpoints):
    http, lender, log = space
    lender.free = False
    said = predict(http, image=DIGITS / "four.jpg")
    lender.free = True
    assert "schedule" in asked(lender)
    assert "release" not in lender.asked
    alone = Predictor.load(checkpoints / "digits", "cpu").predict(image=DIGITS / "four.jpg")
    assert said["probabilities"] == pytest.approx(alone.to_json()["probabilities"], abs=1e-5)
    assert "no card" in log.read_text()


def test_off_such_a_space_nothing_changes(checkpoints):
    assert not zero_gpu.ON_ZERO_GPU
    assert zero_gpu.forward.__name__ == "forward"
    assert zero_gpu.forward.__module__ == "mmdemo.server.zero_gpu"
    assert type(zero_gpu.load(checkpoints / "digits")) is Predictor
