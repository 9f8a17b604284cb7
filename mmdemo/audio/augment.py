"""Other voices, rooms and microphones from the same recordings, for training.

What is drawn at random is drawn from the generator that is passed in, so that a seed gives the same sounds again; the
sound itself is made by audiomentations, each transform with its range narrowed to the value that was drawn.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import soundfile
import soxr
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import fftconvolve, istft, stft

from mmdemo.audio.noise import Samples, add_noise, loud_part
from mmdemo.config import SAMPLE_RATE

SPEED = 0.15  # largest change of pitch and tempo together: longer or shorter throats
TEMPO = 0.15  # largest change of tempo alone
SEMITONES = 2.0  # largest change of pitch alone
THROAT = 0.12  # largest change of the vocal tract's length alone
CHILD = (1.2, 1.45)  # times a grown-up's pitch and resonances
HASTE = (0.65, 1.75)  # times the usual pace
TRUNCATED = (0.05, 0.3)  # share of the sound that a late or early button cuts off
WHISPER_TILT = (
    0.6  # a whisper's breath falls off towards the treble less than a voice: the spectrum's outline to this power
)

NOISE = ("white", "brown")  # pink noise is kept for the evaluation
PEOPLE = 0.7  # how often those who talk in the background are recorded people, where there are some

CODECS = {  # what calls and browsers send: (container, encoding, sampling rates)
    "mp3": ("MP3", "MPEG_LAYER_III", (8_000, 16_000)),
    "opus": ("OGG", "OPUS", (8_000, 16_000)),
    "vorbis": ("OGG", "VORBIS", (8_000, 16_000)),
    "telephone": ("WAV", "ULAW", (8_000,)),
    "gsm": ("WAV", "GSM610", (8_000,)),
    "8-bit": ("WAV", "PCM_U8", (8_000, 16_000)),
}
FRAME = 512  # samples: 32 ms, over which a voice is steady
LIFTER = 24  # cepstral coefficients that make a spectrum's outline, below the pitch of most voices
SOUND_SPEED = 343.0  # m/s
REFLECTIONS = 4  # images of the speaker to either side of the room, along each of its sides


def vary_voice(samples: Samples, rng: Generator, others: Sequence[Samples] = ()) -> Samples:
    """The same words by another voice, in another room, with another microphone.

    Speed, pitch, tempo and the throat's length change by up to 15 % or two semitones; some are said in haste or slowly,
    by a child, or whispered. Then, each only sometimes: a beginning or an end that is lost, a room, a tilted or narrow
    band, ends cut off or padded, hum, noise, others who murmur, distortion by a level that is too high, and what a
    codec leaves of it all.

    Args:
        samples: (n,) mono, 16 kHz.
        rng: where all choices come from.
        others: recordings of what may be heard in the background, each (k,).

    Returns:
        (m,) in -1..1; m differs from n.
    """
    samples = samples / max(np.abs(samples).max(initial=0.0), 1e-9)
    samples = other_throat(other_speaker(samples, rng), rng)
    samples = truncated(other_manner(samples, rng), rng)
    samples = other_ends(other_band(echo(samples, rng), rng), rng)
    if rng.random() < 0.1:
        samples = add_hum(samples, rng.uniform(10, 35), rng)
    if rng.random() < 0.7:
        samples = add_noise(samples, rng.uniform(3, 40), rng, str(rng.choice(NOISE)))
    if rng.random() < 0.4:
        samples = add_murmur(samples, rng.uniform(2, 25), rng, others)
    gain = rng.uniform(0.1, 1.0) if rng.random() < 0.8 else rng.uniform(1.0, 4.0)  # seldom too loud
    samples = np.clip(samples * gain / max(np.abs(samples).max(initial=0.0), 1e-9), -1, 1).astype(np.float32)
    return coded(samples, str(rng.choice(list(CODECS))), rng) if rng.random() < 0.25 else samples


def other_manner(samples: Samples, rng: Generator) -> Samples:
    """Three times out of ten: in haste or slowly, by a child, or whispered."""
    drawn = rng.random()
    if drawn < 0.14:
        return at_pace(samples, float(np.exp(rng.uniform(*np.log(HASTE)))))
    if drawn < 0.23:
        return by_child(samples, rng.uniform(*CHILD))
    return whispered(samples, rng) if drawn < 0.3 else samples


def at_pace(samples: Samples, factor: float) -> Samples:
    """So many times as fast, at the same pitch."""
    import audiomentations as am

    if len(samples) < FRAME:
        return samples
    stretch = am.TimeStretch(factor, factor, leave_length_unchanged=False, p=1.0)
    return stretch(samples.astype(np.float32), SAMPLE_RATE)


def by_child(samples: Samples, factor: float) -> Samples:
    """Pitch and resonances so many times as high, at nearly the same pace."""
    raised = soxr.resample(samples, SAMPLE_RATE * factor, SAMPLE_RATE).astype(np.float32)
    return at_pace(raised, 0.9 / factor)


def whispered(samples: Samples, rng: Generator) -> Samples:
    """Breath instead of a voice: noise with the spectrum's outline, flatter, as without vocal folds.

    Args:
        samples: (n,) mono, 16 kHz.
        rng: where the noise comes from.
    """
    if len(samples) < FRAME:
        return samples
    _, _, spectrum = stft(samples, SAMPLE_RATE, nperseg=FRAME)  # (257, frames)
    _, _, breath = stft(rng.standard_normal(len(samples)), SAMPLE_RATE, nperseg=FRAME)
    shape = outline(spectrum)
    flat = WHISPER_TILT * (shape - shape.max(axis=0)) + shape.max(axis=0)
    _, changed = istft(breath[:, : shape.shape[1]] * np.exp(flat), SAMPLE_RATE, nperseg=FRAME)
    return changed[: len(samples)].astype(np.float32)


def truncated(samples: Samples, rng: Generator) -> Samples:
    """Once in eight the beginning is lost, and once in eight the end."""
    length, drawn = len(samples), rng.random()
    lost = int(length * rng.uniform(*TRUNCATED))
    return samples[lost:] if drawn < 0.125 else samples[: length - lost] if drawn < 0.25 else samples


def outline(spectrum: NDArray) -> NDArray[np.float64]:
    """The smooth outline of a voice's spectrum without its harmonics: (257, frames) -> the same, as a logarithm."""
    cepstrum = np.fft.irfft(np.log(np.abs(spectrum) + 1e-6), axis=0)
    cepstrum[LIFTER:-LIFTER] = 0
    return np.fft.rfft(cepstrum, axis=0).real


