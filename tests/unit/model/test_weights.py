"""A checkpoint's weights, checked before they are used: every damage is told with its file and what to do."""

import hashlib
import json
import os
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny import CONFIG

from mmdemo.config import CheckpointError
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.model.weights import HASH, WEIGHTS, weights_hash


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    MultimodalLSTM(CONFIG).save_pretrained(folder)
    return folder


@pytest.fixture
def folder(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "tiny")


def load(folder):
    return MultimodalLSTM.from_pretrained(folder, local_files_only=True)


def refusal(folder):
    with pytest.raises(CheckpointError) as error:
        load(folder)
    return str(error.value)


def changed(folder, **tensors):
    """The same checkpoint with other tensors, or without those that are None."""
    stored = {name: one for name, one in (load_file(folder / WEIGHTS) | tensors).items() if one is not None}
    save_file(stored, folder / WEIGHTS)
    (folder / HASH).unlink()


def test_the_hash_is_what_sha256sum_checks(folder):
    digest, name = (folder / HASH).read_text().split()
    assert (len(digest), name) == (64, WEIGHTS)
    load(folder)


def test_the_hash_is_that_of_the_weights_as_they_are_now(folder):
    before = weights_hash(folder)
    assert before == (folder / HASH).read_text().split()[0]
    with (folder / WEIGHTS).open("ab") as file:
        file.write(b" ")
    os.utime(folder / WEIGHTS, ns=(0, 0))  # changed at another time, however coarse the clock of the file system is
    assert weights_hash(folder) == hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest() != before
    assert weights_hash(folder / "nowhere") is None


@pytest.mark.parametrize("place", [3, 100, 0.5, -1])
def test_a_flipped_bit_is_noticed(folder, place):
    raw = bytearray((folder / WEIGHTS).read_bytes())
    raw[int(place * len(raw)) if isinstance(place, float) else place] ^= 1
    (folder / WEIGHTS).write_bytes(raw)
    said = refusal(folder)
    assert str(folder / WEIGHTS) in said
    assert "copy the checkpoint again" in said


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"\xff" * 100, b'{"a": 1}', b"PK\x03\x04"], ids=range(5))
def test_what_is_no_file_of_weights_is_noticed_without_a_hash(folder, content):
    (folder / HASH).unlink()
    (folder / WEIGHTS).write_bytes(content)
    assert f"{folder / WEIGHTS} is damaged" in refusal(folder)


def test_a_file_cut_short_is_noticed_without_a_hash(folder):
    (folder / HASH).unlink()
    raw = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(raw[:-100])
    assert f"{folder / WEIGHTS} is damaged" in refusal(folder)


@pytest.mark.parametrize("content", ["", "seven", "0" * 63, "é" * 64, "g" * 64])
def test_a_hash_that_is_none_is_named(folder, content):
    (folder / HASH).write_text(content, encoding="latin-1")
    assert f"{folder / HASH} holds no SHA-256" in refusal(folder)


def test_missing_weights_are_named(folder):
    (folder / WEIGHTS).unlink()
    assert f"{folder / WEIGHTS} is missing" in refusal(folder)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite_are_told_with_their_tensor(folder, value):
    bias = torch.zeros(3)
    bias[1] = value
    changed(folder, **{"dense.bias": bias})
    assert "not finite in its tensor dense.bias" in refusal(folder)


def test_other_shapes_are_told_in_one_sentence(folder):
    changed(folder, **{"dense.weight": torch.zeros(5, 128), "norms.0.weight": torch.zeros(7)})
    assert "has dense.weight as [5, 128] instead of [3, 128]" in refusal(folder)
    changed_again = folder / "config.json"
    stored = json.loads(changed_again.read_text())
    changed_again.write_text(json.dumps(stored | {"hidden_size": 64}))
    assert "has lstm.weight_ih_l0 as [512, 100] instead of [256, 100]" in refusal(folder)


def test_tensors_that_are_missing_or_too_many_are_named(folder):
    changed(folder, **{"norms.0.weight": None, "more": torch.zeros(2)})
    said = refusal(folder)
    assert "lacks norms.0.weight" in said and "has more, which the model has not" in said


def test_a_checkpoint_without_a_hash_still_loads(folder):
    (folder / HASH).unlink()
    assert load(folder).config == CONFIG


def test_weights_that_are_written_anew_have_a_new_hash(folder):
    before = (folder / HASH).read_text()
    MultimodalLSTM(CONFIG).save_pretrained(folder)
    assert (folder / HASH).read_text() != before
    load(folder)
