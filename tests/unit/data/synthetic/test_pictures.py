"""Made pictures: what is planned, splits that share nothing, and a folder that training takes in."""

import gzip
import io
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from PIL import Image

if not (find_spec("skimage") and find_spec("matplotlib")):  # only training brings them
    pytest.skip("needs scikit-image and matplotlib", allow_module_level=True)

from mmdemo.data.manifest.manifest import OUTLIER, read_manifest
from mmdemo.data.sentences.vocabulary import DIGITS
from mmdemo.data.sources.digits import MNIST_VALIDATION
from mmdemo.data.sources.handwriting import Handwriting
from mmdemo.data.synthetic import pictures
from mmdemo.data.synthetic.handwriting import STYLES
from mmdemo.data.synthetic.letters import DOUBLES, LETTERS, LOOK_ALIKES, typefaces
from mmdemo.data.synthetic.penned import COPIES
from mmdemo.data.synthetic.pictures import KINDS, Take, make_pictures, people_plan, plan
from mmdemo.data.tasks.digits import made
from mmdemo.image.reader import read_image

CLASSES = np.arange(MNIST_VALIDATION + 500) % 10


@pytest.fixture(scope="module")
def takes():
    return plan(4000, 0, CLASSES, 60_000)


def idx(array):
    """An array as a gzipped IDX file's bytes."""
    sizes = np.array(array.shape, ">u4").tobytes()
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes(), 1)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Small stand-ins for MNIST, all of it sevens as far as the strokes go, and for Fashion-MNIST."""
    folder = tmp_path_factory.mktemp("sources")
    seven = np.zeros((28, 28), np.uint8)
    seven[5:7, 8:20] = 255
    for row in range(7, 24):
        seven[row, 18 - row // 3 : 20 - row // 3] = 255
    (folder / "train-images-idx3-ubyte.gz").write_bytes(idx(np.repeat(seven[None], len(CLASSES), 0)))
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(idx(CLASSES))
    clothes = folder / "clothes"
    clothes.mkdir()
    for name, count in (("train", 60_000), ("t10k", 10_000)):
        (clothes / f"{name}-images-idx3-ubyte.gz").write_bytes(idx(np.full((count, 28, 28), 90, np.uint8)))
    return folder, clothes


def test_a_larger_count_keeps_what_is_there():
    assert plan(20, 3, CLASSES, 60_000) == plan(50, 3, CLASSES, 60_000)[:20]
    assert plan(20, 4, CLASSES, 60_000) != plan(20, 3, CLASSES, 60_000)


def test_photos_are_for_training_and_of_those_that_train(takes):
    digits = [take for take in takes if take.kind == "photo"]
    assert {take.label for take in digits} == set(DIGITS)
    for take in digits:
        assert take.split == "train"
        assert int(take.shows) < len(CLASSES) - MNIST_VALIDATION
        assert take.label == DIGITS[CLASSES[int(take.shows)]]


def test_every_kind_is_in_every_split(takes):
    there = {(take.kind, take.split) for take in takes}
    splits = ("train", "validation", "test") if typefaces("test") else ("train", "validation")
    assert {(kind, split) for kind in KINDS for split in splits if kind not in ("photo", "cut")} <= there


def test_digits_by_other_hands_say_who_made_them_and_are_looked_for_where_they_test(takes):
    drawn = [take for take in takes if take.kind in ("hand", "segments", "font", "cut")]
    assert {take.made for take in drawn} == {"program"} and {take.label for take in drawn} == set(DIGITS)
    assert {take.look for take in drawn if take.split != "train"} == {"plain"}
    assert {take.shows for take in drawn if take.kind == "hand" and take.label == "one"} == set(STYLES[1])
    assert {take.split for take in drawn if take.kind == "cut"} == {"train"}


def test_every_digit_of_other_people_is_there_and_those_that_train_with_several_nibs():
    splits = np.array(["train", "validation", "test"] * 10)
    people = Handwriting(np.ones((30, 16, 16), np.uint8), np.arange(30) % 10, splits)
    made_of = people_plan({"semeion": people})
    counts = pd.Series([take.shows.split("/")[0] for take in made_of]).value_counts()
    for number, split in enumerate(splits):
        assert counts[str(number)] == (COPIES["semeion"] if split == "train" else 1)
    assert {(take.split == "train", take.look) for take in made_of} == {(True, "square"), (False, "plain")}
    assert all(take.made == "people" and take.label == DIGITS[int(take.shows.split("/")[0]) % 10] for take in made_of)


def test_zeros_and_ones_are_never_taught_to_be_letters(takes):
    for take in takes:
        if take.kind == "letter":
            assert take.shows in LETTERS
        if take.kind == "look-alike":
            assert take.shows in LOOK_ALIKES and (take.split == "test" or take.shows not in DOUBLES)
    counts = pd.Series([take.kind for take in takes if take.split == "train"]).value_counts()
    assert counts["look-alike"] < counts["letter"] / 10


def test_no_letter_of_the_test_is_in_a_font_of_training(takes):
    families = {
        split: {take.typeface.split("/")[0] for take in takes if take.typeface and take.split == split}
        for split in ("train", "validation", "test")
    }
    assert families["train"] == set(typefaces("train"))
    assert not families["test"] & (families["train"] | families["validation"])


def test_validations_clothes_are_not_trainings(takes):
    for take in takes:
        if take.kind == "fashion" and take.split != "test":
            assert (int(take.shows) >= 55_000) == (take.split == "validation")


def test_without_fonts_for_the_test_letters_are_for_training(monkeypatch):
    monkeypatch.setattr(pictures, "typefaces", lambda split: {} if split == "test" else typefaces(split))
    splits = {take.split for take in plan(600, 0, CLASSES, 60_000) if take.kind in ("letter", "look-alike")}
    assert splits == {"train", "validation"}


def test_the_folder_enters_training_and_a_run_goes_on(tmp_path, sources):
    mnist, clothes = sources
    manifest = make_pictures(tmp_path, mnist, clothes, count=24, jobs=1, say=lambda _: None)
    files = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir() if file.suffix != ".csv"}
    assert len(files) == 24 and {name[-4:] for name in files} == {".jpg", ".png"}
    make_pictures(tmp_path, mnist, clothes, count=26, jobs=1, say=lambda _: None)
    now = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir() if file.suffix != ".csv"}
    assert len(now) == 26 and files.items() <= now.items()
    rows, problems = read_manifest(manifest, labels=DIGITS)
    assert not problems and len(rows) == 26 and set(rows["kind"]) >= {"photo", "fashion", "hand"}
    assert len(made(tmp_path)) == 26


def test_all_kinds_of_digits_become_files(tmp_path, sources):
    bars = np.zeros((3, 16, 16), np.uint8)
    bars[:, 1:15, 6:9] = 1
    strokes = np.tile(np.column_stack([np.full(8, 50), np.linspace(100, 0, 8)]).astype(np.uint8), (3, 1, 1))
    splits = np.array(["train", "validation", "test"])
    sets = {name: Handwriting(of, np.ones(3, int), splits) for name, of in (("semeion", bars), ("pendigits", strokes))}
    make_pictures(tmp_path, *sources, sets, count=60, jobs=1, say=lambda _: None)
    rows = made(tmp_path)
    assert set(rows["kind"]) >= {"semeion", "pendigits", "hand", "font", "segments", "cut"}
    for row in rows[rows["kind"].isin(["semeion", "pendigits"])].itertuples():
        with Image.open(row.image) as picture:
            assert (picture.size == (28, 28)) == (row.split == "train")
        square = read_image(row.image).pixels
        assert square[14, 14] > 0.5 and square[14, :8].max() < 0.2  # a bar


@pytest.mark.parametrize(
    "shows", sorted({name for names in (*pictures.NOISE.values(), *pictures.TEXTURES.values()) for name in names})
)
def test_patterns_can_be_seen(tmp_path, sources, shows):
    for number in range(6):
        take = Take(f"{number:05d}", OUTLIER, "train", "noise", shows)
        pictures._make(take, tmp_path, *sources, {}, seed=0)
        with Image.open(pictures._file(tmp_path, take)) as image:
            assert image.format == "PNG" and min(image.size) >= 28
            assert np.ptp(np.asarray(image)) >= (2 if shows == "wall" else 20)


def test_an_interrupted_picture_leaves_nothing(tmp_path, sources, monkeypatch):
    monkeypatch.setattr(pictures, "_pattern", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        pictures._make(Take("00000", OUTLIER, "train", "noise", "white"), tmp_path, *sources, {}, seed=0)
    assert not list(tmp_path.iterdir())


def test_faces_of_training_and_test_are_two_people():
    faces = [Image.open(io.BytesIO(pictures._face(split, np.random.default_rng(0)))) for split in ("train", "test")]
    small = [np.asarray(face.resize((32, 32)), float) for face in faces]
    assert np.abs(small[0] - small[1]).mean() > 20
