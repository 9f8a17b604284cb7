import itertools

import numpy as np
import pytest
import torch

from mmdemo.config import SUBJECTS
from mmdemo.image.augment import AUGMENT, augment_face, augment_image, change_strokes, degrade_image


def bars(count=8):
    """A batch of upright bars, four pixels wide."""
    batch = torch.zeros(count, 1, 28, 28)
    batch[:, :, 4:24, 12:16] = 1
    return batch


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_augmented_squares_keep_their_shape_and_range():
    pytest.importorskip("kornia")
    batch = bars()
    before = batch.clone()
    varied = augment_image(batch, seeded())
    assert varied.shape == batch.shape and varied.dtype == batch.dtype
    assert varied.min() >= 0 and varied.max() <= 1
    assert torch.equal(batch, before)  # the original is left alone
    assert (varied - batch).abs().mean(dim=(1, 2, 3)).min() > 0.001  # every one was changed
    assert not torch.equal(varied[0], varied[1])  # each in its own way
    kept = varied.sum(dim=(1, 2, 3)) / batch.sum(dim=(1, 2, 3))
    assert kept.min() > 0.3 and kept.max() < 2.5  # the ink is still there


def test_a_face_is_turned_mirrored_and_lit_a_little():
    face = torch.zeros(200, 1, 48, 48)
    face[:, :, 20:28, 30:40] = 0.8  # one eye, to the right
    varied = augment_face(face, seeded())
    assert varied.shape == face.shape and varied.min() >= 0 and varied.max() <= 1
    assert torch.equal(varied, augment_face(face, seeded()))
    columns = torch.arange(48.0)
    centre = (varied.sum(dim=2) * columns).sum(dim=(1, 2)) / varied.sum(dim=(1, 2, 3))
    right = (centre > 23.5).float().mean()
    assert 0.4 < right < 0.6  # half of them are mirrored
    assert set(AUGMENT) == set(SUBJECTS)


def test_a_seed_gives_the_same_pictures_and_leaves_the_global_generator_alone():
    pytest.importorskip("kornia")
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = augment_image(bars(), seeded(1))
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(first, augment_image(bars(), seeded(1)))
    assert not torch.equal(first, augment_image(bars(), seeded(2)))


@pytest.mark.parametrize("amount, width", [(-1.0, 2), (0.0, 4), (1.0, 6)])
def test_strokes_grow_and_shrink_by_a_pixel_on_either_side(amount, width):
    changed = change_strokes(bars(1), torch.full((1, 1, 1, 1), amount))
    assert changed[0, 0, 14].sum() == width


def test_no_severity_no_damage():
    batch = torch.rand(4, 1, 28, 28, generator=seeded())
    assert torch.equal(degrade_image(batch, torch.zeros(4), seeded()), batch)


def test_damage_grows_smoothly_with_the_severity():
    steps = np.linspace(0, 1, 41)
    seen = [degrade_image(bars(16), torch.full((16,), float(step)), seeded(3)) for step in steps]
    damage = np.array([(one - seen[0]).abs().mean().item() for one in seen])
    assert (np.diff(damage) > 0).all()
    jumps = np.array([(b - a).abs().mean().item() for a, b in itertools.pairwise(seen)])
    assert jumps.max() < 0.1 * damage[-1]  # no step of the slider makes a different picture
    assert all(one.min() >= 0 and one.max() <= 1 for one in seen)


def test_each_picture_has_its_own_severity():
    batch = bars(3)
    degraded = degrade_image(batch, torch.tensor([0.0, 0.3, 0.9]), seeded())
    apart = (degraded - batch).abs().mean(dim=(1, 2, 3))
    assert apart[0] == 0 and 0 < apart[1] < apart[2]


def test_a_seed_gives_the_same_damage():
    severity = torch.full((8,), 0.6)
    assert torch.equal(degrade_image(bars(), severity, seeded(1)), degrade_image(bars(), severity, seeded(1)))
    assert not torch.equal(degrade_image(bars(), severity, seeded(1)), degrade_image(bars(), severity, seeded(2)))


def test_severity_beyond_its_range_is_its_nearest_end():
    batch = bars(2)
    beyond = degrade_image(batch, torch.tensor([-1.0, 7.0]), seeded())
    assert torch.equal(beyond, degrade_image(batch, torch.tensor([0.0, 1.0]), seeded()))
