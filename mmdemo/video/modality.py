"""Videos with their sound as a sense of the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from mmdemo.audio.noise import NOISES, add_noise
from mmdemo.audio.speech_embedding import STRIDE
from mmdemo.config import VideoConfig
from mmdemo.messages import Note
from mmdemo.modality import Ask, Modality, StepTarget, ramp
from mmdemo.video.mouth import HEIGHT
from mmdemo.video.reader import FRAMES, SHAPE, STEP, VOICE, VideoInput, View, heard, mirrored, read_video
from mmdemo.video.stem import VideoStem

STEPS = 6  # of 80 ms, by which the sound is tried earlier and later
WINDOW = 25  # steps that are asked about at once: two seconds, as long as those that it learns from
OFFSETS = 2 * STEPS + 1  # at which the sound may be put
HOP = 12  # steps from one such window to the next
CLEARLY = 1.0  # log-odds: by less than that, no offset fits better than the middle one of all
FIRM = 12  # steps after which the evidence has said all that it can: a second
STRENGTH, LOUDER = 0.2, 0.3  # standard deviations: of how large lips' movements are, and of the sound's level
WIDEST = 1800  # pixels of the strip
NOISE = 0.3  # at full severity, of what is usual
BEHIND = (3.0, 25.0)  # dB by which noise lies below a voice in training


class Video(Modality):
    """Videos. An item is ``VideoInput.numbers``, float32 (T, SHAPE + VOICE); packed, it has half the digits."""

    name = "video"

    def read(self, source: Any, config: Any, *, candidate: int | None = None) -> VideoInput:
        """See ``read_video``; a candidate is one of the ``OFFSETS``: by so many steps less STEPS is the sound moved."""
        given = read_video(source)
        if candidate is None or given.absent:
            return given
        late = max(0, min(candidate, OFFSETS - 1)) - STEPS
        return given.part(View(late=late)) if late else given

    def consider(self, given: VideoInput, config: Any, labels: Sequence[str], ask: Ask) -> VideoInput:
        """By how much the sound is early or late: at which of 13 offsets the model finds that it fits best.

        The lips are the same for all offsets. Only how they rank means anything for a stranger, so each is told against
        the middle one of all.
        """
        count = len(given.shapes)
        if given.absent or count < 2 * STEPS + HOP // 2:
            return given
        width = min(WINDOW, count - 2 * STEPS)
        starts = sorted({*range(STEPS, count - STEPS - width + 1, HOP), count - STEPS - width})
        scores = offset_scores([given.numbers], [starts], width, ask)[0]  # (13,)
        against = scores - np.median(scores)
        late = range(-STEPS, STEPS + 1)
        best = late[int(against.argmax())]
        offsets = tuple((round(k * STEP, 2), round(float(score), 3)) for k, score in zip(late, against, strict=True))
        key = "video.fits" if not best else "video.fits_late" if best > 0 else "video.fits_early"
        if against.max() < CLEARLY:
            key = "video.fits_nowhere"
        notes = (*given.notes, Note(key, {"milliseconds": round(abs(best) * STEP * 1000)}))
        return replace(given, offsets=offsets, notes=notes, doubt=Note("video.experimental"))

    def item(self, given: VideoInput) -> np.ndarray:
        """Lips and voice side by side."""
        return given.numbers

    def spans(self, given: VideoInput) -> Iterator[tuple[str, tuple[float, ...]]]:
        """The seconds (start, end) of every step: the lips' in the picture, then the voice's in the sound."""
        for lips, voice in zip(given.lips_at.tolist(), given.voice_at.tolist(), strict=True):
            yield "", (lips, lips + STEP)
            yield "", (voice, voice + STEP)

    def place(self, index: int, count: int, word: str, span: tuple[float, ...]) -> dict[str, Any]:
        """Its seconds."""
        return {"start": f"{span[0]:.2f}", "end": f"{span[1]:.2f}"}

    def preview(self, given: VideoInput) -> dict[str, Any]:
        """How long it is, where the mouth was found, and how well each offset of the sound fits."""
        plain = [round(correlation(item), 3) for item in moved(given.numbers)] if given.offsets else []
        late = float((given.lips_at - given.voice_at)[:1].sum())
        return {
            "seconds": given.seconds,
            "size": list(given.size),
            "box": given.box,
            "offsets": list(given.offsets),
            "correlation": plain,
            "late": round(late, 2),
        }

    def strip(self, given: VideoInput) -> np.ndarray:
        """The mouth of each step beside the next one's; below them, as high, the spectrogram of the same moments."""
        mouths = np.hstack(given.mouths[::2]).astype(np.float32)  # (HEIGHT, T * WIDTH)
        wide = min(mouths.shape[1], WIDEST)
        mouths = cv2.resize(mouths, (wide, HEIGHT), interpolation=cv2.INTER_AREA)
        loud = given.mel.T[::-1]
        low, high = np.quantile(loud, (0.05, 0.995))
        loud = 255 * ((loud - low) / max(high - low, 1e-3)).clip(0, 1)
        return np.vstack([mouths, cv2.resize(loud.astype(np.float32), (wide, HEIGHT), interpolation=cv2.INTER_LINEAR)])

    def stem(self, config: Any, embedding_dim: int) -> VideoStem:
        """Two small networks."""
        return VideoStem(VideoConfig(**config), embedding_dim)

    def collate(self, items: Sequence[np.ndarray | None], config: Any) -> Tensor:
        """(B, T, SHAPE + VOICE), zero where there is none."""
        empty = torch.zeros(0, SHAPE + VOICE)
        return pad_sequence([empty if item is None else torch.from_numpy(item) for item in items], batch_first=True)

    def steps(self, item: np.ndarray, config: Any) -> int:
        """Two every 80 ms."""
        return 2 * len(item)

    def fingerprint(self, config: Any) -> dict[str, Any]:
        """Nothing in the configuration changes what is read."""
        return {}

    def prepare(
        self, source: Any, config: Any, *, variants: int, rng: np.random.Generator, others: tuple[str, ...]
    ) -> list[np.ndarray] | str:
        """As it is, and with noise under the voice: what is behind somebody is not on the lips."""
        given = self.read(source, config)
        if given.absent:
            return str(given.absent)
        found = [given.numbers]
        for _ in range(variants - 1):
            kind = str(rng.choice(list(NOISES)))
            noisy = add_noise(given.samples, rng.uniform(*BEHIND), rng, kind)
            found.append(np.concatenate([given.shapes, heard(noisy, len(given.shapes))], axis=1))
        return found

    def wholes(self, cell: str) -> tuple[str, ...]:
        """The files whose lips and whose sound a cell names."""
        file, view = View.of(cell)
        return (file, view.sound) if view.sound else (file,)

    def part(self, wholes: Sequence[np.ndarray], cell: str) -> np.ndarray:
        """The part of one or two files that a cell names."""
        _, view = View.of(cell)
        lips, voice = view.steps(len(wholes[0]), len(wholes[-1]))
        return np.concatenate([wholes[0][lips, :SHAPE], wholes[-1][voice, SHAPE:]], axis=1)

    def pack(self, item: np.ndarray) -> np.ndarray:
        """With half the digits."""
        return item.astype(np.float16)

    def unpack(self, item: np.ndarray) -> np.ndarray:
        """As the stem takes it."""
        return item.astype(np.float32)

    def target(self, label: int, steps: int, span: tuple[float, float]) -> StepTarget:
        """Evidence that has said all that it can after a second."""
        return ramp(label, steps, (0.0, min(1.0, 2 * FIRM / max(steps, 1))))

    def augment(
        self, batch: Tensor, present: Tensor, severity: Tensor, generators: Sequence[torch.Generator], config: Any
    ) -> Tensor:
        """Half of the faces in a mirror, lips that move more or less, another level of the sound, and noise."""
        changed = batch.clone()
        for k, harm, generator in zip(present.nonzero()[:, 0].tolist(), severity.tolist(), generators, strict=True):
            numbers = changed[k]
            flip, more, louder = torch.rand(1, generator=generator), *torch.randn(2, generator=generator)
            if flip < 0.5:
                numbers[:, :SHAPE] = torch.from_numpy(mirrored(numbers[:, :SHAPE].numpy()))
            numbers[:, :SHAPE] *= torch.exp(STRENGTH * more)
            numbers[:, -8:] += LOUDER * louder
            usual = numbers.std(0, keepdim=True) if len(numbers) > 1 else 0
            numbers += NOISE * harm * usual * torch.randn(numbers.shape, generator=generator)
        return changed

    def degrade(self, item: np.ndarray, level: float, rng: np.random.Generator, **about: Any) -> np.ndarray:
        """Noise on all numbers, at full level as large as what they usually vary by."""
        return (item + level * item.std(0) * rng.normal(size=item.shape)).astype(np.float32)


