"""How far an answer can be trusted, by hand."""

import numpy as np
import pytest

from mmdemo.config import Calibration, ModelConfig
from mmdemo.inference.trust import contradiction, trust
from mmdemo.text.reader import TextInput


@pytest.mark.parametrize(
    ("probabilities", "alone", "level", "key"),
    [
        # Clear from 0.9 and likely from 0.6 on; on either side of both.
        ([0.9, 0.05, 0.03, 0.02], {"audio": 0}, "clear", None),
        ([0.89, 0.05, 0.03, 0.03], {"audio": 0}, "likely", "answer.likely"),
        ([0.6, 0.14, 0.13, 0.13], {"text": 0}, "likely", "answer.likely"),
        ([0.6, 0.39, 0.01, 0], {"text": 0}, "likely", "answer.close"),
        ([0.59, 0.15, 0.13, 0.13], {"text": 0}, "unclear", "answer.weak"),
        ([0.59, 0.41, 0, 0], {"text": 0}, "unclear", "answer.several"),
        # Like nothing below a half that, with the next, stays below 0.7.
        ([0.3, 0.25, 0.25, 0.2], {"audio": 0}, "unclear", "answer.unlike_audio"),
        ([0.3, 0.25, 0.25, 0.2], {"audio": 0, "text": 0}, "unclear", "answer.unlike"),
        ([0.45, 0.24, 0.2, 0.11], {"text": 0}, "unclear", "answer.unlike_text"),
        ([0.45, 0.26, 0.2, 0.09], {"text": 0}, "unclear", "answer.several"),
        # Never clear where the inputs alone say different things.
        ([0.99, 0.01, 0, 0], {"image": 0, "audio": 1}, "likely", "answer.disagree"),
        ([0.45, 0.4, 0.1, 0.05], {"image": 0, "audio": 1}, "unclear", "answer.disagree"),
        ([0.45, 0.4, 0.1, 0.05], {"text": 0, "image": 0, "audio": 1}, "unclear", "answer.disagree_three"),
        ([0.25, 0.25, 0.25, 0.25], {}, "unclear", "answer.nothing"),
    ],
)
def test_how_far_it_can_be_trusted_and_why_no_further(probabilities, alone, level, key):
    config = ModelConfig("test", list("abcd"), calibration={"text+image+audio": Calibration(clear=0.9, likely=0.6)})
    inputs = {name: TextInput("", ()) for name in alone}
    firmly = {name: np.eye(4)[label] for name, label in alone.items()}
    found, reason = trust(config, np.array(probabilities), firmly, inputs)
    assert found == level
    assert (reason and reason.key) == key
    assert reason is None or len(str(reason)) > 20
    if level == "unclear" and len(set(alone.values())) < 2:
        assert not reason.values  # nothing that tells who was ahead


def test_only_answers_that_are_at_least_likely_contradict_each_other():
    config = ModelConfig("test", list("ab"), calibration={"text+image+audio": Calibration(clear=0.9, likely=0.6)})
    firm, other, weak = np.array([0.7, 0.3]), np.array([0.1, 0.9]), np.array([0.45, 0.55])
    assert contradiction(config, {"text": firm, "image": weak}) is None
    assert contradiction(config, {"text": firm, "image": firm, "audio": weak}) is None
    said = contradiction(config, {"text": firm, "image": weak, "audio": other})
    assert said.key == "answer.contradiction"
    assert said.values == {"first": "text", "first_label": "a", "second": "audio", "second_label": "b"}
