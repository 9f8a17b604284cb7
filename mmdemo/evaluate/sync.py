"""Do lips and voice belong together? How well a checkpoint tells, and its recipe for people who were left out.

Every figure is of speakers whom the model has never met. Of the recipe they are those who are left out in folds; these
models are trained here and thrown away. Beside each figure stands what learns nothing: the plain correlation of the
lips' movement and the loudness.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch
from numpy.typing import NDArray

from mmdemo.audio.noise import add_noise
from mmdemo.config import SAMPLE_RATE
from mmdemo.data.tasks.lips import LENGTH
from mmdemo.evaluate.roc import auroc
from mmdemo.inference.predictor import Predictor
from mmdemo.modality import Ask
from mmdemo.model.modalities import SENSES
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.dataset import Data
from mmdemo.train.features import VOICES, Column, Features
from mmdemo.train.loop import train
from mmdemo.train.recipes import Recipe
from mmdemo.video.modality import OFFSETS, STEPS, WINDOW, correlation, log_odds, moved, offset_scores
from mmdemo.video.mouth import Mouth
from mmdemo.video.reader import SHAPE, mirrored, read, read_video

Numbers = NDArray[np.float32]
"""What is read of a whole sentence, (T, SHAPE + VOICE)."""

WIDTHS = {"1 s": 12, "2 s": WINDOW}  # steps of a window
AWAY = (5, 6)  # steps by which a shifted sound is early or late: at least 0.4 s
DRAWN = 4  # fours of windows of every sentence, width and kind
BATCH = 500
HARMED = 8  # sentences of every speaker that are made worse
RATE = 15  # pictures a second of a webcam that is short of light, on average
SNR = 10.0  # dB
REDRAWN = 2000  # draws of the speakers, for an interval


@dataclass(frozen=True)
class Pair:
    """A window of lips and one of a voice.

    Attributes:
        numbers: both, (width, SHAPE + VOICE).
        synced: whether they belong together.
        kind: ``own``, ``shifted`` or ``another``.
        speaker: whose lips and voice they are.
        beside: the same lips with the voice of another sentence at the lips' own place.
    """

    numbers: Numbers
    synced: bool
    kind: str
    speaker: str
    beside: Numbers


def study_sync(model: MultimodalLSTM, data: Data) -> dict[str, Any]:
    """How well a checkpoint does on the speakers of the test split, whom it has never met.

    Returns:
        ``areas``, ``offsets``, ``position`` and ``harmed``, for ``metrics.json``.
    """
    askers = [(asker(model), _wholes(data, data.whole("test"), "test"))]
    return {**_measure(askers, data.seed), "harmed": _harmed(askers, data.seed)}


def study_folds(data: Data, run: Path, *, recipe: Recipe) -> dict[str, Any]:
    """How well the recipe does on each half of the speakers while the others are learnt from.

    Args:
        data: the task's data.
        run: a folder for the runs of the models, which are thrown away.
        recipe: how these are trained.

    Returns:
        The same as for a checkpoint, and who was ``left_out``.
    """
    splits = {name: data.whole(name) for name in ("train", "validation", "test")}
    read_all = [data.features(rows, voices=VOICES if name == "train" else 1) for name, rows in splits.items()]
    speakers = np.concatenate([rows["speaker"].to_numpy(str) for rows in splits.values()])
    features = _joined(read_all)
    clips: dict[str, dict[str, Numbers]] = {}
    for name, rows in splits.items():
        for speaker, wholes in _wholes(data, rows, name).items():
            clips.setdefault(speaker, {}).update(wholes)
    askers: list[tuple[Ask, dict[str, dict[str, Numbers]]]] = []
    for k, fold in enumerate(data.task.folds):
        learnt = features.only(~np.isin(speakers, fold))
        folder = run / f"fold-{k}"
        fresh = train(
            data.task.config,
            {"train": learnt, "validation": learnt},  # nothing is chosen on the data at hand
            folder / "checkpoint",
            folder,
            recipe=replace(recipe, patience=recipe.epochs),
            pair=False,
            seed=data.seed,
            quiet=True,
        )
        askers.append((asker(fresh.eval()), {speaker: clips[speaker] for speaker in fold if speaker in clips}))
        data.say(f"without {', '.join(fold)}: trained")
    report = {**_measure(askers, data.seed), "harmed": _harmed(askers, data.seed)}
    return {"left_out": [list(fold) for fold in data.task.folds], **report}


def asker(model: MultimodalLSTM) -> Ask:
    """What a model answers to windows of lips and voice, in batches."""
    predictor = Predictor(model, model.device)
    return lambda items: predictor.answers("video", items)


def _joined(parts: Sequence[Features]) -> Features:
    """Several splits as one."""
    items: list[Any] = []
    index, targets = [], []
    for part in parts:
        column = part.columns["video"]
        index.append(np.where(column.index >= 0, column.index + len(items), -1))
        items += list(column.items)
        targets += list(column.targets)
    labels = np.concatenate([part.labels for part in parts])
    return Features(labels, {"video": Column(items, np.concatenate(index), targets)}, [])


def _wholes(data: Data, rows: Any, split: str) -> dict[str, dict[str, Numbers]]:
    """The whole sentences that a split's rows are parts of, by speaker and file."""
    sense = SENSES["video"]
    owner: dict[str, str] = {}
    for cell, speaker in zip(rows["video"], rows["speaker"], strict=True):
        owner |= dict.fromkeys(sense.wholes(cell), speaker)  # in the order in which they were read: the cache has them
    table = rows.iloc[: len(owner)].assign(video=list(owner), speaker=list(owner.values()))
    features = data.features(table, voices=VOICES if split == "train" else 1)
    found: dict[str, dict[str, Numbers]] = {}
    for row in features.rows_with("video"):
        file = table["video"].iloc[row]
        if len(item := features.item("video", int(row))) >= LENGTH:
            found.setdefault(owner[file], {})[file] = item[:LENGTH]
    return found


