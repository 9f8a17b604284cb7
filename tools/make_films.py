"""Make the examples of the task ``lips`` in ``assets/examples/lips/``: a drawn face that speaks, in sync and not.

The face, its voice and its sentences are in no training. In an environment with the project's own requirements, and
espeak-ng::

    python tools/make_films.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mmdemo.data.synthetic.talking import Speaker, film

OUT = Path(__file__).resolve().parents[1] / "assets" / "examples" / "lips"
SPEAKER = Speaker("en-us+m8", 165)
SENTENCE = "Please bring both bowls back to my mother by Monday morning"
OTHER = "We are not away very often, but now and then we all go home"
TAKES: dict[str, dict[str, Any]] = {
    "speaks": {},
    "speaks_late": {"late": 0.24},
    "speaks_early": {"late": -0.32},
    "speaks_other": {"heard": OTHER},
}


def main() -> None:
    """Write the films and their list."""
    OUT.mkdir(parents=True, exist_ok=True)
    for name, how in TAKES.items():
        (OUT / f"{name}.webm").write_bytes(film(SPEAKER, SENTENCE, **how))
    rows = ",\n".join(f"  {json.dumps({'name': name, 'video': f'{name}.webm'})}" for name in TAKES)
    (OUT / "examples.json").write_text(f"[\n{rows}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
