"""A checkpoint as it is written, and states of a training that are damaged."""

import copy

import pytest
import torch
from tiny import CONFIG
from torch import nn

from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.checkpointing import keep, publish, resume, stored


def test_a_model_card_that_is_there_stays(tmp_path):
    (tmp_path / "README.md").write_text("measured")
    publish(MultimodalLSTM(CONFIG), tmp_path)
    assert (tmp_path / "README.md").read_text() == "measured"
    names = {"README.md", "config.json", "model.safetensors", "model.safetensors.sha256"}
    assert {path.name for path in tmp_path.iterdir()} == names


def test_a_checkpoint_that_is_written_over_another_has_its_own_hash(tmp_path):
    for _ in range(2):
        publish(MultimodalLSTM(CONFIG), tmp_path)
        MultimodalLSTM.from_pretrained(tmp_path, local_files_only=True)


def learning():
    torch.manual_seed(1)
    model = nn.Linear(3, 2)
    return {"model": model, "optimizer": torch.optim.AdamW(model.parameters())}


@pytest.fixture
def kept(tmp_path):
    """A state after one step."""
    things = learning()
    things["model"](torch.ones(1, 3)).sum().backward()
    things["optimizer"].step()
    keep(tmp_path / "run" / "state.pt", things, {"epoch": 3})
    return tmp_path / "run" / "state.pt"


def test_a_state_comes_back_whole(kept):
    fresh = learning()
    before = copy.deepcopy(fresh["model"].state_dict())
    assert resume(kept, fresh) == {"epoch": 3}
    assert not torch.equal(before["weight"], fresh["model"].weight)
    assert resume(kept.with_name("other.pt"), fresh) == {}


DAMAGE = {
    "emptied": lambda raw: b"",
    "cut short": lambda raw: raw[: len(raw) // 2],
    "the end is missing": lambda raw: raw[:-30],
    "garbage": lambda raw: b"seven" * 1000,
    "zeros": lambda raw: bytes(len(raw)),
    "another archive": lambda raw: b"PK\x05\x06" + bytes(18),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_state_is_set_aside_with_its_name(kept, caplog, damage):
    content = DAMAGE[damage](kept.read_bytes())
    kept.write_bytes(content)
    fresh = learning()
    before = copy.deepcopy(fresh["model"].state_dict())
    assert resume(kept, fresh) == {}
    assert torch.equal(before["weight"], fresh["model"].weight)
    assert not kept.exists()
    assert kept.with_name("state.pt.damaged").read_bytes() == content
    assert str(kept) in caplog.text and "made anew" in caplog.text


def test_a_flipped_bit_in_the_weights_is_noticed(kept):
    weight = torch.load(kept, weights_only=True)["model"]["weight"].numpy().tobytes()
    raw = bytearray(kept.read_bytes())
    raw[raw.index(weight) + 2] ^= 1
    kept.write_bytes(raw)
    assert stored(kept, learning()) is None


def test_a_state_of_another_model_is_set_aside(kept, caplog):
    assert stored(kept, {"model": nn.Linear(5, 2)}) is None
    assert "its model has other sizes" in caplog.text
    keep(kept, learning(), {"epoch": 1})
    assert stored(kept, {"another": nn.Linear(3, 2)}) is None
