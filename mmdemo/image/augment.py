"""More handwriting from the same handwriting, for training; and damage by degrees, for training, evaluation and the
page's noise slider.

Everything works on batches of normalised squares, float (B, 1, size, size) in 0..1 with bright ink on black, and takes
its randomness from the generators that are passed in: one for the batch, or one for each picture, so that a picture
becomes the same in whatever batch it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

DEGREES = 13.0  # largest turn to either side
SHIFT = 2 / 28  # of the side: how far the ink may lie beside its place
SCALE = (0.82, 1.12)
SHEAR = 12.0  # degrees: upright to slanted handwriting
TURNED, BENT, SOFTENED = 0.9, 0.4, 0.2  # shares of the pictures
SOFT = (0.3, 0.7)  # pixels of 28: sigma of what is softened

FACE_DEGREES = 15.0
FACE_SHIFT = 0.08  # of the side
FACE_SCALE = (0.9, 1.25)  # how much larger or smaller a face gets
FACE_LIGHT = 0.4  # largest logarithm of the exponent that makes a picture darker or lighter

BLUR = 1.6  # pixels of 28: sigma of the blur at severity 1
NOISE = 0.5  # standard deviation of the noise at severity 1
COVERED = 0.6  # of the side: the square that is covered at severity 1
FADED = 0.5  # of the contrast is lost at severity 1

Generators = Generator | Sequence[Generator]


def augment_image(batch: Tensor, generator: Generators) -> Tensor:
    """Turn, shift, scale, slant, bend, thin, thicken, blur, fade and roughen, each a little and at random.

    Args:
        batch: (B, 1, size, size) in 0..1.
        generator: on the CPU.

    Returns:
        A new batch of the same shape, in 0..1.
    """
    from kornia.filters import gaussian_blur2d  # only training needs it
    from kornia.geometry.transform import elastic_transform2d

    count, _, height, width = batch.shape

    def draw(n: int, generator: Generator) -> tuple[Tensor, ...]:
        chance = torch.rand(n, 12, generator=generator)
        waves = torch.rand(n, 2, height, width, generator=generator)
        return chance, waves, torch.randn(n, 1, height, width, generator=generator)

    chance, waves, grain = (drawn.to(batch.device) for drawn in _draw(draw, count, generator))
    batch = _turn(batch, chance[:, :6])
    if (bent := chance[:, 6] < BENT).any():
        waves = 2 * waves[bent] - 1
        batch[bent] = elastic_transform2d(batch[bent], waves, (9, 9), (2.5, 2.5), (0.35, 0.35))
    if (softened := chance[:, 7] < SOFTENED).any():
        sigma = (SOFT[0] + (SOFT[1] - SOFT[0]) * chance[softened, 8:9]).expand(-1, 2)
        batch[softened] = gaussian_blur2d(batch[softened], (5, 5), sigma)
    amount, faded, rough = chance[:, 9:, None, None, None].unbind(1)
    batch = change_strokes(batch, 1.1 * amount - 0.5)
    return (batch * (1 - 0.3 * faded**2) + 0.08 * rough**2 * grain).clamp(0, 1)


def _turn(batch: Tensor, chance: Tensor) -> Tensor:
    """Turn, shift, scale and slant most of the pictures.

    Args:
        batch: (B, 1, size, size).
        chance: even numbers in 0..1, (B, 6): whether, and how much of each.
    """
    from kornia.geometry.transform import get_affine_matrix2d, warp_affine

    height, width = batch.shape[2:]
    turned = (chance[:, :1] < TURNED).to(batch)
    either = (2 * chance[:, 1:5] - 1) * turned  # -1..1
    shift = either[:, 1:3] * SHIFT * batch.new_tensor([width, height])
    scale = 1 + turned * (SCALE[0] + (SCALE[1] - SCALE[0]) * chance[:, 5:] - 1)
    centre = batch.new_tensor([[(width - 1) / 2, (height - 1) / 2]]).expand(len(batch), 2)
    slant = math.radians(SHEAR) * either[:, 3]
    matrix = get_affine_matrix2d(
        shift, centre, scale.expand(-1, 2), DEGREES * either[:, 0], slant, torch.zeros_like(slant)
    )
    return warp_affine(batch, matrix[:, :2], (height, width), align_corners=False)


def _draw(draw: Callable[[int, Generator], tuple[Tensor, ...]], count: int, generator: Generators) -> Sequence[Tensor]:
    """Random numbers for a batch: all of them from one generator, or each picture's from its own."""
    if isinstance(generator, Generator):
        return draw(count, generator)
    return [torch.cat(each) for each in zip(*(draw(1, own) for own in generator), strict=True)]


def augment_face(batch: Tensor, generator: Generators) -> Tensor:
    """Turn, mirror, shift and scale, lighten and darken, each a little and at random.

    Args:
        batch: (B, 1, size, size) in 0..1.
        generator: on the CPU.

    Returns:
        A new batch of the same shape, in 0..1.
    """
    (chance,) = _draw(lambda n, own: (torch.rand(n, 6, generator=own),), len(batch), generator)
    turn, zoom, mirror, across, down, lit = (2 * chance.to(batch) - 1).unbind(1)  # each (B,), -1..1
    low, high = FACE_SCALE
    turn, zoom = torch.deg2rad(FACE_DEGREES * turn), 2 / (low + high + (high - low) * zoom)
    cosine, sine, mirror = zoom * turn.cos(), zoom * turn.sin(), mirror.sign()
    moved = torch.stack(
        [cosine * mirror, -sine, 2 * FACE_SHIFT * across, sine * mirror, cosine, 2 * FACE_SHIFT * down], 1
    )
    places = F.affine_grid(moved.view(-1, 2, 3), list(batch.shape), align_corners=False)  # in half sides
    batch = F.grid_sample(batch, places, padding_mode="border", align_corners=False)
    return batch.clamp(1e-3, 1) ** (FACE_LIGHT * lit).exp()[:, None, None, None]


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


def degrade_image(batch: Tensor, severity: Tensor, generator: Generators) -> Tensor:
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

    def draw(n: int, generator: Generator) -> tuple[Tensor, ...]:
        noise = torch.randn(n, 1, height, width, generator=generator)
        return noise, torch.rand(n, 2, generator=generator), torch.rand(n, 1, 1, 1, generator=generator)

    noise, place, tone = (drawn.to(device) for drawn in _draw(draw, count, generator))
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
