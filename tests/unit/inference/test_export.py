"""What can be taken away holds what was read, to the last step."""

import csv
import io
import json

import numpy as np
import pytest
from made_up import made_reading

from mmdemo.inference.export import as_csv, as_json, as_npz, summary
from mmdemo.messages import InputError, Note


@pytest.fixture(scope="module")
def reading():
    return made_reading()


def test_json_holds_everything_and_adds_up(reading):
    result, explanation, *_ = reading
    whole = json.loads(as_json(result, explanation))
    assert whole["answer"]["label"] == result.label
    assert len(whole["steps"]) == len(result.steps) == 36
    assert [step["text"] for step in whole["steps"][:3]] == ["three", ",", "no"]
    for name in ("evidence", "changed"):
        parts = np.array([step[name] for step in whole["steps"]])  # (T, C), each rounded to five digits
        off = np.abs(parts.sum(0) - np.subtract(whole["logits"], whole["bias"]))
        assert (off < 5e-5 * np.abs(parts).sum(0) + 1e-4).all()
    gone = [step["let_go"] for step in whole["steps"]]
    assert [one is None for one in gone] == explanation.forgotten_share.isnan().tolist() and any(gone)
    t = next(t for t, one in enumerate(gone) if one)
    k = result.labels.index(gone[t]["label"])
    assert k == result.step_probabilities[t - 1].argmax()
    assert result.step_probabilities[t, k] < result.step_probabilities[t - 1, k]
    assert np.add(whole["prior"], np.sum(list(whole["shares"].values()), axis=0)) == pytest.approx(
        result.probabilities, abs=1e-3
    )
    for name in "ifgoch":
        inside = np.array([step[name] for step in whole["steps"]])
        assert inside == pytest.approx(getattr(result.trace, name).numpy(), rel=1e-4)
    assert len(whole["sentences"]) > 1


def test_in_brief_it_still_adds_up(reading):
    result, explanation, *_ = reading
    brief = summary(result, explanation)
    assert json.loads(json.dumps(brief, allow_nan=False)) == brief
    assert [step["text"] for step in brief["steps"][:3]] == ["three", ",", "no"]
    logits = explanation.logits[explanation.answer] - explanation.logits.mean()
    assert sum(step["evidence"] for step in brief["steps"]) + brief["bias"] == pytest.approx(float(logits), abs=2e-3)
    assert sum(step["changed"] for step in brief["steps"]) + brief["bias"] == pytest.approx(float(logits), abs=2e-3)
    assert brief["steps"][0]["kept"] == pytest.approx(float(result.trace.f[0].mean()), rel=1e-4)
    assert brief["steps"][-1]["best"] == result.label
    assert summary(result, None)["steps"] == []


def test_json_speaks_the_language_that_is_asked_for(reading):
    result, explanation, *_ = reading
    english, chinese = (json.loads(as_json(result, explanation, language)) for language in ("en", "zh"))
    assert english["sentences"] != chinese["sentences"]
    assert english["steps"] == chinese["steps"]
    doubtful = made_reading()[0]
    object.__setattr__(doubtful, "ignored", {"image": Note("image.blank")})
    assert "图片" in json.loads(as_json(doubtful, explanation, "zh"))["answer"]["ignored"]["image"]


def test_npz_opens_without_pickle_and_is_exact(reading):
    result = reading[0]
    with np.load(io.BytesIO(as_npz(result)), allow_pickle=False) as arrays:
        assert np.array_equal(arrays["c"], result.trace.c.numpy())
        assert np.array_equal(arrays["beliefs"], result.step_probabilities)
        assert list(arrays["word"][:2]) == ["three", ","]


def test_csv_has_a_row_for_each_step(reading):
    result, explanation, *_ = reading
    rows = list(csv.DictReader(io.StringIO(as_csv(result, explanation).decode("utf-8-sig"))))
    assert len(rows) == 36
    assert [row["what"] for row in rows[:6]] == ["three", ",", "no", "wait", ",", "five"]
    assert [row["modality"] for row in rows].count("image") == 14
    for t in (0, 10, 35):
        row = rows[t]
        assert row["best"] == result.labels[int(result.step_probabilities[t].argmax())]
        assert [float(row[f"p {label}"]) for label in result.labels] == pytest.approx(
            result.step_probabilities[t], rel=1e-3
        )
        assert float(row["mean f"]) == pytest.approx(float(result.trace.f[t].mean()), rel=1e-3)
        assert float(row["mean |c|"]) == pytest.approx(float(result.trace.c[t].abs().mean()), rel=1e-3)
    assert float(rows[7]["start"]) == 10 and float(rows[7]["end"]) == 20  # the second slice
    logits = explanation.logits - explanation.bias
    for name in ("evidence", "changed"):
        total = sum(float(row[name]) for row in rows)
        assert total == pytest.approx(float(logits[explanation.answer] - logits.mean()), rel=1e-3, abs=1e-3)
    assert [row["let go"] == "" for row in rows] == explanation.forgotten_share.isnan().tolist()


def test_no_word_becomes_a_formula():
    result, explanation, *_ = made_reading('=HYPERLINK("x") -1 @a, "five"', 0, 0)
    rows = list(csv.reader(io.StringIO(as_csv(result, explanation).decode("utf-8-sig"))))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert not any(row[2].startswith(("=", "+", "-", "@")) for row in rows)
    assert "'=" in [row[2] for row in rows]


def test_nothing_read_is_nothing_to_take():
    result, explanation, *_ = made_reading("", 0, 0)
    for make in (as_json, as_csv):
        with pytest.raises(InputError):
            make(result, explanation)
    with pytest.raises(InputError):
        as_npz(result)
