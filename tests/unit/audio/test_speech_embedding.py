"""The pretrained stem: equal to the original, window by window."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from mmdemo.audio.speech_embedding import BANDS, SIZE, STRIDE, WEIGHTS, WINDOW, SpeechEmbedding, steps

TOOLS = Path(__file__).parents[3] / "tools"


@pytest.fixture(scope="module")
def stem():
    return SpeechEmbedding.pretrained()


@pytest.fixture(scope="module")
def spectrogram():
    """Random and far from smooth, but of the size of real ones: (1, 260, 32)."""
    return torch.randn(1, 260, BANDS, generator=torch.Generator().manual_seed(0)) * 2 + 8


@pytest.mark.parametrize(("frames", "expected"), [(0, 0), (75, 0), (76, 1), (83, 1), (84, 2), (140, 9), (668, 75)])
def test_steps_by_hand(stem, frames, expected):
    assert steps(frames) == expected
    if expected:
        assert stem(torch.zeros(2, frames, BANDS)).shape == (2, expected, SIZE)


@pytest.mark.parametrize("shape", [(1, 75, 32), (1, 76, 31), (76, 32), (1, 1, 76, 32)])
def test_other_shapes_are_refused_with_what_was_given(stem, shape):
    with pytest.raises(ValueError, match=str(shape[-1])):
        stem(torch.zeros(shape))


def test_one_pass_equals_windows(stem, spectrogram):
    with torch.inference_mode():
        whole = stem(spectrogram)[0]  # (24, 96)
        windows = torch.stack([spectrogram[0, k * STRIDE : k * STRIDE + WINDOW] for k in range(steps(260))])
        alone = stem(windows)[:, 0]
    torch.testing.assert_close(whole, alone, atol=1e-4, rtol=0)


def test_padding_at_the_end_changes_no_earlier_step(stem, spectrogram):
    padded = torch.cat([spectrogram, torch.full((1, 100, BANDS), 99.0)], dim=1)
    with torch.inference_mode():
        torch.testing.assert_close(stem(padded)[:, : steps(260)], stem(spectrogram), atol=1e-4, rtol=0)


def test_steps_see_their_window_and_nothing_else(stem, spectrogram):
    """The gradient of one step reaches the frames of its window only, all of them."""
    x = spectrogram.clone().requires_grad_()
    stem(x)[0, 3].square().sum().backward()
    seen = x.grad[0].abs().sum(dim=1).nonzero().flatten()
    assert seen.min() == 3 * STRIDE
    assert seen.max() == 3 * STRIDE + WINDOW - 1


def test_weights_are_small_plain_and_credited():
    assert WEIGHTS.stat().st_size < 1_500_000
    with safe_open(WEIGHTS, "pt") as file:
        assert file.metadata()["license"] == "Apache-2.0"
        assert sum(file.get_tensor(key).numel() for key in file.keys()) == 328_152  # noqa: SIM118


def test_numbers_of_the_original(stem):
    """What the ONNX file answered, written down, so that this is tested where there is no ONNX."""
    frame, band = torch.meshgrid(torch.arange(WINDOW), torch.arange(BANDS), indexing="ij")
    with torch.inference_mode():
        answer = stem((8 + 2 * torch.sin(frame / 7) + torch.cos(band / 3))[None])[0, 0]
    assert answer[:6].tolist() == pytest.approx(
        [0.528916, 15.198156, 3.180092, -11.979837, 16.275984, 21.844397], abs=1e-3
    )
    assert answer.std(correction=0).item() == pytest.approx(15.377942, abs=1e-3)


def test_equal_to_the_original_onnx(stem, spectrogram):
    """Windows through the original, one pass through ours; and our file is what the tool makes of it."""
    onnxruntime = pytest.importorskip("onnxruntime", reason="a development test: pip install onnxruntime")
    pytest.importorskip("onnx", reason="a development test: pip install onnx")
    sys.path.insert(0, str(TOOLS))
    try:
        import port_speech_embedding as tool
    finally:
        sys.path.remove(str(TOOLS))
    try:
        path = tool.onnx_path()
    except SystemExit as missing:
        pytest.skip(f"a development test: {missing}")
    if hashlib.sha256(path.read_bytes()).hexdigest() != tool.ONNX_SHA256:
        pytest.skip("a development test: pip install openwakeword==0.4.0")

    windows = np.stack([spectrogram[0, k * STRIDE : k * STRIDE + WINDOW].numpy() for k in range(steps(260))])
    original = onnxruntime.InferenceSession(str(path)).run(None, {"input_1": windows[..., None]})[0].reshape(-1, SIZE)
    with torch.inference_mode():
        ours = stem(spectrogram)[0].numpy()
    assert np.abs(ours - original).max() < 1e-4

    converted = tool.convert(path)
    for name, tensor in stem.state_dict().items():
        torch.testing.assert_close(tensor, converted[name], atol=0, rtol=0)
