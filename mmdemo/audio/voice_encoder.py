"""Who speaks, and in what state: a speaker encoder that was trained elsewhere, read in its middle.

It is Resemblyzer's (C. Jemine 2019, Apache 2.0), after Wan, Wang, Papir, Lopez Moreno: Generalized end-to-end loss for
speaker verification, 2018, arXiv 1710.10467: three LSTMs on top of each other that tell thousands of people apart. The
highest layer knows who somebody is; the second still hears how they sound at the moment, and that is what we take. The
weights in ``assets/voice_encoder.safetensors`` are made by ``tools/port_voice_encoder.py``; ``assets/README.md``
credits them.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from librosa import filters
from numpy.typing import NDArray
from safetensors.torch import load_file
from scipy.fft import rfft
from torch import Tensor, nn

from mmdemo.audio.prosody import frames_around
from mmdemo.audio.speech_embedding import STRIDE
from mmdemo.config import SAMPLE_RATE, VOICE
from mmdemo.resources import ASSETS

WEIGHTS = ASSETS / "voice_encoder.safetensors"

TONES = 40  # mel bands of its spectrogram, up to 8 kHz
FRAME = 400  # samples: 25 ms
LEVEL = 10 ** (-30 / 20)  # of the speech that it hears, as a share of full scale: -30 dB


class VoiceEncoder(nn.Module):
    """The first two of the three LSTMs: a spectrogram into steps of 256 numbers, one every 80 ms."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(TONES, VOICE, 2, batch_first=True)

    @classmethod
    def pretrained(cls, path: str | Path = WEIGHTS) -> VoiceEncoder:
        """The encoder with its trained weights, in evaluation mode."""
        encoder = cls()
        encoder.load_state_dict({name: weight.float() for name, weight in load_file(path).items()})
        return encoder.eval()

    def forward(self, tones: Tensor) -> Tensor:
        """(B, T * 8, 40), as :func:`tones` makes it -> the states at the end of each step, (B, T, 256)."""
        states, _ = self.lstm(tones)
        return states[:, STRIDE - 1 :: STRIDE]


def tones(samples: NDArray[np.float32], frames: NDArray[np.int64]) -> NDArray[np.float32]:
    """The spectrogram that the encoder reads: power in mel bands, of speech brought to one level.

    The same numbers as ``librosa.feature.melspectrogram(y=samples, sr=16000, n_fft=400, hop_length=160, n_mels=40,
    pad_mode="constant")``, transposed, but for the level.

    Args:
        samples: (n,) mono at 16 kHz.
        frames: (F,), by number: frame k lies around sample 160 k; what is outside of the recording is quiet.

    Returns:
        (F, 40).
    """
    window, mel = _filters()
    pieces = frames_around(samples, frames, FRAME)  # (F, 400)
    loud = max(float(np.sqrt(np.mean(pieces**2))), 1e-6)
    spectrum = rfft(pieces * (window * np.float32(LEVEL / loud)), axis=1)
    return (spectrum.real**2 + spectrum.imag**2) @ mel


@lru_cache
def _filters() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The window (400,) and the mel filters (201, 40)."""
    mel = filters.mel(sr=SAMPLE_RATE, n_fft=FRAME, n_mels=TONES)
    return filters.get_window("hann", FRAME).astype(np.float32), np.ascontiguousarray(mel.T)
