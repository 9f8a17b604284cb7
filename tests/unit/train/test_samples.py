from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny import CONFIG, features, with_outliers
from torch.utils.data import DataLoader

from mmdemo.config import MODALITIES
from mmdemo.train.samples import PLAIN, MultimodalSamples, SamplingConfig, loader_workers


def pairs(sampling=PLAIN, **kw):
    return MultimodalSamples(features(), CONFIG, **{"pair": True, "sampling": sampling, "seed": 0} | kw)


def test_partners_are_of_the_same_class():
    samples = pairs()
    for k in range(90):
        rows = samples.partners(k, np.random.default_rng(k))
        assert set(rows) == set(MODALITIES)
        assert k in rows.values()
        assert len({int(samples.features.labels[row]) for row in rows.values()}) == 1


def test_without_pairing_a_row_stays_alone():
    assert pairs(pair=False).partners(0, np.random.default_rng(0)) == {"text": 0}


def test_plain_mixing_gives_all_modalities_undisturbed_in_the_default_order():
    sample = pairs()[1]
    assert sample.order == list(MODALITIES)
    assert sample.severity == 0
    assert set(sample.items) == set(sample.targets) == set(MODALITIES)


def test_the_same_seed_epoch_and_index_give_the_same_sample():
    first, second = pairs(SamplingConfig())[7], pairs(SamplingConfig())[7]
    assert first.order == second.order
    assert first.severity == second.severity
    other = pairs(SamplingConfig(), seed=1)
    assert any(other[k].order != pairs(SamplingConfig())[k].order for k in range(20))


def test_the_modalities_take_turns_and_an_epoch_shuffles():
    samples = pairs(replace(PLAIN, modality_counts=(1, 0, 0)))
    assert [list(samples[k].items) for k in range(3)] == [["text"], ["image"], ["audio"]]
    before = samples.shuffled["image"].copy()
    samples.set_epoch(1)
    assert not np.array_equal(before, samples.shuffled["image"])
    assert sorted(before) == sorted(samples.shuffled["image"])


@pytest.mark.parametrize("count", [1, 2, 3])
def test_so_many_modalities_together_as_asked(count):
    counts = [0, 0, 0]
    counts[count - 1] = 1
    samples = pairs(replace(PLAIN, modality_counts=tuple(counts)))
    for k in range(30):
        sample = samples[k]
        assert len(sample.items) == count


def test_a_contradiction_shares_the_target():
    samples = pairs(replace(PLAIN, contradict=1.0))
    batch, taught = samples.collate([samples[k] for k in range(60)])
    for row in taught[torch.arange(60), batch.lengths.sum(1) - 1]:
        assert sorted(row.tolist()) == pytest.approx([0, 1 / 3, 2 / 3])


def test_a_batch_of_disturbed_samples_is_sound():
    samples = pairs(SamplingConfig())
    batch, taught = samples.collate([samples[k] for k in range(64)])
    assert batch.inputs["image"].min() >= 0 and batch.inputs["image"].max() <= 1
    assert torch.allclose(taught.sum(-1), torch.ones(taught.shape[:2]), atol=1e-5)
    again, _ = samples.collate([samples[k] for k in range(64)])
    assert torch.equal(batch.inputs["image"], again.inputs["image"])


def test_balanced_classes_come_equally_often():
    some = features(40)
    rare = some.only((some.labels != 0) | (np.arange(len(some.labels)) % 5 == 0))  # a fifth of the first class is left
    drawn = {}
    for power in (0, 1):
        sampling = replace(PLAIN, balance={"text": power})
        samples = MultimodalSamples(rare, CONFIG, pair=True, sampling=sampling, seed=0)
        rows = np.concatenate([samples.set_epoch(epoch) or samples.shuffled["text"] for epoch in range(30)])
        drawn[power] = np.bincount(rare.labels[rows]) / len(rows)
        assert sorted(samples.shuffled["image"]) == sorted(samples.pools["image"])  # the others are as they were
    assert drawn[0][0] < 0.15
    np.testing.assert_allclose(drawn[1], 1 / 3, atol=0.05)


def last(samples, count):
    batch, taught = samples.collate([samples[k] for k in range(count)])
    return taught[torch.arange(count), batch.lengths.sum(1) - 1]


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


def test_what_is_to_stay_alone_is_never_put_beside_another():
    split = with_outliers()
    split = replace(split, alone=split.labels < 0)
    samples = MultimodalSamples(split, CONFIG, pair=False, sampling=replace(PLAIN, amid=1.0), seed=0)
    spoken = [sample for k in range(120) if "audio" in (sample := samples[k]).items]
    assert {len(sample.items["audio"]) for sample in spoken if sample.targets["audio"].weight.any()} == {6}


def test_samples_without_outliers_are_as_they_were():
    """Nothing more is drawn at random where a manifest has none."""
    ours, plain = (
        MultimodalSamples(features(), CONFIG, pair=True, sampling=sampling, seed=0)
        for sampling in (SamplingConfig(), SamplingConfig(amid=0))
    )
    assert torch.equal(last(ours, 40), last(plain, 40))


def test_a_gpu_has_its_batches_prepared_by_others_which_changes_none_of_them():
    assert loader_workers(torch.device("cpu")) == 0
    assert loader_workers(torch.device("cuda")) >= 1
    samples = pairs(SamplingConfig(), length=12)
    alone, helped = (
        list(DataLoader(samples, 4, collate_fn=samples.collate, num_workers=workers)) for workers in (0, 2)
    )
    for (batch, taught), (other, also_taught) in zip(alone, helped, strict=True):
        assert torch.equal(taught, also_taught)
        assert all(torch.equal(given, other.inputs[m]) for m, given in batch.inputs.items())
