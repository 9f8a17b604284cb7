"""How a task is trained: every number that a training run depends on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from mmdemo.train.pretrain_stems import StemPretraining
from mmdemo.train.samples import PLAIN, SamplingConfig


@dataclass(frozen=True)
class StreamConfig:
    """What streams are like.

    Attributes:
        count: how many there are.
        seconds: how long each is.
        gaps: seconds of quiet between inputs, from and to; one in ten is three times as long.
        noise: of the room, dB of full scale, from and to.
        modalities: what comes in them; whatever the task has if not given.
        at_once: share of the inputs that come together with the one before, of another modality; half of them agree.
        again: share that are of the class of the one before.
        strange: share that belong to no class.
        typed: share of the inputs of senses that take no time, such as words, whose steps come with quiet between.
        vary: whether inputs are varied as in training.
    """

    count: int = 32
    seconds: float = 120.0
    gaps: tuple[float, float] = (0.2, 2.0)
    noise: tuple[float, float] = (-65.0, -35.0)
    modalities: tuple[str, ...] = ()
    at_once: float = 0.1
    again: float = 0.15
    strange: float = 0.12
    typed: float = 0.5
    vary: bool = True


@dataclass(frozen=True)
class StreamRecipe:
    """How streams are taught.

    Attributes:
        streams: what they are like.
        passes: how often each is read.
        piece: steps that the gradient goes back, at most.
        learning_rate: the highest one; it falls to nothing.
        singles: samples whose answers are held beside each piece, each read from an empty memory.
        clip: largest norm of the gradient.
        asked: streams of the validation split for the levels.
    """

    streams: StreamConfig = StreamConfig()
    passes: int = 16
    piece: int = 60
    learning_rate: float = 3e-3
    singles: int = 256
    clip: float = 1.0
    asked: StreamConfig = StreamConfig(count=8, at_once=0.0, vary=False)


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        epochs: at most so many.
        samples: per epoch; as many as the manifest's training split has rows, and at least 2,000, if not given.
        validation: samples that are asked after every epoch: one modality, two, and all.
        batch_size: samples per step, over all processes.
        learning_rate: the highest one.
        one_cycle: rise to the learning rate, then fall to nothing (Smith & Topin 2019); constant if False.
        weight_decay: decoupled (Loshchilov & Hutter 2019); 0 makes it Adam.
        clip: largest norm of the gradient.
        patience: stop after so many epochs without a lower validation loss.
        mixing: what happens to the samples.
        warm_ups: for each modality whose stem first learns alone, how, stage by stage.
        frozen: the modalities whose stems learn nothing more after that.
        streams: how streams are taught at the end; None for not at all.
    """

    epochs: int = 8
    samples: int | None = None
    validation: int = 3000
    batch_size: int = 128
    learning_rate: float = 3e-3
    one_cycle: bool = True
    weight_decay: float = 1e-4
    clip: float = 1.0
    patience: int = 4
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    stem_pretraining: dict[str, tuple[StemPretraining, ...]] = field(default_factory=dict)
    frozen: tuple[str, ...] = ()
    streams: StreamRecipe | None = field(default_factory=StreamRecipe)


RECIPES = {
    "own": Recipe(),
    # for inputs that are harder than digits: every stem first learns alone
    "warm": Recipe(
        epochs=4,
        samples=24_000,
        learning_rate=2e-3,
        sampling=SamplingConfig(balance={"text": 0.5}, contradict=0.1, corrupt=0.2),
        stem_pretraining={
            "text": (StemPretraining(epochs=5, learning_rate=2e-3, corrupt=0.2),),
            "image": (
                StemPretraining(epochs=36, corrupt=0.2, sizes=(32, 32, 40, 48)),
                StemPretraining(epochs=12, learning_rate=1.5e-3, sizes=(40, 48)),
            ),
            # slow to learn, since half of it is lost in training
            "audio": (StemPretraining(epochs=60, batch_size=64, learning_rate=2e-3),),
        },
        frozen=("image", "audio"),  # the LSTM would learn the few voices by heart
        streams=StreamRecipe(passes=6, singles=128),
    ),
    # for lips and voices: the stem first learns to tell moments apart, then the LSTM whether they belong together
    "sync": Recipe(
        epochs=16,
        samples=6_000,
        validation=1_000,
        learning_rate=2e-3,
        weight_decay=1e-2,
        patience=16,
        sampling=SamplingConfig(modality_counts=(0, 0, 1), reorder=0, contradict=0, corrupt=0.5),
        stem_pretraining={"video": (StemPretraining(epochs=8, learning_rate=2e-3, corrupt=0.5),)},
    ),
    # the textbook's: Adam at 0.001, batches of 32, ten epochs, cross-entropy, a validation set
    "textbook": Recipe(
        epochs=10,
        batch_size=32,
        learning_rate=1e-3,
        one_cycle=False,
        weight_decay=0.0,
        clip=math.inf,
        sampling=replace(PLAIN, modality_counts=SamplingConfig.modality_counts),
        streams=None,
    ),
}
