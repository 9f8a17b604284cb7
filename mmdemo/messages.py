"""What we say to a person: a key and the values that fill it in, put into words as late as possible.

A sentence travels as ``Note(key, values)`` and becomes words only where it is shown: in the browser (which can then
change its language in place) or, with ``str(note)``, on the command line. The words are in ``strings/<language>.json``.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

STRINGS = Path(__file__).with_name("strings")
LANGUAGES = tuple(sorted(path.stem for path in STRINGS.glob("*.json")))


@lru_cache
def strings(language: str = "en") -> dict[str, str]:
    """All sentences of a language, by dotted key: ``{"text.empty": "...", ...}``.

    Raises:
        FileNotFoundError: there is no file for that language.
    """
    tree = json.loads((STRINGS / f"{language}.json").read_text(encoding="utf-8"))
    return {f"{section}.{name}": words for section, entries in tree.items() for name, words in entries.items()}


@dataclass(frozen=True)
class Note:
    """One thing to tell a person.

    Attributes:
        key: a key of the strings files, such as ``"text.empty"``.
        values: what fills the sentence's ``{gaps}``: numbers and short strings only, so that it travels as JSON.
    """

    key: str
    values: dict[str, Any] = field(default_factory=dict)

    def say(self, language: str = "en") -> str:
        """The sentence in a language."""
        return strings(language)[self.key].format(**self.values)

    def __str__(self) -> str:
        return self.say()


def make_printable() -> None:
    """Write signs that a terminal does not know as their codes, wherever it is not UTF-8, instead of giving up."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # not those that stand in for a terminal
            stream.reconfigure(errors="backslashreplace")


class InputError(ValueError):
    """An input that is refused (too large, unreadable, of the wrong kind), with a kind sentence that says what to do.

    Args:
        key: the sentence's key in the strings files.
        values: what fills its gaps.
    """

    def __init__(self, key: str, **values: Any) -> None:
        self.note = Note(key, values)
        super().__init__(str(self.note))

    def __reduce__(self) -> tuple[Any, ...]:
        """How it is pickled, to come out of another process; an exception's own way would make the words its key."""
        return partial(InputError, self.note.key, **self.note.values), ()