def _measure(askers: Sequence[tuple[Ask, Mapping[str, Mapping[str, Numbers]]]], seed: int) -> dict[str, Any]:
    """Areas under the ROC curve, offsets, and what the place of a window alone tells."""
    areas: dict[str, Any] = {}
    position: dict[str, float] = {}
    for name, width in WIDTHS.items():
        groups = []
        for ask, clips in askers:
            pairs = list(draw(clips, width, seed))
            groups.append((pairs, scores(ask, [pair.numbers for pair in pairs]), _correlated(pairs)))
        areas[name] = {
            "n": sum(len(pairs) for pairs, _, _ in groups),
            "all": _area([(pairs, scored) for pairs, scored, _ in groups]),
            "another": _area([(pairs, scored) for pairs, scored, _ in groups], "another"),
            "shifted": _area([(pairs, scored) for pairs, scored, _ in groups], "shifted"),
            "correlation": _area([(pairs, plain) for pairs, _, plain in groups]),
            "correlation_another": _area([(pairs, plain) for pairs, _, plain in groups], "another"),
            "by_speaker": _by_speaker([(pairs, scored) for pairs, scored, _ in groups]),
            "interval": _interval([(pairs, scored) for pairs, scored, _ in groups]),
        }
        beside = [
            (pairs, scores(ask, [pair.beside for pair in pairs]))
            for (pairs, _, _), (ask, _) in zip(groups, askers, strict=True)
        ]
        position[name] = _area(beside, "shifted")
    return {"areas": areas, "offsets": _offsets(askers), "position": position}


