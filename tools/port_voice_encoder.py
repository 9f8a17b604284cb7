"""Make ``assets/voice_encoder.safetensors`` from the weights in the PyPI wheel ``resemblyzer==0.1.4``.

Needed only to reproduce the file. In an environment of its own::

    pip download --no-deps resemblyzer==0.1.4 && unzip Resemblyzer-0.1.4-py3-none-any.whl resemblyzer/pretrained.pt
    pip install safetensors torch
    python tools/port_voice_encoder.py resemblyzer/pretrained.pt
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import torch
from safetensors.torch import save_file

from mmdemo.audio.voice_encoder import WEIGHTS, VoiceEncoder

SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
CREDIT = {
    "source": "Resemblyzer 0.1.4, https://github.com/resemble-ai/Resemblyzer",
    "paper": "Wan, Wang, Papir, Lopez Moreno 2018, arXiv 1710.10467",
    "license": "Apache-2.0",
}


def convert(path: Path) -> dict[str, torch.Tensor]:
    """The first two layers, in 16 bits."""
    stored = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
    return {name: stored[name].half().contiguous() for name in VoiceEncoder().state_dict()}


def main() -> None:
    """Check the source, convert it and write the weights."""
    path = Path(sys.argv[1])
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise SystemExit(f"{path} is not the file that this script was written for: resemblyzer 0.1.4")
    weights = convert(path)
    save_file(weights, WEIGHTS, metadata=CREDIT)
    print(f"{WEIGHTS}: {sum(tensor.numel() for tensor in weights.values()):,} numbers")


if __name__ == "__main__":
    main()
