"""Made voices are asked as a visitor would be; what is changed on the way is told apart."""

import numpy as np
import pandas as pd
import pytest
import soundfile
from sounds import between, word

from mmdemo.config import SAMPLE_RATE
from mmdemo.data.manifest.manifest import OUTLIER
from mmdemo.evaluate.speakers import CONDITIONS, study_voices
from mmdemo.model.multimodal_lstm import MultimodalLSTM

pytest.importorskip("audiomentations", reason="needed for training only: pip install -r requirements-train.txt")


def test_voices_are_counted_by_accent_and_by_what_becomes_of_them(trained, tmp_path):
    model = MultimodalLSTM.from_pretrained(str(trained), local_files_only=True).eval()
    file = tmp_path / "said.wav"
    soundfile.write(file, between(word(0.5), 0.3, 0.3), SAMPLE_RATE)
    kinds = [("digit", "", "1.0"), ("digit", "indian", "1.0"), ("digit", "french", "1.3"), ("several", "", "1.0")]
    rows = pd.DataFrame(
        {
            "audio": str(file),
            "label": [model.config.labels[0] if kind == "digit" else OUTLIER for kind, _, _ in kinds],
            "kind": [kind for kind, _, _ in kinds],
            "accent": [accent for _, accent, _ in kinds],
            "throat": [throat for _, _, throat in kinds],
            "heard": ["one two" if kind == "several" else "" for kind, _, _ in kinds],
        }
    )
    report = study_voices(model, rows, seed=0)
    assert {name: found["n"] for name, found in report["voices"].items()} == {
        **{"plain": 1, "indian": 1, "accents": 1, "child": 1},
        **dict.fromkeys(CONDITIONS, 2),
    }
    assert all(0 <= found["accuracy"] <= 1 for found in report["voices"].values())
    assert report["several"]["n"] == 1 and report["no_digit"] == {"n": 0, "called_clear": 0}


def test_every_change_leaves_something_to_hear():
    samples = between(word(0.5), 0.1, 0.1).astype(np.float32)
    for name, change in CONDITIONS.items():
        changed = change(samples, np.random.default_rng(0))
        assert len(changed) > SAMPLE_RATE // 5 and np.isfinite(changed).all(), name
