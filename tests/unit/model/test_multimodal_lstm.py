import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from mmdemo.config import MODALITIES, AudioConfig, Calibration, ImageConfig, ModelConfig, TextConfig
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.model.sequence import collate

CONFIG = ModelConfig(task="test", labels=["a", "b", "c"])
RICH = replace(  # what takes the same inputs, with every stem that a task may ask for
    CONFIG,
    text=TextConfig(ids_per_token=23, words=50, word_dropout=0.2),
    image=ImageConfig(channels=(8, 12, 16)),
    audio=AudioConfig(context=2, channels=16),
)


@pytest.fixture(scope="module", params=[CONFIG, RICH], ids=["plain", "rich"])
def model(request):
    torch.manual_seed(0)
    return MultimodalLSTM(request.param).eval()


def batch(samples, orders=None):
    return collate(samples, orders or [MODALITIES] * len(samples), CONFIG)


def random_sample(rng, subset=MODALITIES):
    inputs = {
        "text": tuple(str(n) for n in rng.integers(1, 8192, int(rng.integers(1, 12)))),
        "image": rng.random((28, 28), np.float32),
        "audio": rng.normal(size=(int(rng.integers(1, 20)), 96)).astype(np.float32),
    }
    return {m: inputs[m] for m in subset}


@torch.inference_mode()
def test_padded_in_a_batch_is_the_same_as_alone(model):
    rng = np.random.default_rng(1)
    subsets = [s for k in (1, 2, 3) for s in itertools.combinations(MODALITIES, k)]
    samples = [random_sample(rng, subset) for subset in subsets]
    orders = [list(rng.permutation(MODALITIES)) for _ in samples]
    together, steps = model(batch(samples, orders))
    for k, (sample, order) in enumerate(zip(samples, orders, strict=True)):
        alone, own = model(batch([sample], [order]))
        assert own.lengths[0] == steps.lengths[k]
        assert torch.allclose(together[k, : steps.lengths[k]], alone[0], atol=1e-5)


@torch.inference_mode()
def test_an_answer_at_every_step_of_every_modality(model):
    sample = random_sample(np.random.default_rng(2))
    logits, steps = model(batch([sample]))
    assert logits.shape == (1, len(sample["text"]) + 14 + len(sample["audio"]), 3)
    assert steps.starts.tolist() == [[0, len(sample["text"]), len(sample["text"]) + 14]]


@torch.inference_mode()
def test_the_order_of_reading_moves_the_steps_and_changes_none(model):
    sample = random_sample(np.random.default_rng(3))
    forward = model.encode(batch([sample], [MODALITIES]))
    backward = model.encode(batch([sample], [MODALITIES[::-1]]))
    for m, length in enumerate((len(sample["text"]), 14, len(sample["audio"]))):
        a, b = int(forward.starts[0, m]), int(backward.starts[0, m])
        assert torch.allclose(forward.x[0, a : a + length], backward.x[0, b : b + length], atol=1e-6)


def test_saved_and_loaded_is_the_same(model, tmp_path):
    model.save_pretrained(tmp_path)
    assert {"model.safetensors", "config.json"} <= {path.name for path in tmp_path.iterdir()}
    loaded = MultimodalLSTM.from_pretrained(str(tmp_path), local_files_only=True).eval()
    assert loaded.config == model.config
    sample = batch([random_sample(np.random.default_rng(4))])
    with torch.inference_mode():
        assert torch.equal(loaded(sample)[0], model(sample)[0])


def test_a_voice_encoder_is_saved_and_loaded(tmp_path):
    model = MultimodalLSTM(replace(CONFIG, audio=AudioConfig(voice=True, context=1, feature_dropout=0.2)))
    model.save_pretrained(tmp_path)
    loaded = MultimodalLSTM.from_pretrained(str(tmp_path), local_files_only=True)
    assert torch.equal(loaded.audio.voice.lstm.weight_hh_l1, model.audio.voice.lstm.weight_hh_l1)
    assert loaded.config.audio.voice and loaded.config.right == CONFIG.right


def test_the_speech_stem_is_not_trained_and_the_forget_gates_start_open(model):
    assert not any(p.requires_grad for p in model.audio.speech.parameters())
    bias = (model.lstm.bias_ih_l0 + model.lstm.bias_hh_l0)[128:256]
    assert bias.mean().item() == pytest.approx(1, abs=0.1)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@torch.inference_mode()
def test_cuda_agrees_with_the_cpu(model):
    sample = batch([random_sample(np.random.default_rng(5))])
    expected = model(sample)[0].softmax(-1)
    on_gpu = MultimodalLSTM(model.config).eval()
    on_gpu.load_state_dict(model.state_dict())
    found = on_gpu.cuda()(sample.to("cuda"))[0].softmax(-1).cpu()
    assert torch.allclose(found, expected, atol=1e-3)
    assert torch.equal(found.argmax(-1), expected.argmax(-1))


def test_a_configuration_with_former_names_still_loads(model, tmp_path):
    model.save_pretrained(tmp_path)
    file = tmp_path / "config.json"
    stored = json.loads(file.read_text())
    stored |= {"sure_above": 0.75, "step_size": stored.pop("embedding_dim"), "shows_cases": False}
    stored["temperature"] = 0.5  # one for all combinations, and one threshold
    del stored["calibration"], stored["expose_test_cases"]
    stored["text"] |= {"lost": 0.25}
    del stored["text"]["word_dropout"]
    file.write_text(json.dumps(stored))
    config = MultimodalLSTM.from_pretrained(tmp_path, local_files_only=True).config
    assert (config.embedding_dim, config.expose_test_cases) == (100, False)
    assert config.calibrated(["text"]) == config.calibrated(["audio", "image"]) == Calibration(0.5, 0.75, 0.75)
    assert config.text.word_dropout == 0.25


def test_what_is_no_configuration_is_named(tmp_path):
    for content in ("{}", "[]", "no JSON", '{"task": "a", "labels": ["b"], "colour": "red"}'):
        (tmp_path / "config.json").write_text(content)
        with pytest.raises(ValueError, match=r"config\.json is no configuration"):
            MultimodalLSTM.from_pretrained(tmp_path, local_files_only=True)
