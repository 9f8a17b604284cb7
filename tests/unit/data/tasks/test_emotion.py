import numpy as np
import pandas as pd
import pytest

from mmdemo.data.manifest.manifest import load_image_cell, read_manifest
from mmdemo.data.sources.emotion import FEELINGS
from mmdemo.data.tasks import emotion
from mmdemo.data.tasks.emotion import ACTORS, emotion_manifest


@pytest.fixture
def rows(tmp_path, monkeypatch):
    """The manifest of a handful of made data in the real layout."""
    texts = tmp_path / "goemotions"
    texts.mkdir()
    (texts / "train.tsv").write_text("So happy!\t3\ta\nwhat?!\t6\tb\nwhat?!\t6\tc\nboth\t0,1\td\nIn the test\t4\te\n")
    (texts / "dev.tsv").write_text("hm\t4\tf\n")
    (texts / "test.tsv").write_text("in the test\t4\tg\n")
    faces = tmp_path / "fer2013.npz"
    images = np.random.default_rng(0).integers(0, 255, (40, 48, 48), np.uint8)
    np.savez(faces, images=images, labels=np.arange(40) % 2, classes=np.array(["angry", "surprise"]))
    for actor in ("01", "17", "22"):
        folder = tmp_path / "ravdess" / f"Actor_{actor}"
        folder.mkdir(parents=True)
        for feeling in ("02", "08"):
            (folder / f"03-01-{feeling}-01-01-01-{actor}.flac").touch()
    for name, there in (("goemotions", texts), ("fer2013", faces), ("ravdess", tmp_path / "ravdess")):
        monkeypatch.setattr(emotion, f"fetch_{name}", lambda data, there=there: there)
    found, problems = read_manifest(emotion_manifest(tmp_path, tmp_path / "made" / "m.csv"), labels=FEELINGS)
    assert not problems
    return found


def test_texts_have_one_label_a_place_and_one_split(rows):
    texts = rows[rows["text"] != ""].set_index("text")
    assert texts["label"].to_dict() == {
        **{"So happy!": "joy", "what?!": "surprise", "hm": "neutral", "in the test": "neutral"}
    }
    assert texts["split"].to_dict() == {
        **{"So happy!": "train", "what?!": "train", "hm": "validation", "in the test": "test"}
    }
    assert texts["place"]["what?!"] == "goemotions/train.tsv#2"


def test_faces_are_cells_of_the_archive(rows):
    faces = rows[rows["image"] != ""]
    assert faces["label"].tolist() == ["anger", "surprise"] * 20
    assert load_image_cell(faces["image"].iloc[3]).shape == (48, 48)
    assert {"train", "test"} <= set(faces["split"]) <= {"train", "validation", "test"}


def test_nobody_is_heard_in_two_splits(rows):
    voices = rows[rows["audio"] != ""]
    assert voices.groupby("speaker")["split"].agg(list).to_dict() == {
        **{"actor 01": ["train"] * 2, "actor 17": ["validation"] * 2, "actor 22": ["test"] * 2}
    }
    assert voices["label"].tolist() == ["neutral", "surprise"] * 3


def test_as_many_women_as_men_are_tested():
    assert pd.Series(ACTORS["test"]).astype(int).mod(2).mean() == 0.5
    assert not set(ACTORS["test"]) & set(ACTORS["validation"])
