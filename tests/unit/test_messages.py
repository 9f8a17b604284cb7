"""What the page says: the same in every language, and for everything that it may have to say."""

import re
from pathlib import Path

import pytest

from mmdemo.app import parts
from mmdemo.app.tasks import Tasks
from mmdemo.app.web import WEB
from mmdemo.messages import LANGUAGES, strings

SHIPPED = ("digits", "emotion", "lips")


def gaps(sentence: str) -> list[str]:
    return sorted(re.findall(r"\{\w+\}", sentence))


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_say_the_same(language):
    english, other = strings("en"), strings(language)
    assert other.keys() == english.keys()
    assert {key: gaps(words) for key, words in other.items()} == {key: gaps(words) for key, words in english.items()}


def test_every_key_that_the_page_names_has_words():
    templates = Path(parts.__file__).read_text(encoding="utf-8")
    keys = set(re.findall(r'data-key(?:-label)?="([\w.]+)"', templates))
    for module in WEB.rglob("*.js"):
        keys |= set(re.findall(r'"((?:page|help|stage|gradio)\.\w+)"', module.read_text(encoding="utf-8")))
    assert len(keys) > 20
    assert keys <= strings().keys()


def test_what_a_task_says_of_its_own_stands_in_for_something():
    """A section of_TASK has whole keys: of sentences that there are, of the task itself, or one more limit."""
    keys = [key.split(".", 1) for key in strings() if key.startswith("of_")]
    assert {section for section, _ in keys} == {f"of_{task}" for task in SHIPPED}
    assert all(key in strings() or re.match(r"task\.|how\.limit_\d$", key) for _, key in keys)
    assert all(f"task.{task}" in strings() for task in SHIPPED)


def test_every_example_and_every_trouble_has_words():
    names = {f"example.{example.name}" for task in SHIPPED for example in Tasks.examples(task)}
    troubles = {
        f"help.{modality}_{why}"
        for modality in ("image", "audio", "video")
        for why in ("denied", "none", "busy", "insecure")
    }
    assert names | troubles <= strings().keys()
