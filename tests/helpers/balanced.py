"""Servers behind nginx, which is configured by the lines in docs/hosting.md, word for word; and who visits them."""

import re
import shutil
import socket
import subprocess
import textwrap
import time
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
PICTURE = ROOT / "assets" / "examples" / "digits" / "seven.jpg"


def configuration(ports, port, folder):
    """The lines in the docs, with these servers and this port, and what nginx needs around them."""
    text = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
    lines = textwrap.dedent(re.search(r"(?m)^    upstream mmdemo.*\n(?:    .*\n)+", text)[0])
    lines = re.sub(r"10\.0\.0\.(\d):7860", lambda match: f"127.0.0.1:{ports[int(match[1]) - 1]}", lines)
    lines = lines.replace("listen 443 ssl;", f"listen {port};")
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    about = f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/errors; events {{}}\n"
    return f"{about}http {{\naccess_log off;\n{paths}{lines}}}\n"


@contextmanager
def behind_nginx(servers, folder):
    """The address of nginx before some servers."""
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "conf").write_text(configuration([one.port for one in servers], port, folder))
    process = subprocess.Popen([NGINX, "-c", folder / "conf", "-e", folder / "errors"], stderr=subprocess.PIPE)
    try:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            assert process.poll() is None, process.stderr.read().decode()
            try:
                httpx.get(f"http://127.0.0.1:{port}/health", timeout=30)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def visitor(url, address):
    """A visitor with an address of their own."""
    transport = httpx.AsyncHTTPTransport(local_address=address)
    return httpx.AsyncClient(base_url=url, transport=transport, timeout=120)


async def ask(http, text, picture=None):
    """One reading, as a program asks for it: how it ended, and what was said."""
    data = [text, picture, None]
    asked = await http.post("/gradio_api/call/predict", json={"data": data})
    if asked.status_code != 200:
        return f"refused with {asked.status_code}", asked.text
    told = await http.get(f"/gradio_api/call/predict/{asked.json()['event_id']}")
    if told.status_code != 200:
        return f"lost with {told.status_code}", told.text
    event, _, value = told.text.strip().split("\n\n")[-1].partition("\n")
    return event.removeprefix("event: "), value.removeprefix("data: ")


async def upload(http):
    given = await http.post("/gradio_api/upload", files={"files": ("seven.jpg", PICTURE.read_bytes())})
    given.raise_for_status()
    return {"path": given.json()[0], "meta": {"_type": "gradio.FileData"}}
