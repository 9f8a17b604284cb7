import numpy as np
import pandas as pd
import pytest
import soundfile
import tiny
from PIL import Image

from mmdemo.config import MODALITIES, ModelConfig
from mmdemo.train import features as module
from mmdemo.train.features import read_features

CONFIG = ModelConfig("test", ["yes", "no"])


@pytest.fixture
def rows(tmp_path):
    picture = np.full((100, 100), 250, np.uint8)
    picture[20:80, 45:55] = 10
    Image.fromarray(picture).save(tmp_path / "stroke.png")
    seconds = np.arange(16_000) / 16_000
    voice = sum(np.sin(2 * np.pi * 150 * k * seconds) / k for k in range(1, 15)) * np.clip(np.sin(6 * seconds), 0, 1)
    soundfile.write(tmp_path / "voice.wav", 0.2 * voice, 16_000)
    soundfile.write(tmp_path / "silence.wav", np.zeros(16_000), 16_000)
    cells = [
        {"text": "oh yes", "label": "yes"},
        {"text": "yes, no", "label": "no", "belief": '[[3, "yes"], [4, null], [7, "no"]]'},
        {"image": str(tmp_path / "stroke.png"), "label": "yes"},
        {"audio": str(tmp_path / "voice.wav"), "label": "no"},
        {"audio": str(tmp_path / "silence.wav"), "label": "no"},
        {"text": "   ", "image": str(tmp_path / "stroke.png"), "label": "no"},
    ]
    table = pd.DataFrame(cells, columns=["text", "image", "audio", "label", "belief"]).fillna("")
    return table.assign(line=range(2, 8))


def test_every_input_is_read_once(rows, tmp_path):
    read = read_features(rows, CONFIG, tmp_path / "cache", voices=3)
    assert read.labels.tolist() == [0, 1, 0, 1, 1, 1]
    assert read.rows_with("text").tolist() == [0, 1]
    assert read.rows_with("image").tolist() == [2, 5]
    assert read.rows_with("audio").tolist() == [3]
    assert [square.shape for (square,) in read.columns["image"].items] == [(28, 28)] * 2
    (voices,) = read.columns["audio"].items
    assert [voice.shape[1] for voice in voices] == [96] * 3
    assert not np.array_equal(*(voice[:3] for voice in voices[:2]))


def test_what_cannot_be_read_is_named_with_its_line(rows, tmp_path):
    problems = read_features(rows, CONFIG, tmp_path / "cache").problems
    assert [problem.split(":")[0] for problem in problems] == ["line 6", "line 7"]


def test_text_without_marks_ramps_and_with_marks_follows_them(rows, tmp_path):
    read = read_features(rows, CONFIG, tmp_path / "cache")
    assert read.item("text", 0) == ("oh", "yes")
    assert read.target("text", 0, 2).weight.tolist() == [0.5, 1]
    assert read.item("text", 1) == ("yes", ",", "no")
    assert read.target("text", 1, 3).weight.tolist() == [1, 0, 1]
    assert read.target("text", 1, 3).label[[0, 2]].tolist() == [0, 1]


def test_the_second_time_comes_from_the_cache(rows, tmp_path, monkeypatch):
    first = read_features(rows, CONFIG, tmp_path / "cache", voices=2)
    monkeypatch.setattr(module, "ProcessPoolExecutor", None)  # reading anything again would fail
    second = read_features(rows, CONFIG, tmp_path / "cache", voices=2)
    assert np.array_equal(first.item("image", 2), second.item("image", 2))
    assert all(
        np.array_equal(a, b) for a, b in zip(*(read.columns["audio"].items[0] for read in (first, second)), strict=True)
    )
    assert first.problems == second.problems


def test_a_damaged_cache_is_set_aside_and_made_anew(rows, tmp_path, caplog):
    first = read_features(rows, CONFIG, tmp_path / "cache")
    file = next((tmp_path / "cache").glob("image-*.npz"))
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 3] ^= 1  # among the pixels
    for damage in (b"", b"seven", whole[:-100], bytes(flipped), bytes(len(whole))):
        file.write_bytes(damage)
        again = read_features(rows, CONFIG, tmp_path / "cache")
        assert np.array_equal(first.item("image", 2), again.item("image", 2))
        assert file.with_name(f"{file.name}.damaged").read_bytes() == damage
        assert str(file) in caplog.text
        caplog.clear()


def test_only_the_chosen_rows_remain():
    split = tiny.features()
    kept = split.only(split.labels == 1)
    assert set(kept.labels) == {1}
    assert all(len(column.index) == 30 and len(column.rows) == 10 for column in kept.columns.values())


def test_parts_of_one_video_are_read_once(tmp_path):
    """Rows of a manifest may be parts of a file; each part is made when it is needed."""
    from films import film

    (tmp_path / "one.mp4").write_bytes(film())
    config = ModelConfig("lips", ["in", "out"], more={"video": {}}, without=list(MODALITIES))
    cells = [f"{tmp_path / 'one.mp4'}#{part}" for part in ("t=0.48,1.44", "t=0.48,1.44&late=0.16", "t=0.8,2")]
    rows = pd.DataFrame({"video": cells, "label": ["in", "out", "in"], "line": [2, 3, 4]})
    read = read_features(rows, config, tmp_path / "cache")
    assert not read.problems
    (cache,) = (tmp_path / "cache").glob("video-*.npz")
    assert len(module._load(cache)) == 1
    first, late, longer = (read.item("video", row) for row in range(3))
    assert len(first) == len(late) == 12 and len(longer) == 15
    np.testing.assert_array_equal(first[:, :94], late[:, :94])
    np.testing.assert_array_equal(first[:-2, 94:], late[2:, 94:])
