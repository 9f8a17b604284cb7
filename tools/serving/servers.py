"""A server in a process of its own, to be held against strangers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[2]


class Server:
    """A server in a process of its own, with a folder for uploads and a log of its own."""

    def __init__(
        self, folder: Path, *flags: str, minutes: float | None = None, checkpoints: Path | None = None, port: int = 0
    ) -> None:
        with socket.socket() as free:
            if port:
                free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", port))
            self.port = free.getsockname()[1]
        self.again = partial(Server, folder, *flags, minutes=minutes, checkpoints=checkpoints, port=self.port)
        self.folder, self.log = folder, folder.parent / f"log-{self.port}.txt"
        self.url = f"http://127.0.0.1:{self.port}"
        temp = folder.parent / "tmp"
        temp.mkdir(exist_ok=True)
        environment = os.environ | {
            "GRADIO_TEMP_DIR": str(folder),
            "GRADIO_ANALYTICS_ENABLED": "False",
            "HF_HUB_OFFLINE": "1",
            "TMPDIR": str(temp),
        }
        if minutes is not None:
            environment["MMDEMO_UPLOAD_MINUTES"] = str(minutes)
        if checkpoints is not None:
            environment["MMDEMO_CHECKPOINTS"] = str(checkpoints)
        command = [sys.executable, "-m", "mmdemo", "serve", "--port", str(self.port), "--rate", "0", *flags]
        self.begun = time.perf_counter()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log, stdout=log)

    def wait(self, path: str = "/health", seconds: float = 300) -> float:
        """Seconds since the start until an address answers with 200."""
        while time.perf_counter() < self.begun + seconds:
            with suppress(httpx.TransportError):
                if httpx.get(self.url + path, timeout=30).status_code == 200:
                    return time.perf_counter() - self.begun
            if self.process.poll() is not None:
                raise SystemExit(f"The server ended:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.05)
        raise SystemExit(f"The server did not answer:\n{self.log.read_text()[-3000:]}")

    def workers(self) -> list[psutil.Process]:
        """The processes that it has started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def memory(self, *, shared_once: bool = False) -> float:
        """Resident memory in MiB of it and of the processes that it has started.

        Args:
            shared_once: whether memory that several of them share counts once; else once for each. On Linux only.
        """
        total = 0
        for process in (psutil.Process(self.process.pid), *self.workers()):
            with suppress(psutil.NoSuchProcess):  # it has just ended
                total += process.memory_full_info().pss if shared_once else process.memory_info().rss
        return total / 2**20

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged, as far as it is JSON."""
        found = []
        for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError):
                found.append(json.loads(line))
        return [line for line in found if isinstance(line, dict)]

    def stop(self, how: int = signal.SIGTERM) -> float:
        """Seconds that it took to end."""
        begun = time.perf_counter()
        self.process.send_signal(how)
        self.process.wait(60)
        return time.perf_counter() - begun


@contextmanager
def served(
    *flags: str, ready: bool = True, minutes: float | None = None, checkpoints: Path | None = None
) -> Iterator[Server]:
    """A server that is ready, until the block ends."""
    with tempfile.TemporaryDirectory() as place:
        server = Server(Path(place) / "uploads", *flags, minutes=minutes, checkpoints=checkpoints)
        try:
            if ready:
                server.wait()
            yield server
        finally:
            if server.process.poll() is None:
                server.process.kill()
                server.process.wait()
