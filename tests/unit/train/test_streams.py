"""Streams: where inputs are answered, and that a memory can be taught to let go."""

from dataclasses import replace

import pandas as pd
import torch
from tiny import CONFIG, features, listener

from mmdemo.config import ModelConfig
from mmdemo.train.recipes import StreamConfig, StreamRecipe
from mmdemo.train.samples import PLAIN, MultimodalSamples
from mmdemo.train.stream_maker import Stream, StreamInput, StreamMaker
from mmdemo.train.streams import answers_at, calibrate_streams, read_streams, teach_streams

SHORT = StreamConfig(count=3, seconds=16.0, vary=False)


def test_a_stream_is_answered_where_the_belief_is_highest():
    logits = torch.zeros(8, 2)
    logits[3, 1], logits[6, 0] = 5.0, 9.0
    stream = Stream(
        torch.zeros(8, 1), torch.zeros(8, 2), [StreamInput("text", 1, 1, 2, 5), StreamInput("text", -1, 6, 6, 7)]
    )
    decided, labels = answers_at(stream, logits)
    assert decided.argmax(1).tolist() == [1, 0]
    assert labels.tolist() == [1, -1]


def test_a_memory_learns_to_let_go_and_only_the_lstm_and_the_dense_layer_change():
    taught = listener()
    before = {name: weight.clone() for name, weight in taught.state_dict().items()}
    samples = MultimodalSamples(features(), CONFIG, pair=True, sampling=PLAIN, seed=0, length=64)
    rows = pd.DataFrame({"text": [""] * 90})
    recipe = StreamRecipe(streams=replace(SHORT, count=6), passes=6, singles=8, learning_rate=1e-2)
    losses = teach_streams(taught, samples, rows, recipe, seed=0)
    assert losses[-1] < losses[0] - 0.1
    changed = {
        name.split(".")[0] for name, weight in taught.state_dict().items() if not torch.equal(weight, before[name])
    }
    assert changed == {"lstm", "dense"}
    streams = StreamMaker(taught, samples, rows, replace(SHORT, at_once=0.0)).make(9)
    calibrate_streams(taught, streams)
    found = taught.config.streams
    assert 0.3 <= found.temperature <= 3.2 and found.likely <= found.clear
    assert ModelConfig(**{**vars(taught.config), "streams": vars(found)}).streams == found
    assert [len(logits) for logits in read_streams(taught, streams)] == [len(stream.x) for stream in streams]


def test_what_was_said_of_single_samples_is_held():
    samples = MultimodalSamples(features(), CONFIG, pair=True, sampling=PLAIN, seed=0, length=64)
    rows = pd.DataFrame({"text": [""] * 90})
    batch, _ = samples.collate([samples[k] for k in range(64)])

    @torch.no_grad()
    def beliefs(of):
        steps = of.encode(batch)
        return steps.last(of.decide(of.lstm(steps.x)[0]).softmax(-1))  # (64, C)

    before, moved = beliefs(listener()), {}
    for singles in (0, 32):
        recipe = StreamRecipe(streams=replace(SHORT, count=4), passes=4, singles=singles, learning_rate=1e-2)
        teach_streams(taught := listener(), samples, rows, recipe, seed=0)
        moved[singles] = float((beliefs(taught) - before).abs().mean())
    assert moved[32] < 0.6 * moved[0]