def moved(numbers: np.ndarray, which: Sequence[int] = range(OFFSETS)) -> list[np.ndarray]:
    """The middle of a video with its sound put at some of the ``OFFSETS``: the lips are the same at all of them.

    Args:
        numbers: of the whole video, (T, SHAPE + VOICE), with T over ``2 * STEPS``.
        which: 0 for a sound that is taken from ``STEPS`` before the lips, ``STEPS`` for one where it is.

    Returns:
        of each, (T - 2 * STEPS, SHAPE + VOICE).
    """
    count = len(numbers) - 2 * STEPS
    lips = numbers[STEPS : STEPS + count, :SHAPE]
    return [np.concatenate([lips, numbers[k : k + count, SHAPE:]], axis=1) for k in which]


def correlation(numbers: np.ndarray) -> float:
    """The plain baseline: how the movement of the lips goes with the loudness, over pictures of 40 ms, -1 to 1."""
    frames = numbers[:, :SHAPE].reshape(len(numbers) * FRAMES, -1)
    went = np.linalg.norm(np.diff(frames, axis=0), axis=1)  # (2 T - 1,)
    loud = numbers[:, -STRIDE:].reshape(len(numbers) * FRAMES, -1).mean(axis=1)[1:]
    spread = went.std() * loud.std()
    return float(((went - went.mean()) * (loud - loud.mean())).mean() / spread) if spread else 0.0


def log_odds(p: np.ndarray) -> np.ndarray:
    """Of probabilities, in double precision; those of 0 and 1 are taken for a billionth more and less."""
    p = np.clip(p.astype(np.float64), 1e-9, 1 - 1e-9)
    return np.log(p / (1 - p))


def offset_scores(wholes: Sequence[np.ndarray], starts: Sequence[Sequence[int]], width: int, ask: Ask) -> np.ndarray:
    """How well the sound fits at each offset: the log-odds of the first class, averaged over windows.

    Args:
        wholes: the numbers of each of N videos, (T, SHAPE + VOICE).
        starts: for each, where in it the windows begin, at least ``STEPS`` from either end.
        width: steps of a window.
        ask: the model.

    Returns:
        (N, OFFSETS), from the sound being early to its being late.
    """
    windows = [
        window
        for item, places in zip(wholes, starts, strict=True)
        for s in places
        for window in moved(item[s - STEPS : s + width + STEPS])
    ]
    odds = log_odds(ask(windows)[:, 0]).reshape(-1, OFFSETS)  # one row for each window
    bounds = np.cumsum([0, *(len(places) for places in starts)])
    return np.stack([odds[a:b].mean(axis=0) for a, b in pairwise(bounds)])