def other_throat(samples: Samples, rng: Generator) -> Samples:
    """Half of the time a longer or shorter vocal tract at the same pitch: only the resonances move.

    Vocal tract length perturbation (Jaitly & Hinton 2013) on the waveform: the spectrum's smooth outline, from the
    lowest cepstral coefficients, is stretched along the frequency; what it outlines, the voice's harmonics, stays.
    """
    if rng.random() < 0.5 or len(samples) < FRAME:
        return samples
    factor = 1 + rng.uniform(-THROAT, THROAT)
    _, _, spectrum = stft(samples, SAMPLE_RATE, nperseg=FRAME)  # (257, frames)
    shape = outline(spectrum)
    bins = np.arange(len(shape))
    source = np.minimum(bins / factor, len(shape) - 1)
    low = np.minimum(source.astype(int), len(shape) - 2)
    share = (source - low)[:, None]
    moved = (1 - share) * shape[low] + share * shape[low + 1]
    _, changed = istft(spectrum * np.exp(np.clip(moved - shape, -3, 3)), SAMPLE_RATE, nperseg=FRAME)
    return changed[: len(samples)].astype(np.float32)


def add_hum(samples: Samples, snr_db: float, rng: Generator) -> Samples:
    """Lay the mains' hum over a recording: 50 or 60 Hz and its overtones, so far below the loud parts."""
    times = np.arange(len(samples)) / SAMPLE_RATE
    mains, steep = rng.choice([50.0, 60.0]), rng.uniform(0.3, 1.2)
    phases = rng.uniform(0, 2 * np.pi, 12)
    hum = sum(np.sin(2 * np.pi * mains * k * times + phase) / k**steep for k, phase in enumerate(phases, 1))
    level = loud_part(samples) / max(float(np.std(hum)), 1e-12) * 10 ** (-snr_db / 20)
    return (samples + hum * level).astype(np.float32)