def draw(clips: Mapping[str, Mapping[str, Numbers]], width: int, seed: int) -> Iterator[Pair]:
    """Windows in fours, as in training: whatever lips or voice does not belong to the other does so elsewhere."""
    for speaker, sentences in clips.items():
        files = list(sentences)
        rng = np.random.default_rng([seed, width, int(speaker[1:])])
        for place, file in enumerate(files):
            for k in range(2 * DRAWN):
                one = sentences[file]
                other = sentences[files[(place + int(rng.integers(1, len(files)))) % len(files)]]
                if k % 2:
                    away = int(rng.integers(AWAY[0], AWAY[1] + 1))
                    first = int(rng.integers(0, LENGTH - width - away + 1))
                    second = first + away
                    windows = [(first, first), (second, second), (first, second), (second, first)]
                    for lips, voice in windows:
                        kind = "own" if lips == voice else "shifted"
                        yield Pair(
                            _paired(one, lips, one, voice, width),
                            lips == voice,
                            kind,
                            speaker,
                            _paired(one, lips, other, lips, width),
                        )
                else:
                    at = int(rng.integers(0, LENGTH - width + 1))
                    for lips, voice in ((one, one), (other, other), (one, other), (other, one)):
                        kind = "own" if lips is voice else "another"
                        beside = _paired(lips, at, one if lips is other else other, at, width)
                        yield Pair(_paired(lips, at, voice, at, width), lips is voice, kind, speaker, beside)


def _paired(lips: Numbers, at: int, voice: Numbers, heard: int, width: int) -> Numbers:
    return np.concatenate([lips[at : at + width, :SHAPE], voice[heard : heard + width, SHAPE:]], axis=1)


def scores(ask: Ask, windows: Sequence[Numbers]) -> NDArray[np.float64]:
    """The log-odds that each of N windows is in sync, (N,)."""
    found = [ask(windows[first : first + BATCH])[:, 0] for first in range(0, len(windows), BATCH)]
    return log_odds(np.concatenate(found))


def _correlated(pairs: Sequence[Pair]) -> NDArray[np.float64]:
    return np.array([correlation(pair.numbers) for pair in pairs])


Scored = Sequence[tuple[Sequence[Pair], NDArray[np.float64]]]
"""Of each model, which have no common scale: its pairs, and their scores."""


def _area(groups: Scored, kind: str | None = None, speakers: Sequence[str] | None = None) -> float:
    """The area under the ROC curve, the mean over the models; of one kind, against what was drawn together with it."""
    found = []
    for pairs, scored in groups:
        fours = np.arange(len(pairs)) // 4 * 4  # of each pair, where its four begins
        kinds = np.array([pair.kind for pair in pairs])
        of_kind = np.ones(len(pairs), bool) if kind is None else kinds[np.minimum(fours + 2, len(pairs) - 1)] == kind
        if speakers is not None:
            of_kind &= np.isin([pair.speaker for pair in pairs], speakers)
        if of_kind.any():
            truth = np.array([pair.synced for pair in pairs])
            found.append(auroc(scored[of_kind], truth[of_kind]))
    return round(float(np.mean(found)), 4)


def _by_speaker(groups: Scored) -> dict[str, float]:
    speakers = dict.fromkeys(pair.speaker for pairs, _ in groups for pair in pairs)
    return {speaker: _area(groups, speakers=[speaker]) for speaker in speakers}


def _interval(groups: Scored) -> list[float] | None:
    """95 % of the mean over the speakers, drawn anew with replacement; None where there are fewer than five."""
    areas = np.array(list(_by_speaker(groups).values()))
    if len(areas) < 5:
        return None
    drawn = np.random.default_rng(0).choice(areas, (REDRAWN, len(areas))).mean(axis=1)
    return [round(float(edge), 4) for edge in np.quantile(drawn, (0.025, 0.975))]


def _offsets(askers: Sequence[tuple[Ask, Mapping[str, Mapping[str, Numbers]]]]) -> dict[str, Any]:
    """How often the best of 13 offsets is the right one, and how often within 80 ms, over two seconds."""
    best, plain = [], []
    for ask, clips in askers:
        wholes = [numbers for sentences in clips.values() for numbers in sentences.values()]
        best.append(offset_scores(wholes, [[STEPS]] * len(wholes), WINDOW, ask).argmax(axis=1) - STEPS)
        for numbers in wholes:
            plain.append(int(np.argmax([correlation(tried) for tried in moved(numbers)])) - STEPS)
    return {
        "n": len(plain),
        **_shares(np.concatenate(best)),
        "correlation": _shares(np.array(plain)),
        "chance": {"exact": round(1 / OFFSETS, 4), "within_80_ms": round(3 / OFFSETS, 4)},
    }


