"""What a checkpoint's ``config.json`` may say: whatever is absurd is refused with its field, value and range."""

import json

import pytest

from mmdemo.config import RANGES, AudioConfig, CheckpointError, ImageConfig, ModelConfig, TextConfig

BASE = {"task": "digits", "labels": ["one", "two"]}


def refusal(tmp_path, **fields):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(BASE | fields))
    with pytest.raises(CheckpointError) as error:
        ModelConfig.from_json(file)
    assert str(file) in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"hidden_size": 10**9}, "hidden_size must be within 1 to 2048, but is 1000000000"),
        ({"hidden_size": -1}, "hidden_size must be within"),
        ({"hidden_size": 0}, "hidden_size must be within"),
        ({"hidden_size": 12.5}, "hidden_size must be a whole number within 1 to 2048, but is 12.5"),
        ({"hidden_size": "128"}, "hidden_size must be a whole number"),
        ({"hidden_size": True}, "hidden_size must be a whole number"),
        ({"hidden_size": None}, "hidden_size must be a whole number"),
        ({"embedding_dim": 10**6}, "embedding_dim"),
        ({"dropout": -0.1}, "dropout must be within 0 to 1"),
        ({"temperature": 0}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"calibration": {"text": {"clear": float("inf")}}}, "clear"),
        ({"labels": []}, "the number of labels must be within 1 to 10000, but is 0"),
        ({"labels": [str(n) for n in range(10**5)]}, "the number of labels"),
        ({"labels": "seven"}, "labels must be a list"),
        ({"labels": ["one", 2]}, "labels must be a list"),
        ({"labels": ["one", "one"]}, "labels must all be different"),
        ({"text": {"buckets": 10**12}}, "buckets"),
        ({"text": {"max_tokens": -5}}, "max_tokens"),
        ({"text": {"ngrams": [4, 2]}}, "ngrams"),
        ({"text": {"ngrams": [2, 10**9]}}, "ngrams"),
        ({"text": {"ngrams": 3}}, "no configuration"),
        ({"text": {"words": 2**40}}, "words"),
        ({"image": {"size": 10**6}}, "size"),
        ({"image": {"slices": 0}}, "slices"),
        ({"image": {"slices": 13}}, "slices must divide size"),
        ({"image": {"channels": [8, 10**7]}}, "channels"),
        ({"image": {"channels": [8] * 100}}, "the number of channels"),
        ({"image": {"subject": ["ink"]}}, "subject"),
        ({"audio": {"max_seconds": 1e9}}, "max_seconds must be within 0.1 to 60"),
        ({"audio": {"stem_size": 0}}, "stem_size"),
        ({"audio": {"context": 10**6}}, "context"),
        ({"audio": {"prosody": "yes"}}, "prosody must be true or false"),
        ({"audio": []}, "audio must be an object"),
        ({"image": None}, "image must be an object"),
        ({"more": 5}, "more must be an object"),
        ({"task": 5}, "task must be a word"),
        ({"right": {"clear": 0.99}}, "right must have a share for each of clear, likely"),
        ({"right": {"clear": 99, "likely": 0.9}}, "the share of right answers that are clear must be within 0 to 1"),
        ({"right": {"clear": "all", "likely": 0.9}}, "right must have numbers"),
        ({"audio": {"feature_dropout": 2}}, "feature_dropout must be within 0 to 1"),
    ],
    ids=str,
)
def test_what_is_absurd_is_refused_with_its_field(tmp_path, fields, said):
    assert said in refusal(tmp_path, **fields)


def test_whatever_has_a_range_is_held_to_it(tmp_path):
    """No field of numbers is forgotten, whoever adds one."""
    for kind in (ModelConfig, TextConfig, ImageConfig, AudioConfig):
        for name, about in kind.__dataclass_fields__.items():
            if about.type in ("int", "float", "tuple[int, int]", "tuple[int, ...]"):
                assert name in RANGES, f"{kind.__name__}.{name}"


def test_a_file_of_any_other_content_is_named(tmp_path):
    file = tmp_path / "config.json"
    for content in (b"", b"\xff\xfe", b"[" * 100_000, b"null", b'{"task": "a"}', b'"' + b"a" * 10_000):
        file.write_bytes(content)
        with pytest.raises(CheckpointError, match="no configuration"):
            ModelConfig.from_json(file)
