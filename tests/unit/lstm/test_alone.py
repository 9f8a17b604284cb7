"""``mmdemo.lstm`` needs PyTorch alone: it runs in a process that can import nothing else of what mmdemo needs."""

import doctest
import subprocess
import sys
from pathlib import Path

import mmdemo.lstm

ROOT = Path(__file__).parents[3]

PROGRAM = """
import sys

KEPT = {"mmdemo", "mmdemo.lstm"}
BANNED = {"captum", "cv2", "gradio", "huggingface_hub", "librosa", "numpy", "pandas", "PIL", "plotly", "pyarrow",
          "safetensors", "scipy", "sklearn", "soundfile", "spaces", "typer"}


class Finder:
    def find_spec(self, name, path=None, target=None):
        ours = name.startswith("mmdemo.") and ".".join(name.split(".")[:2]) not in KEPT
        if ours or name.split(".")[0] in BANNED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Finder())
for name in ("mmdemo.config", "mmdemo.model", "gradio", "cv2", "librosa", "numpy"):
    try:
        __import__(name)
    except ModuleNotFoundError:
        continue
    raise SystemExit(f"{name} can be imported, so this test shows nothing")

import torch
import mmdemo.lstm
from mmdemo.lstm import GateIntervention, Readout, Step, contrast, explain, ledger, rerun, trace

torch.manual_seed(0)
lstm, dense = torch.nn.LSTM(6, 16, batch_first=True).eval(), torch.nn.Linear(16, 4)
embeddings = {"text": torch.randn(5, 6), "image": torch.randn(7, 6)}
x = torch.cat(list(embeddings.values()))
inside = trace(lstm, x)
book = ledger(lstm, dense, x, contrast(4, 2), inside=inside)
logits = dense(inside.h[-1])
assert torch.isclose(book.total, logits[2] - logits.mean(), atol=1e-5)

steps = [Step(name, "", (0.0, 1.0)) for name, part in embeddings.items() for _ in part]
explanation = explain(lstm, Readout.of(dense, 1.5), embeddings, steps, "abcd", faithful=True)
assert explanation.answer == int(logits.argmax()) and set(explanation.deletion) > {"gradients", "random"}
assert rerun(lstm, x, [GateIntervention("f", 1.0, 0, 12)]).f.eq(1).all()
assert all(hasattr(mmdemo.lstm, name) for name in mmdemo.lstm.__all__)
loaded = {name for name in sys.modules if name.split(".")[0] in {"mmdemo", *BANNED}}
assert {".".join(name.split(".")[:2]) for name in loaded} == KEPT, loaded
print("alone")
"""


def test_it_runs_where_nothing_else_can_be_imported():
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0 and ran.stdout.strip() == "alone", ran.stderr


def test_the_example():
    result = doctest.testmod(mmdemo.lstm)
    assert result.attempted and not result.failed
