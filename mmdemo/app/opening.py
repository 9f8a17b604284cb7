"""The reading with which the page opens: made beforehand, so that it is there before any model is.

``tools/make_opening.py`` reads an example of the first task's and writes what the page shows of it, with a hash of the
weights that read it, to ``assets/opening.json``. The page shows it only where the same weights are served.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmdemo.model.weights import weights_hash
from mmdemo.resources import ASSETS

if TYPE_CHECKING:
    from mmdemo.app.tasks import Tasks

FILE = ASSETS / "opening.json"
TASK, EXAMPLE = "digits", "changes_its_mind"


@dataclass(frozen=True)
class Opening:
    """What the page shows before anybody has given anything.

    Attributes:
        text: the example's words.
        said, figure: of its reading, as ``reading.Reading`` has them; ``figure`` has ``opening``, too: the name under
            which the drawing asks about it, see ``Handlers.answer_drawing``.
    """

    text: str
    said: dict[str, Any]
    figure: dict[str, Any]

    @classmethod
    def of(cls, tasks: Tasks) -> Opening | None:
        """The shipped one; None where it is not of the task that is chosen at first, or of other weights."""
        if not FILE.is_file() or tasks.names[:1] != [TASK]:
            return None
        kept = json.loads(FILE.read_text(encoding="utf-8"))
        if kept["sha256"] != weights_hash(tasks.folder / TASK):
            return None
        example = next((each for each in tasks.examples(TASK) if each.name == EXAMPLE), None)
        return example and cls(example.text, kept["said"], {**kept["figure"], "opening": EXAMPLE})