def add_murmur(samples: Samples, snr_db: float, rng: Generator, others: Sequence[Samples] = ()) -> Samples:
    """Lay one to eight people in the background over a recording, so far below its loud parts.

    Args:
        samples: (n,) mono, 16 kHz.
        snr_db: how far below.
        rng: picks who, and where in their talk it begins.
        others: recordings of people, each (k,); where there are none, and else now and then, it is ``murmurs``.
    """
    people = others if len(others) and rng.random() < PEOPLE else murmurs()
    noise = np.zeros(len(samples))
    for who in rng.integers(len(people), size=int(rng.integers(1, 9))):
        voice = people[who]
        noise += np.resize(np.roll(voice, -int(rng.integers(len(voice)))), len(samples)) / max(loud_part(voice), 1e-6)
    level = loud_part(samples) / max(float(np.std(noise)), 1e-12) * 10 ** (-snr_db / 20)
    return (samples + noise * level).astype(np.float32)


@lru_cache(maxsize=1)
def murmurs(count: int = 24, seconds: float = 5.0) -> NDArray[np.float32]:
    """Voices that say nothing: vowels at random, a tenth to a third of a second each, at a pitch that wanders.

    They stand for people who talk in the background. Those of the evaluation are never trained on.

    Returns:
        (count, n), all equally loud.
    """
    rng = np.random.default_rng(0)
    voices = []
    for _ in range(count):
        pitch, throat, pieces = rng.uniform(90, 230), rng.uniform(0.9, 1.2), []
        while sum(map(len, pieces)) < seconds * SAMPLE_RATE:
            times = np.arange(int(rng.uniform(0.1, 0.35) * SAMPLE_RATE)) / SAMPLE_RATE
            partials = pitch * np.arange(1, int(4000 / pitch))[:, None]  # (K, 1), Hz
            formants = throat * rng.uniform((250, 800, 2200), (850, 2300, 3200))  # Hz, as of a vowel at random
            strength = (1 / (1 + ((partials - formants) / 120) ** 2)).sum(1) / np.sqrt(partials[:, 0])
            glide = times + rng.uniform(-0.3, 0.3) * times**2
            voiced = strength @ np.sin(2 * np.pi * partials * glide)
            breath = 0.3 * voiced.std() * rng.standard_normal(len(times))
            pieces.append((voiced + breath) * np.hanning(len(times)) * rng.uniform(0.2, 1))
            pieces.append(np.zeros(int(rng.exponential(0.05) * SAMPLE_RATE)))
            pitch = float(np.clip(pitch * rng.uniform(0.9, 1.11), 80, 260))
        voice = np.concatenate(pieces)[: int(seconds * SAMPLE_RATE)]
        voices.append(voice / voice.std())
    return np.array(voices, np.float32)


def coded(samples: Samples, codec: str, rng: Generator) -> Samples:
    """What is left of a recording after one of ``CODECS``, at one of its sampling rates and any of its bit rates.

    Args:
        samples: (n,) in -1..1.
        codec: one of :data:`CODECS`.
        rng: picks the rates.

    Returns:
        (m,) in -1..1; a codec may add or cut some milliseconds. Unchanged if it is shorter than 50 ms.
    """
    container, encoding, rates = CODECS[codec]
    rate, quality = int(rng.choice(rates)), float(rng.uniform(0.3, 0.95))
    if len(samples) < SAMPLE_RATE // 20:
        return samples
    file = io.BytesIO()
    settings = {} if container == "WAV" else {"compression_level": quality}
    soundfile.write(file, soxr.resample(samples, SAMPLE_RATE, rate), rate, encoding, format=container, **settings)
    decoded, rate = soundfile.read(io.BytesIO(file.getvalue()), dtype="float32")
    return np.clip(soxr.resample(decoded, rate, SAMPLE_RATE), -1, 1).astype(np.float32)


def other_speaker(samples: Samples, rng: Generator) -> Samples:
    """Change speed (and with it pitch and formants), then half of the time pitch, and half of the time tempo."""
    import audiomentations as am

    samples = soxr.resample(samples, SAMPLE_RATE, SAMPLE_RATE * (1 + rng.uniform(-SPEED, SPEED)))
    if rng.random() < 0.5:
        semitones = rng.uniform(-SEMITONES, SEMITONES)
        samples = am.PitchShift(semitones, semitones, p=1.0)(samples.astype(np.float32), SAMPLE_RATE)
    if rng.random() < 0.5:
        rate = 1 + rng.uniform(-TEMPO, TEMPO)
        samples = am.TimeStretch(rate, rate, leave_length_unchanged=False, p=1.0)(samples, SAMPLE_RATE)
    return samples.astype(np.float32)


