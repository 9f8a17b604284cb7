"""What a live session reads in a test: real clips, with quiet and noise between, and words; and PyTorch's answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from mmdemo.audio.decode import decode
from mmdemo.audio.stream import STEP, stream_mel
from mmdemo.inference.live_weights import about
from mmdemo.lstm.ledger import contrast, ledger
from mmdemo.lstm.readout import Readout
from mmdemo.lstm.trace import trace
from mmdemo.lstm.trajectory import let_go
from mmdemo.model.multimodal_lstm import MultimodalLSTM

CLIPS = Path(__file__).parents[2] / "assets/examples/digits"
RATE = 16_000
GIVEN = 7  # steps of words or a picture at a time
LEDGER = 100  # steps that the page's ledger keeps apart
CLOSE = 1e-4

SESSION = """
  async ({ Session, unpack }, weights, samples, given, every, pieces) => {
    const session = new Session(unpack(weights));
    const [steps, times] = [[], []];
    const size = session.about.embedding_dim;
    for (let at = 0, k = 0; at < samples.length; k++) {
      const start = performance.now();
      const next = Math.min(at + pieces[k % pieces.length], samples.length);
      steps.push(...session.hear(samples.subarray(at, next)));
      at = next;
      times.push(performance.now() - start);
      if (k % every === every - 1) steps.push(...session.readAll(given, "text"));
    }
    const signals = {};
    for (const name of ["belief", "i", "f", "o", "c", "h", "x"]) {
      signals[name] = steps.flatMap((step) => Array.from(step[name]));
    }
    return {
      signals,
      modalities: steps.map((step) => step.modality),
      let_go: steps.map((step) => step.letGo && [step.letGo.share, step.letGo.label]),
      ledger: { ...steps.at(-1).ledger, steps: Array.from(steps.at(-1).ledger.steps) },
      median: times.sort((a, b) => a - b)[times.length >> 1],
      size,
    };
  }
"""
"""A function of the page's modules that reads it all; what it returns is plain JSON."""


@dataclass(frozen=True)
class Streamed:
    """What is read.

    Attributes:
        samples: (n,) at 16 kHz.
        given: steps of words, (7, S), that are read again and again.
        every: after so many pieces of sound.
        pieces: their lengths in samples, in turns.
    """

    model: MultimodalLSTM
    samples: np.ndarray
    given: np.ndarray
    every: int = 30
    pieces: tuple[int, ...] = (STEP, 128, 2048, 1)

    @classmethod
    def of(cls, checkpoint: Path, seconds: float) -> Streamed:
        """Real clips as loud as in a room, clicks and a tone, noise, and quiet of any length."""
        rng = np.random.default_rng(0)
        clips = [decode(path) for path in sorted(CLIPS.glob("*.flac"))]
        clips.append((0.2 * np.sin(np.arange(RATE // 2) / 5)).astype(np.float32))
        parts: list[np.ndarray] = []
        while sum(map(len, parts)) < seconds * RATE:
            parts += [
                clips[rng.integers(len(clips))] * rng.uniform(0.05, 1),
                np.zeros(int(rng.uniform(0.1, 1.5) * RATE)),
            ]
        samples = np.concatenate(parts)[: int(seconds * RATE)]
        samples[len(samples) // 3 :] += 0.002 * rng.standard_normal(len(samples[len(samples) // 3 :]))
        samples[:: 3 * RATE] = 0.9
        model = MultimodalLSTM.from_pretrained(checkpoint, local_files_only=True)
        given = rng.standard_normal((GIVEN, model.config.embedding_dim))
        return cls(model, samples.astype(np.float32), given.astype(np.float32))

    @torch.no_grad()
    def compare(self, found: dict) -> None:
        """Hold what a session found against PyTorch: steps, gates, beliefs, the ledger and what was let go."""
        model = self.model
        signals = {
            name: torch.tensor(values).reshape(len(found["modalities"]), -1)
            for name, values in found["signals"].items()
        }
        heard = torch.tensor([modality == "audio" for modality in found["modalities"]])
        embedded = model.audio.speech(torch.from_numpy(stream_mel(self.samples))[None])
        steps = model.norms[model.config.modalities.index("audio")](model.audio.projection(embedded))[0]  # (T, S)
        count = int(heard.sum())
        assert len(steps) - 1 <= count <= len(steps)  # the end of a recording is padded, that of a stream is not
        assert count > 0.9 * len(self.samples) / STEP - 5
        x = signals["x"].clone()
        assert float((x[heard] - steps[:count]).abs().max()) < CLOSE
        x[heard] = steps[:count]
        assert torch.equal(x[~heard], torch.from_numpy(self.given).repeat(int((~heard).sum()) // GIVEN, 1))

        inside = trace(model.lstm, x)
        readout = Readout.of(model.dense, about(model)["calibration"]["temperature"])
        belief = readout.probabilities(inside.h).detach()
        assert float((signals["belief"] - belief).abs().max()) < CLOSE
        for name in "ifo":
            assert float((signals[name] - getattr(inside, name)).abs().max()) < CLOSE, name
        assert torch.allclose(signals["c"], inside.c, rtol=1e-4, atol=1e-3)  # a cell has no bounds

        best = int(belief[-1].argmax())
        book = ledger(model.lstm, readout, x, contrast(len(model.config.labels), best), inside=inside)
        assert found["ledger"]["label"] == best
        entries, rounding = torch.tensor(found["ledger"]["steps"]), 1e-2 + 1e-3 * float(book.steps.abs().sum())
        assert torch.allclose(entries, book.steps[-LEDGER:], atol=1e-2)
        assert abs(found["ledger"]["earlier"] - float(book.steps[:-LEDGER].sum())) < rounding

        shares, classes = let_go(inside, readout, belief)
        differs = 0
        for told, share, label in zip(found["let_go"], shares.tolist(), classes.tolist(), strict=True):
            if (told is None) != (share != share):
                differs += 1  # on the edge of a limit
            elif told is not None:
                differs += told[1] != label or abs(told[0] - share) > 1e-2 * max(1, abs(share))
        assert differs <= len(shares) // 200
