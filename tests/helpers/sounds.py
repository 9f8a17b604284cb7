"""Sounds that are made up: something like speech, noise, and what holds for whatever was heard."""

import io

import numpy as np
import soundfile

from mmdemo.audio.reader import AudioInput
from mmdemo.audio.speech_embedding import BANDS, steps
from mmdemo.config import SAMPLE_RATE


def word(seconds=0.4, rate=SAMPLE_RATE, pitch=120.0):
    """Something like a syllable: harmonics under two moving formants, fading in and out."""
    time = np.arange(round(seconds * rate)) / rate
    sound = np.zeros_like(time)
    for harmonic in range(1, int(3800 / pitch)):
        frequency = harmonic * pitch
        formants = np.exp(-(((frequency - 500 - 400 * time / seconds) / 300) ** 2))
        formants += 0.5 * np.exp(-(((frequency - 2000 + 600 * time / seconds) / 400) ** 2))
        sound += formants * np.sin(2 * np.pi * frequency * time)
    return sound / np.abs(sound).max() * 0.5 * np.sin(np.pi * time / seconds) ** 0.5


def between(sound, before, after, rate=SAMPLE_RATE):
    """A sound with silence around it."""
    return np.concatenate([np.zeros(round(before * rate)), sound, np.zeros(round(after * rate))])


def encoded(samples, rate=SAMPLE_RATE, **kind):
    file = io.BytesIO()
    soundfile.write(file, samples, rate, **kind)
    return file.getvalue()


def noise(seconds, exponent, seed=0):
    """White (0), pink (0.5) or brown (1) noise of standard deviation 0.05."""
    n = round(seconds * SAMPLE_RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(n))
    sound = np.fft.irfft(spectrum * np.maximum(np.fft.rfftfreq(n, 1 / SAMPLE_RATE), 10) ** -exponent, n)
    return sound / sound.std() * 0.05


def check_heard(heard: AudioInput):
    """What holds for whatever was heard."""
    assert heard.samples.dtype == np.float32
    assert heard.samples.ndim == 1
    assert np.abs(heard.samples).max(initial=0) <= 1
    assert heard.spans.shape == (len(heard), 2)
    assert steps(len(heard.mel)) == len(heard)
    assert heard.mel.shape[1:] == (BANDS,)
    assert heard.mel.dtype == np.float32
    assert np.isfinite(heard.mel).all()
    assert (heard.absent is None) == (len(heard) > 0)
    assert (np.diff(heard.spans, axis=0) >= 0).all()
    assert (heard.spans[:, 0] <= heard.spans[:, 1]).all()
    assert ((heard.spans >= 0) & (heard.spans <= heard.seconds)).all()
    for start, end in heard.segments:
        assert 0 <= start < end <= heard.seconds
    for note in (*heard.notes, heard.absent):
        assert note is None or str(note)
    return heard


def voice(pitch=150.0, seconds=1.0, before=0.0, after=0.0):
    """A hum that swells and fades, with silence around it."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    hum = sum(np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 12)) * np.sin(np.pi * time / seconds)
    silence = [np.zeros(int(s * SAMPLE_RATE)) for s in (before, after)]
    return (0.2 * np.concatenate([silence[0], hum, silence[1]])).astype(np.float32)
