"""Pictures as a sense of the model."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from mmdemo.config import ImageConfig
from mmdemo.image.augment import AUGMENT, degrade_image
from mmdemo.image.decode import open_picture
from mmdemo.image.noise import BLUR, STOPS, grain, tilt, worsen_picture
from mmdemo.image.preview import preview
from mmdemo.image.reader import ImageInput, read_image
from mmdemo.image.stem import ImageStem, PictureStem, ResidualStem
from mmdemo.image.weigh import weigh
from mmdemo.modality import Ask, CorruptionTest, Modality, Noise

SIDE = 240  # pixels: a picture that is smaller is enlarged to this length, as a camera would see it


class Image(Modality):
    """Pictures. An item is the normalised square, float32 (size, size) in 0..1; packed, it is uint8."""

    name = "image"
    chooses = True

    def read(self, source: Any, config: ImageConfig, *, candidate: int | None = None) -> ImageInput:
        """See ``read_image``."""
        return read_image(source, config, candidate)

    def consider(self, given: ImageInput, config: ImageConfig, labels: Sequence[str], ask: Ask) -> ImageInput:
        """See ``weigh``."""
        return weigh(given, config, labels, ask)

    def item(self, given: ImageInput) -> np.ndarray:
        """The square."""
        return given.pixels

    def spans(self, given: ImageInput) -> Iterator[tuple[str, tuple[float, ...]]]:
        """The box of every slice (x0, y0, x1, y1) in pixels of the original."""
        for box in given.boxes:
            yield "", tuple(float(edge) for edge in box)

    def preview(self, given: ImageInput) -> dict[str, Any]:
        """See ``mmdemo.image.preview``."""
        return preview(given)

    def strip(self, given: ImageInput) -> np.ndarray:
        """The square."""
        return given.pixels * 255

    def place(self, index: int, count: int, word: str, span: tuple[float, ...]) -> dict[str, Any]:
        """Which slice, and of how many."""
        return {"slice": index + 1, "slices": count}

    def perturb(self, source: Any, noise: Noise) -> Any:
        """Blur and darkness."""
        if not noise.blur and not noise.darkness:
            return source
        return worsen_picture(open_picture(source)[0], noise.blur, noise.darkness, noise.seed)

    def stem(self, config: ImageConfig, embedding_dim: int) -> PictureStem:
        """A convolutional network, a deeper one where the configuration gives its channels."""
        return (ResidualStem if config.channels else ImageStem)(config, embedding_dim)

    def collate(self, items: Sequence[np.ndarray | None], config: ImageConfig) -> Tensor:
        """The squares, (B, size, size), black where there is none."""
        blank = np.zeros((config.size, config.size), np.float32)
        return torch.from_numpy(np.stack([blank if item is None else item for item in items]).astype(np.float32))

    def steps(self, item: np.ndarray, config: ImageConfig) -> int:
        """As many as there are slices."""
        return config.slices

    def fingerprint(self, config: ImageConfig) -> dict[str, Any]:
        """The square's size, and what is looked for."""
        return {"size": config.size, "subject": config.subject}

    def pack(self, item: np.ndarray) -> np.ndarray:
        """As bytes."""
        return np.round(item * 255).astype(np.uint8)

    def unpack(self, item: np.ndarray) -> np.ndarray:
        """As numbers in 0..1."""
        return item / np.float32(255)

    def augment(
        self,
        batch: Tensor,
        present: Tensor,
        severity: Tensor,
        generators: Sequence[torch.Generator],
        config: ImageConfig,
    ) -> Tensor:
        """Other hands or faces, blurred, covered and faded by so much."""
        pictures = AUGMENT[config.subject](batch[present][:, None], generators)  # (n, 1, size, size)
        changed = batch.clone()
        changed[present] = degrade_image(pictures, severity, generators)[:, 0]
        return changed

    def degrade(self, item: np.ndarray, level: float, rng: Generator, **about: Any) -> np.ndarray:
        """Blur, noise and occlusion."""
        generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
        return degrade_image(torch.from_numpy(item)[None, None], torch.tensor([level]), generator)[0, 0].numpy()

    def raw(self, source: Any) -> np.ndarray:
        """The picture, uint8 (H, W, 3), as large as a camera's would be."""
        picture, _ = open_picture(source)
        enlarge = max(1.0, SIDE / max(picture.shape[:2]))
        return cv2.resize(picture, None, fx=enlarge, fy=enlarge, interpolation=cv2.INTER_CUBIC)

    def corruptions(self, seed: int, others: Sequence[Any]) -> dict[str, CorruptionTest]:
        """Blur, darkness, and a camera that looks from the side."""

        def axis(row: int) -> float:
            return random.Random(f"{seed} {row}").uniform(0, 2 * np.pi)

        return {
            "blur": CorruptionTest(
                "sigma in % of the picture's side",
                (0.0, 0.3, 0.6, 1.0, 1.5, 2.0, 3.0),
                lambda raw, level, row: worsen_picture(raw, blur=level / 100 / BLUR, seed=seed + row),
            ),
            "darkness": CorruptionTest(
                "stops",
                (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0),
                lambda raw, level, row: worsen_picture(raw, darkness=level / STOPS, seed=seed + row),
            ),
            "angle": CorruptionTest(
                "degrees",
                (0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0),
                lambda raw, level, row: tilt(raw, level, axis(row)),
            ),
        }

    def nothing_but_noise(self, row: int, seed: int, others: Sequence[Any]) -> np.ndarray:
        """Grain."""
        return grain(SIDE, np.random.default_rng([seed, row]))
