"""The Markdown table made from ``streams.json``: what comes in streams, what was measured, and the bars for it."""

from __future__ import annotations

from typing import Any

from mmdemo.evaluate.tables import percent

STREAMED = {
    "text": "texts",
    "image": "pictures",
    "audio": "recordings",
    "audio, minutes": "recordings, for two minutes",
    "strangers": "voices left out of training",
    "corrections": 'corrections: "three", a pause, "no" typed, a pause, "five"',
    "mixed": "all mixed",
    "long": "all mixed, for two minutes",
    "short gaps": "recordings, 0.15 to 0.4 s apart",
    "noise -45 dB": "recordings, with a room's noise at −45 dB",
    "noise -35 dB": "recordings, with a room's noise at −35 dB",
    "silence": "nothing but a room's noise, for two minutes",
    "music": "nothing but music (computed), for five minutes",
    "other words": "nothing but other words, for five minutes",
    "nothing known": "nothing but what has no class, for two minutes",
}
BARS = {  # of streams, by what is measured: the digits task is held to them
    "right": {"audio": 0.98, "audio, minutes": 0.98, "image": 0.98, "strangers": 0.96, "corrections": 0.98},
    "before": dict.fromkeys(("audio", "audio, minutes"), 0.2),
    "clear_others": dict.fromkeys(("silence", "music", "other words"), 1.0),
    "cells": dict.fromkeys(("audio", "audio, minutes"), 0.1),
}


def streams_table(found: dict[str, Any]) -> str:
    """How a memory that is carried on reads, beside its bars, as Markdown.

    Args:
        found: of ``streams.json``; empty where it has not been measured.
    """
    if not found:
        return "Not measured yet: `python -m mmdemo evaluate --streams`."
    lines = [
        f"Measured by `{found['command']}`, seed {found['seed']}: streams of 30 s, or of minutes, of the test split, "
        "with 0.5 to 1.8 s between inputs and one memory carried on. *Right* is what is believed at an input's end, or "
        "within 0.3 s of it; *before* is the median of the highest belief just before an input; *others called clear* "
        "is how often in a minute anything is called clear that was not there. The cells are the mean of |c| in the "
        "first and in the last 8 s. In brackets is the bar, where there is one; what misses it is bold.",
        "",
        "| what comes | inputs | right | before | right and clear | others called clear, a minute | cells |",
        "|---|---|---|---|---|---|---|",
    ]
    barred = found["task"] == "digits"
    for name, one in sorted(found["streams"].items(), key=lambda each: list(STREAMED).index(each[0])):
        first, last = one["cells_first"], one["cells_last"]
        growth = (last - first) / first if first else 0.0

        def beside(what: str, value: float | None, told: str, bar_told: str, name: str = name) -> str:
            bar = BARS[what].get(name) if barred else None
            if bar is None or value is None:
                return told
            met = value >= bar if what == "right" else value <= bar
            return f"{told if met else f'**{told}**'} ({bar_told.format(bar)})"

        right = "–" if one["right"] is None else percent(one["right"])
        before = "–" if one["before"] is None or not one["inputs"] else f"{one['before']:.2f}"
        sure = "–" if one["clear_right"] is None else percent(one["clear_right"])
        cells = [
            beside("right", one["right"], right, "at least {:.0%}"),
            beside("before", one["before"], before, "at most {:g}"),
            sure,
            beside("clear_others", one["clear_others"], f"{one['clear_others']:g}", "at most {:g}"),
            beside("cells", abs(growth), f"{first:.2f}, {last:.2f}", "within {:.0%}"),
        ]
        lines.append(f"| {STREAMED[name]} | {one['inputs']:,} | {' | '.join(cells)} |")
    return "\n".join(lines)
