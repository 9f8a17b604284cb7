"""More handwriting from the same handwriting, for training; and damage by degrees, for training, evaluation and the
page's noise slider.

Everything works on batches of normalised squares, float (B, 1, size, size) in 0..1 with bright ink on black, and takes
its randomness from the generator that is passed in, so that a seed gives the same pictures again.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

DEGREES = 13.0  # largest turn to either side
SHIFT = 2 / 28  # of the side: how far the ink may lie beside its place
SCALE = (0.82, 1.12)
SHEAR = 12.0  # degrees: upright to slanted handwriting

FACE_DEGREES = 15.0
FACE_SHIFT = 0.08  # of the side
FACE_SCALE = (0.9, 1.25)  # how much larger or smaller a face gets
FACE_LIGHT = 0.4  # largest logarithm of the exponent that makes a picture darker or lighter

BLUR = 1.6  # pixels of 28: sigma of the blur at severity 1
NOISE = 0.5  # standard deviation of the noise at severity 1
COVERED = 0.6  # of the side: the square that is covered at severity 1
FADED = 0.5  # of the contrast is lost at severity 1


@lru_cache
def _warp() -> nn.Sequential:
    from kornia import augmentation as kornia  # only training needs it

    return nn.Sequential(
        kornia.RandomAffine(DEGREES, (SHIFT, SHIFT), SCALE, SHEAR, p=0.9),
        kornia.RandomElasticTransform((9, 9), (2.5, 2.5), (0.35, 0.35), p=0.4),
        kornia.RandomGaussianBlur((5, 5), (0.3, 0.7), p=0.2),
    )


def augment_image(batch: Tensor, generator: Generator) -> Tensor:
    """Turn, shift, scale, slant, bend, thin, thicken, blur, fade and roughen, each a little and at random.

    Args:
        batch: (B, 1, size, size) in 0..1.
        generator: on the CPU.

    Returns:
        A new batch of the same shape, in 0..1.
    """
    with torch.random.fork_rng(devices=[]):  # kornia draws from the global generator
        torch.manual_seed(int(torch.randint(2**31, (), generator=generator)))
        batch = _warp()(batch)
        amount = torch.empty(len(batch), 1, 1, 1, device=batch.device).uniform_(-0.5, 0.6)
        batch = change_strokes(batch, amount)
        contrast = 1 - 0.3 * torch.rand_like(amount) ** 2
        grain = 0.08 * torch.rand_like(amount) ** 2 * torch.randn_like(batch)
    return (batch * contrast + grain).clamp(0, 1)


def augment_face(batch: Tensor, generator: Generator) -> Tensor:
    """Turn, mirror, shift and scale, lighten and darken, each a little and at random.

    Args:
        batch: (B, 1, size, size) in 0..1.
        generator: on the CPU.

    Returns:
        A new batch of the same shape, in 0..1.
    """

    def between(low: float, high: float, *shape: int) -> Tensor:
        return (low + (high - low) * torch.rand(len(batch), *shape, generator=generator)).to(batch)

    turn, zoom = torch.deg2rad(between(-FACE_DEGREES, FACE_DEGREES)), 1 / between(*FACE_SCALE)
    mirror = between(-1, 1).sign()
    cosine, sine = zoom * turn.cos(), zoom * turn.sin()
    turned = torch.stack([cosine * mirror, -sine, sine * mirror, cosine], 1).view(-1, 2, 2)
    moved = torch.cat([turned, 2 * between(-FACE_SHIFT, FACE_SHIFT, 2, 1)], 2)  # (B, 2, 3), in half sides
    places = F.affine_grid(moved, list(batch.shape), align_corners=False)
    batch = F.grid_sample(batch, places, padding_mode="border", align_corners=False)
    gamma = between(-FACE_LIGHT, FACE_LIGHT, 1, 1, 1).exp()
    return batch.clamp(1e-3, 1) ** gamma


AUGMENT = {"ink": augment_image, "face": augment_face}
"""What is done to a picture in training, by what is looked for in it (``ImageConfig.subject``)."""


def change_strokes(batch: Tensor, amount: Tensor) -> Tensor:
    """Thicken strokes (amount above 0) or thin them (below 0); at 1 by a pixel on either side.

    Args:
        batch: (B, 1, size, size).
        amount: (B, 1, 1, 1) in -1..1.
    """
    thick = F.max_pool2d(batch, 3, stride=1, padding=1)
    thin = -F.max_pool2d(-batch, 3, stride=1, padding=1)
    return batch + amount.clamp(min=0) * (thick - batch) - (-amount).clamp(min=0) * (batch - thin)


def degrade_image(batch: Tensor, severity: Tensor, generator: Generator) -> Tensor:
    """Blur, fade, cover and drown in noise, by degrees: what is drawn at random does not depend on the severity, so
    that with one seed the damage grows smoothly, from none at 0 to hardly legible at 1.

    Args:
        batch: (B, 1, size, size) in 0..1.
        severity: (B,) in 0..1.
        generator: on the CPU.

    Returns:
        A new batch of the same shape, in 0..1.
    """
    count, _, height, width = batch.shape
    device = batch.device
    noise = torch.randn(count, 1, height, width, generator=generator).to(device)
    place = torch.rand(count, 2, generator=generator).to(device)
    tone = torch.rand(count, 1, 1, 1, generator=generator).to(device)
    severity = severity.to(batch).clamp(0, 1)
    degree = severity.view(-1, 1, 1, 1)
    blurred = _blur(batch, BLUR * severity * width / 28)
    # The covered square grows around its place; its rim is soft, so that no pixel appears at once.
    down = torch.linspace(0, 1, height, device=device).view(1, 1, -1, 1)
    across = torch.linspace(0, 1, width, device=device).view(1, 1, 1, -1)
    far = torch.maximum((down - place[:, 0].view(-1, 1, 1, 1)).abs(), (across - place[:, 1].view(-1, 1, 1, 1)).abs())
    covered = ((degree * COVERED / 2 - far) * width + 0.5).clamp(0, 1) * (degree > 0)  # (B, 1, H, W)
    batch = blurred * (1 - FADED * degree) * (1 - covered) + tone * covered
    return (batch + NOISE * degree * noise).clamp(0, 1)


def _blur(batch: Tensor, sigma: Tensor) -> Tensor:
    """Gaussian blur of every picture by its own sigma in pixels, (B,); 0 leaves it as it is."""
    count, _, height, width = batch.shape
    reach = 5
    offsets = torch.arange(-reach, reach + 1, device=batch.device, dtype=batch.dtype)
    kernels = torch.exp(-0.5 * (offsets / sigma.clamp(min=0.05).unsqueeze(1)) ** 2)  # (B, 2 * reach + 1)
    kernels = kernels / kernels.sum(dim=1, keepdim=True)
    rows = batch.view(1, count, height, width)
    rows = F.conv2d(rows, kernels.view(count, 1, -1, 1), padding=(reach, 0), groups=count)
    rows = F.conv2d(rows, kernels.view(count, 1, 1, -1), padding=(0, reach), groups=count)
    return rows.view_as(batch)