def _shares(best: NDArray[np.int64]) -> dict[str, float]:
    return {
        "exact": round(float((best == 0).mean()), 4),
        "within_80_ms": round(float((np.abs(best) <= 1).mean()), 4),
    }


def _harmed(askers: Sequence[tuple[Ask, Mapping[str, Mapping[str, Numbers]]]], seed: int) -> dict[str, Any]:
    """The area at two seconds for some sentences as they are, and made worse in one way after the other."""
    few = [(ask, {who: dict(list(each.items())[:HARMED]) for who, each in clips.items()}) for ask, clips in askers]
    files = [file for _, clips in few for sentences in clips.values() for file in sentences]
    with ProcessPoolExecutor() as pool:
        changed = dict(zip(files, pool.map(_worse, files, [seed] * len(files)), strict=True))
    report: dict[str, Any] = {"n": len(files)}
    for name in ("plain", "webm", "mirrored", "noise"):
        groups = []
        for ask, clips in few:
            same: dict[str, dict[str, Numbers]] = {
                who: {file: changed[file][name] for file in sentences if name in changed[file]}
                for who, sentences in clips.items()
            }
            same = {who: sentences for who, sentences in same.items() if len(sentences) > 1}
            pairs = list(draw(same, WINDOW, seed))
            groups.append((pairs, scores(ask, [pair.numbers for pair in pairs])))
        report[name] = _area(groups)
    report["read"] = round(sum("webm" in found for found in changed.values()) / len(files), 4)
    return report


def _worse(file: str, seed: int) -> dict[str, Numbers]:
    """One sentence's numbers in each condition in which it can be read."""
    torch.set_num_threads(1)
    plain = read_video(file)
    noisy = add_noise(plain.samples, SNR, np.random.default_rng(seed))
    mouth = Mouth(plain.mouths, plain.seconds, plain.box, plain.size, SAMPLE_RATE, noisy)
    found = {"plain": plain, "webm": read_video(as_webm(Path(file), seed)), "noise": read(mouth, noisy)}
    numbers = {name: given.numbers[:LENGTH] for name, given in found.items() if not given.absent}
    numbers["mirrored"] = numbers["plain"].copy()
    numbers["mirrored"][:, :SHAPE] = mirrored(numbers["plain"][:, :SHAPE])
    last = numbers.get("webm")
    if last is not None and len(last) < LENGTH:  # its last picture may come earlier
        numbers["webm"] = np.concatenate([last, np.repeat(last[-1:], LENGTH - len(last), axis=0)])
    return numbers


def as_webm(file: Path, seed: int) -> bytes:
    """A video as a webcam in poor light would have recorded it: VP8 and Opus, 15 pictures a second at uneven times."""
    rng, written = np.random.default_rng(seed), io.BytesIO()
    with av.open(str(file)) as given, av.open(written, "w", format="webm") as out:
        pictures = [(frame.time, frame.to_ndarray(format="rgb24")) for frame in given.decode(video=0)]
        given.seek(0)
        sounds = list(given.decode(audio=0))
        video = out.add_stream("libvpx", rate=30)
        video.height, video.width = pictures[0][1].shape[:2]
        video.pix_fmt, video.bit_rate = "yuv420p", 600_000
        video.time_base = video.codec_context.time_base = Fraction(1, 1000)
        audio = out.add_stream("libopus", rate=48_000, layout="mono")
        to_opus = av.AudioResampler("s16", "mono", 48_000)
        packets, due = [], 0.0
        for time, picture in pictures:
            if time < due:
                continue
            due = max(due + 1 / RATE, time) + rng.normal(0, 0.01)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
            packets += video.encode(frame)
        packets += video.encode(None)
        for sound in [*sounds, None]:
            for piece in to_opus.resample(sound):
                packets += audio.encode(piece)
        packets += audio.encode(None)
        for packet in sorted(packets, key=lambda packet: float(packet.dts * packet.time_base)):
            out.mux(packet)
    return written.getvalue()
