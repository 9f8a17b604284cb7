"""Faces in pictures: found and read, or they count as wrong; the squares beside them."""

import numpy as np
import pytest

from mmdemo.config import Calibration, ImageConfig, ModelConfig
from mmdemo.data.synthetic.portraits import Portrait, portraits
from mmdemo.evaluate.faces import study_faces
from mmdemo.evaluate.tables import _faces
from mmdemo.model.multimodal_lstm import MultimodalLSTM


@pytest.fixture(scope="module")
def model():
    config = ModelConfig("looks", ["joy", "anger"], image=ImageConfig(size=48, slices=12, subject="face"))
    config.calibration = {"image": Calibration(1.0, 1.01, 0.5)}
    return MultimodalLSTM(config).eval()


def test_what_is_not_found_is_wrong(model):
    grain = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    wall = np.full((240, 240, 3), 200, np.uint8)
    given = [
        Portrait(kind, grain if kind == "square" else wall, label) for kind in ("square", "tight") for label in "ab"
    ]
    given = [Portrait(one.kind, one.pixels, {"a": "joy", "b": "anger"}[one.label]) for one in given]
    report = study_faces(model, given, seed=3)
    squares, tight = report["kinds"]["square"], report["kinds"]["tight"]
    assert squares["n"] == tight["n"] == 2 and report["seed"] == 3
    assert squares["not_found"] == squares["lost"] == 0 and squares["accuracy"] == 0.5  # one answer to one picture
    assert tight["not_found"] == 1 and tight["accuracy"] == 0 and tight["lost"] == 0.5
    assert tight["clear"] == 0
    assert any("100.00 %" in line for line in _faces(report))


def test_every_face_is_in_every_kind_of_picture():
    pytest.importorskip("skimage", reason="needed for training only: pip install -r requirements-train.txt")
    squares = list(np.random.default_rng(0).integers(0, 256, (3, 48, 48), np.uint8))
    given = list(portraits(squares, ["joy", "anger", "joy"], seed=1))
    assert [one.kind for one in given] == ["square"] * 3 + ["tight"] * 3 + ["room"] * 3
    assert [one.label for one in given] == ["joy", "anger", "joy"] * 3
    assert (
        given[0].pixels is squares[0] and given[3].pixels.shape == (240, 240) and given[6].pixels.shape == (480, 640, 3)
    )
    again = list(portraits(squares, ["joy", "anger", "joy"], seed=1))
    assert all((one.pixels == other.pixels).all() for one, other in zip(given, again, strict=True))
