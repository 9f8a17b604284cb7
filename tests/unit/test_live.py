"""The page's own LSTM against PyTorch, in Node, over ten seconds; a minute of it, in a browser, is in tests/browser."""

import json
import subprocess
from pathlib import Path
from shutil import which

import pytest
from streamed import SESSION, Streamed

from mmdemo.inference.live_weights import live_weights

WEB = Path(__file__).parents[1] / "javascript/web.mjs"
SECONDS = 10


def test_a_session_in_node_reckons_as_pytorch_does(trained, tmp_path):
    node = which("node")
    if node is None:
        pytest.skip("needs Node 18.19 or later, which is not installed")
    streamed = Streamed.of(trained, SECONDS)
    (tmp_path / "weights").write_bytes(live_weights(streamed.model))
    (tmp_path / "samples").write_bytes(streamed.samples.tobytes())
    (tmp_path / "given").write_bytes(streamed.given.tobytes())
    (tmp_path / "run.mjs").write_text(
        'import { readFileSync, writeFileSync } from "node:fs";\n'
        f"import {{ load }} from {json.dumps(WEB.as_uri())};\n"
        "const bytes = (name) => { const b = readFileSync(new URL(name, import.meta.url)); "
        "return b.buffer.slice(b.byteOffset, b.byteOffset + b.length); };\n"
        "const floats = (name) => new Float32Array(bytes(name));\n"
        'const modules = { ...(await load("session")), ...(await load("weights")) };\n'
        f"const run = {SESSION};\n"
        f'const found = await run(modules, bytes("weights"), floats("samples"), floats("given"), {streamed.every}, '
        f"{list(streamed.pieces)});\n"
        'writeFileSync(new URL("found.json", import.meta.url), JSON.stringify(found));\n'
    )
    done = subprocess.run([node, str(tmp_path / "run.mjs")], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    streamed.compare(json.loads((tmp_path / "found.json").read_text()))
