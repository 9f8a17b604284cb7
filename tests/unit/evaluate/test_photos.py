"""Photos are found and read, or they count as wrong."""

import numpy as np
import pytest

from mmdemo.data.synthetic import paper
from mmdemo.evaluate.photos import crop, study_photos
from mmdemo.image.ink import overlap
from mmdemo.model.multimodal_lstm import MultimodalLSTM

pytest.importorskip("skimage", reason="needed for training only: pip install -r requirements-train.txt")


def ring():
    """A zero as MNIST would have it."""
    y, x = np.mgrid[:28, :28]
    radius = np.hypot((x - 13.5) / 0.75, y - 13.5)
    return (255 * ((radius > 6) & (radius < 10))).astype(np.uint8)


def test_overlap_by_hand():
    assert overlap((0, 0, 2, 2), (0, 0, 2, 2)) == 1
    assert overlap((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 1, 1), (2, 2, 3, 3)) == 0


def test_a_blank_wall_is_wrong_and_kinds_add_up(trained):
    model = MultimodalLSTM.from_pretrained(str(trained), local_files_only=True).eval()
    shots = list(paper.shots(ring()[None], np.array([0]), 10, seed=5))
    report = study_photos(model, shots, seed=5)
    assert report["n"] == 10 == sum(kind["n"] for kind in report["by_kind"].values())
    assert report["turned"]["n"] == sum(shot.orientation != 1 for shot in shots) > 0
    assert 0.5 <= report["accuracy"] <= 1
    assert list(report["cropped"]) == ["0", "3", "6", "10"]
    assert all(0.5 <= of["accuracy"] <= 1 - of["wrong_and_clear"] <= 1 for of in report["cropped"].values())
    assert 0 <= report["wrong_and_clear"] <= 1 - report["accuracy"]


def test_a_crop_by_hand():
    picture = np.arange(100 * 80 * 3, dtype=np.uint32).reshape(100, 80, 3) % 251
    box = (10.0, 20.0, 30.0, 60.0)
    assert (crop(picture, box, 0) == picture[20:60, 10:30]).all()
    assert (crop(picture, box, 0.1) == picture[16:64, 6:34]).all()
    assert crop(picture, box, 0.4).shape == (72, 46, 3)  # no farther than to the picture's left edge
