"""Lips and voice become steps in turn, and the stem teaches itself which moment is which."""

import numpy as np
import torch

from mmdemo.config import VideoConfig
from mmdemo.video.modality import Video
from mmdemo.video.reader import SHAPE, VOICE, mirrored
from mmdemo.video.stem import VideoStem


def stem():
    torch.manual_seed(0)
    return VideoStem(VideoConfig(), 100).eval()


def test_lips_and_voice_take_turns_and_say_which_they_are():
    batch = torch.randn(2, 7, SHAPE + VOICE)
    steps = stem()(batch, torch.tensor([14, 14]))
    assert steps.shape == (2, 14, 100)
    assert (steps[:, ::2, -1] == 1).all() and (steps[:, 1::2, -1] == -1).all()
    changed = batch.clone()
    changed[:, :, SHAPE:] += 1
    other = stem()(changed, torch.tensor([14, 14]))
    assert torch.equal(other[:, ::2], steps[:, ::2]) and not torch.equal(other[:, 1::2], steps[:, 1::2])


def test_a_video_in_a_batch_has_the_same_steps_as_alone():
    items = [np.random.default_rng(k).normal(size=(n, SHAPE + VOICE)).astype(np.float32) for k, n in enumerate((5, 9))]
    video, made = Video(), stem()
    both = made(video.collate([*items, None], {}), torch.tensor([10, 18, 0]))
    alone = made(video.collate(items[:1], {}), torch.tensor([10]))
    torch.testing.assert_close(both[0, :10], alone[0])
    assert made(video.collate([None], {}), torch.tensor([0])).shape == (1, 0, 100)
    assert video.steps(items[0], {}) == 10


def test_it_learns_which_voice_belongs_to_which_moment():
    torch.manual_seed(0)
    made = VideoStem(VideoConfig(dropout=0.0), 100)
    optimizer = torch.optim.Adam(made.parameters(), 3e-3)
    lengths, labels = torch.full((16,), 20), torch.zeros(16, dtype=torch.long)
    labels[12:] = 1  # these are not to be learnt from

    def drawn():
        hidden = torch.randn(16, 10, 8)
        batch = torch.zeros(16, 10, SHAPE + VOICE)
        batch[:, :, :8], batch[:, :, SHAPE : SHAPE + 8] = hidden, 16 * hidden
        return batch

    first = float(made.own_loss(drawn(), lengths, labels))
    for _ in range(60):
        loss = made.own_loss(drawn(), lengths, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss) < 0.7 * first
    assert float(made.own_loss(drawn(), lengths, torch.ones_like(labels))) == 0
    padded = torch.cat([drawn(), torch.randn(16, 5, SHAPE + VOICE)], dim=1)
    assert float(made.own_loss(padded, lengths, labels)) < 0.8 * first  # what lies beyond an end does not count


def test_what_is_varied_is_varied_the_same_in_any_batch():
    video = Video()
    batch = torch.randn(3, 8, SHAPE + VOICE)
    present, severity = torch.tensor([True, False, True]), torch.tensor([0.0, 1.0])

    def generators():
        return [torch.Generator().manual_seed(k) for k in (5, 6)]

    changed = video.augment(batch, present, severity, generators(), {})
    assert torch.equal(changed[1], batch[1]) and not torch.equal(changed[0], batch[0])
    alone = video.augment(batch[2:], torch.tensor([True]), severity[1:], generators()[1:], {})
    torch.testing.assert_close(alone[0], changed[2])
    assert mirrored(batch[0, :, :SHAPE].numpy()).shape == (8, SHAPE)
    worse = video.degrade(batch[0].numpy(), 1.0, np.random.default_rng(0))
    assert worse.shape == (8, SHAPE + VOICE) and worse.dtype == np.float32
