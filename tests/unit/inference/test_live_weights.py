"""What the page gets to run a task's LSTM itself."""

import json

import torch
from safetensors import safe_open
from tiny import CONFIG

from mmdemo.config import AudioConfig, ModelConfig
from mmdemo.inference.live_weights import hears, write_live_weights
from mmdemo.model.multimodal_lstm import MultimodalLSTM


def test_the_file_has_what_is_needed_and_is_made_once(tmp_path):
    model = MultimodalLSTM(CONFIG)
    file = write_live_weights(model, tmp_path / "live")
    with safe_open(file, "pt") as stored:
        about = json.loads(stored.metadata()["about"])
        assert about["labels"] == CONFIG.labels and about["hears"] is True
        assert torch.equal(stored.get_tensor("audio.norm.weight"), model.norms[2].weight)
        assert stored.get_tensor("mel.filters").shape == (257, 32)
        assert not [name for name in stored.keys() if name.startswith(("text.", "image."))]  # noqa: SIM118
    written = file.stat().st_mtime_ns
    assert write_live_weights(model, tmp_path / "live") == file
    assert (file.stat().st_mtime_ns, len(list(file.parent.iterdir()))) == (written, 1)
    torch.nn.init.zeros_(model.dense.bias)
    assert write_live_weights(model, tmp_path / "live") != file


def test_a_task_that_hears_more_than_words_is_heard_by_the_server_only(tmp_path):
    model = MultimodalLSTM(ModelConfig("tone", ["high", "low"], audio=AudioConfig(prosody=True)))
    assert not hears(model)
    with safe_open(write_live_weights(model, tmp_path), "pt") as stored:
        assert {name.split(".")[0] for name in stored.keys()} == {"lstm", "dense", "audio"}  # noqa: SIM118
        assert json.loads(stored.metadata()["about"])["hears"] is False
        assert stored.get_tensor("audio.quiet").shape == (100,)
