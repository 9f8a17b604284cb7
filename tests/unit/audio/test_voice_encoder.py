"""The voice encoder: its front end is librosa's, its steps look back only, and a batch changes none of them."""

import hashlib
import os
import sys
from pathlib import Path

import librosa
import numpy as np
import pytest
import torch
from safetensors import safe_open
from sounds import between, word

from mmdemo.audio.modality import Audio
from mmdemo.audio.reader import read_audio
from mmdemo.audio.speech_embedding import STRIDE
from mmdemo.audio.stem import AudioStem
from mmdemo.audio.voice_encoder import LEVEL, TONES, WEIGHTS, VoiceEncoder, tones
from mmdemo.config import PROSODY, SAMPLE_RATE, VOICE, AudioConfig

TOOLS = Path(__file__).parents[3] / "tools"
HEARD = AudioConfig(prosody=True, voice=True)


@pytest.fixture(scope="module")
def encoder():
    return VoiceEncoder.pretrained()


def test_tones_are_librosas_mel_spectrogram():
    samples = np.random.default_rng(0).normal(0, 0.1, 8000).astype(np.float32)
    found = tones(samples, np.arange(51))
    theirs = librosa.feature.melspectrogram(
        y=samples, sr=SAMPLE_RATE, n_fft=400, hop_length=160, n_mels=TONES, pad_mode="constant"
    ).T
    ratio = found[2:-2] / theirs[2:-2]
    assert found.shape == (51, TONES) and ratio.std() < 1e-3 * ratio.mean()
    assert ratio.mean() == pytest.approx((LEVEL / np.sqrt(np.mean(samples**2))) ** 2, rel=0.05)


def test_soft_and_loud_voices_are_heard_alike():
    samples = np.random.default_rng(0).normal(0, 0.1, 8000).astype(np.float32)
    frames = np.arange(40)
    np.testing.assert_allclose(tones(samples, frames), tones(0.05 * samples, frames), rtol=1e-4)
    assert np.isfinite(tones(np.zeros(8000, np.float32), frames)).all()


def test_a_step_hears_its_frames_and_those_before(encoder):
    x = torch.rand(1, 4 * STRIDE, TONES, generator=torch.Generator().manual_seed(0)).requires_grad_()
    states = encoder(x)
    assert states.shape == (1, 4, VOICE)
    states[0, 1].sum().backward()
    heard = x.grad[0].abs().sum(1).nonzero().flatten()
    assert heard.max() == 2 * STRIDE - 1


def test_a_sound_in_a_batch_has_the_same_steps_as_alone():
    stem = AudioStem(HEARD, 100)
    stem.load_pretrained()
    sounds = [read_audio((SAMPLE_RATE, between(word(length), 0.3, 0.3)), HEARD) for length in (0.4, 1.1)]
    items = [Audio().item(sound) for sound in sounds]
    lengths = torch.tensor([len(sounds[0]), 0, len(sounds[1])])
    with torch.inference_mode():
        together = stem.embed(Audio().collate([items[0], None, items[1]], HEARD), lengths)
    assert together.shape == (3, len(sounds[1]), HEARD.size) and HEARD.size == 96 + PROSODY + VOICE
    for row, item in ((0, items[0]), (2, items[1])):
        alone = Audio().embedded(item, stem)
        np.testing.assert_allclose(together[row, : len(alone)].numpy(), alone, atol=1e-4)
    assert not together[1].any() and not together[0, lengths[0] :].any()


def test_silence_and_a_task_without_it():
    assert read_audio((SAMPLE_RATE, np.zeros(SAMPLE_RATE)), HEARD).tones.shape == (0, TONES)
    plain = read_audio((SAMPLE_RATE, between(word(0.5), 0.3, 0.3)))
    assert plain.tones.shape == (len(plain) * STRIDE, 0)
    assert AudioStem(AudioConfig(), 100).voice is None


def test_a_part_of_a_recording_keeps_its_own_tones():
    sound = read_audio((SAMPLE_RATE, between(word(1.0), 0.3, 0.3)), HEARD)
    part = sound.part(2, 5)
    np.testing.assert_array_equal(part.tones, sound.tones[2 * STRIDE : 5 * STRIDE])


def test_it_stays_as_it_is_in_training():
    stem = AudioStem(HEARD, 100).train()
    assert not stem.voice.training and not any(weight.requires_grad for weight in stem.voice.parameters())


def test_the_file_says_where_it_is_from():
    with safe_open(WEIGHTS, "pt") as file:
        assert file.metadata()["license"] == "Apache-2.0" and "Resemblyzer" in file.metadata()["source"]


@pytest.mark.skipif("RESEMBLYZER" not in os.environ, reason="needs pretrained.pt of resemblyzer 0.1.4 in RESEMBLYZER")
def test_the_weights_are_the_originals():
    path = Path(os.environ["RESEMBLYZER"])
    sys.path.insert(0, str(TOOLS))
    import port_voice_encoder

    assert hashlib.sha256(path.read_bytes()).hexdigest() == port_voice_encoder.SHA256
    original = torch.nn.LSTM(TONES, VOICE, 3, batch_first=True)
    stored = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
    original.load_state_dict({k.removeprefix("lstm."): v for k, v in stored.items() if k.startswith("lstm.")})
    for name, weight in VoiceEncoder.pretrained().lstm.named_parameters():
        torch.testing.assert_close(weight, original.get_parameter(name), atol=1e-3, rtol=1e-3)
