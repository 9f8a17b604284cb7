"""Make ``assets/speech_embedding.safetensors`` from the ONNX file in the PyPI wheel ``openwakeword==0.4.0``.

Needed only to reproduce the file. In an environment of its own::

    pip install openwakeword==0.4.0 onnx safetensors torch
    python tools/port_speech_embedding.py
"""

from __future__ import annotations

import hashlib
import sys
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import onnx
import torch
from onnx import numpy_helper
from safetensors.torch import save_file

from mmdemo.audio.speech_embedding import WEIGHTS, SpeechEmbedding

ONNX_SHA256 = "ba754db3cd768a524c655ea90655ee5e6055a43b8dfd29366a11e93716ae9e51"
CREDIT = {
    "source": "Google speech embedding, https://tfhub.dev/google/speech_embedding/1, by way of openwakeword 0.4.0",
    "paper": "Lin, Kilgour, Roblek, Sharifi 2020, arXiv 2002.01322",
    "license": "Apache-2.0",
}


def onnx_path() -> Path:
    """The embedding model inside the installed openwakeword package, which is not imported."""
    spec = find_spec("openwakeword")
    if spec is None or spec.origin is None:
        raise SystemExit("openwakeword is not installed: pip install openwakeword==0.4.0")
    return Path(spec.origin).parent / "resources" / "models" / "embedding_model.onnx"


def convert(path: Path) -> dict[str, torch.Tensor]:
    """The ONNX file's numbers under our module's names. Both list their convolutions in the order of computation."""
    graph = onnx.load(path).graph
    numbers = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer}
    convolutions = [[numbers[name] for name in node.input[1:]] for node in graph.node if node.op_type == "Conv"]

    stem = SpeechEmbedding()
    ours = [stem.first, *(convolution for block in stem.blocks for convolution in block), stem.last]
    with torch.no_grad():
        for convolution, tensors in zip(ours, convolutions, strict=True):
            for parameter, tensor in zip(convolution.parameters(), tensors, strict=True):
                parameter.copy_(tensor)

        (norm,) = [node for node in graph.node if node.op_type == "BatchNormalization"]
        gamma, beta, mean, variance = (numbers[name] for name in norm.input[1:])
        scale = gamma / torch.sqrt(variance + norm.attribute[0].f)
        stem.scale.copy_(scale[:, None, None])
        stem.shift.copy_((beta - mean * scale)[:, None, None])
    return stem.state_dict()


def main() -> None:
    """Check the source, convert it and write the weights."""
    path = onnx_path()
    if hashlib.sha256(path.read_bytes()).hexdigest() != ONNX_SHA256:
        raise SystemExit(f"{path} is not the file that this script was written for: pip install openwakeword==0.4.0")
    weights = convert(path)
    save_file(weights, WEIGHTS, metadata=CREDIT)
    print(f"{WEIGHTS}: {sum(tensor.numel() for tensor in weights.values()):,} numbers")


if __name__ == "__main__":
    main()
