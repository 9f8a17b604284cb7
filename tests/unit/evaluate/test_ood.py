"""What it does not know: the measures by hand, and the way of outliers through training and evaluation."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from tiny import CONFIG, features

from mmdemo.data.manifest.manifest import OUTLIER, read_manifest
from mmdemo.evaluate.ood import coverage, study_contradiction, study_unknown, told_apart
from mmdemo.evaluate.tables import tables
from mmdemo.modality import ramp
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.calibration import fit_threshold, true_classes
from mmdemo.train.features import Column
from mmdemo.train.loop import train
from mmdemo.train.recipes import Recipe
from mmdemo.train.samples import PLAIN, MultimodalSamples, SamplingConfig
from mmdemo.train.targets import joined


def with_outliers(seed=0):
    """The tiny task and 30 rows of no class: other words, dim squares, sounds that point nowhere."""
    known, rng = features(seed=seed), np.random.default_rng(seed)
    words = [[(word, "and", word)] for word in ("tea", "rain", "song", "lamp", "moss")]
    dim = [[square] for square in rng.integers(0, 60, (10, 28, 28)).astype(np.uint8)]
    quiet = [[rng.normal(size=(4, 96)).astype(np.float32) * 0.1] * 2 for _ in range(10)]
    columns = {}
    for place, (modality, strange) in enumerate({"text": words * 2, "image": dim, "audio": quiet}.items()):
        column, index = known.columns[modality], np.full(30, -1)
        index[10 * place : 10 * place + 10] = len(column.items) + np.arange(10)
        items = [*column.items, *strange]
        columns[modality] = Column(items, np.r_[column.index, index], [None] * len(items))
    return replace(known, labels=np.r_[known.labels, np.full(30, -1)], columns=columns)


def last(samples, count):
    batch, taught = samples.collate([samples[k] for k in range(count)])
    return taught[torch.arange(count), batch.lengths.sum(1) - 1]


def test_told_apart_by_hand():
    assert told_apart([0.9, 0.8], [0.1, 0.2]) == 1
    assert told_apart([0.9, 0.2], [0.5]) == 0.5
    assert told_apart([0.5], [0.5]) == 0.5
    assert told_apart([0.9, 0.7, 0.4], [0.5, 0.3]) == pytest.approx(5 / 6)


def test_coverage_by_hand():
    found = coverage(np.array([0.9, 0.8, 0.6, 0.5]), np.array([True, True, False, True]))
    assert found["1"] == 0.75 and found["0.5"] == 1 and found["0.8"] == pytest.approx(2 / 3, abs=1e-5)


def test_the_label_of_no_class_is_no_class(tmp_path):
    path = tmp_path / "manifest.csv"
    path.write_text(f"text,label,split\nyes,yes,train\nno,no,test\ntea,{OUTLIER},train\nrain,,train\n")
    rows, problems = read_manifest(path, labels=["yes", "no"])
    assert list(rows["label"]) == ["yes", "no", OUTLIER]
    assert [problem.line for problem in problems] == [5]


def test_evidence_within_a_sound_and_beside_another():
    assert ramp(1, 4, (0.5, 1.0)).weight.tolist() == [0, 0, 0.5, 1]
    before = joined(ramp(-1, 2), ramp(1, 2), 10)
    assert before.weight.tolist() == [0, 0, 0.5, 1] and before.label.tolist()[2:] == [1, 1]
    after = joined(ramp(2, 2), ramp(-1, 2), 3)
    assert after.weight.tolist() == [0.5, 1, 1] and after.label.tolist() == [2, 2, 2]


def test_outliers_teach_to_be_unsure_alone_and_together():
    split = with_outliers()
    strange = split.only(split.labels < 0)
    for counts in ((1, 0, 0), (0, 0, 1)):
        samples = MultimodalSamples(strange, CONFIG, pair=True, sampling=replace(PLAIN, modality_counts=counts), seed=0)
        assert torch.allclose(last(samples, 30), torch.full((30, 3), 1 / 3))


def test_beside_a_row_of_a_class_outliers_are_let_pass():
    samples = MultimodalSamples(with_outliers(), CONFIG, pair=True, sampling=replace(PLAIN, strange=0), seed=0)
    assert torch.allclose(last(samples, 120).max(1).values, torch.ones(120))


def test_a_sound_amid_others_still_says_what_it_says():
    split = with_outliers()
    samples = MultimodalSamples(split, CONFIG, pair=False, sampling=replace(PLAIN, amid=1.0), seed=0)
    spoken = [sample for k in range(120) if "audio" in (sample := samples[k]).items]
    known = [sample for sample in spoken if sample.targets["audio"].weight.any()]
    assert {len(sample.items["audio"]) for sample in known} == {10} and known
    assert all(sample.targets["audio"].weight[-1] == 1 for sample in known)


def test_samples_without_outliers_are_as_they_were():
    """Nothing more is drawn at random where a manifest has none."""
    ours, plain = (
        MultimodalSamples(features(), CONFIG, pair=True, sampling=sampling, seed=0)
        for sampling in (SamplingConfig(), SamplingConfig(amid=0))
    )
    assert torch.equal(last(ours, 40), last(plain, 40))


def test_an_answer_to_an_outlier_is_wrong_however_sure():
    assert true_classes(torch.tensor([[0.2, 0.8], [0.5, 0.5]])).tolist() == [1, -1]
    sure = torch.tensor([[0.95, 0.05], [0.9, 0.1], [0.7, 0.3]])
    assert fit_threshold(sure, torch.tensor([0, 0, -1])) == pytest.approx(0.9)


def test_a_trained_model_is_unsure_of_what_it_was_taught_not_to_know(tmp_path):
    split = with_outliers()
    recipe = Recipe(epochs=4, samples=900, validation=250, batch_size=32, sampling=SamplingConfig(augment=False))
    splits = {"train": split, "validation": with_outliers(1)}
    model = train(CONFIG, splits, tmp_path / "c", tmp_path / "r", recipe=recipe, pair=True, quiet=True)
    test = with_outliers(2)
    cells = np.repeat(np.eye(3, dtype=bool), 10, axis=0)
    rows = pd.DataFrame(np.where(cells, "x", ""), columns=["text", "image", "audio"]).assign(kind="odd")
    found = study_unknown(model, test.only(test.labels >= 0), rows, lambda _: test.only(test.labels < 0))
    assert all(found["told_apart"][m]["odd"]["auroc"] > 0.95 for m in ("text", "image", "audio"))
    assert all(found["coverage"][m]["0.5"] > 0.95 for m in ("text", "image", "audio"))
    assert found["told_apart"]["text"]["odd"]["n"] == 10 and not found["told_apart"]["text"]["odd"]["nothing_found"]
    metrics = {"command": "c", "seed": 0, "split": "s", "alone": {}, "together": {}, "unknown": found}
    assert "| sound: odd | 10 | 0 |" in tables(metrics)


def test_a_contradiction_is_never_a_pair_of_one_class():
    torch.manual_seed(0)
    model = MultimodalLSTM(CONFIG).eval()
    found = study_contradiction(model, features(), seed=0, count=40)
    assert set(found) == {"text+image", "text+audio", "image+audio"}
    for shares in found.values():
        assert shares["n"] == 40 and 0 <= shares["called_sure"] <= 1 and 1 / 3 <= shares["highest"] <= 1
        assert 0 <= shares["both_named"] <= 1
    sure = replace(model.config, confidence_threshold=0.0)
    model.config = sure
    assert study_contradiction(model, features(), seed=0, count=40)["image+audio"]["called_sure"] == 1
    text = tables({"command": "c", "seed": 0, "split": "s", "alone": {}, "together": {}, "contradiction": found})
    assert "| picture against sound | 40 |" in text
