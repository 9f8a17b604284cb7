"""From a checkpoint to its figures: what the command ``evaluate`` does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmdemo.data.manifest.manifest import OUTLIER, load_cell
from mmdemo.data.sentences.vocabulary import DIGITS
from mmdemo.data.tasks.registry import Task
from mmdemo.evaluate.apart import is_apart, study_apart
from mmdemo.evaluate.baselines import bag_of_words_accuracy
from mmdemo.evaluate.cards import write_card, write_figures, write_metrics
from mmdemo.evaluate.cases import cases_of, write_cases
from mmdemo.evaluate.faces import study_faces
from mmdemo.evaluate.faithfulness import choose, study_cues, study_faithfulness
from mmdemo.evaluate.fusion import fusion
from mmdemo.evaluate.levels import study_levels
from mmdemo.evaluate.metrics import Sample, answer, evaluate, paired_samples, unimodal_samples
from mmdemo.evaluate.ood import study_contradiction, study_ood
from mmdemo.evaluate.photos import study_photos
from mmdemo.evaluate.results import STREAMS, read_metrics
from mmdemo.evaluate.robustness import study_robustness
from mmdemo.evaluate.speakers import leave_one_out, sound_model, study_voices
from mmdemo.evaluate.streams import study_streams
from mmdemo.evaluate.sync import study_folds, study_sync
from mmdemo.inference.predictor import Predictor
from mmdemo.messages import InputError
from mmdemo.model.modalities import SENSES
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.dataset import Data
from mmdemo.train.features import VOICES, Features
from mmdemo.train.recipes import Recipe

SEEDS = (0, 1, 2)  # of the models for the published sound test


def evaluate_task(data: Data, folder: Path, *, command: str) -> dict:
    """Measure a checkpoint on the test split; write its ``metrics.json`` and ``cases.json`` and fill in its model card.

    Args:
        data: the task's data.
        folder: the checkpoint.
        command: the command that was given; shown beside the figures.
    """
    model = MultimodalLSTM.from_pretrained(str(folder), local_files_only=True).eval()
    rows, task = data.split("test"), data.task
    apart = is_apart(rows)
    others, rows = (part.reset_index(drop=True) for part in (rows[apart], rows[~apart]))
    features = data.features(rows)
    metrics: dict[str, Any] = {
        **_about(data, command),
        **evaluate(model, features, pair=task.pair, seed=data.seed),
    }
    if "kind" in rows:
        metrics |= _kinds(model, features, rows, data)
    if len(others):
        metrics["apart"] = study_apart(model, others, _as_shown(model, data))
    validation = data.split("validation")
    validation = validation[~is_apart(validation)].reset_index(drop=True)
    asked = (data.features(validation), validation)
    if task.pair and len(metrics["alone"]) > 1:
        metrics["fusion"] = fusion(model, asked, (features, rows), data.seed)
    metrics["unknown"] = study_ood(model, features, data.outliers("test"), _as_shown(model, data))
    splits = {"validation": data.features(data.whole("validation")), "test": data.features(data.whole("test"))}
    metrics["levels"] = study_levels(model, splits, pair=task.pair, seed=data.seed)
    metrics["contradiction"] = study_contradiction(model, features, data.seed)
    metrics["robustness"] = study_robustness(
        model, features, rows, pair=task.pair, seed=data.seed, strange=_strange_sounds(data)
    )
    if task.photos:
        metrics["paper"] = study_photos(model, task.photos(data.folder, data.seed), data.seed)
    if task.faces:
        metrics["faces"] = study_faces(model, task.faces(rows, data.seed), data.seed)
    if task.voices and len(strange := task.voices()):
        metrics["voices"] = study_voices(model, strange, data.seed)
    metrics["truth"] = study_faithfulness(model, features, _kinds_of_input(features, rows, data), seed=data.seed)
    if kinds := _kinds_of_input(*asked, data):
        metrics["truth"]["chosen"] = choose(model, asked[0], kinds, seed=data.seed)
    if "correction" in metrics.get("kinds", {}) and tuple(model.config.labels) == DIGITS:
        metrics["truth"]["cues"] = study_cues(Predictor(model, model.device), data.seed)
    if "strangers" in (earlier := read_metrics(folder)):
        metrics["strangers"] = earlier["strangers"]  # about the recipe, not about this checkpoint's weights
    write_cases(folder, cases_of(model, features, rows, data.seed, data.folder))
    _publish(folder, task, metrics)
    return metrics


def _about(data: Data, command: str) -> dict[str, Any]:
    """What figures belong to: the task, the command that was given, and how the data are split."""
    counts = data.rows["split"].value_counts()
    return {
        "task": data.task.name,
        "command": command,
        "seed": data.seed,
        "split": data.task.split,
        "rows": {name: int(counts.get(name, 0)) for name in ("train", "validation", "test")},
    }


def evaluate_streams(data: Data, folder: Path, *, command: str) -> dict[str, Any]:
    """Measure a checkpoint in streams of the test split, and write ``streams.json`` into its folder.

    Args:
        data: the task's data.
        folder: the checkpoint.
        command: the command that was given; it is kept beside the figures.
    """
    model = MultimodalLSTM.from_pretrained(str(folder), local_files_only=True).eval()
    rows = data.whole("test")
    strange = data.task.voices() if data.task.voices else pd.DataFrame()
    labels = {name: index for index, name in enumerate(model.config.labels)}
    strangers = [(row.audio, labels[row.label]) for row in strange.itertuples() if row.label in labels]
    none = rows[(rows["label"] == OUTLIER) & (rows["audio"] != "")]
    others = list(none[none["kind"] == "words"]["audio"]) if "kind" in none else list(none["audio"])
    features = data.features(rows)
    found = study_streams(
        model, features, rows, pair=data.task.pair, seed=data.seed, strangers=strangers, others=others
    )
    whole = {"task": data.task.name, "command": command, "seed": data.seed, "streams": found}
    write_figures(folder / STREAMS, whole)
    return whole


def evaluate_sync(data: Data, folder: Path, *, command: str) -> dict:
    """The same for a checkpoint that says whether lips and voice belong together; see ``mmdemo.evaluate.sync``.

    Args:
        data: the task's data.
        folder: the checkpoint.
        command: the command that was given; shown beside the figures.
    """
    model = MultimodalLSTM.from_pretrained(str(folder), local_files_only=True).eval()
    task = data.task
    rows = data.split("test")
    features = data.features(rows)
    metrics: dict[str, Any] = {
        **_about(data, command),
        **evaluate(model, features, pair=task.pair, seed=data.seed),
        "sync": study_sync(model, data),
    }
    write_cases(folder, cases_of(model, features, rows, data.seed, data.folder))
    if "folds" in (earlier := read_metrics(folder)):
        metrics["folds"] = earlier["folds"]  # about the recipe, not about this checkpoint's weights
    _publish(folder, task, metrics)
    return metrics


def study_left_out_folds(data: Data, folder: Path, run: Path, *, recipe: Recipe, command: str) -> dict:
    """The same for its recipe, with each half of the speakers left out in turn; goes beside the checkpoint's figures.

    Raises:
        FileNotFoundError: the checkpoint has not been measured yet.
    """
    metrics = _measured(folder)
    metrics["folds"] = {"command": command, **study_folds(data, run, recipe=recipe)}
    _publish(folder, data.task, metrics)
    return metrics


def study_unheard_speakers(data: Data, folder: Path, run: Path, *, recipe: Recipe, command: str) -> dict:
    """Accuracy on speakers not heard in training, by models of sound alone, trained here and thrown away.

    The published test for three seeds, then each speaker in turn left out. The result goes to the checkpoint's
    ``metrics.json``, beside what ``evaluate_task`` wrote there.

    Raises:
        InputError: the manifest does not say who speaks.
        FileNotFoundError: the checkpoint has not been measured yet.
    """
    if "speaker" not in data.rows:
        raise InputError("manifest.no_speaker")
    metrics = _measured(folder)
    parts = []
    for split in ("train", "validation", "test"):
        sounds = data.whole(split) if split == "train" else data.split(split)
        sounds = sounds[sounds["audio"] != ""].reset_index(drop=True)
        parts.append((data.features(sounds, voices=VOICES if split == "train" else 1), list(sounds["speaker"])))
    (published, _), _, (test, _) = parts
    config, by_seed = data.task.config, {}
    for seed in SEEDS:
        model = sound_model(published, config, run / f"seed-{seed}", recipe=recipe, seed=seed)
        by_seed[str(seed)] = round(
            float(answer(model, test, unimodal_samples(test, "audio"), ["audio"]).right.mean()), 4
        )
        data.say(f"published test, seed {seed}: {by_seed[str(seed)]:.2%}")
    recorded = data.split("train")
    recorded = recorded[(recorded["audio"] != "") & (recorded["speaker"] != "")]
    if "made" in recorded:
        recorded = recorded[recorded["made"] == ""]  # a synthetic voice is no person to leave out
    people = sorted(set(recorded["speaker"]))
    left_out = leave_one_out(parts, config, run, recipe=recipe, seed=data.seed, people=people, say=data.say)
    mean = round(float(np.mean(list(by_seed.values()))), 4)
    metrics["strangers"] = {"command": command, "official": {"by_seed": by_seed, "mean": mean}, "left_out": left_out}
    _publish(folder, data.task, metrics)
    return metrics


def _measured(folder: Path) -> dict[str, Any]:
    """What an evaluation of the checkpoint itself has left."""
    if metrics := read_metrics(folder):
        return metrics
    raise FileNotFoundError(f"No metrics.json in {folder}. First: python -m mmdemo evaluate --checkpoint {folder}")


def _kinds_of_input(
    features: Features, rows: pd.DataFrame, data: Data
) -> dict[str, tuple[list[Sample], Sequence[str]]]:
    """What explanations are tested on: corrections if there are some, else texts; pictures; sounds; all together."""
    kinds: dict[str, tuple[list[Sample], Sequence[str]]] = {}
    for modality in features.columns:
        samples = unimodal_samples(features, modality)
        if modality == "text" and "kind" in rows and (rows["kind"] == "correction").any():
            samples = [sample for sample in samples if rows["kind"][sample["text"]] == "correction"]
        if samples:
            kinds[modality] = samples, [modality]
    joined = paired_samples(features, data.task.config, pair=data.task.pair, seed=data.seed)
    if joined := [sample for sample in joined if len(sample) == len(kinds) > 1]:
        kinds["all"] = joined, tuple(features.columns)
    return kinds


def _as_shown(model: MultimodalLSTM, data: Data) -> Callable[[pd.DataFrame], Features]:
    """Reads rows like features, but chooses among several candidates as the page does, with the model's help."""
    predictor = Predictor(model, model.device)

    def read(rows: pd.DataFrame) -> Features:
        features = data.features(rows)
        for modality in features.columns:
            if SENSES[modality].chooses:
                column = features.columns[modality]
                for row in column.rows:
                    seen = predictor.preprocess(modality, load_cell(modality, rows[modality].iloc[row]))
                    column.items[column.index[row]] = [SENSES[modality].pack(SENSES[modality].item(seen))]
        return features

    return read


