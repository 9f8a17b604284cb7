"""espeak-ng says a sentence, and which phoneme when."""

from shutil import which

import numpy as np
import pytest

from mmdemo.data.synthetic import espeak
from mmdemo.messages import InputError


def test_without_espeak_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(espeak, "LIBRARY", "libnobody-has-this.so")
    with pytest.raises(InputError) as refused:
        espeak.spoken("hello")
    assert refused.value.note.key == "data.no_espeak"


@pytest.mark.skipif(which("espeak-ng") is None, reason="needs espeak-ng")
def test_the_phonemes_lie_within_the_voice_and_in_order():
    voice, rate, phonemes = espeak.spoken("papa", "en-us+m3")
    times = [time for time, _ in phonemes]
    assert np.abs(voice).max() > 0.05
    assert times == sorted(times) and times[0] >= 0 and times[-1] <= len(voice) / rate + 0.1
    assert [name for _, name in phonemes].count("p") == 2
