"""The table of streams beside its bars, by hand."""

from mmdemo.evaluate.stream_tables import streams_table


def test_what_misses_its_bar_is_bold():
    one = {
        **{"streams": 1, "inputs": 40, "right": 0.975, "before": 0.15, "before_90": 0.3, "clear_right": 0.9},
        **{"clear_others": 0.2, "cells_first": 0.5, "cells_last": 0.56, "cells_most": 3.0},
    }
    nothing = {**one, "inputs": 0, "right": None, "before": None, "clear_right": None}
    found = {"task": "digits", "command": "c", "seed": 0, "streams": {"music": nothing, "audio": one}}
    audio, silent = streams_table(found).splitlines()[-2:]
    told = "40 | **97.50 %** (at least 98%) | 0.15 (at most 0.2) | 90.00 % | 0.2 | **0.50, 0.56** (within 10%)"
    assert audio == f"| recordings | {told} |"
    assert silent.endswith("| 0 | – | – | – | 0.2 (at most 1) | 0.50, 0.56 |")
    assert "(at least" not in streams_table({**found, "task": "emotion"})
    assert "Not measured yet" in streams_table({})
