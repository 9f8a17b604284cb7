"""Make the reading with which the page opens, ``assets/opening.json``: ``python tools/make_opening.py``.

To be run whenever the weights of the digits, or what the page shows of a reading, have changed: a test says so.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from mmdemo.app import opening
from mmdemo.app.questions import ledger_over_time, telling_what_ifs
from mmdemo.app.reading import read
from mmdemo.app.tasks import Tasks
from mmdemo.model.weights import weights_hash
from mmdemo.resources import CHECKPOINTS

ONCE_BELIEVED = 0.3  # as in web/drawing/ledger.js


def main() -> None:
    """Write the file."""
    text = json.dumps(made(), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    opening.FILE.write_text(text + "\n", encoding="utf-8")
    print(f"{opening.FILE.name}: {len(text) / 1000:.0f} kB")


def made(checkpoints: Path = CHECKPOINTS) -> dict[str, Any]:
    """The hash of the weights, and what the page says and draws of the example; no times, which differ each time."""
    tasks = Tasks(checkpoints)
    example = next(each for each in tasks.examples(opening.TASK) if each.name == opening.EXAMPLE)
    predictor = tasks.predictor(opening.TASK)
    reading = read(predictor, **example.given(opening.TASK).to_read())
    said = {key: value for key, value in reading.said.items() if key != "milliseconds"}
    inside = predictor.model.lstm, predictor.readout(reading.result.used), reading.result
    about, against = first_contrast(reading.figure, reading.result.step_probabilities)
    more = {"what_ifs": telling_what_ifs(*inside), "seen": ledger_over_time(*inside, about, against)}
    figure = json.loads(json.dumps({**reading.figure, **more}))
    return {"sha256": weights_hash(checkpoints / opening.TASK), "said": said, "figure": figure}


def first_contrast(figure: dict[str, Any], step_probabilities: np.ndarray) -> tuple[int, int | None]:
    """What the drawing weighs first, as ``firstContrast`` in ``web/drawing/ledger.js``; probabilities are (T, C)."""
    answer, against = figure["answer"], figure["ledger"]["against"]
    tops = step_probabilities.max(0)
    tops[answer] = 0
    rival = int(tops.argmax())
    return answer, rival if against is None and tops[rival] >= ONCE_BELIEVED else against


if __name__ == "__main__":
    main()
