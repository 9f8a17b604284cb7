"""What the predictor makes, but from a small random LSTM and made-up inputs: no checkpoint, no files."""

import numpy as np
import torch

from mmdemo.audio.find_speech import CONTEXT
from mmdemo.audio.reader import AudioInput
from mmdemo.audio.speech_embedding import STRIDE
from mmdemo.image.reader import ImageInput
from mmdemo.inference.figure import drawing
from mmdemo.inference.result import Result
from mmdemo.lstm.explanation import Step, explain
from mmdemo.lstm.readout import Readout
from mmdemo.lstm.trace import trace
from mmdemo.text.reader import read_text

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

# Of one kind of input, as ``evaluate`` writes it.
SUMMARY = {"n": 1000, "accuracy": 0.9934, "interval": [0.985, 0.997], "loss": 0.02, "ece": 0.004}
SUMMARY |= {"recall": [0.981, 0.97, 0.99], "f1": [0.982, 0.971, 0.991], "confusion": [[9, 1]]}


def made_result(text="three, no wait, five", slices=14, moments=16, labels=DIGITS, units=128, seed=0):
    """Words, then a picture's slices, then a sound's moments; none of a kind where its number is 0."""
    return made_reading(text, slices, moments, labels, units, seed)[0]


def made_reading(text="three, no wait, five", slices=14, moments=16, labels=DIGITS, units=128, seed=0):
    """The same, with its explanation (None where there is no step), its LSTM and its dense layer."""
    generator = np.random.default_rng(seed)
    inputs, steps = {}, []
    if text:
        inputs["text"] = words = read_text(text)
        steps += [Step("text", text[token.start : token.end], (token.start, token.end)) for token in words.tokens]
    if slices:
        pixels = generator.random((28, 28), np.float32)
        edges = np.linspace(0, 140, slices + 1)
        boxes = np.stack([edges[:-1], np.zeros(slices), edges[1:], np.full(slices, 140)], axis=1)
        photo = np.zeros((140, 140, 3), np.uint8)
        inputs["image"] = ImageInput(photo, (140, 140), "paper", (20.0, 20.0, 120.0, 120.0), pixels, boxes)
        steps += [Step("image", "", tuple(map(float, box))) for box in boxes]
    if moments:
        starts = 0.2 + 0.08 * np.arange(moments)
        spans = np.stack([starts, starts + 0.08], axis=1)
        mel = generator.normal(4, 2, (2 * CONTEXT + STRIDE * moments, 32)).astype(np.float32)
        segment = (float(spans[0, 0]), float(spans[-1, 1]))
        nothing = np.zeros((moments, 0), np.float32)  # of how it sounds
        inputs["audio"] = AudioInput(np.zeros(32_000, np.float32), 2.0, [segment], mel, nothing, nothing, spans)
        steps += [Step("audio", "", tuple(map(float, span))) for span in spans]

    torch.manual_seed(seed)
    lstm = torch.nn.LSTM(20, units, batch_first=True).eval()
    dense = torch.nn.Linear(units, len(labels))
    with torch.no_grad():
        for weight in [*lstm.parameters(), *dense.parameters()]:
            weight.normal_(0, 0.3)
        x = torch.randn(len(steps), 20)
        embeddings = dict(zip(inputs, x.split([len(item) for item in inputs.values()]), strict=True))
        inside = trace(lstm, x) if steps else None
        step_probabilities = dense(inside.h).softmax(-1).numpy() if steps else np.zeros((0, len(labels)), np.float32)
    result = Result(
        task="digits",
        labels=list(labels),
        probabilities=step_probabilities[-1] if steps else np.full(len(labels), 1 / len(labels), np.float32),
        level="clear" if steps else "unclear",
        reason=None,
        contradiction=None,
        used=list(inputs),
        ignored={},
        notes=[],
        steps=steps,
        embeddings=embeddings,
        step_probabilities=step_probabilities,
        unimodal_probabilities={},
        trace=inside,
        inputs=inputs,
        milliseconds={},
        device="cpu",
    )
    return result, explain(lstm, dense, embeddings, steps, labels) if steps else None, lstm, dense


