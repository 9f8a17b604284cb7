"""A Space made and renewed by the hub's own client, against a hub that only remembers what it was told."""

import base64
import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

ROOT = Path(__file__).parents[2]


class Hub:
    """As much of the hub as making a Space asks of it."""

    def __init__(self):
        hub, self.made, self.commits, self.status = self, [], [], 200

        class Answers(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                given = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.answer(hub.told(self.path, given, self.headers.get("Authorization")))

            def do_GET(self):
                old = [{"type": "file", "path": path, "size": 1, "oid": "0" * 40} for path in ("old.py", "app.py")]
                self.answer(old if "/tree/" in self.path else {"sha": "0" * 40, "siblings": [], "id": "a/b"})

            def answer(self, said):
                content = json.dumps(said).encode()
                self.send_response(hub.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def told(self, path, given, token):
        assert token == "Bearer hf_made_up"
        if path.endswith("/repos/create"):
            self.made.append(json.loads(given))
            return {"url": f"{self.url}/spaces/somebody/mmdemo"}
        if "/preupload/" in path:
            files = json.loads(given)["files"]
            return {"files": [{"path": file["path"], "uploadMode": "regular", "shouldIgnore": False} for file in files]}
        if "/commit/" in path:
            self.commits.append([json.loads(line) for line in given.splitlines()])
            return {"commitUrl": f"{self.url}/spaces/somebody/mmdemo/commit/0", "commitOid": "0" * 40, "success": True}
        return {"errors": [], "warnings": []}  # of the front matter


@pytest.fixture
def hub():
    hub = Hub()
    yield hub
    hub.server.shutdown()


def deploy(*arguments, url="http://127.0.0.1:9", token="hf_made_up", home):
    environment = os.environ | {
        "HF_ENDPOINT": url,
        "HF_HUB_OFFLINE": "0",
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }
    environment |= {"HF_TOKEN": token} if token else {"HF_TOKEN": ""}
    program = [sys.executable, str(ROOT / "tools" / "deploy.py"), *arguments]
    return subprocess.run(program, env=environment, capture_output=True, text=True, timeout=300)


def test_a_space_gets_what_it_needs_and_nothing_else(hub, tmp_path):
    done = deploy("somebody/mmdemo", "--hardware", "zero-a10g", url=hub.url, home=tmp_path)
    assert done.returncode == 0, done.stderr
    (made,) = hub.made
    commit = [line for commit in hub.commits for line in commit]  # the hub's client divides what is large
    assert made["sdk"] == "gradio"
    assert made["type"] == "space"
    assert made["hardware"] == "zero-a10g"
    assert {"key": "GRADIO_SSR_MODE", "value": "false"} in made["variables"]
    files = {line["value"]["path"]: line["value"]["content"] for line in commit if line["key"] == "file"}
    gone = {line["value"]["path"] for line in commit if line["key"] == "deletedFile"}
    assert gone == {"old.py"}
    terms = ("LICENSE", "docs/licences.md", "LICENSES/CC-BY-NC-SA-4.0.txt")  # weights never travel without them
    for name in ("app.py", "README.md", "requirements.txt", "checkpoints/digits/model.safetensors", *terms):
        assert base64.b64decode(files[name]) == (ROOT / name).read_bytes()
    assert {"mmdemo/web/page/page.js", "mmdemo/strings/zh.json", "assets/examples/digits/examples.json"} <= set(files)
    assert not [
        name for name in files if name.startswith(("tests", "tools", ".", "Makefile", "constraints", "CHANGELOG"))
    ]
    assert not [name for name in files if "__pycache__" in name]


def test_a_dry_run_lists_the_same(tmp_path):
    done = deploy("somebody/mmdemo", "--dry-run", token=None, home=tmp_path)
    assert done.returncode == 0, done.stderr
    *files, last = done.stdout.splitlines()
    assert "app.py" in files
    assert last.startswith(f"{len(files)} files")


def test_what_is_missing_is_said_in_one_line(hub, tmp_path):
    for arguments, status, said in (
        ({"token": None}, 200, "hf auth login"),
        ({}, 401, "does not know this token"),
        ({}, 402, "ZeroGPU"),
        ({}, 403, "may not write"),
    ):
        hub.status = status
        done = deploy("somebody/mmdemo", url=hub.url, home=tmp_path, **arguments)
        assert done.returncode == 2
        assert said in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "cannot be reached" in deploy("somebody/mmdemo", home=tmp_path).stderr
    assert "two parts" in deploy("mmdemo", home=tmp_path).stderr