def echo(samples: Samples, rng: Generator) -> Samples:
    """Four times out of ten, a room with somebody in it, and a microphone."""
    return fftconvolve(samples, room(rng)).astype(np.float32) if rng.random() < 0.4 else samples


def room(rng: Generator) -> Samples:
    """The impulse response of a furnished room, from cupboard to hall, with a microphone 0.2 to 4 m from the mouth.

    The walls' reflections are those of a speaker mirrored in them (Allen & Berkley 1979, "Image method for efficiently
    simulating small-room acoustics"); after them comes a diffuse tail that dies away as long as those do.

    Returns:
        (n,) that begins with the direct sound, of height 1.
    """
    size = rng.uniform((2.0, 1.8, 2.2), (8.0, 6.0, 3.2))  # m
    reflected = rng.uniform(0.35, 0.88)  # share of the amplitude that a wall sends back
    ear = size * rng.uniform(0.25, 0.75, 3)
    direction = rng.standard_normal(3)
    mouth = ear + rng.uniform(0.2, 4.0) * direction / np.linalg.norm(direction)
    mouth = np.clip(mouth, 0.1, size - 0.1)

    order = np.arange(
        -REFLECTIONS, REFLECTIONS + 1
    )  # along one side: images in order of the walls that they are behind
    images = [order * side + np.where(order % 2 == 0, at, side - at) for side, at in zip(size, mouth, strict=True)]
    x, y, z = np.meshgrid(*(image - at for image, at in zip(images, ear, strict=True)), indexing="ij")
    distance = np.sqrt(x**2 + y**2 + z**2).ravel()
    bounces = np.abs(order)[:, None, None] + np.abs(order)[:, None] + np.abs(order)
    nearest = distance.min()
    delay = np.round((distance - nearest) / SOUND_SPEED * SAMPLE_RATE).astype(int)
    response = np.bincount(delay, reflected ** bounces.ravel() * nearest / distance)

    decay = -SOUND_SPEED * np.log(reflected) * (1 / size).sum() / 2  # per second, about as fast as the images fade
    times = np.arange(int(min(7 / decay, 0.8) * SAMPLE_RATE)) / SAMPLE_RATE
    mixed = 0.02  # s, from when on single reflections cannot be told apart
    tail = rng.standard_normal(len(times)) * np.exp(-decay * times) * (1 - np.exp(-times / mixed))
    tail *= rng.uniform(0.1, 0.5) * np.sqrt(np.square(response[1:]).sum() / max(np.square(tail).sum(), 1e-12))
    length = max(len(response), len(tail))
    response = np.pad(response, (0, length - len(response))) + np.pad(tail, (0, length - len(tail)))
    return (response / response[0]).astype(np.float32)


def other_band(samples: Samples, rng: Generator) -> Samples:
    """Half of the time, another microphone: treble and bass louder or softer, or a narrow band."""
    import audiomentations as am

    if rng.random() < 0.5:
        for shelf, frequency in (
            (am.LowShelfFilter, rng.uniform(100, 600)),
            (am.HighShelfFilter, rng.uniform(1000, 3000)),
        ):
            gain = rng.uniform(-12, 12)
            samples = shelf(frequency, frequency, gain, gain, 0.7, 0.7, p=1.0)(samples, SAMPLE_RATE)
    if rng.random() < 0.2:
        cutoff = rng.uniform(150, 400)
        samples = am.HighPassFilter(cutoff, cutoff, 12, 12, p=1.0)(samples, SAMPLE_RATE)
    if rng.random() < 0.2:
        cutoff = rng.uniform(2000, 3500)
        samples = am.LowPassFilter(cutoff, cutoff, 12, 12, p=1.0)(samples, SAMPLE_RATE)
    return samples


def other_ends(samples: Samples, rng: Generator) -> Samples:
    """Cut up to 40 ms off either end or lay up to half a second of silence there."""
    for _ in range(2):  # the second time round on the other end
        samples = samples[::-1]
        length = int(rng.uniform(0, 0.04) * SAMPLE_RATE)
        if rng.random() < 0.5:
            samples = np.concatenate([np.zeros(int(rng.uniform(0, 0.5) * SAMPLE_RATE), np.float32), samples])
        elif len(samples) > 8 * length:
            samples = samples[length:]
    return np.ascontiguousarray(samples)
