"""Letters and drawings: no font and no shape in two splits, and ink that is there whatever bends it."""

from importlib.util import find_spec
from itertools import combinations

import numpy as np
import pytest

if not find_spec("matplotlib"):  # only training brings it
    pytest.skip("needs matplotlib", allow_module_level=True)

from mmdemo.data.synthetic import letters
from mmdemo.data.synthetic.letters import (
    DRAWN,
    LETTERS,
    LOOK_ALIKES,
    SHAPES,
    as_plain,
    as_square,
    drawing,
    letter,
    typefaces,
)

SPLITS = ("train", "validation", "test")


def test_no_typeface_and_no_shape_is_in_two_splits():
    for one, other in combinations(SPLITS, 2):
        faces = [{face for family in typefaces(split).values() for face in family} for split in (one, other)]
        assert not faces[0] & faces[1]
        assert not set(DRAWN[one]) & set(DRAWN[other])
    assert {shape for split in SPLITS for shape in DRAWN[split]} == set(SHAPES)
    assert not set(LETTERS) & set(LOOK_ALIKES) and len(LETTERS) == 52 - len(set(LOOK_ALIKES) - {"|"})


def test_a_family_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(letters.FAMILIES, "Nobody's", ("Nobodys-", "fonts-nobody"))
    typefaces.cache_clear()
    assert any("Nobody's" in said and "fonts-nobody" in said for said in letters.missing_families())
    typefaces.cache_clear()


@pytest.mark.parametrize("split", SPLITS)
def test_every_typeface_writes_every_letter(split):
    for family in typefaces(split).values():
        for face in family:
            for character in LETTERS + LOOK_ALIKES:
                ink = letter(character, face, np.random.default_rng(0))
                assert ink.max() > 0.5 and ink[0].any() and ink[:, -1].any(), (face, character)


def test_letters_differ_and_the_same_seed_gives_the_same():
    face = typefaces("train")["DejaVuSans"][0]
    one, same, other = (letter(c, face, np.random.default_rng(5)) for c in "AAE")
    np.testing.assert_array_equal(one, same)
    assert one.shape != other.shape or np.abs(one - other).mean() > 0.1


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_drawings_fit_the_board(shape):
    for seed in range(5):
        ink = drawing(shape, np.random.default_rng(seed))
        assert ink.max() > 0.5 and min(ink.shape) > 20 and 0.02 < ink.mean() < 0.9


def test_squares_are_like_mnists():
    for seed, character in enumerate("AfLmXy"):
        rng = np.random.default_rng(seed)
        square = as_square(letter(character, typefaces("train")["DejaVuSerif"][0], rng), rng)
        assert square.shape == (28, 28) and 0.5 < square.max() <= 1
        y, x = np.mgrid[:28, :28]
        middle = [(axis * square).sum() / square.sum() for axis in (y, x)]
        rows, columns = np.flatnonzero(square.any(axis=1)), np.flatnonzero(square.any(axis=0))
        assert max(np.ptp(rows), np.ptp(columns)) in (18, 19)  # 20 pixels, but for a faint edge
        np.testing.assert_allclose(middle, 13.5, atol=1.01)


def test_a_hairline_can_be_seen_in_a_square():
    hairline = np.zeros((160, 120), np.float32)
    hairline[:, 60] = 0.9
    assert as_square(hairline, np.random.default_rng(0)).max() > 0.55


def test_pages_come_dark_and_light_grey_and_coloured():
    ink = letter("R", typefaces("train")["cmr10"][0], np.random.default_rng(0))
    pages = [as_plain(ink, np.random.default_rng(seed)) for seed in range(40)]
    assert {page.ndim for page in pages} == {2, 3}
    edges = [float(np.median(page[0])) for page in pages]
    assert min(edges) < 60 and max(edges) > 220
    assert all(np.ptp(page) > 100 for page in pages)
