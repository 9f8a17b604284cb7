"""Three tasks with made-up figures and cases, and the data that the cases come from."""

import json

import numpy as np
import soundfile
import torch
from made_up import made_metrics
from PIL import Image

from mmdemo.config import ModelConfig
from mmdemo.model.multimodal_lstm import MultimodalLSTM

PETS, FRUIT = ["cat", "dog", "owl"], ["apple", "pear"]


def make_data(folder):
    """A folder of data sets with a picture and a recording."""
    Image.fromarray(np.arange(64 * 48, dtype=np.uint32).reshape(48, 64).astype(np.uint8)).save(folder / "cat.png")
    soundfile.write(folder / "owl.wav", 0.3 * np.sin(np.arange(8000) / 8), 16_000)
    return folder


def make_checkpoints(folder):
    """Pets, with all sections and cases; fruit, without sound and cases; raw, which nobody measured."""
    for task, labels in (("fruit", FRUIT), ("pets", PETS), ("raw", PETS)):
        torch.manual_seed(0)
        MultimodalLSTM(ModelConfig(task=task, labels=labels)).save_pretrained(folder / task)
    (folder / "pets" / "metrics.json").write_text(json.dumps(made_metrics(PETS)))
    few = {
        key: made_metrics(FRUIT, ("text", "image"))[key] for key in ("command", "seed", "split", "alone", "together")
    }
    (folder / "fruit" / "metrics.json").write_text(json.dumps(few))
    cases = {
        "text": [[0, 0, 0.9, "<b>meow</b>"], *([0, 1, 0.8, f"woof {k}"] for k in range(30))],
        "image": [[0, 0, 0.97, "cat.png"], [0, 1, 0.6, "gone.png"], [1, 1, 0.5, "../secret.png"]],
        "audio": [[2, 2, 0.99, "owl.wav"]],
    }
    (folder / "pets" / "cases.json").write_text(json.dumps({"seed": 0, "cases": cases}))
    return folder
