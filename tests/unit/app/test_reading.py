"""What the page gets of a reading."""

import base64
import io

import numpy as np
import pytest
import soundfile

from mmdemo.app.reading import wav_url
from mmdemo.config import SAMPLE_RATE


def test_a_recording_comes_as_a_wav_file_of_16_bits():
    samples = np.sin(np.arange(1600) / 7).astype(np.float32)
    kind, coded = wav_url(samples).split(",")
    assert kind == "data:audio/wav;base64"
    sound, rate = soundfile.read(io.BytesIO(base64.b64decode(coded)))
    assert rate == SAMPLE_RATE and sound == pytest.approx(samples, abs=2**-15)
