"""Many sequences explained at once: each as it is explained alone."""

import pytest
import torch
from explained import LABELS, made_steps
from torch import nn

from mmdemo.lstm.explanation import explain
from mmdemo.lstm.many import explain_many
from mmdemo.lstm.readout import Readout

LENGTHS = [{"text": 3}, {"audio": 1}, {"text": 4, "image": 5, "audio": 2}, {"image": 5, "text": 2}, {"text": 1}]


@pytest.fixture(scope="module")
def given():
    torch.manual_seed(0)
    lstm, dense = nn.LSTM(6, 9, batch_first=True), nn.Linear(9, len(LABELS))
    embeddings = [{name: torch.randn(n, 6) for name, n in parts.items()} for parts in LENGTHS]
    return lstm, [Readout.of(dense, 0.7 + 0.3 * n) for n in range(len(LENGTHS))], embeddings


def test_each_is_explained_as_it_is_alone(given):
    lstm, readouts, embeddings = given
    for found, readout, parts in zip(explain_many(*given), readouts, embeddings, strict=True):
        alone = explain(lstm, readout, parts, made_steps({name: len(part) for name, part in parts.items()}), LABELS)
        assert (found.answer, found.settled) == (alone.answer, alone.settled)
        for name in ("logits", "bias", "prior", "evidence", "changed"):
            torch.testing.assert_close(getattr(found, name), getattr(alone, name), atol=1e-5, rtol=1e-5)
        assert list(found.shares) == list(parts)
        for name, share in found.shares.items():
            torch.testing.assert_close(share, alone.shares[name], atol=1e-6, rtol=1e-5)


def test_nothing_is_nothing_and_no_steps_are_refused(given):
    lstm, readouts, embeddings = given
    assert explain_many(lstm, [], []) == []
    with pytest.raises(ValueError, match="at least one step"):
        explain_many(lstm, readouts[:2], [embeddings[0], {}])
