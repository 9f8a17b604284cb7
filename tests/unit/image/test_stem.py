"""The networks that make steps of a square: what they share, and what the mirror is for."""

import pytest
import torch

from mmdemo.config import ImageConfig
from mmdemo.image.stem import ImageStem, ResidualStem

DEEP = ImageConfig(size=48, slices=12, subject="face", channels=(4, 4, 8, 8, 8))


@pytest.fixture
def squares():
    return torch.rand(3, 48, 48, generator=torch.Generator().manual_seed(0))


def there(squares):
    return torch.full((len(squares),), 12)


def test_a_face_and_its_mirror_image_have_the_same_steps_in_reverse(squares):
    stem = ResidualStem(DEEP, 10).eval()
    steps, mirrored = stem(squares, there(squares)), stem(squares.flip(2), there(squares))
    assert steps.shape == (3, 12, 10)
    torch.testing.assert_close(steps, mirrored.flip(1), atol=1e-5, rtol=1e-5)


def test_a_digit_is_not_what_its_mirror_image_is(squares):
    stem = ResidualStem(ImageConfig(size=48, slices=12, channels=(4, 4, 8)), 10).eval()
    steps, mirrored = stem(squares, there(squares)), stem(squares.flip(2), there(squares))
    assert not torch.allclose(steps, mirrored.flip(1), atol=1e-3)


def test_in_training_a_face_is_read_once(squares):
    stem = ResidualStem(DEEP, 10).train()
    calls = []
    stem.features.register_forward_hook(lambda *_: calls.append(1))
    stem(squares, there(squares))
    assert len(calls) == 1
    stem.eval()(squares, there(squares))
    assert len(calls) == 3


@pytest.mark.parametrize("size", [32, 40, 48])
def test_smaller_squares_for_quick_first_epochs(squares, size):
    stem = ResidualStem(DEEP, 10).eval()
    steps = stem(stem.shrunk(squares, size), there(squares))
    assert steps.shape[0] == 3 and steps.shape[2] == 10 and torch.isfinite(steps).all()


@pytest.mark.parametrize("config", [DEEP, ImageConfig()])
def test_who_shows_nothing_has_no_part(config):
    stem = (ResidualStem if config.channels else ImageStem)(config, 10).eval()
    squares = torch.rand(2, config.size, config.size)
    both = stem(squares, torch.tensor([config.slices, 0]))
    alone = stem(squares[:1], torch.tensor([config.slices]))
    torch.testing.assert_close(both[:1], alone, atol=1e-5, rtol=1e-5)
    assert not both[1].any()
