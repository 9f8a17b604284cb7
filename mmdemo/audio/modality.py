"""Sounds as a sense of the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from mmdemo.audio.augment import vary_voice
from mmdemo.audio.decode import decode
from mmdemo.audio.find_speech import CONTEXT, find_speech, loudness
from mmdemo.audio.noise import add_noise, babble, loud_part, worsen_sound
from mmdemo.audio.preview import preview
from mmdemo.audio.prosody import prosody
from mmdemo.audio.reader import AudioInput, read_audio
from mmdemo.audio.several import WINDOW, words_in
from mmdemo.audio.spectrogram import FRAMES_PER_SECOND, spectrogram
from mmdemo.audio.speech_embedding import STRIDE, speech
from mmdemo.audio.stem import AudioStem, Spectrograms, listen
from mmdemo.audio.stream import AHEAD, BEFORE, STEP, room, stream_mel
from mmdemo.audio.voice_encoder import VoiceEncoder, tones
from mmdemo.config import PROSODY, SAMPLE_RATE, AudioConfig
from mmdemo.messages import InputError, Note
from mmdemo.modality import Ask, CorruptionTest, Modality, Noise, StepTarget, ramp

REACH = CONTEXT / 100  # seconds that a step hears before it begins and after it ends; a frame is 10 ms
PEAKS = (0.1, 0.9)  # of full scale: how loud somebody is in a stream
SHOWN = 8  # of several words that were heard
DECIBELS = (None, 30.0, 20.0, 15.0, 10.0, 5.0, 0.0)  # of speech above noise


class Spectrogram(NamedTuple):
    """One sound that is still to be embedded: see ``AudioInput`` for its parts."""

    mel: NDArray[np.float32]
    prosody: NDArray[np.float32]
    tones: NDArray[np.float32]


class Audio(Modality):
    """Sounds. An item is a ``Spectrogram`` or, as training and evaluation keep it, that embedded: (T, size)."""

    name = "audio"
    joins = True
    continuous = True

    def read(self, source: Any, config: AudioConfig, *, candidate: int | None = None) -> AudioInput:
        """See ``read_audio``."""
        return read_audio(source, config)

    def consider(self, given: AudioInput, config: AudioConfig, labels: Sequence[str], ask: Ask) -> AudioInput:
        """Where several words are said and one is expected, the part with the one that is read most firmly."""
        if not config.one_word or len(given) < 2 * WINDOW:
            return given
        words = words_in(_embedded(given), given.breaks, ask)
        if not words:
            return given
        read = max(words, key=lambda word: word.confidence)
        names = [labels[word.label] for word in words[:SHOWN]] + ["…"] * (len(words) > SHOWN)
        values = {"count": len(words), "words": ", ".join(names), "label": labels[read.label]}
        return replace(given.part(read.start, read.stop), doubt=Note("audio.several", values))

    def item(self, given: AudioInput) -> Spectrogram:
        """The spectrograms of what was found, and how it sounds."""
        return Spectrogram(given.mel, given.prosody, given.tones)

    def spans(self, given: AudioInput) -> Iterator[tuple[str, tuple[float, ...]]]:
        """The seconds (start, end) of every step."""
        for span in given.spans:
            yield "", tuple(float(edge) for edge in span)

    def preview(self, given: AudioInput) -> dict[str, Any]:
        """See ``mmdemo.audio.preview``."""
        return preview(given)

    def strip(self, given: AudioInput) -> np.ndarray:
        """The spectrogram of the steps, high tones on top; the quiet ground is dark, whatever the recording's level."""
        mel = given.mel[CONTEXT:-CONTEXT].T[::-1]  # (bands, frames of the steps)
        low, high = np.quantile(mel, (0.1, 0.998))
        return (mel - low) / max(high - low, 1e-6) * 255

    def place(self, index: int, count: int, word: str, span: tuple[float, ...]) -> dict[str, Any]:
        """What its window hears, in seconds: the step is only the middle of that."""
        start, end = max(span[0] - REACH, 0.0), span[1] + REACH
        return {"start": f"{start:.2f}", "end": f"{end:.2f}"}

    def perturb(self, source: Any, noise: Noise) -> Any:
        """Pink noise."""
        if noise.snr is None:
            return source
        return SAMPLE_RATE, worsen_sound(decode(source), noise.snr, seed=noise.seed)

    def stem(self, config: AudioConfig, embedding_dim: int) -> AudioStem:
        """The pretrained speech embedding and a projection."""
        return AudioStem(config, embedding_dim)

    def collate(self, items: Sequence[Spectrogram | np.ndarray | None], config: AudioConfig) -> Tensor | Spectrograms:
        """Embedded sounds as (B, T, size); others as ``Spectrograms``. A batch has one kind."""
        there = [item for item in items if item is not None]
        if there and isinstance(there[0], Spectrogram):
            mels, tones = (
                pad_sequence([torch.from_numpy(part) for part in parts], batch_first=True)
                for parts in ([item.mel for item in there], [item.tones for item in there])
            )
            how = [None if item is None else item.prosody for item in items]
            return Spectrograms(mels, _padded(how, PROSODY * config.prosody), tones)
        return _padded(items, config.size)

    def steps(self, item: Spectrogram | np.ndarray, config: AudioConfig) -> int:
        """One every 80 ms."""
        return len(item.prosody if isinstance(item, Spectrogram) else item)

    def fingerprint(self, config: AudioConfig) -> dict[str, Any]:
        """How much is read, and whether it says how it sounds."""
        return {"max_seconds": config.max_seconds, "prosody": config.prosody, "voice": config.voice}

    def prepare(
        self, source: Any, config: AudioConfig, *, variants: int, rng: Generator, others: tuple[str, ...]
    ) -> list[np.ndarray] | str:
        """The sound embedded, as it is and in varied voices, with recordings of no class in the background of some."""
        torch.set_num_threads(1)  # the clips are already spread over the cores
        sound = read_audio(source, config)
        if sound.absent:
            return str(sound.absent)
        kept = [_embedded(sound)]
        while len(kept) < variants:
            varied = read_audio((SAMPLE_RATE, vary_voice(sound.samples, rng, others=_decoded(others))), config)
            kept.append(kept[0] if varied.absent else _embedded(varied))
        return kept

    def target(self, label: int, steps: int, span: tuple[float, float]) -> StepTarget:
        """It grows while the label is being said."""
        return ramp(label, steps, span)

    def join(self, first: np.ndarray, second: np.ndarray, config: AudioConfig) -> np.ndarray:
        """One after the other, cut to what a recording may have."""
        return np.concatenate([first, second])[: config.max_steps]

    def clip(self, cell: str, config: AudioConfig, rng: Generator | None) -> tuple[NDArray[np.float32], int] | None:
        """Samples, from where something is first heard to where it ends, in another voice if it is to be varied."""
        samples = decode(cell)
        samples = samples if rng is None else vary_voice(samples, rng)
        found = find_speech(spectrogram(samples))
        if not found:
            return None
        first, last = ((frame * SAMPLE_RATE) // FRAMES_PER_SECOND for frame in (found[0][0], found[-1][1]))
        heard = samples[first:last][: round(config.max_seconds * SAMPLE_RATE)]
        return heard, -(-len(heard) // STEP)

    def stream(
        self,
        clips: Sequence[tuple[int, NDArray[np.float32]]],
        steps: int,
        noise: float,
        rng: Generator,
        *,
        config: AudioConfig,
        stem: AudioStem,
    ) -> np.ndarray:
        """Voices at their distances, in a room with pink noise."""
        ahead = CONTEXT * SAMPLE_RATE // FRAMES_PER_SECOND + SAMPLE_RATE // 10  # what the last steps look ahead
        samples = room(steps * STEP + ahead, noise, rng)
        for at, clip in clips:
            heard = clip[: len(samples) - at * STEP] * (rng.uniform(*PEAKS) / max(float(np.abs(clip).max()), 1e-6))
            samples[at * STEP : at * STEP + len(heard)] += heard
        mel = stream_mel(samples)[: BEFORE + (steps + AHEAD) * STRIDE]
        frames = np.arange(steps * STRIDE)
        level = loudness(spectrogram(samples), [(0, len(frames))])
        sounds = prosody(samples, frames, level) if config.prosody else np.zeros((steps, 0), np.float32)
        how = tones(samples, frames) if config.voice else np.zeros((len(frames), 0), np.float32)
        return listen(stem.speech, stem.voice, mel, sounds, how)

    def degrade(
        self, item: np.ndarray, level: float, rng: Generator, *, cell: str, config: AudioConfig, stem: AudioStem
    ) -> np.ndarray | None:
        """Pink noise on the recording itself: at 20 dB (0) down to -20 dB (1)."""
        samples = read_audio(cell, config).samples
        noisy = read_audio((SAMPLE_RATE, add_noise(samples, 20 - 40 * level, rng)), config)
        return None if noisy.absent else self.embedded(self.item(noisy), stem)

    def embedded(self, item: Spectrogram, stem: AudioStem) -> np.ndarray:
        """(T, size)."""
        return listen(stem.speech, stem.voice, *item)

    def raw(self, source: Any) -> NDArray[np.float32]:
        """Samples, (n,)."""
        return decode(source)

    def source(self, raw: NDArray[np.float32]) -> tuple[int, NDArray[np.float32]]:
        """Samples with their rate."""
        return SAMPLE_RATE, raw

    def corruptions(self, seed: int, others: Sequence[NDArray[np.float32]]) -> dict[str, CorruptionTest]:
        """Pink noise, and other people who talk."""
        return {
            "pink": CorruptionTest("dB", DECIBELS, lambda raw, level, row: worsen_sound(raw, level, seed=seed + row)),
            "babble": CorruptionTest(
                "dB", DECIBELS, lambda raw, level, row: worsen_sound(raw, level, "babble", seed + row, others)
            ),
        }

    def nothing_but_noise(self, row: int, seed: int, others: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """A second of pink noise or, by turns, of babble."""
        rng = np.random.default_rng([seed, row])
        if row % 2 and len(others):
            noise = babble(others, SAMPLE_RATE, rng)
        else:
            burst = np.zeros(SAMPLE_RATE, np.float32)
            burst[0] = 1.0  # something for the level of the noise to refer to
            noise = worsen_sound(burst, 0.0, seed=int(rng.integers(2**31)))
        return (0.3 * noise / np.abs(noise).max()).astype(np.float32)


def _padded(items: Sequence[np.ndarray | None], width: int) -> Tensor:
    """(T, width) each -> (B, T, width), zero where there is none."""
    empty = torch.zeros(0, width)
    return pad_sequence([empty if item is None else torch.as_tensor(item).float() for item in items], batch_first=True)


@lru_cache(maxsize=1)
def _decoded(files: tuple[str, ...]) -> list[NDArray[np.float32]]:
    """Recordings of which something can be heard; one that cannot be read is passed over here."""
    sounds = []
    for file in files:
        with suppress(InputError):
            sounds.append(decode(file))
    return [sound for sound in sounds if loud_part(sound)]


@lru_cache
def _voice() -> VoiceEncoder:
    return VoiceEncoder.pretrained()


def _embedded(sound: AudioInput) -> np.ndarray:
    """A sound as it is kept, (T, size)."""
    return listen(speech(), _voice() if sound.tones.shape[1] else None, sound.mel, sound.prosody, sound.tones)
