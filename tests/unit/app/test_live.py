"""What a live session asks of the server: its weights, words and small pictures as steps, and what is refused."""

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from tiny import CONFIG

from mmdemo.app.live import MAX_JPEG, MAX_WORDS, reply
from mmdemo.app.tasks import Tasks
from mmdemo.config import ModelConfig
from mmdemo.inference.live_steps import live_steps
from mmdemo.messages import InputError
from mmdemo.model.multimodal_lstm import MultimodalLSTM


@pytest.fixture(scope="module")
def tasks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(0)
    deaf = ModelConfig("lips", ["in sync", "out of sync"], without=["text", "image", "audio"], more={"video": {}})
    for config in (CONFIG, deaf):
        MultimodalLSTM(config).save_pretrained(folder / config.task)
    return Tasks(folder)


def numbers(packed):
    shape = [int(size) for size in packed["shape"].split(",")]
    return np.frombuffer(
        base64.b64decode(packed["bdata"]), {"f4": np.float32, "u1": np.uint8}[packed["dtype"]]
    ).reshape(shape)


def jpeg(picture):
    file = io.BytesIO()
    picture.save(file, "JPEG")
    return file.getvalue()


def card(width=320, height=240):
    """A thick stroke on paper."""
    pixels = np.full((height, width, 3), 230, np.uint8)
    pixels[height // 4 : 3 * height // 4, width // 2 - 6 : width // 2 + 6] = 20
    return Image.fromarray(pixels)


def encoded(data):
    return base64.b64encode(data).decode()


def test_the_weights_are_a_file_that_is_served(tasks):
    told = reply(tasks, {"ask": "weights", "task": "tiny"})
    path = tasks.live_weights("tiny")
    assert told["url"].endswith(path.name) and path.parent == tasks.live_folder
    with safe_open(path, "pt") as stored:
        assert "lstm.weight_ih_l0" in stored.keys()  # noqa: SIM118


def test_words_are_the_steps_of_the_model_and_each_as_it_was_written(tasks):
    told = reply(tasks, {"ask": "words", "task": "tiny", "text": "Go  left, now"})
    steps, _ = live_steps(tasks.predictor("tiny"), "text", "Go  left, now")
    assert np.array_equal(numbers(told["steps"]), steps)
    assert told["seen"] == ["Go", "left", ",", "now"]


def test_a_small_picture_becomes_steps_and_what_was_seen_of_it(tasks):
    told = reply(tasks, {"ask": "picture", "task": "tiny", "jpeg": encoded(jpeg(card()))})
    assert numbers(told["steps"]).shape == (CONFIG.image.slices, CONFIG.embedding_dim)
    square = numbers(told["square"])
    assert square.shape == (CONFIG.image.size,) * 2 and square.max() > 100


def test_where_there_is_nothing_to_read_it_says_why(tasks):
    told = reply(
        tasks, {"ask": "picture", "task": "tiny", "jpeg": encoded(jpeg(Image.new("RGB", (320, 240), "white")))}
    )
    assert told["steps"] is None and told["nothing"]["key"].startswith("image.")
    assert reply(tasks, {"ask": "words", "task": "tiny", "text": "  "})["nothing"]["key"] == "text.empty"


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"ask": "weights"},
        {"ask": "weights", "task": "../tiny"},
        {"ask": "weights", "task": "lips"},
        {"ask": "words", "task": "lips", "text": "seven"},
        {"ask": "dance", "task": "tiny"},
        {"ask": ["words"], "task": "tiny"},
        {"ask": "words", "task": "tiny"},
        {"ask": "words", "task": "tiny", "text": 7},
        {"ask": "words", "task": "tiny", "text": "a" * (MAX_WORDS + 1)},
        {"ask": "picture", "task": "tiny"},
        {"ask": "picture", "task": "tiny", "jpeg": "no base64!"},
        {"ask": "picture", "task": "tiny", "jpeg": encoded(b"no picture")},
        {"ask": "picture", "task": "tiny", "jpeg": encoded(jpeg(card()))[:400]},
        {"ask": "picture", "task": "tiny", "jpeg": encoded(jpeg(card(640, 480)))},
        {"ask": "picture", "task": "tiny", "jpeg": encoded(jpeg(card(300, 300)))},
        {"ask": "picture", "task": "tiny", "jpeg": encoded(jpeg(card()) + bytes(MAX_JPEG))},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(tasks, question):
    with pytest.raises(InputError):
        reply(tasks, question)


def test_only_jpeg_is_decoded(tasks):
    file = io.BytesIO()
    card().save(file, "PNG")
    with pytest.raises(InputError):
        reply(tasks, {"ask": "picture", "task": "tiny", "jpeg": encoded(file.getvalue())})
