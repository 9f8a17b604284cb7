import numpy as np
import pytest
import torch

from mmdemo.config import MODALITIES, ModelConfig
from mmdemo.model.sequence import collate, join


def part(*samples, width=2):
    """Steps that say which modality, sample and step they are."""
    return torch.tensor(samples, dtype=torch.float32)[..., None].expand(-1, -1, width)


def test_join_by_hand():
    text = part([11, 12, 0], [21, 22, 23])
    image = part([31, 32], [0, 0])
    lengths = torch.tensor([[2, 2], [3, 0]])
    steps = join([text, image], lengths, order=torch.tensor([[1, 0], [0, 1]]))
    assert steps.x[..., 0].tolist() == [[31, 32, 11, 12], [21, 22, 23, 0]]
    assert steps.lengths.tolist() == [4, 3]
    assert steps.starts.tolist() == [[2, 0], [0, 3]]
    assert steps.mask.tolist() == [[True] * 4, [True] * 3 + [False]]
    assert steps.last(steps.x)[:, 0].tolist() == [12, 23]


def test_join_keeps_every_real_step_once_whatever_the_order():
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(0, 6, (50, 3), generator=generator)
    order = torch.stack([torch.randperm(3, generator=generator) for _ in range(50)])
    parts = [torch.randn(50, 5, 4, generator=generator) for _ in range(3)]
    steps = join(parts, lengths, order)
    for b in range(50):
        expected = torch.cat([parts[m][b, : lengths[b, m]] for m in order[b]])
        assert torch.equal(steps.x[b, : steps.lengths[b]], expected)
        assert not steps.x[b, steps.lengths[b] :].any()


def test_join_passes_gradients():
    text = torch.randn(1, 2, 3, requires_grad=True)
    join([text], torch.tensor([[1]]), torch.tensor([[0]])).x.sum().backward()
    assert text.grad.tolist() == [[[1, 1, 1], [0, 0, 0]]]


@pytest.mark.parametrize("present", [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)])
def test_collate_counts_what_is_there(present):
    has_text, has_image, has_sound = present
    items = {
        "text": ("a", "b", "c", "d"),
        "image": np.ones((28, 28), np.float32),
        "audio": np.ones((5, 96), np.float32),
    }
    given = {name: item for (name, item), there in zip(items.items(), present, strict=True) if there}
    batch = collate([given, {}], [MODALITIES, MODALITIES[::-1]], ModelConfig("test", ["a", "b"]))
    assert batch.lengths.tolist() == [[4 * has_text, 14 * has_image, 5 * has_sound], [0, 0, 0]]
    assert batch.order.tolist() == [[0, 1, 2], [2, 1, 0]]