def _strange_sounds(data: Data) -> dict[str, list[str]]:
    """The test recordings that belong to no class and may stand beside one that does, by kind."""
    rows = data.outliers("test")
    rows = rows[rows["audio"] != ""]
    rows = rows[rows["alone"] != "yes"] if "alone" in rows else rows
    kinds = rows["kind"] if "kind" in rows else pd.Series("strange", index=rows.index)
    return {kind: list(files) for kind, files in rows["audio"].groupby(kinds)}


def _publish(folder: Path, task: Task, metrics: dict[str, Any]) -> None:
    write_metrics(folder, metrics)
    write_card(folder, task.card, metrics)


def _kinds(model: MultimodalLSTM, features: Features, rows: pd.DataFrame, data: Data) -> dict:
    """Text alone, by the kinds of sentences in the manifest, and the accuracy of bags of words on corrections."""
    languages = sorted(kind for kind in rows["kind"].unique() if kind.startswith("language "))
    kinds: Sequence[str] = [kind for kind in rows["kind"].unique() if kind and kind not in languages]
    report: dict[str, Any] = {"kinds": {}}
    for kind in kinds:
        samples = [sample for sample in unimodal_samples(features, "text") if rows["kind"][sample["text"]] == kind]
        outcome = answer(model, features, samples, ["text"])
        report["kinds"][kind] = outcome.summary(len(model.config.labels))
    for kind in languages:
        samples = [sample for sample in unimodal_samples(features, "text") if rows["kind"][sample["text"]] == kind]
        right = answer(model, features, samples, ["text"]).right
        report.setdefault("languages", {})[kind.removeprefix("language ")] = {
            "n": len(samples),
            "accuracy": round(float(right.mean()), 4),
        }
    if "correction" in kinds:
        learnt = data.split("train")
        learnt = learnt[learnt["text"] != ""].to_dict("records")
        asked = rows[rows["kind"] == "correction"].to_dict("records")
        report["bags"] = {
            "words": round(bag_of_words_accuracy(learnt, asked, (1, 1)), 4),
            "bigrams": round(bag_of_words_accuracy(learnt, asked, (1, 2)), 4),
        }
    return report
