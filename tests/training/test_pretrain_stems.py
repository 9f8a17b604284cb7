from dataclasses import replace

import pytest
import tiny
import torch

from mmdemo.config import AudioConfig, ImageConfig
from mmdemo.train import pretrain_stems as warmup
from mmdemo.train.loop import new_model
from mmdemo.train.pretrain_stems import StemPretraining, pretrain_stem
from mmdemo.train.samples import PLAIN

CONFIG = replace(tiny.CONFIG, image=ImageConfig(channels=(8, 16)), audio=AudioConfig(context=1, channels=16))
SPLITS = {"train": tiny.features(60), "validation": tiny.features(10, seed=1)}
HOW = {
    "text": StemPretraining(8, batch_size=16, learning_rate=0.03),
    "image": StemPretraining(8, batch_size=16, learning_rate=0.02, sizes=(14, 28)),
    "audio": StemPretraining(6, batch_size=16, learning_rate=0.02),
}


def learnt(run, modality, how):
    torch.manual_seed(0)
    model = new_model(CONFIG)
    return pretrain_stem(model, modality, SPLITS, run, stages=[how], sampling=PLAIN, quiet=True), model


@pytest.mark.parametrize("modality", HOW)
def test_a_stem_learns_alone_and_leaves_the_others_as_they_are(modality, tmp_path):
    torch.manual_seed(0)
    before = new_model(CONFIG).state_dict()
    recall, model = learnt(tmp_path, modality, HOW[modality])
    assert recall > 0.9
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    place = ("text", "image", "audio").index(modality)
    assert changed and all(name.startswith((f"{modality}.", f"norms.{place}.")) for name in changed)


def test_a_second_stage_goes_on_from_the_first(tmp_path):
    torch.manual_seed(0)
    model, still = new_model(CONFIG), StemPretraining(1, learning_rate=1e-9, weight_decay=0)
    first = pretrain_stem(model, "audio", SPLITS, tmp_path, stages=[HOW["audio"]], sampling=PLAIN, quiet=True)
    torch.manual_seed(0)
    model = new_model(CONFIG)
    both = pretrain_stem(model, "audio", SPLITS, tmp_path, stages=[HOW["audio"], still], sampling=PLAIN, quiet=True)
    assert both == pytest.approx(first) and (tmp_path / "warm-audio-1.pt").is_file()


def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path):
    how = replace(HOW["audio"], epochs=4)
    _, whole = learnt(tmp_path / "whole", "audio", how)

    keep = warmup.keep

    def keep_and_stop(file, learning, progress):
        keep(file, learning, progress)
        if progress["epoch"] == 2:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(warmup, "keep", keep_and_stop)
        learnt(tmp_path / "halved", "audio", how)
    _, resumed = learnt(tmp_path / "halved", "audio", how)
    for name, value in whole.audio.state_dict().items():
        assert torch.equal(value, resumed.audio.state_dict()[name]), name
