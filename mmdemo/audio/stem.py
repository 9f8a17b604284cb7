"""From a spectrogram, or what the speech embedding makes of it, to the LSTM's steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmdemo.audio.speech_embedding import SIZE, SpeechEmbedding
from mmdemo.audio.voice_encoder import VoiceEncoder
from mmdemo.config import VOICE, AudioConfig
from mmdemo.modality import Stem

SPEECH_SPREAD = 16  # standard deviation of the speech embedding's numbers
VOICE_SPREAD = 1 / 3  # of the voice encoder's


@dataclass(frozen=True)
class Spectrograms:
    """A batch of sounds that are still to be embedded.

    Attributes:
        mel: of those n sounds that are there, padded at their end, (n, F, 32).
        prosody: how each step of all B samples sounds, (B, T, P); P is 0 where the task does not ask for it.
        tones: of those n sounds what the voice encoder reads, (n, T * 8, 40), or 0 for 40 likewise.
    """

    mel: Tensor
    prosody: Tensor
    tones: Tensor

    def to(self, device: torch.device | str) -> Spectrograms:
        """The same on another device."""
        return Spectrograms(self.mel.to(device), self.prosody.to(device), self.tones.to(device))


class ContextProjection(nn.Module):
    """What is heard around each step, for tasks to which 80 ms say too little.

    Only the first layer looks beside a step, and beyond either end it sees zeros, so a sound in a batch has the same
    steps as alone.
    """

    def __init__(self, config: AudioConfig, embedding_dim: int) -> None:
        super().__init__()
        width = 2 * config.context + 1
        usual = torch.ones(config.size)
        usual[: config.stem_size] = 1 / SPEECH_SPREAD
        if config.voice:
            usual[-VOICE:] = 1 / VOICE_SPREAD
        self.scale = nn.Parameter(usual)
        self.lose = nn.Dropout1d(config.feature_dropout)  # the same numbers at all steps
        self.layers = nn.Sequential(
            nn.Conv1d(config.size, config.channels, width, padding=config.context),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Conv1d(config.channels, embedding_dim, 1),
        )

    def forward(self, sounds: Tensor) -> Tensor:
        """(B, T, size) -> (B, T, S)."""
        if not sounds.shape[1]:
            return sounds.new_zeros(len(sounds), 0, self.layers[-1].out_channels)
        return self.layers(self.lose((sounds * self.scale).transpose(1, 2))).transpose(1, 2)


class AudioStem(Stem):
    """Pretrained networks that have heard far more people than we have and stay as they are, projected.

    They are the speech embedding, for what is said, and, if the task asks for it, the voice encoder, for how.
    """

    def __init__(self, config: AudioConfig, embedding_dim: int) -> None:
        super().__init__()
        self.speech = SpeechEmbedding().requires_grad_(False)
        self.voice = VoiceEncoder().requires_grad_(False) if config.voice else None
        project = ContextProjection(config, embedding_dim) if config.context else nn.Linear(config.size, embedding_dim)
        self.projection = project

    def forward(self, sounds: Tensor | Spectrograms, lengths: Tensor) -> Tensor:
        """Sounds that are embedded already, (B, T, size), or not -> (B, T, S)."""
        return self.projection(self.embed(sounds, lengths) if isinstance(sounds, Spectrograms) else sounds)

    def embed(self, sounds: Spectrograms, lengths: Tensor) -> Tensor:
        """What the projection takes, zero after each sound's end: (B, T, size)."""
        count, most, _ = sounds.prosody.shape
        said = sounds.prosody.new_zeros(count, most, SIZE)
        if most:
            said[lengths > 0] = self.speech(sounds.mel)[:, :most]
        real = torch.arange(most, device=said.device) < lengths[:, None]  # (B, T)
        parts = [said * real[..., None], sounds.prosody]
        if self.voice is not None:
            how = said.new_zeros(count, most, VOICE)
            if most:
                how[lengths > 0] = self.voice(sounds.tones)
            parts.append(how * real[..., None])
        return torch.cat(parts, 2)

    def load_pretrained(self) -> None:
        """The weights of what is pretrained."""
        self.speech.load_state_dict(SpeechEmbedding.pretrained().state_dict())
        if self.voice is not None:
            self.voice.load_state_dict(VoiceEncoder.pretrained().state_dict())

    def train(self, mode: bool = True) -> AudioStem:
        """What is pretrained is never in training."""
        super().train(mode)
        self.speech.eval()
        if self.voice is not None:
            self.voice.eval()
        return self


@torch.inference_mode()
def listen(
    speech: SpeechEmbedding,
    voice: VoiceEncoder | None,
    mel: NDArray[np.float32],
    prosody: NDArray[np.float32],
    tones: NDArray[np.float32],
) -> NDArray[np.float32]:
    """What the projection gets of one sound: what is said at each step, how it sounds, and the voice.

    Args:
        speech, voice: on any device; the voice encoder is not needed where the tones are 0 wide.
        mel: (F, 32).
        prosody: (T, P); P may be 0.
        tones: (T * 8, 40 or 0).

    Returns:
        (T, 96 + P), and 256 more where there are tones.
    """
    device = speech.shift.device
    parts = [speech(torch.from_numpy(mel)[None].to(device))[0].cpu().numpy(), prosody]
    if tones.shape[1] and voice is not None:
        parts.append(voice(torch.from_numpy(tones)[None].to(device))[0].cpu().numpy())
    return np.concatenate(parts, axis=1)
