"""Made voices: what is planned, splits that share nothing, sounds from sums; the synthesiser itself is not needed."""

from itertools import combinations
from shutil import which

import numpy as np
import pandas as pd
import pytest
import soundfile

from mmdemo.config import SAMPLE_RATE
from mmdemo.data.manifest.manifest import OUTLIER
from mmdemo.data.sentences.vocabulary import DIGITS
from mmdemo.data.synthetic import voices
from mmdemo.data.synthetic.clatter import CLATTER
from mmdemo.data.synthetic.takes import STRANGERS
from mmdemo.data.synthetic.voices import HELD_OUT, SPOKEN, STRANGER, make_voices, phonemes, plan, plan_strangers
from mmdemo.data.tasks.digits import made

NAMES = ("af_bella", "zm_yunxi", "jf_alpha", *HELD_OUT["validation"], *HELD_OUT["test"])
needs_espeak = pytest.mark.skipif(not which("espeak-ng"), reason="needs espeak-ng")


def test_without_other_programs_kokoro_says_digits_alone():
    takes = plan(400, 0, NAMES, {"kokoro-82m": 1})
    assert {take.kind for take in takes if take.made == "kokoro-82m"} == {"digit", "several"}
    assert {take.label for take in takes} == {*DIGITS, OUTLIER}
    assert {take.split for take in takes if take.label != OUTLIER} == {"train", "validation"}


def test_no_voice_of_one_split_is_heard_in_another():
    takes = plan(800, 0, NAMES, {"kokoro-82m": 1}) + plan_strangers(100, 0, NAMES, {"kokoro-82m": 1})
    said = {split: set() for split in ("train", "validation", "test")}
    for take in takes:
        if take.made == "kokoro-82m":
            said[take.split] |= set(take.speaker.split()[1:3])
    assert said["validation"] == set(HELD_OUT["validation"]) and said["test"] == set(HELD_OUT["test"])
    assert not said["train"] & (said["validation"] | said["test"])


def test_strangers_have_accents_and_say_several_digits_and_other_numbers_too():
    takes = plan_strangers(200, 0, NAMES)
    assert {take.kind for take in takes} == {"digit", "several", "numbers"}
    digits = [take for take in takes if take.kind == "digit"]
    assert {take.label for take in digits} == set(DIGITS)
    assert {"", "indian", "spanish", "japanese"} <= {take.accent for take in digits}
    for take in takes:
        assert (take.label == OUTLIER) == (take.kind != "digit")
        assert (len(take.heard.split()) > 1) == (take.kind == "several")


def test_every_accent_and_every_spelling_has_all_ten_digits():
    assert all(len(accent["digits"]) == 10 for accent in SPOKEN["accents"].values())
    assert all(len(spelt) == 10 for spelt in SPOKEN["respelt"].values())
    assert {"tʰɾˈiː", "tɾˈiː"} <= set(SPOKEN["accents"]["indian"]["digits"][3])


@needs_espeak
def test_numbers_that_are_no_digit_are_planned_above_all_the_teens():
    said = [take.said.rstrip(".,?!") for take in plan(3000, 0, NAMES) if take.kind == "numbers"]
    assert {"sixteen", "seventeen", "nineteen", "ten", "twenty"} <= set(said)
    assert not {*DIGITS} & set(said)
    assert any("hundred" in number for number in said) and any("point" in number for number in said)


def test_a_larger_count_keeps_what_is_there():
    assert plan(20, 3, NAMES, {"kokoro-82m": 1}) == plan(50, 3, NAMES, {"kokoro-82m": 1})[:20]
    assert plan(20, 4, NAMES, {"kokoro-82m": 1}) != plan(20, 3, NAMES, {"kokoro-82m": 1})


@needs_espeak
def test_no_word_and_no_mixed_voice_is_in_two_splits():
    takes = [take for take in plan(1500, 0, NAMES) if take.kind == "words"]
    for one, other in combinations(("train", "validation", "test"), 2):
        assert not set(SPOKEN["other"][one]) & set(SPOKEN["other"][other])
        assert not set(CLATTER[one]) & set(CLATTER[other])
        said = [{t.said.rstrip(".,?!") for t in takes if t.split == split} for split in (one, other)]
        assert all(said) and not said[0] & said[1]
        spoken = [
            {name for t in takes if t.split == split and t.made == "kokoro-82m" for name in t.speaker.split()[1:3]}
            for split in (one, other)
        ]
        assert not spoken[0] & spoken[1]


@needs_espeak
def test_words_become_the_phonemes_that_kokoro_reads():
    assert phonemes("nine") == "nˈIn" and phonemes("eight") == "ˈAt" and phonemes("cheese") == "ʧˈiz"


@needs_espeak
def test_in_a_phrase_the_digit_has_its_place():
    takes = [take for take in plan(1500, 0, NAMES) if take.kind == "phrase"]
    assert takes
    for take in takes:
        start, end = map(float, take.label_span.split("-"))
        assert 0 <= start < end <= 1


def test_a_run_writes_a_folder_that_the_recipe_takes_and_goes_on_where_it_stopped(tmp_path, monkeypatch):
    asked = []

    def tone(take, folder):
        asked.append(take.name)
        return np.sin(np.arange(8000, dtype=np.float32) / 20)

    for name in ("_by_kokoro", "_by_espeak", "_by_flite"):
        monkeypatch.setattr(voices, name, tone)
    monkeypatch.setattr(voices, "which", lambda name: None)
    (tmp_path / "kokoro" / "voices").mkdir(parents=True)
    for name in NAMES:
        (tmp_path / "kokoro" / "voices" / f"{name}.bin").write_bytes(b"")
    said = []
    for count in (10, 25, 25):
        make_voices(tmp_path / "out", tmp_path / "kokoro", count=count, jobs=1, say=said.append)
    assert len(asked) == len(set(asked))
    assert len(pd.read_csv(tmp_path / "out" / STRANGERS)) == 25 // STRANGER
    assert any("espeak-ng is not installed" in sentence for sentence in said)
    rows = made(tmp_path / "out")
    assert len(rows) == 25 == len(pd.read_csv(tmp_path / "out" / "manifest.csv"))
    samples, rate = soundfile.read(rows["audio"].iloc[0])
    assert rate == SAMPLE_RATE and np.abs(samples).max() == pytest.approx(0.5, abs=0.01)
