"""A checkpoint as it is written."""

from tiny import CONFIG

from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.checkpointing import publish


def test_a_model_card_that_is_there_stays(tmp_path):
    (tmp_path / "README.md").write_text("measured")
    publish(MultimodalLSTM(CONFIG), tmp_path)
    assert (tmp_path / "README.md").read_text() == "measured"
    assert {path.name for path in tmp_path.iterdir()} == {"README.md", "config.json", "model.safetensors"}
