"""A temperature and a threshold that are known beforehand are found again."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny import CONFIG, features

from mmdemo.config import LEVELS, Calibration, ModelConfig
from mmdemo.model.multimodal_lstm import MultimodalLSTM
from mmdemo.train.calibration import (
    CONTRADICTED,
    DRAWN,
    NEVER,
    calibrate,
    combined_answers,
    disagree,
    fit_calibration,
    fit_contradicted,
    fit_temperature,
    fit_threshold,
    true_classes,
)


def test_temperature_undoes_overconfidence():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(5000, 4, generator=generator)
    labels = torch.multinomial(logits.softmax(-1), 1, generator=generator)[:, 0]
    assert fit_temperature(logits, labels) == pytest.approx(1, abs=0.1)
    assert fit_temperature(2.5 * logits, labels) == pytest.approx(2.5, rel=0.1)


def test_threshold_by_hand():
    # 99 right answers at 0.9, then wrong ones at 0.7: at most 1 % may be wrong, so only one of those is let in
    probabilities = torch.tensor([[0.9, 0.1]] * 198 + [[0.75, 0.25]] * 2 + [[0.7, 0.3]] * 10)
    labels = torch.tensor([0] * 198 + [1] * 2 + [1] * 10)
    assert fit_threshold(probabilities, labels, 0.01) == pytest.approx(0.75)


@pytest.mark.parametrize(("wrong", "expected"), [(1, 0.7), (2, 0.9)])
def test_one_answer_in_a_hundred_may_be_wrong(wrong, expected):
    """A hundred answers, of which the least confident are wrong: one more than is allowed shuts both out."""
    highest = torch.tensor([0.9] * 98 + [0.8, 0.7])
    labels = torch.tensor([0] * (100 - wrong) + [1] * wrong)
    assert fit_threshold(torch.stack([highest, 1 - highest], 1), labels, 0.01) == pytest.approx(expected)


def test_no_answer_below_six_in_ten_is_ever_clear():
    highest = torch.linspace(0.99, 0.51, 49)
    assert fit_threshold(torch.stack([highest, 1 - highest], 1), torch.zeros(49).long(), 0.01, 0.6) == pytest.approx(
        0.6
    )


def test_the_levels_limits_are_those_of_the_probabilities_at_the_temperature():
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(2000, 3, generator=generator)
    labels = torch.multinomial((logits / 2).softmax(-1), 1, generator=generator)[:, 0]
    found = fit_calibration(logits, labels, {"clear": 0.9, "likely": 0.7})
    assert found.temperature == fit_temperature(logits, labels) and 0.5 < found.likely < found.clear < 1
    for limit, right in ((found.clear, 0.9), (found.likely, 0.7)):
        highest, guess = (logits / found.temperature).softmax(-1).max(-1)
        assert (guess == labels)[highest >= limit].float().mean() >= right


def test_what_belongs_to_no_class_speaks_for_none():
    taught = torch.tensor([[0.25, 0.25, 0.25, 0.25], [0.24, 0.24, 0.26, 0.26], [0, 0, 0, 1]])
    assert true_classes(taught).tolist() == [-1, 2, 3]


def test_threshold_of_a_hopeless_model_is_out_of_reach():
    assert fit_threshold(torch.full((50, 2), 0.5), torch.arange(50) % 2, 0.1) == NEVER


def test_an_answer_to_an_outlier_is_wrong_however_probable():
    assert true_classes(torch.tensor([[0.2, 0.8], [0.5, 0.5]])).tolist() == [1, -1]
    firm = torch.tensor([[0.95, 0.05], [0.9, 0.1], [0.7, 0.3]])
    assert fit_threshold(firm, torch.tensor([0, 0, -1]), 0.1) == pytest.approx(0.9)


def test_levels_begin_at_their_limits():
    found = Calibration(clear=0.9, likely=0.7)
    assert [found.level(p) for p in (0.9, 0.8999, 0.7, 0.6999)] == ["clear", "likely", "likely", "unclear"]
    assert set(LEVELS) == {"clear", "likely", "unclear"}


def test_a_combination_without_limits_of_its_own_has_those_of_all_together():
    config = ModelConfig("test", ["a"], calibration={"text+image+audio": Calibration(2.0), "text": {"clear": 0.7}})
    assert config.calibrated(["audio"]).temperature == 2
    assert config.calibrated({"text"}) == Calibration(clear=0.7)
    assert ModelConfig("test", ["a"]).calibrated(["text"]) == Calibration()


def test_every_combination_of_inputs_is_calibrated():
    torch.manual_seed(0)
    model = MultimodalLSTM(replace(CONFIG))
    calibrate(model, features(), pair=True, seed=0, count=60)
    names = {"text", "image", "audio", "text+image", "text+audio", "image+audio", "text+image+audio"}
    assert set(model.config.calibration) == names
    for found in model.config.calibration.values():
        assert found.temperature > 0 and 0.5 <= found.likely <= found.clear <= NEVER


def test_a_task_may_ask_for_less_of_its_levels():
    """With the same answers, whoever may be wrong more often is called clear sooner."""
    strict, lax = (
        MultimodalLSTM(replace(CONFIG, right={"clear": clear, "likely": 0.2}, calibration={})) for clear in (0.99, 0.3)
    )
    lax.load_state_dict(strict.state_dict())
    for model in (strict, lax):
        calibrate(model, features(), pair=True, seed=0, count=40)
    limits = [{key: one.clear for key, one in model.config.calibration.items()} for model in (strict, lax)]
    assert all(limits[1][key] <= limits[0][key] for key in limits[0]) and limits[0] != limits[1]


def test_combinations_are_asked_about_the_same_samples():
    torch.manual_seed(0)
    model = MultimodalLSTM(replace(CONFIG))
    asked = {each.given: each for each in combined_answers(model, features(), pair=True, seed=3, count=40)}
    assert len(asked) == 7
    found = asked["text", "audio"]
    assert found.rows.tolist() == list(range(40)) and found.logits.shape == (40, len(CONFIG.labels))
    assert all(torch.equal(found.labels, theirs.labels) and not theirs.contradicting.any() for theirs in asked.values())
    again = {each.given: each for each in combined_answers(model, features(), pair=True, seed=3, count=40)}
    assert torch.equal(again["text", "audio"].logits, found.logits)


def test_few_contradictions_are_called_clear_by_hand():
    """Of ten contradictions six are noticed; of the other four one may be called clear: the threshold is above 0.8."""
    highest = torch.tensor([0.99] * 6 + [0.9, 0.8, 0.7, 0.6] + [0.95] * 5)
    probabilities = torch.stack([highest, 1 - highest], 1)
    contradicting = torch.tensor([True] * 10 + [False] * 5)
    noticed = torch.tensor([True] * 6 + [False] * 9)
    assert fit_contradicted(probabilities, contradicting, noticed, 0.1) == pytest.approx(0.8, abs=1e-6)
    assert fit_contradicted(probabilities, contradicting, noticed, 0.1) > highest[7]
    assert fit_contradicted(probabilities, contradicting, noticed, 0.4) == 0
    assert fit_contradicted(torch.ones(4, 2), contradicting[:4], ~contradicting[:4], 0.1) == NEVER


def test_inputs_disagree_where_one_alone_says_another_class_by_hand():
    text, image, audio = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2]), np.array([0, 0, 1, 1])
    assert disagree([text, image, audio]).tolist() == [False, True, False, True]
    assert disagree([text]).tolist() == [False] * 4


def test_inputs_of_different_classes_are_seldom_answered_clearly():
    """On the samples that it is fitted on, no more contradictions are called clear than may be."""
    torch.manual_seed(0)
    model = MultimodalLSTM(replace(CONFIG, right={"clear": 0.1, "likely": 0.1}))  # nearly everything would be clear
    calibrate(model, features(), pair=True, seed=0, count=200)
    against = replace(DRAWN, contradict=1)
    asked = list(combined_answers(model, features(), pair=True, seed=0, count=200, sampling=against))
    said = {each.given[0]: each.logits.argmax(-1) for each in asked[:3]}
    for each in asked[3:]:
        found = model.config.calibrated(each.given)
        highest = (each.logits / found.temperature).softmax(-1).max(-1).values
        agreed = torch.stack([said[m] == said[each.given[0]] for m in each.given]).all(0)
        assert torch.equal(agreed, ~each.disagreeing)
        clear = agreed & (highest >= found.clear)
        assert (
            each.contradicting.any() and (clear & each.contradicting).sum() <= CONTRADICTED * each.contradicting.sum()
        )