def made_drawing(*arguments, **settings):
    """What the page draws of it."""
    result, explanation, *_ = made_reading(*arguments, **settings)
    return drawing(result, explanation)


class MadePredictor:
    """As much of a predictor as answering takes, around a small random LSTM."""

    def __init__(self, lstm, dense, temperature=1.7):
        self.model = type("Model", (), {"lstm": lstm, "dense": dense})()
        self.model.decide = lambda states: dense(states) / temperature
        self.readout = lambda given: Readout.of(dense, temperature)
        self.config = type("Config", (), {"temperature": temperature, "hidden_size": lstm.hidden_size})()

    def again(self, embeddings, keep=None):
        """The probabilities after every step of these embeddings, or of some of their steps."""
        x = torch.cat(list(embeddings.values()))
        with torch.no_grad():
            states = self.model.lstm(x if keep is None else x[keep])[0]
            return self.model.decide(states).softmax(-1).numpy()


def made_metrics(labels=DIGITS, modalities=("text", "image", "audio"), seed=0):
    """What ``python -m mmdemo evaluate`` writes, with every section; the figures mean nothing."""
    rng = np.random.default_rng(seed)

    def found(n=200, accuracy=0.95):
        counts = np.full((len(labels), len(labels)), 0)
        np.fill_diagonal(counts, n // len(labels) - 1)
        counts[np.arange(len(labels)), (np.arange(len(labels)) + 1) % len(labels)] = 1
        interval = [accuracy - 0.02, min(1, accuracy + 0.02)]
        return {"n": n, "accuracy": accuracy, "interval": interval, "ece": 0.012, "confusion": counts.tolist()}

    together = {"+".join(modalities): found(accuracy=0.99)}
    together["+".join(modalities)]["against_best_part"] = {"part": modalities[0], "gain": 0.04, "half_interval": 0.01}
    falling = np.sort(rng.uniform(0.4, 1, 6))[::-1].round(3).tolist()
    harms = {
        "typing": ("text", "share of letters mistyped", [0, 0.05, 0.1, 0.2, 0.3, 0.5]),
        "blur": ("image", "% of the picture's longer side", [0, 0.3, 0.6, 1, 2, 3]),
        "pink": ("audio", "dB", [None, 30, 20, 10, 5, 0]),
        "gusts": ("audio", "metres a second", [0, 1, 2, 4, 8, 16]),
    }
    kinds = {"n": 50, "nothing_found": 5, "auroc": 0.93, "called_clear": 0.04}
    return {
        "command": "python -m mmdemo evaluate",
        "seed": seed,
        "split": "made up",
        "alone": {modality: found() for modality in modalities},
        "together": together,
        "robustness": {
            "seed": seed,
            "harms": {
                name: {"modality": modality, "unit": unit, "levels": levels, "n": 200, "alone": falling, "all": falling}
                for name, (modality, unit, levels) in harms.items()
                if modality in modalities
            },
            "replaced": {modality: {"n": 200, "accuracy": 0.98, "interval": [0.96, 0.99]} for modality in modalities},
        },
        "unknown": {
            "coverage": {modality: {"1": 0.95, "0.9": 0.98, "0.5": 1.0} for modality in modalities},
            "told_apart": {modality: {"": kinds, "other things": kinds} for modality in modalities},
        },
        "paper": {
            **{"n": 100, "accuracy": 0.9, "interval": [0.83, 0.94], "found": 0.97},
            **{"turned": {"n": 12, "accuracy": 0.92}, "by_kind": {"lined paper": {"n": 40, "accuracy": 0.95}}},
        },
        "strangers": {"left_out": {"by_speaker": {"ada": 0.9, "bo": 0.96}, "mean": 0.93}},
    }
