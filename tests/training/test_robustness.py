"""Every harm to every sense, with the checkpoint as it is shipped."""

from dataclasses import replace

import numpy as np
import pandas as pd
import soundfile
from PIL import Image
from tiny import features

from mmdemo.config import SAMPLE_RATE
from mmdemo.evaluate.robustness import study_robustness
from mmdemo.model.multimodal_lstm import MultimodalLSTM


def test_a_study_of_a_real_checkpoint(trained, tmp_path, tone):
    """Three sentences, pictures and tones: the shape of the report, and that only the harmed modality is harmed."""
    split = replace(features(rows_per_kind=3), labels=np.zeros(9, np.int64))
    rows = pd.DataFrame({"text": ["it is zero"] * 3 + [""] * 6, "image": "", "audio": ""})
    y, x = np.mgrid[:28, :28]
    radius = np.hypot((x - 13.5) / 0.75, y - 13.5)
    Image.fromarray((255 * ((radius > 6) & (radius < 10))).astype(np.uint8)).save(tmp_path / "ring.png")
    soundfile.write(tmp_path / "tone.wav", tone, SAMPLE_RATE)
    rows.loc[3:5, "image"], rows.loc[6:, "audio"] = str(tmp_path / "ring.png"), str(tmp_path / "tone.wav")
    model = MultimodalLSTM.from_pretrained(str(trained), local_files_only=True).eval()
    report = study_robustness(model, split, rows, pair=False, seed=0, strange={"words": [str(tmp_path / "tone.wav")]})
    assert set(report["harms"]) == {"typing", "blur", "darkness", "angle", "pink", "babble"}
    assert set(report["replaced"]) == {"text", "image", "audio"}
    assert set(report["amid"]) == {"silence", "words"}
    for harm in report["harms"].values():
        assert harm["n"] == 3 and len(harm["levels"]) == len(harm["alone"]) == len(harm["all"])
    assert report["harms"]["typing"]["alone"][0] == 1
    assert report["harms"]["blur"]["alone"][0] == 1
