"""The figure: one axis of steps, exact beliefs, 8-bit maps that are right to half a code."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
import pytest
from made_up import made_drawing, made_reading, made_result
from packed import decode, trace_of, unpack

from mmdemo.inference.figure import MAPS, by_action, drawing, figure
from mmdemo.lstm.trajectory import settled


@pytest.fixture(scope="module")
def result():
    return made_result()


@pytest.fixture(scope="module")
def explanation():
    return made_reading()[1]


@pytest.fixture(scope="module")
def payload():
    return json.loads(json.dumps(made_drawing()))


def test_units_in_the_order_in_which_they_act():
    c = np.array([[0.1, 2.0, 0.0, -1.0], [0.2, 2.1, 0.0, -1.0], [0.9, 2.0, -0.5, -1.1]])
    assert by_action(c).tolist() == [1, 3, 0, 2]  # at step 0 unit 1 rises and 3 falls; at step 2, 0 rises and 2 falls


def test_one_axis_of_steps_and_rows_that_do_not_overlap(result):
    layout = figure(result).layout
    assert layout.xaxis.range == (-0.5, 35.5)
    assert {t.xaxis or "x" for t in figure(result).data} == {"x"}
    axes = [layout[name] for name in ("yaxis", "yaxis2", "yaxis3", "yaxis4")]
    assert list(layout.meta["rows"]) == ["belief", "gates", "state", "units"]
    for above, below in pairwise(axes):
        assert above.domain[0] > below.domain[1]
    assert axes[0].domain[1] == pytest.approx(1) and axes[-1].domain[0] == pytest.approx(0)


def test_the_figure_is_plotlys_own(result, payload):
    assert isinstance(figure(result), go.Figure)
    assert figure(result).to_dict() == payload["figure"]


def test_beliefs_are_exact_and_the_answer_has_its_own_row(result, payload):
    others, chosen = (unpack(trace_of(payload, "belief", key)["z"]) for key in ("others", "answer"))
    assert payload["answer"] == result.probabilities.argmax()
    assert (others[payload["answer"]] == 0).all()
    others = others.copy()
    others[payload["answer"]] = chosen[0]
    assert (others == result.step_probabilities.T).all()


@pytest.mark.parametrize(
    ("key", "half_a_code"), [*((key, 0.5 / 255) for key in "ifo"), ("g", 0.5 / 127), ("h", 0.5 / 127)]
)
def test_maps_of_units_are_the_trace_to_half_a_code(result, payload, key, half_a_code):
    trace = trace_of(payload, "units", key)
    assert np.abs(decode(trace) - getattr(result.trace, key).numpy().T).max() <= 1.01 * half_a_code
    assert trace["zmax"] == (255 if key in "ifo" else 254)


def test_the_map_of_the_memory_is_finest_near_zero(result, payload):
    trace = trace_of(payload, "units", "c")
    c, high = result.trace.c.numpy().T, trace["meta"]["high"]
    assert high == pytest.approx(np.abs(c).max())
    error = np.abs(decode(trace) - c)
    assert (error <= 1.01 * (np.sqrt(np.abs(c) * high) / 127 + high / (2 * 127) ** 2)).all()


def test_the_first_map_is_shown(payload):
    assert [trace_of(payload, "units", key)["visible"] for key in MAPS] == [True] + 5 * [False]
    assert MAPS[0] == "f"


def test_zero_is_exactly_the_middle_of_a_signed_map(result, explanation):
    still = replace(result.trace, layers=(), **{key: getattr(result.trace, key) * 0 for key in "gch"})
    payload = drawing(replace(result, trace=still), explanation)
    for key in "gch":
        trace = trace_of(payload, "units", key)
        assert set(unpack(trace["z"]).flat) == {127} and trace["zmax"] == 2 * 127


@pytest.mark.parametrize(("row", "key"), [("gates", "i"), ("gates", "f"), ("gates", "o"), ("state", "c")])
def test_lines_are_means_and_bands_hold_eighty_per_cent(result, payload, row, key):
    values = getattr(result.trace, key).numpy()
    assert np.allclose(unpack(trace_of(payload, row, key, "mean")["y"]), values.mean(1), atol=1e-6)
    high, low = np.split(unpack(trace_of(payload, row, key, "spread")["y"]), 2)
    inside = ((values >= low[::-1, None]) & (values <= high[:, None])).mean(1)
    assert (np.abs(inside - 0.8) < 0.02).all()


def test_the_size_of_the_cell_state_has_no_sign(result, payload):
    size = unpack(trace_of(payload, "state", "c", "size")["y"])
    assert np.allclose(size, np.abs(result.trace.c.numpy()).mean(1), atol=1e-6)


def test_the_strip_shows_what_the_model_saw(result, payload):
    picture = unpack(payload["strip"]["image"])
    assert np.abs(picture / 255 - result.inputs["image"].pixels).max() <= 0.5 / 255 + 1e-6


def test_every_moment_has_its_own_part_of_the_spectrogram(result, explanation):
    sound = replace(result.inputs["audio"], mel=np.zeros_like(result.inputs["audio"].mel))
    sound.mel[34 + 8 * 5 : 34 + 8 * 6, 0] = 1  # step 5 (34 frames of context come first), its lowest band
    strip = drawing(replace(result, inputs={**result.inputs, "audio": sound}), explanation)["strip"]
    spectrogram = unpack(strip["audio"])
    assert spectrogram.shape == (32, 8 * 16)  # low tones are the last row
    assert np.argwhere(spectrogram).tolist() == [[31, column] for column in range(40, 48)]


def test_only_what_was_read_is_on_the_strip():
    assert set(made_drawing(slices=0, moments=0)["strip"]) == set()
    assert set(made_drawing(text="", moments=0)["strip"]) == {"image"}


def test_the_ledger_of_every_class_adds_up(payload, explanation):
    book = payload["ledger"]
    logits, bias = np.array(book["logits"]), np.array(book["bias"])
    assert np.allclose(unpack(book["evidence"]).sum(1), logits - bias, atol=1e-4)
    assert np.allclose(unpack(book["units"]).sum(1), logits - bias, atol=1e-4)
    assert np.allclose(unpack(book["changed"]).sum(1), logits - bias, atol=1e-4)
    assert unpack(book["evidence"]).shape == unpack(book["changed"]).shape == (10, 36)


def test_bars_fall_only_where_the_belief_did(payload, result):
    gone = payload["ledger"]["let_go"]
    assert len(gone) == 36 and gone[0] is None and any(gone)
    for t, one in enumerate(gone):
        if one:
            share, k = one
            before, after = result.step_probabilities[t - 1 : t + 1, k]
            assert 0 < share <= 1 and k == result.step_probabilities[t - 1].argmax() and after < before


def test_marks_stand_where_modalities_meet_and_where_the_answer_settled(result):
    marks = {(mark.name, mark.x0) for mark in figure(result).layout.shapes}
    when = settled(result.step_probabilities)
    assert when > 0
    assert marks == {("border", 5.5), ("border", 19.5), ("settled", when - 0.5)}
    at_once = replace(result, step_probabilities=np.tile(result.probabilities, (36, 1)))
    assert {mark.name for mark in figure(at_once).layout.shapes} == {"border"}
    assert not figure(at_once).layout.annotations


def test_a_strangers_words_are_only_where_words_belong():
    payload = made_drawing("<img> five")
    assert [step["text"] for step in payload["steps"][:4]] == ["<", "img", ">", "five"]
    assert "img" not in json.dumps(payload["figure"])


@pytest.mark.parametrize(("text", "slices", "moments"), [("five", 0, 0), ("", 0, 1), ("", 1, 0)])
def test_a_single_step_is_visible(text, slices, moments):
    payload = made_drawing(text, slices, moments)
    assert trace_of(payload, "gates", "f", "mean")["mode"] == "lines+markers"
    assert payload["settled"] == 0


def test_no_steps_no_figure():
    assert made_drawing("", 0, 0, labels=["a", "b"]) == {"steps": [], "labels": ["a", "b"]}


@pytest.mark.parametrize("count", [2, 7, 100])
def test_any_labels(count):
    labels = [f"label {k}" for k in range(count)]
    payload = made_drawing(labels=labels)
    assert payload["labels"] == labels
    assert unpack(trace_of(payload, "belief", "others")["z"]).shape == (count, 36)
    assert payload["figure"]["layout"]["height"] < 800


def test_150_steps_stay_under_250_kib():
    payload = made_drawing("three " * 64, 14, 72)
    assert len(payload["steps"]) == 150
    assert len(json.dumps(payload)) < 250 * 1024
