"""The training's last stage: streams. One memory that is carried on, while inputs come one after another.

Until then the LSTM has read one sample at a time, from an empty memory, and so has no reason to let go of an answer: in
a stream it stays with the first. Here it reads streams (:mod:`mmdemo.train.stream_maker`). The stems stay as they are,
and so do the answers to single samples: beside the streams the model is held to what it believed of them before
(learning without forgetting: Li & Hoiem 2018). The state is carried from one piece of the streams to the next, and the
gradient only through one piece (truncated backpropagation through time: Williams & Peng 1990).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F

from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.calibration import fit_calibration
from mmdemo.train.loop import sequence_loss
from mmdemo.train.recipes import StreamRecipe
from mmdemo.train.samples import MultimodalSamples
from mmdemo.train.stream_maker import FADE, HOLD, Stream, StreamMaker


def teach_streams(
    model: MultimodalLSTM, samples: MultimodalSamples, rows: pd.DataFrame, recipe: StreamRecipe, *, seed: int
) -> list[float]:
    """Teach a trained model to live in streams; only its LSTM and its dense layer change.

    Args:
        model: trained; it is left in evaluation mode.
        samples: of the training split, disturbed as in training.
        rows: the same rows in the manifest.
        recipe: how.
        seed: of everything random.

    Returns:
        The mean loss of each pass over the streams.
    """
    model.eval()
    streams = StreamMaker(model, samples, rows, recipe.streams).make(seed)
    x, taught, real = padded(streams)
    device = model.device
    x, taught, real = x.to(device), taught.to(device), real.to(device)
    before = copy.deepcopy(model).requires_grad_(False)
    learning = [*model.lstm.parameters(), *model.dense.parameters()]
    optimizer = torch.optim.AdamW(learning, recipe.learning_rate, weight_decay=1e-4)
    pieces = -(-x.shape[1] // recipe.piece)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=recipe.passes * pieces + 1, pct_start=0.2
    )
    torch.manual_seed(seed)
    losses, drawn = [], 0
    for _ in range(recipe.passes):
        state, total = None, 0.0
        for start in range(0, x.shape[1], recipe.piece):
            part = slice(start, start + recipe.piece)
            model.lstm.train()
            model.dropout.train()
            states, state = model.lstm(model.dropout(x[:, part]), state)
            state = tuple(each.detach() for each in state)
            every = F.cross_entropy(
                model.decide(states).transpose(1, 2), taught[:, part].transpose(1, 2), reduction="none"
            )
            loss = (every * real[:, part]).sum() / real[:, part].sum().clamp(min=1)
            total += float(loss.detach())
            if recipe.singles:
                loss = loss + _single_loss(model, before, samples, drawn, recipe.singles)
                drawn += recipe.singles
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learning, recipe.clip)
            optimizer.step()
            schedule.step()
        losses.append(total / pieces)
    model.eval()
    return losses


def _single_loss(
    model: MultimodalLSTM, before: MultimodalLSTM, samples: MultimodalSamples, first: int, count: int
) -> Tensor:
    """How far beliefs in single samples, each from an empty memory, have left what the model said of them before."""
    samples.set_epoch(first // max(len(samples), 1))
    batch, _ = samples.collate([samples[k % len(samples)] for k in range(first, first + count)])
    with torch.no_grad():
        steps = model.encode(batch.to(model.device))
        held = before.decide(before.lstm(steps.x)[0]).softmax(-1)  # (B, T, C)
    states, _ = model.lstm(model.dropout(steps.x))
    return sequence_loss(model.decide(states), steps, held)


def padded(streams: Sequence[Stream]) -> tuple[Tensor, Tensor, Tensor]:
    """Streams side by side: x (B, T, S), what is taught (B, T, C), and which steps are real (B, T)."""
    x, taught = (
        torch.nn.utils.rnn.pad_sequence(parts, batch_first=True)
        for parts in ([stream.x for stream in streams], [stream.taught for stream in streams])
    )
    lengths = torch.tensor([len(stream.x) for stream in streams])
    return x, taught, (torch.arange(x.shape[1]) < lengths[:, None]).float()


@torch.no_grad()
def read_streams(model: MultimodalLSTM, streams: Sequence[Stream]) -> list[Tensor]:
    """The logits (T, C) after every step of each stream, before any temperature."""
    model.eval()
    return [model.decide(model.lstm(stream.x.to(model.device))[0]).cpu() for stream in streams]


def answers_at(stream: Stream, logits: Tensor) -> tuple[Tensor, Tensor]:
    """What is decided about each input: where, from its end until a moment after it, the belief is highest.

    Before its end it may well have said something else: "three, no, five".

    Args:
        stream: with N inputs.
        logits: (T, C).

    Returns:
        The logits there, (N, C), and the inputs' classes, -1 for none, (N,).
    """
    highest = logits.softmax(-1).max(-1).values
    ends = [(each.last, min(each.until, each.last + HOLD) + 1) for each in stream.inputs]
    chosen = [last + int(highest[last:stop].argmax()) for last, stop in ends]
    return logits[torch.tensor(chosen, dtype=torch.long)], torch.tensor([each.label for each in stream.inputs])


def calibrate_streams(model: MultimodalLSTM, streams: Sequence[Stream]) -> None:
    """Set ``streams`` in the model's config: the temperature, and from which belief on an answer is clear or likely.

    What is decided in quiet counts, too, once for every pause: there it belongs to no class.

    Args:
        model: taught.
        streams: of the validation split, without inputs that come at once.
    """
    logits, labels = [], []
    for stream, after in zip(streams, read_streams(model, streams), strict=True):
        decided, classes = answers_at(stream, after)
        logits.append(decided)
        labels.append(classes)
        for each in stream.inputs:
            pause = after[each.last + HOLD + FADE + 1 : each.until]
            if len(pause):
                logits.append(pause[pause.softmax(-1).max(-1).values.argmax()][None])
                labels.append(torch.tensor([-1]))
    if not labels:
        return
    model.config.streams = fit_calibration(torch.cat(logits), torch.cat(labels), model.config.right)
