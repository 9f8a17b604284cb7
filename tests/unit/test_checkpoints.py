"""The trained checkpoints as they are shipped: small, honest, and as good as their figures say."""

import hashlib
import json
from pathlib import Path

import pytest
import torch
from films import film
from safetensors import safe_open

from mmdemo.evaluate.faithfulness import study_cues
from mmdemo.evaluate.tables import tables
from mmdemo.inference.predictor import Predictor
from mmdemo.lstm.ledger import ledger

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = sorted(path.parent for path in (ROOT / "checkpoints").glob("*/config.json"))
DIGITS = ROOT / "checkpoints" / "digits"


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.name)
def folder(request):
    return request.param


@pytest.fixture(scope="module")
def digits():
    return Predictor.load(DIGITS, "cpu")


def test_digits_is_there():
    assert DIGITS in FOLDERS


def test_a_checkpoint_is_small_and_never_unpickled(folder):
    names = {path.name for path in folder.iterdir()}
    assert {"model.safetensors", "config.json", "metrics.json", "README.md"} <= names
    assert not any(name.endswith((".bin", ".pt", ".pth", ".pkl")) for name in names)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 20_000_000
    with safe_open(folder / "model.safetensors", "pt") as weights:
        assert any(name.startswith("lstm.") for name in weights.keys())  # noqa: SIM118 (not a dictionary)


def test_the_hash_is_that_of_the_weights(folder):
    digest, name = (folder / "model.safetensors.sha256").read_text().split()
    assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_the_model_card_has_the_figures_of_metrics_json(folder):
    assert tables(json.loads((folder / "metrics.json").read_text())) in (folder / "README.md").read_text()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("seven", "seven"),
        ("7", "seven"),
        ("七", "seven"),
        ("７", "seven"),
        ("three, no wait, five", "five"),
        ("not two but nine", "nine"),
        ("five, not three", "five"),
        ("I would like four tickets please", "four"),
        ("sevn", "seven"),
    ],
)
def test_it_reads(digits, text, label):
    assert digits.predict(text).label == label


def test_at_every_word_it_believes_what_a_reader_would(digits):
    result = digits.predict("three, no wait, five")
    words = {step.text: belief for step, belief in zip(result.steps, result.step_probabilities, strict=True)}
    three, five = result.labels.index("three"), result.labels.index("five")
    assert words["three"][three] > 0.5
    assert words["five"][five] > 0.9
    assert words["wait"][three] < words["no"][three]


@pytest.mark.xfail(strict=True, reason="these weights hold three for 0.354 there")
def test_at_wait_it_has_let_go(digits):
    result = digits.predict("three, no wait, five")
    words = {step.text: belief for step, belief in zip(result.steps, result.step_probabilities, strict=True)}
    assert words["wait"][result.labels.index("three")] <= 0.35


@pytest.mark.parametrize("text", ["good morning, how are you?", "a nice cup of tea", "the weather is lovely today"])
def test_text_without_a_number_is_not_clear(digits, text):
    assert digits.predict(text).level != "clear"


@pytest.mark.parametrize("given", ["text", "image", "audio", "image+audio", "text+image+audio", "video"])
def test_the_ledger_and_what_was_changed_add_up(folder, given):
    """To 1e-5 of the logits, as shares of what is added up: what float32 leaves."""
    predictor = Predictor.load(folder, "cpu")
    if not set(given.split("+")) <= set(predictor.config.modalities):
        pytest.skip(f"{folder.name} does not read this")
    examples = ROOT / "assets" / "examples" / folder.name
    sources = {
        "text": lambda: "three, no wait, five",
        "image": lambda: next(examples.glob("*.jpg")),
        "audio": lambda: next(examples.glob("*.flac")),
        "video": film,
    }
    result = predictor.predict(**{name: sources[name]() for name in given.split("+")})
    e = predictor.explain(result)
    x = torch.cat(list(result.embeddings.values()))
    alone = ledger(predictor.model.lstm, predictor.readout(result.used), x, torch.eye(len(e.labels)))
    for parts in (e.evidence, e.changed, alone.steps):
        allowed = 1e-5 * parts.abs().sum(1).clamp(min=1)
        assert ((parts.sum(1) - (e.logits - e.bias)).abs() <= allowed).all()


def test_what_each_step_changed_credits_the_cues_that_decide(digits):
    found = study_cues(digits, count=60)
    assert found["n"] == 60 and found["effect"] > 3
    assert found["credited"]["changed"] >= 0.98
